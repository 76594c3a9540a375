"""Answers of calendars that weren't invited: a delegate's, an alias's, that of who got the invitation forwarded.

Whoever has seen the invitation can write such an answer, so it changes nothing, and letters about it have an end.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Final

from sqlalchemy import func, select

from regapp.core import addresses, audit
from regapp.core.db import db
from regapp.events.models import Publication
from regapp.mailing.message import is_writable
from regapp.mailing.models import CalendarAnswer, InboxOutcome, OtherAnswer, OutgoingMail
from regapp.registrations import finding
from regapp.registrations.letters import entry_letters, writing
from regapp.registrations.letters.wording import answers
from regapp.registrations.models import Registration

KIND: Final = "declined_by_other"
MOST_LETTERS: Final = 3
"""Letters to one person about answers of others, ever."""

MOST_NOTED: Final = 20
"""Answers of others that are kept of one registration."""


def note(registration: Registration, address: str, partstat: str, at: datetime) -> InboxOutcome | None:
    """Note what the calendar of `address` answers, and write about a no; the registration must be locked.

    None for an address that can't be one.
    """
    if not is_writable(address):
        return None
    address = addresses.shown(address)
    answer = next((one for one in CalendarAnswer if one.value == partstat.lower()), None)
    if answer is None:
        return InboxOutcome.IGNORED
    entry = f"{registration.calendar_uid}.{registration.calendar_sequence}"
    if not _keep(registration, entry, address, answer, at):
        return InboxOutcome.IGNORED
    is_on = registration.event.publication is Publication.PUBLISHED  # else a cancelled day that may be taken back
    if is_on and answer is CalendarAnswer.NO and _letters_to(registration) < MOST_LETTERS:
        _write(registration, address, at)
    return InboxOutcome.ANSWERED_BY_OTHER


def of(registration: Registration) -> list[OtherAnswer]:
    """The answers, the latest first."""
    found = select(OtherAnswer).where(OtherAnswer.registration_id == registration.id)
    return list(db.session.scalars(found.order_by(OtherAnswer.at.desc(), OtherAnswer.id.desc())))


def _keep(registration: Registration, entry: str, address: str, answer: CalendarAnswer, at: datetime) -> bool:
    """Whether it is noted: not when it says nothing new, nor when there are too many."""
    noted = {(one.entry, one.address): one for one in of(registration)}
    known = noted.get((entry, address))
    if known is None and len(noted) < MOST_NOTED:
        db.session.add(OtherAnswer(registration_id=registration.id, entry=entry, address=address, answer=answer, at=at))
    elif known is not None and known.answer is not answer:
        known.answer, known.at = answer, at
    else:
        return False
    finding.record("registration.answered_by_other", registration, at, audit.SYSTEM, answer=answer.value)
    return True


def _letters_to(registration: Registration) -> int:
    written = select(func.count()).where(OutgoingMail.registration_id == registration.id, OutgoingMail.kind == KIND)
    return db.session.scalar(written) or 0


def _write(registration: Registration, address: str, at: datetime) -> None:
    """Once for each version of the entry and address."""
    whose = sha256(address.encode()).hexdigest()[:16]
    key = f"{entry_letters.key(KIND, registration)}:{whose}"
    writing.write(registration, KIND, partial(answers.declined_by_other, address=address), at, key=key)
