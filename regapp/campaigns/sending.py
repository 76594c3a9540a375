"""The letters of a reminder, written when it falls due: once, or not at all when they are of no use any more."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Integer, Select, Uuid, cast, func, literal, null, or_, select

from regapp.campaigns import reminding
from regapp.campaigns.models import Reminder
from regapp.core import audit
from regapp.core.db import db, lock
from regapp.events.models import Event, Publication
from regapp.mailing import orders, outbox
from regapp.mailing.kinds import Kind
from regapp.mailing.models import Bounce, MailState, OutgoingMail, WordsBrought
from regapp.registrations.models import Registration

LATE: Final = timedelta(hours=24)
"""How long after it fell due a reminder is still of use; never after the day has started."""


def write_due(now: datetime) -> None:
    """Write the letters of every reminder that has fallen due; what the worker does every minute.

    One that fell due while the service was down is marked missed when it comes too late. The days are locked and the
    mark is made in the same transaction, so that several workers, or a clock that jumps, write none twice.
    """
    useless = _with_useless(now)
    days = {reminder.event_id for reminder in [*_due(now), *_untold_of(now)]} | useless
    for event_id in sorted(days):
        lock(Event, event_id)
    for reminder in _due(now):
        if reminder.event_id in days:
            _settle(reminder, now)
    for reminder in _untold_of(now):
        if reminder.event_id in days:
            orders.write(
                _untold(reminder, now), kind=Kind.REMINDER, at=now, event_id=reminder.event_id, reminder_id=reminder.id
            )
    outbox.withdraw_all(_WAITS & OutgoingMail.event_id.in_(useless & _with_useless(now)))


def is_useful(reminder: Reminder, now: datetime) -> bool:
    """Whether a reminder that has fallen due still helps whoever reads it."""
    return now < reminder.event.starts_at and now - reminder.due_at <= LATE


def _due(now: datetime) -> list[Reminder]:
    """What has fallen due of the reminders of days that take place; a draft's and a cancelled day's wait."""
    pending = (
        select(Reminder)
        .join(Reminder.event)
        .where(Event.publication == Publication.PUBLISHED, Reminder.written_at.is_(None), Reminder.missed_at.is_(None))
        .order_by(Reminder.id)
    )
    return [reminder for reminder in db.session.scalars(pending) if reminder.due_at <= now]


def _settle(reminder: Reminder, now: datetime) -> None:
    if is_useful(reminder, now):
        written = orders.write(
            _people(reminder), kind=Kind.REMINDER, at=now, event_id=reminder.event_id, reminder_id=reminder.id
        )
        reminder.written_at = now
        _record("reminder.written", reminder, now, letters=written)
    else:
        reminder.missed_at = now
        _record("reminder.missed", reminder, now)


def _untold_of(now: datetime) -> list[Reminder]:
    """The reminders that have words in them which somebody who has a place by now was never told.

    An organiser registered, moved or restored them without a letter; any other letter about a place brings the words.
    """
    written = (
        select(Reminder)
        .join(Reminder.event)
        .where(
            Event.publication == Publication.PUBLISHED,
            Event.starts_at > now,
            Reminder.written_at.is_not(None),
            (Reminder.message_sv != "") | (Reminder.message_en != ""),
        )
        .order_by(Reminder.event_id, Reminder.id)
    )
    return [
        reminder
        for reminder in db.session.scalars(written).all()
        if db.session.execute(_untold(reminder, now).limit(1)).first()
    ]


def _people(reminder: Reminder) -> Select[*tuple[Any, ...]]:
    """An order's columns for everybody who was registered when it fell due: who came later was told everything."""
    return _ordered(reminder).where(Registration.received_at <= reminder.due_at)


def _untold(reminder: Reminder, now: datetime) -> Select[*tuple[Any, ...]]:
    """The same for everybody to whose address no letter with its words was written, or only ones that were dropped."""
    has_words = (
        select(OutgoingMail.id)
        .outerjoin(WordsBrought, WordsBrought.mail_id == OutgoingMail.id)
        .where(
            OutgoingMail.registration_id == Registration.id,
            OutgoingMail.recipient == Registration.email,
            OutgoingMail.state != MailState.WITHDRAWN,
            (OutgoingMail.reminder_id == reminder.id) | (WordsBrought.reminder_id == reminder.id),
        )
    )
    return _ordered(reminder, f"{now.isoformat()}:").where(~has_words.exists())


def _ordered(reminder: Reminder, when: str = "") -> Select[*tuple[Any, ...]]:
    """An order's columns for everybody whom the reminder reaches as things stand; no key is used twice."""
    return reminding.recipients(reminder.event_id, reminder.audience).with_only_columns(
        Registration.id.label("registration_id"),
        Registration.email.label("recipient"),
        Registration.language,
        (literal(f"{Kind.REMINDER}:{reminder.id}:{when}") + Registration.public_id).label("key"),
        cast(null(), Integer).label("sequence"),
        cast(null(), Uuid).label("entry_uid"),
    )


def _with_useless(now: datetime) -> set[int]:
    """The days that have begun, or of whose cancellation everybody is told, while reminders of theirs wait."""
    is_told = (Event.publication == Publication.CANCELLED) & Event.cancellation_due_at.is_(None)
    over = select(Event.id).where(or_(Event.starts_at <= now, is_told))
    waiting = select(OutgoingMail.event_id).where(_WAITS, OutgoingMail.event_id.in_(over))
    return {event_id for event_id in db.session.scalars(waiting.distinct()) if event_id is not None}


_WAITS = (OutgoingMail.kind == Kind.REMINDER) & (OutgoingMail.state == MailState.QUEUED)


def _record(action: str, reminder: Reminder, at: datetime, **details: Any) -> None:
    audit.record(action, actor=audit.SYSTEM, at=at, event_id=reminder.event_id, reminder=reminder.id, **details)


def words_for(registration: Registration, at: datetime) -> dict[int, str]:
    """Organisers' own words in each reminder that went to others with this form of attendance, and not to this person.

    By the reminder, in the language that is spoken, in the order in which they fell due.
    """
    gone = [
        reminder
        for reminder in reminding.of_day(registration.event_id)
        if reminder.audience.has(registration.attendance) and _has_gone(reminder, registration, at)
    ]
    got = _got(registration) if gone else set()
    return {reminder.id: reminder.message.strip() for reminder in gone if reminder.id not in got}


def _has_gone(reminder: Reminder, registration: Registration, at: datetime) -> bool:
    """Whether it was written, or will be within a minute, and not to whoever registered after it fell due."""
    if not reminder.is_ahead:
        return reminder.written_at is not None
    fell_due = reminder.due_at
    return fell_due <= at and fell_due < registration.received_at and is_useful(reminder, at)


def _got(registration: Registration) -> set[int]:
    """The reminders whose words were written to the person's present address, in whichever letter, and may arrive."""
    written = (
        select(func.coalesce(OutgoingMail.reminder_id, WordsBrought.reminder_id))
        .outerjoin(WordsBrought, WordsBrought.mail_id == OutgoingMail.id)
        .where(
            OutgoingMail.registration_id == registration.id,
            OutgoingMail.recipient == registration.email,
            OutgoingMail.state.not_in((MailState.WITHDRAWN, MailState.FAILED)),
            OutgoingMail.id.not_in(select(Bounce.mail_id)),
        )
    )
    return {reminder_id for reminder_id in db.session.scalars(written) if reminder_id is not None}
