"""Letters that anybody can provoke by typing an address into a form: how many a mailbox gets and a client brings about.

A rule holds the mailboxes, counts the client and the form, and only then locks the day. Whoever holds a mailbox
(`hold`) counts alone what it gets, so that may be done later. Nothing is counted for a form that is refused, since its
transaction is rolled back.
"""

from datetime import datetime, timedelta
from typing import Final

from regapp.core import addresses, limits
from regapp.core.context import settings
from regapp.core.db import db
from regapp.core.i18n import Text
from regapp.core.limits import Limit, TooMany

A_DAY: Final = Limit("letters.provoked", 5, timedelta(days=1))
"""All forms and all training days together. What is over it is left out without a word."""

TYPED: Final = Limit("letters.typed", A_DAY.times, A_DAY.within)
"""How often an address is typed until a form that brings it a letter is refused.

Not the number of letters: a registered address gets fewer of them than a new one, and a refusal would tell which it is.
"""

AN_HOUR: Final = Limit("letters.same_again", 1, timedelta(hours=1))
"""A letter about one day that says nothing new."""

CORRECTIONS: Final = Limit(
    "registrations.corrections",
    5,
    timedelta(days=1),
    Text("Adressen har rättats för många gånger.", "The address has been corrected too many times."),
)
"""How many mailboxes one form can bring a letter to, after the first."""

MANY_FROM_NETWORK: Final = Text(
    "Från ditt nätverk har många formulär kommit på kort tid. Det du har fyllt i finns kvar.",
    "Many forms have come from your network in a short time. What you filled in is still here.",
)


def hold(*emails: str) -> None:
    """Wait for whoever else is about to write to these mailboxes, before the day is locked.

    Everything loaded before is forgotten: it may have changed while we waited.
    """
    limits.hold(A_DAY, *{addresses.key(email) for email in emails})
    db.session.expire_all()


def take_from(client: str | None, at: datetime) -> None:
    """Count a letter that the client at this network address provokes; raises TooMany.

    Counted whether or not the typed address is registered, so that it doesn't tell. None: no public form was used.
    """
    if client is None:
        return
    most = {
        "minute": (settings().client_registrations_per_minute, timedelta(minutes=1)),
        "hour": (settings().client_registrations_per_hour, timedelta(hours=1)),
    }
    for name, (times, within) in most.items():
        limits.take(Limit(f"client.{name}", times, within, MANY_FROM_NETWORK), limits.client_key(client), at)


def typed(email: str, at: datetime) -> None:
    """Count that somebody typed the address into a form whose answer doesn't depend on how often."""
    limits.note(TYPED, addresses.key(email), at)


def take(event_id: int, emails: set[str], at: datetime) -> None:
    """Count a letter to each; raises TooMany, and then nobody is written to and the form says so."""
    for email in sorted({addresses.key(email) for email in emails}):
        limits.take_held(TYPED, email, at)
        note(event_id, email, at)


def take_correction(event_id: int, form_key: str, emails: set[str], at: datetime) -> None:
    """Count that a form's address is corrected, and a letter to both mailboxes, whichever of them is registered.

    Raises TooMany.
    """
    limits.take(CORRECTIONS, form_key, at)
    take(event_id, emails, at)


def note(event_id: int, email: str, at: datetime) -> None:
    """Count a letter that goes whatever the number: the first one of a registration."""
    limits.note(A_DAY, addresses.key(email), at)
    limits.note(AN_HOUR, _of_day(event_id, email), at)


def may_write(event_id: int, email: str, at: datetime, *, is_news: bool) -> bool:
    """Whether one more letter may go, which is counted then; `is_news` goes whatever the hour's limit."""
    try:
        if not is_news:
            limits.take_held(AN_HOUR, _of_day(event_id, email), at)
        limits.take_held(A_DAY, addresses.key(email), at)
    except TooMany:
        return False
    if is_news:
        limits.note(AN_HOUR, _of_day(event_id, email), at)
    return True


def _of_day(event_id: int, email: str) -> str:
    return f"{event_id}:{addresses.key(email)}"
