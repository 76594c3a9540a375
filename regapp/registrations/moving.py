"""Changing the form of attendance, and standing in line for it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from regapp.core import audit
from regapp.core.errors import RuleBroken
from regapp.core.i18n import Text
from regapp.events.models import Attendance, Publication
from regapp.registrations import filling, finding, places
from regapp.registrations.choices import Wish
from regapp.registrations.letters import writing
from regapp.registrations.models import IN_LINE, Registration, Status
from regapp.registrations.places import DayCancelled, DayFull, NoLine, TooLateToCancel, why_not_changeable

TOO_LATE_FOR_SEAT = Text(
    "Det går inte längre att byta till en plats i lokalen. Kontakta arrangören.",
    "It is no longer possible to change to an on-site place. Contact the organiser.",
)
LINE_CLOSED = Text("Kön är stängd.", "The line is closed.")
ANSWER_FIRST = Text(
    "Du är erbjuden en plats i lokalen. Tacka ja eller nej till den först.",
    "You are offered an on-site place. Accept or decline it first.",
)
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


class CannotMove(RuleBroken):
    """The change asked for isn't possible now."""


class TooLateForSeat(CannotMove):
    """The kitchen has its numbers."""

    def __init__(self) -> None:
        super().__init__(TOO_LATE_FOR_SEAT)


def why_not(registration: Registration, wish: Wish, at: datetime, actor: str = audit.PARTICIPANT) -> RuleBroken | None:
    """What keeps the person from changing to this form of attendance, as things stand."""
    if refused := why_not_any(registration, at, actor):
        return refused
    if wish.wants_line and not registration.is_in_line and (refused := _why_no_line(registration, at, actor)):
        return refused
    return beyond(registration, wish, at)


def beyond(registration: Registration, wish: Wish, at: datetime) -> RuleBroken | None:
    """What is late or beyond the number in such a change: what an organiser may do nevertheless, with a reason."""
    if registration.has_place and registration.attendance is wish.attendance:
        return None
    if wish is Wish.ON_SITE and not registration.can_change_needs(at):
        return TooLateForSeat()
    if wish is Wish.ON_SITE and registration.is_offered:
        return None
    event = registration.event
    day_places = places.count(event)
    is_full = day_places.of(wish.attendance).is_full
    return DayFull(event, wish.attendance, day_places, may_wait=event.fills_seats(at)) if is_full else None


def why_not_any(registration: Registration, at: datetime, actor: str = audit.PARTICIPANT) -> RuleBroken | None:
    """What keeps the form of attendance from being changed at all; an offered seat is answered first."""
    if refused := why_not_changeable(registration):
        return refused
    if at >= registration.event.starts_at:
        return TooLateToCancel()
    is_to_answer = registration.is_offered and not audit.is_organiser(actor)
    return CannotMove(ANSWER_FIRST) if is_to_answer else None


def _why_no_line(registration: Registration, at: datetime, actor: str) -> RuleBroken | None:
    """A line is for seats that there are; a free one waits for no participant after the kitchen has its numbers."""
    event = registration.event
    if event.seats_on_site == 0:
        return NoLine()
    if not event.fills_seats(at):
        return CannotMove(LINE_CLOSED)
    is_late = not registration.can_change_needs(at) and not places.count(event).on_site.is_full
    return TooLateForSeat() if is_late and not audit.is_organiser(actor) else None


@dataclass(frozen=True)
class Move:
    """A change that is shown to a participant: what follows from it, or why it isn't open."""

    to: Wish
    follows: Text
    is_open: bool = True

    @property
    def label(self) -> Text:
        return IN_LINE if self.to.wants_line else self.to.label


def moves(registration: Registration, at: datetime) -> list[Move]:
    """What a participant is shown to change to."""
    if why_not_any(registration, at):
        return []
    return [*_online(registration, at), *_on_site(registration, at)]


def _online(registration: Registration, at: datetime) -> Iterator[Move]:
    if registration.event.seats_online == 0 or registration.is_online:
        return
    if why_not(registration, Wish.ONLINE, at):
        yield Move(Wish.ONLINE, ONLINE_FULL, is_open=False)
    else:
        yield Move(Wish.ONLINE, LEAVES_SEAT if registration.has_seat else GETS_ONLINE)


