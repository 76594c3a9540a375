"""What participants' calendars answered; mail can be forged, so an answer is noted and written about, no more."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select

from regapp.core import addresses, audit
from regapp.core.db import db
from regapp.events.models import Publication
from regapp.mailing.inbox.calendar_replies import Reply
from regapp.mailing.models import InboxOutcome
from regapp.registrations import finding
from regapp.registrations.letters import other_answers, writing
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
        return other_answers.note(registration, other, reply.partstat, at)
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
