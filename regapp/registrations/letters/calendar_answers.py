"""What participants' calendars answered; mail can be forged, so an answer is noted and written about, no more."""

import uuid
from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from regapp.core import addresses, audit
from regapp.core.db import db
from regapp.events.models import Publication
from regapp.mailing.inbox.calendar_replies import Reply
from regapp.mailing.kinds import Kind
from regapp.mailing.message import is_writable
from regapp.mailing.models import CalendarAnswer, InboxOutcome, OtherAnswer, OutgoingMail
from regapp.registrations import finding
from regapp.registrations.letters import writing
from regapp.registrations.models import Registration


def take(reply: Reply, at: datetime) -> InboxOutcome | None:
    """Note that the calendar said no, and write how to cancel; another answer takes the note away.

    What another address than the participant's answers is noted apart. None for an entry that isn't ours, and for an
    answer to what we never wrote.
    """
    registration = _find(reply)
    if registration is None:
        return None
    if not _matters(registration, at):
        return InboxOutcome.IGNORED
    if other := _other_than(registration, reply):
        return note_other(registration, other, reply.partstat, at)
    if reply.partstat == "DECLINED":
        _note_declined(registration, at)
        return InboxOutcome.DECLINED
    if registration.declined_at is not None and reply.partstat in {"ACCEPTED", "TENTATIVE"}:
        registration.declined_at = None
        finding.record("registration.accepted_in_calendar", registration, at, audit.PARTICIPANT)
    return InboxOutcome.IGNORED


def _find(reply: Reply) -> Registration | None:
    name, _, domain = reply.uid.partition("@")
    try:
        uid = uuid.UUID(name)
    except ValueError:
        return None
    found = db.session.execute(
        select(Registration.id, Registration.calendar_domain, Registration.calendar_sequence).where(
            Registration.calendar_uid == uid
        )
    ).one_or_none()
    if found is None or domain != found.calendar_domain:
        return None
    return finding.get_locked(found.id) if 0 <= reply.sequence <= found.calendar_sequence else None


def _other_than(registration: Registration, reply: Reply) -> str | None:
    """The address that isn't the participant's: who sent the answer first, then for whom; None when it is their own."""
    given = (reply.sender, reply.attendee)
    return next((one for one in given if one and addresses.key(one) != registration.email_key), None)


def _matters(registration: Registration, at: datetime) -> bool:
    """Whether a yes or a no tells anything: not of an entry that we took away, nor after the day has begun."""
    event = registration.event
    is_on = event.publication is Publication.PUBLISHED or event.is_cancellation_untold
    return is_on and registration.has_entry and registration.can_cancel(at)


def _note_declined(registration: Registration, at: datetime) -> None:
    if registration.declined_at is None:
        registration.declined_at = at
        finding.record("registration.declined_in_calendar", registration, at, audit.PARTICIPANT)
    if registration.event.publication is Publication.PUBLISHED:  # not while a cancelled day may be taken back
        writing.write_declined(registration, at)


MOST_LETTERS: Final = 3
"""Letters to one person about answers of others, ever."""

MOST_NOTED: Final = 20
"""Answers of others that are kept of one registration."""


def note_other(registration: Registration, address: str, partstat: str, at: datetime) -> InboxOutcome | None:
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
        writing.write_declined_by_other(registration, address, at)
    return InboxOutcome.ANSWERED_BY_OTHER


def others_of(registration: Registration) -> list[OtherAnswer]:
    """The answers, the latest first."""
    found = select(OtherAnswer).where(OtherAnswer.registration_id == registration.id)
    return list(db.session.scalars(found.order_by(OtherAnswer.at.desc(), OtherAnswer.id.desc())))


def _keep(registration: Registration, entry: str, address: str, answer: CalendarAnswer, at: datetime) -> bool:
    """Whether it is noted: not when it says nothing new, nor when there are too many."""
    noted = {(one.entry, one.address): one for one in others_of(registration)}
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
    written = select(func.count()).where(
        OutgoingMail.registration_id == registration.id, OutgoingMail.kind == Kind.DECLINED_BY_OTHER
    )
    return db.session.scalar(written) or 0