def _on_site(registration: Registration, at: datetime) -> Iterator[Move]:
    day_places = places.count(registration.event)
    if registration.has_seat or registration.is_in_line or day_places.on_site.limit == 0:
        return
    if day_places.has_line(registration.event, at):
        yield Move(Wish.ONLINE_AND_LINE, KEEPS_ONLINE)
    elif why_not(registration, Wish.ON_SITE, at):
        yield Move(Wish.ON_SITE, ON_SITE_FULL if day_places.on_site.is_full else TOO_LATE, is_open=False)
    else:
        yield Move(Wish.ON_SITE, GETS_SEAT)


def move(registration_id: int, wish: Wish, at: datetime) -> Registration:
    """A participant changes to one of `moves`. Raises RuleBroken, NotFound."""
    return _RULES[wish](registration_id, at)


def move_online(
    registration_id: int, at: datetime, *, actor: str = audit.PARTICIPANT, tell: bool = True, reason: str = ""
) -> Registration:
    """Take part online instead: the seat goes on, and the lunch with it. Possible until the day starts.

    With a reason an organiser goes beyond the number. Raises RuleBroken, NotFound.
    """
    registration = _get_movable(registration_id, Wish.ONLINE, at, actor, reason)
    if registration.is_online:
        return registration
    stays_in_line = registration.is_in_line
    registration.status = Status.CONFIRMED
    registration.attendance = Attendance.ONLINE
    registration.declined_at = None
    if not stays_in_line:
        registration.health = None
    if tell:
        writing.write_place(registration, at)
    finding.record("registration.moved_online", registration, at, actor, reason)
    filling.settle(registration.event, at)
    return registration


def move_on_site(
    registration_id: int, at: datetime, *, actor: str = audit.PARTICIPANT, tell: bool = True, reason: str = ""
) -> Registration:
    """Take part on site instead, if a seat is free.

    With a reason an organiser goes beyond the number, and later. Raises RuleBroken, NotFound.
    """
    registration = _get_movable(registration_id, Wish.ON_SITE, at, actor, reason)
    if registration.has_seat:
        return registration
    registration.status = Status.CONFIRMED
    registration.attendance = Attendance.ON_SITE
    registration.declined_at = None
    registration.leave_line()
    if tell:
        writing.write_place(registration, at, done=writing.by(actor, writing.MOVED))
    finding.record("registration.moved_on_site", registration, at, actor, reason)
    filling.settle(registration.event, at)
    return registration


def join_line(registration_id: int, at: datetime, *, actor: str = audit.PARTICIPANT, tell: bool = True) -> Registration:
    """Keep the online place and stand in line for a seat; with a free one, the seat is there at once.

    Raises RuleBroken, NotFound.
    """
    registration = filling.get_settled(registration_id, at)
    if refused := why_not_any(registration, at, actor):
        raise refused
    if registration.is_in_line or registration.has_seat:
        return registration
    if refused := why_not(registration, Wish.ONLINE_AND_LINE, at, actor):
        raise refused
    registration.in_line_since = at
    finding.record("registration.joined_line", registration, at, actor)
    filling.settle(registration.event, at)
    if tell and finding.position(registration) is not None:
        writing.write_waiting(registration, at)
    return registration


_RULES: Final[dict[Wish, Callable[[int, datetime], Registration]]] = {
    Wish.ONLINE: move_online,
    Wish.ON_SITE: move_on_site,
    Wish.ONLINE_AND_LINE: join_line,
}


def leave_line(registration_id: int, at: datetime, *, actor: str = audit.PARTICIPANT) -> Registration:
    """Stand in line no more: an online place stands; without one the registration is cancelled.

    Raises DayCancelled, NotFound.
    """
    registration = filling.get_settled(registration_id, at)
    if registration.event.publication is Publication.CANCELLED:
        raise DayCancelled(registration.event)
    if not registration.is_in_line:
        return registration
    if registration.has_place:
        registration.leave_line()
        registration.changed_at = at
    else:
        filling.give_up(registration, at, actor=actor)
        writing.write_cancellation(registration, at, done=writing.by(actor, writing.CANCELLED))
    finding.record("registration.left_line", registration, at, actor)
    filling.settle(registration.event, at)
    return registration


def _get_movable(registration_id: int, wish: Wish, at: datetime, actor: str, reason: str) -> Registration:
    registration = filling.get_settled(registration_id, at)
    refused = why_not(registration, wish, at, actor)
    if refused and not (reason and audit.is_organiser(actor) and isinstance(refused, (TooLateForSeat, DayFull))):
        raise refused
    return registration
