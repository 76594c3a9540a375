"""Letters that anybody can provoke by typing an address into a form: how many a mailbox gets."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from regapp.core import addresses, limits
from regapp.core.limits import Limit, TooMany

A_DAY: Final = Limit("letters.provoked", 5, timedelta(days=1))
"""All forms and all training days together."""

AN_HOUR: Final = Limit("letters.same_again", 1, timedelta(hours=1))
"""A letter about one day that says nothing new."""


def note(event_id: int, email: str, at: datetime) -> None:
    """Count a letter that goes whatever the number: the first one of a registration."""
    limits.note(A_DAY, addresses.key(email), at)
    limits.note(AN_HOUR, _of_day(event_id, email), at)


def take(event_id: int, emails: set[str], at: datetime) -> None:
    """Count a letter to each; raises TooMany, and then nobody is written to and the form says so."""
    for key in sorted({addresses.key(email) for email in emails}):  # in one order, since each is locked
        limits.take(A_DAY, key, at)
        limits.note(AN_HOUR, _of_day(event_id, key), at)


def may_write(event_id: int, email: str, at: datetime, *, is_news: bool) -> bool:
    """Whether one more letter may go, which is counted then; `is_news` goes whatever the hour's limit."""
    try:
        if not is_news:
            limits.take(AN_HOUR, _of_day(event_id, email), at)
        limits.take(A_DAY, addresses.key(email), at)
    except TooMany:
        return False
    if is_news:
        limits.note(AN_HOUR, _of_day(event_id, email), at)
    return True


def _of_day(event_id: int, email: str) -> str:
    return f"{event_id}:{addresses.key(email)}"
