"""What makes the service write to participants by itself, reminders aside."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from regapp.core.context import settings
from regapp.core.i18n import Text
from regapp.events.models import Event
from regapp.mailing.kinds import Kind

Span = tuple[datetime, datetime | None]


@dataclass(frozen=True)
class Occasion:
    """Letters of some kinds, written from one instant to another, or at one instant only.

    `sample` names the preview; without `kinds` they can't be told from another occasion's. `by_inbox`: only where the
    service reads what comes back.
    """

    name: Text
    to: Text
    sample: str
    kinds: frozenset[Kind]
    span: Callable[[Event], Span]
    of_line: bool = False
    by_inbox: bool = False

    def happens(self, event: Event) -> bool:
        """A line there is only where the seats are counted, and where it has time: offers may begin after its end."""
        begins_at, ends_at = self.span(event)
        if self.by_inbox and not settings().inbox_server:
            return False
        return (not self.of_line or bool(event.seats_on_site)) and (ends_at is None or begins_at < ends_at)


def _while_open(event: Event) -> Span:
    return event.opens_at, event.closes_visibly_at


def _until_the_start(event: Event) -> Span:
    return event.opens_at, event.starts_at


def _while_seats_are_given(event: Event) -> Span:
    return event.opens_at, min(event.offers_from, event.promote_until)


def _while_seats_are_offered(event: Event) -> Span:
    return max(event.offers_from, event.opens_at), event.promote_until


OCCASIONS: Final = (
    Occasion(
        Text("Bekräftelse", "Confirmation"),
        Text("den som anmäler sig och får en plats", "whoever registers and gets a place"),
        "confirmation",
        frozenset({Kind.CONFIRMATION}),
        _while_open,
    ),
    Occasion(
        Text("Personlig länk", "Personal link"),
        Text("den som ber om sin länk eller anmäler sig igen", "whoever asks for their link or registers again"),
        "link",
        frozenset({Kind.LINK}),
        _until_the_start,
    ),
    Occasion(
        Text("Försök utan anmälan", "Attempt without a registration"),
        Text(
            "den vars adress någon annan blir anmäld med, eller som anmäler sig igen på ett annat sätt",
            "whoever’s address somebody else is registered with, or who registers again in another way",
        ),
        "not_registered",
        frozenset({Kind.NOT_REGISTERED}),
        _until_the_start,
    ),
    Occasion(
        Text("Ändrad anmälan", "Changed registration"),
        Text(
            "den som byter deltagandeform, eller ångrar en avanmälan", "whoever changes form, or undoes a cancellation"
        ),
        "update",
        frozenset({Kind.UPDATE, Kind.UNDO}),
        _until_the_start,
    ),
    Occasion(
        Text("Avanmälan", "Cancellation"),
        Text("den som avanmäler sig eller överlåter sin plats", "whoever cancels or gives the place to a colleague"),
        "cancellation",
        frozenset({Kind.CANCELLATION, Kind.TRANSFER}),
        _until_the_start,
    ),
    Occasion(
        Text("Nej i kalendern", "No in the calendar"),
        Text("den vars inbjudan får ett nej i kalendern", "whoever’s invitation is declined in a calendar"),
        "declined",
        frozenset({Kind.DECLINED, Kind.DECLINED_BY_OTHER}),
        _until_the_start,
        by_inbox=True,
    ),
    Occasion(
        Text("Plats i kön", "Place in line"),
        Text("den som ställer sig i kö när dagen är full på plats", "whoever stands in line when the hall is full"),
        "waiting",
        frozenset({Kind.WAITING}),
        lambda event: (event.opens_at, event.promote_until),
        of_line=True,
    ),
    Occasion(
        Text("Plats från kön", "A place from the line"),
        Text("den som står först när en plats blir ledig", "whoever is first when a place is free"),
        "seat",
        frozenset(),
        _while_seats_are_given,
        of_line=True,
    ),
    Occasion(
        Text("Erbjuden plats", "Offered place"),
        Text(
            "den som står först när en plats blir ledig nära dagen",
            "whoever is first when a place is free near the day",
        ),
        "offer",
        frozenset({Kind.OFFER}),
        _while_seats_are_offered,
        of_line=True,
    ),
    Occasion(
        Text("Erbjudandet gick ut", "The offer ran out"),
        Text("den som inte svarade i tid", "whoever didn’t answer in time"),
        "offer_passed",
        frozenset({Kind.OFFER_PASSED}),
        _while_seats_are_offered,
        of_line=True,
    ),
    Occasion(
        Text("Kön är stängd", "The line is closed"),
        Text("den som står kvar i kön då", "whoever still stands in line then"),
        "line_closed",
        frozenset({Kind.LINE_CLOSED}),
        lambda event: (event.promote_until, None),
        of_line=True,
    ),
)
