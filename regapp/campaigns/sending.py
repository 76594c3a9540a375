"""The letters of a reminder, written when it falls due: once, or not at all when they are of no use any more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Integer, Select, cast, literal, null, or_, select, update

from regapp.campaigns import reminding
from regapp.campaigns.models import Reminder
from regapp.core import audit
from regapp.core.db import db, lock
from regapp.events.models import Event, Publication
from regapp.mailing import orders
from regapp.mailing.models import MailState, OutgoingMail
from regapp.registrations.models import Registration

KIND: Final = "reminder"
LATE: Final = timedelta(hours=24)
"""How long after it fell due a reminder is still of use; never after the day has started."""


def write_due(now: datetime) -> None:
    """Write the letters of every reminder that has fallen due; what the worker does every minute.

    One that fell due while the service was down is marked missed when it comes too late. The day's row is locked and
    the mark is made in the same transaction, so that several workers, or a clock that jumps, write none twice.
    """
    _withdraw_useless(now)
    for event_id in sorted({reminder.event_id for reminder in _ahead() if reminder.due_at <= now}):
        lock(Event, event_id)
        for reminder in db.session.scalars(_ahead_of(event_id)).all():
            if reminder.due_at <= now:
                _settle(reminder, now)


def is_useful(reminder: Reminder, now: datetime) -> bool:
    """Whether a reminder that has fallen due still helps whoever reads it."""
    return now < reminder.event.starts_at and now - reminder.due_at <= LATE


def _ahead() -> list[Reminder]:
    return list(db.session.scalars(_pending()))


def _ahead_of(event_id: int) -> Select[Reminder]:
    return _pending().where(Reminder.event_id == event_id).order_by(Reminder.id)


def _pending() -> Select[Reminder]:
    """The reminders of days that take place; a draft's and a cancelled day's wait."""
    return (
        select(Reminder)
        .join(Reminder.event)
        .where(Event.publication == Publication.PUBLISHED, Reminder.written_at.is_(None), Reminder.missed_at.is_(None))
    )


def _settle(reminder: Reminder, now: datetime) -> None:
    if is_useful(reminder, now):
        written = orders.write(
            _people(reminder), kind=KIND, at=now, event_id=reminder.event_id, reminder_id=reminder.id
        )
        reminder.written_at = now
        _record("reminder.written", reminder, now, letters=written)
    else:
        reminder.missed_at = now
        _record("reminder.missed", reminder, now)


def _people(reminder: Reminder) -> Select[*tuple[Any, ...]]:
    """An order's columns for everybody who was registered when it fell due: who came later was told everything."""
    return (
        reminding.recipients(reminder.event_id, reminder.audience)
        .where(Registration.received_at <= reminder.due_at)
        .with_only_columns(
            Registration.id.label("registration_id"),
            Registration.email.label("recipient"),
            Registration.language,
            (literal(f"{KIND}:{reminder.id}:") + Registration.public_id).label("key"),
            cast(null(), Integer).label("sequence"),
        )
    )


def _withdraw_useless(now: datetime) -> None:
    """Take back what the mail server hasn't accepted by the time that the day starts, or is cancelled."""
    is_told = (Event.publication == Publication.CANCELLED) & Event.cancellation_due_at.is_(None)
    useless = select(Event.id).where(or_(Event.starts_at <= now, is_told))
    db.session.execute(
        update(OutgoingMail)
        .where(OutgoingMail.kind == KIND, OutgoingMail.state == MailState.QUEUED, OutgoingMail.event_id.in_(useless))
        .values(state=MailState.WITHDRAWN)
        .execution_options(synchronize_session=False)
    )


def _record(action: str, reminder: Reminder, at: datetime, **details: int) -> None:
    audit.record(action, actor=audit.SYSTEM, at=at, event_id=reminder.event_id, reminder=reminder.id, **details)
