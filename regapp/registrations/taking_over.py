"""Who comes back to a day gets the calendar entry that their mailbox may still show, instead of a second one."""

from __future__ import annotations

import uuid

from sqlalchemy import Select, select

from regapp.core.db import db
from regapp.mailing import outbox
from regapp.mailing.models import OutgoingMail
from regapp.registrations import entry_letters
from regapp.registrations.models import Registration, Status


def take_over_entry(registration: Registration) -> None:
    """Give a registration that has just become active the entry of an earlier, cancelled one with its address.

    The next letter brings it with a higher SEQUENCE. What waits still of the earlier one's letters about it never
    leaves: the next one overtakes them. The earlier one is left with an entry that nobody has seen.
    """
    db.session.flush()
    if entry_letters.may_show(registration):
        return
    for earlier in db.session.scalars(_cancelled_before(registration)):
        about = entry_letters.about(earlier)
        outbox.withdraw_all((OutgoingMail.registration_id == earlier.id) & about)
        if entry_letters.may_show(earlier):
            _hand_over(earlier, registration)
            return


def _hand_over(earlier: Registration, registration: Registration) -> None:
    registration.calendar_uid = earlier.calendar_uid
    registration.calendar_domain = earlier.calendar_domain
    registration.calendar_sequence = earlier.calendar_sequence
    registration.has_entry = True
    earlier.calendar_uid = uuid.uuid4()
    earlier.calendar_sequence = 0
    earlier.has_entry = False


def _cancelled_before(registration: Registration) -> Select[Registration]:
    return (
        select(Registration)
        .where(
            Registration.event_id == registration.event_id,
            Registration.email_key == registration.email_key,
            Registration.status == Status.CANCELLED,
            Registration.id != registration.id,
        )
        .order_by(Registration.id.desc())
    )
