"""What reminders said, for those who had no place, or another address, when they went out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from regapp.campaigns import reminding, sending
from regapp.campaigns.models import Reminder
from regapp.core.db import db
from regapp.mailing.models import Bounce, MailState, OutgoingMail
from regapp.registrations.models import Registration


def words_for(registration: Registration, at: datetime) -> list[str]:
    """Organisers' own words in each reminder that went to others with this form of attendance, and not to this person.

    In the language that is spoken, in the order in which the reminders fell due, the same words once.
    """
    gone = [
        reminder
        for reminder in reminding.of_day(registration.event_id)
        if reminder.audience.has(registration.attendance) and _has_gone(reminder, registration, at)
    ]
    got = _got(registration) if gone else set()
    return list(dict.fromkeys(reminder.message.strip() for reminder in gone if reminder.id not in got))


def _has_gone(reminder: Reminder, registration: Registration, at: datetime) -> bool:
    """Whether it was written, or will be within a minute, and not to whoever registered after it fell due."""
    if not reminder.is_ahead:
        return reminder.written_at is not None
    fell_due = reminder.due_at
    return fell_due <= at and fell_due < registration.received_at and sending.is_useful(reminder, at)


def _got(registration: Registration) -> set[int]:
    """The reminders that were written to the person's present address, and may arrive."""
    came_back = select(Bounce.mail_id)
    written = select(OutgoingMail.reminder_id).where(
        OutgoingMail.registration_id == registration.id,
        OutgoingMail.recipient == registration.email,
        OutgoingMail.reminder_id.is_not(None),
        OutgoingMail.state.not_in((MailState.WITHDRAWN, MailState.FAILED)),
        OutgoingMail.id.not_in(came_back),
    )
    return {reminder_id for reminder_id in db.session.scalars(written) if reminder_id is not None}
