"""What a participant may change their form of attendance to, and what follows from it."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from regapp.core.i18n import Text
from regapp.registrations import moving, places
from regapp.registrations.models import Registration


class Move(enum.StrEnum):
    ONLINE = "online"
    ON_SITE = "on_site"
    LINE = "line"

    @property
    def label(self) -> Text:
        return _LABELS[self]


_LABELS = {
    Move.ONLINE: Text("Digitalt", "Online"),
    Move.ON_SITE: Text("På plats", "On site"),
    Move.LINE: Text("I kö för en plats i lokalen", "In line for an on-site place"),
}

_MOVES: dict[Move, Callable[[int, datetime], object]] = {
    Move.ONLINE: moving.move_online,
    Move.ON_SITE: moving.move_on_site,
    Move.LINE: moving.join_line,
}

LEAVES_SEAT = Text(
    "Du lämnar din plats i lokalen, och någon annan kan få den. Det du har skrivit om kost och tillgänglighet raderas.",
    "You give up your on-site place, and somebody else may get it. What you wrote about diet and access is deleted.",
)
GETS_ONLINE = Text(
    "Du får en digital plats direkt och står kvar i kön.",
    "You get an online place at once and stay in line.",
)
GETS_SEAT = Text(
    "Det finns en ledig plats. Du får den direkt, och lämnar din digitala plats.",
    "A place is free. You get it at once, and give up your online place.",
)
KEEPS_ONLINE = Text(
    "Alla platser på plats är tagna. Du behåller din digitala plats och ställer dig sist i kön. "
    "När det blir din tur får du ett mejl.",
    "All on-site places are taken. You keep your online place and join the end of the line. "
    "When it is your turn, you get an e-mail.",
)
ONLINE_FULL = Text("Alla digitala platser är tagna.", "All online places are taken.")
ON_SITE_FULL = Text("Alla platser på plats är tagna.", "All on-site places are taken.")
TOO_LATE = Text(
    "Det går inte längre att byta till en plats i lokalen.",
    "It is no longer possible to change to an on-site place.",
)


@dataclass(frozen=True)
class PossibleMove:
    """A change, what follows from it, and whether it can be chosen now."""

    to: Move
    follows: Text
    is_open: bool = True


def find(registration: Registration, at: datetime) -> list[PossibleMove]:
    """What there is to change to; the page shows also what can't be chosen, with the reason."""
    if moving.why_not(registration, at):
        return []
    return [*_online(registration), *_on_site(registration, at)]


def make(move: Move, registration_id: int, at: datetime) -> None:
    """Raises what the move raises: DayFull, CannotMove, TooLateToCancel, NotFound."""
    _MOVES[move](registration_id, at)


def _online(registration: Registration) -> Iterator[PossibleMove]:
    online = places.count(registration.event).online
    if online.limit == 0 or (registration.has_place and not registration.has_seat):
        return
    if online.is_full:
        yield PossibleMove(Move.ONLINE, ONLINE_FULL, is_open=False)
    else:
        yield PossibleMove(Move.ONLINE, LEAVES_SEAT if registration.has_seat else GETS_ONLINE)


def _on_site(registration: Registration, at: datetime) -> Iterator[PossibleMove]:
    day_places = places.count(registration.event)
    if registration.has_seat or registration.is_in_line or day_places.on_site.limit == 0:
        return
    if day_places.has_line(registration.event, at):
        yield PossibleMove(Move.LINE, KEEPS_ONLINE)
    elif day_places.on_site.is_full:
        yield PossibleMove(Move.ON_SITE, ON_SITE_FULL, is_open=False)
    elif registration.can_change_needs(at):
        yield PossibleMove(Move.ON_SITE, GETS_SEAT)
    else:
        yield PossibleMove(Move.ON_SITE, TOO_LATE, is_open=False)
