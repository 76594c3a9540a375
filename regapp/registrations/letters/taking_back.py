"""Another mailbox from now on: what the one before got is taken back."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ColumnElement, select

from regapp.core.db import db
from regapp.core.i18n import Text
from regapp.mailing import outbox
from regapp.mailing.models import OutgoingMail
from regapp.registrations.letters import entry_letters, writing
from regapp.registrations.models import Registration


def take_back_entry(registration: Registration, at: datetime, *, done: Text | None = None) -> None:
    """Undo what a mailbox that isn't the participant's got: letters that wait still never leave, and the entry goes.

    Whoever got any of them is told that the links are dead, also where they brought no entry: perhaps somebody else
    changed the address. Afterwards the registration has an entry that nobody has seen.
    """
    to_mailbox = (OutgoingMail.registration_id == registration.id) & (OutgoingMail.recipient == registration.email)
    outbox.withdraw_all(to_mailbox & (OutgoingMail.sequence.is_(None) | entry_letters.about(registration)))
    registration.has_entry = entry_letters.may_show(registration)
    if registration.has_entry or _has_heard(to_mailbox):
        writing.write_address_changed(registration, at, done=done)
    registration.calendar_uid = uuid.uuid4()
    registration.calendar_sequence = 0
    registration.has_entry = False
    registration.declined_at = None


def _has_heard(to_mailbox: ColumnElement[bool]) -> bool:
    return any(mail.may_have_arrived for mail in db.session.scalars(select(OutgoingMail).where(to_mailbox)))
