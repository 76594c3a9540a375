"""The digest of each morning, to organisers who chose it. No names and no addresses."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Final

from sqlalchemy import select

from regapp.accounts import managing
from regapp.core.db import db
from regapp.core.i18n import SWEDISH_TIME, local, use_language
from regapp.events.models import Event, Publication
from regapp.mailing import outbox
from regapp.mailing.kinds import Kind
from regapp.organising.alarms import digest_letter
from regapp.organising.alarms.conditions import take
from regapp.organising.alarms.digest_letter import Digest

AT: Final = time(7)
"""Swedish time. A worker that was down then writes it when it is back, the same day."""

SETTLED_AFTER: Final = timedelta(minutes=1)
"""The digest tells up to this long ago: what was received a moment ago may not be committed yet."""


def write_digests(now: datetime) -> None:
    """Write the morning's letters when it is time and there is something to tell; what the worker does every minute.

    The first time that it looks only begins what the first letter tells of.
    """
    notice = take("digest")
    last, notice.told_at = notice.told_at, notice.told_at or now
    if last is None or not last < due_at(now) <= now:
        return
    notice.told_at = now
    since, until = last - SETTLED_AFTER, now - SETTLED_AFTER
    days = [digest_letter.of(event, since, until) for event in _days_ahead(now)]
    if any(day.is_worth_telling for day in days):
        _write(days, since, now)


def due_at(now: datetime) -> datetime:
    """The morning of the day that it is in Sweden."""
    return datetime.combine(local(now).date(), AT, SWEDISH_TIME)


def _write(days: Sequence[Digest], since: datetime, now: datetime) -> None:
    for organiser in managing.who_wants_digest():
        with use_language(organiser.language):
            outbox.enqueue(
                digest_letter.compose(days, since, now),
                key=f"{Kind.DIGEST}:{local(now).date().isoformat()}:{organiser.id}",
                kind=Kind.DIGEST,
                to=organiser.email,
                language=organiser.language,
                at=now,
            )


def _days_ahead(now: datetime) -> list[Event]:
    ahead = select(Event).where(Event.publication == Publication.PUBLISHED, Event.ends_at > now)
    return list(db.session.scalars(ahead.order_by(Event.starts_at, Event.id)))
