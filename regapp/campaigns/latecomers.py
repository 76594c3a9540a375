"""What reminders said, for those who had no place, or another address, when they went out."""

from datetime import datetime

from sqlalchemy import func, select

from regapp.campaigns import reminding, sending
from regapp.campaigns.models import Reminder
from regapp.core.db import db
from regapp.mailing.models import Bounce, MailState, OutgoingMail, WordsBrought
from regapp.registrations.models import Registration


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
    return fell_due <= at and fell_due < registration.received_at and sending.is_useful(reminder, at)


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
