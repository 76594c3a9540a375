"""Who comes back to a day gets the calendar entry that their mailbox may still show, instead of a second one."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from regapp.core.db import db
from regapp.mailing import outbox
from regapp.mailing.models import CalendarMethod
from regapp.registrations.letters import entry_letters
from regapp.registrations.models import Registration


def take_over_entry(registration: Registration) -> None:
    """Give a registration that has just become active, or got another address, the entry that is in its mailbox.

    It came with an earlier, cancelled one, or with one that has another address since. The next letter brings it with a
    higher SEQUENCE. What waits still of the earlier letters about it never leaves: the next one overtakes them.
    """
    db.session.flush()
    if entry_letters.may_show(registration):
        last = entry_letters.find_last(registration)
        registration.has_entry = last is not None and last.method is not CalendarMethod.CANCEL
        return
    for uid, domain in entry_letters.find_others(registration):
        outbox.withdraw_all(entry_letters.of_entry(registration, uid))
        if entry_letters.may_show(registration, uid):
            _take(registration, uid, domain)
            return


def _take(registration: Registration, uid: uuid.UUID, domain: str) -> None:
    """An earlier registration that had it is left with an entry that nobody has seen."""
    for earlier in db.session.scalars(select(Registration).where(Registration.calendar_uid == uid)):
        earlier.calendar_uid = uuid.uuid4()
        earlier.calendar_sequence = 0
        earlier.has_entry = False
    registration.calendar_uid = uid
    registration.calendar_domain = domain
    registration.calendar_sequence = entry_letters.last_sequence(registration, uid)
    registration.has_entry = True
