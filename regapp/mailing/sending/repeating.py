"""A letter that is sent once more: its words as they were written, under an identity of its own."""

import re
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import func, select

from regapp.core.context import settings
from regapp.core.db import db
from regapp.mailing.models import OutgoingMail, WordsBrought
from regapp.mailing.outbox import wake_workers

_SAME: Final = (
    "kind",
    "event_id",
    "registration_id",
    "reminder_id",
    "language",
    "recipient",
    "in_reply_to",
    "subject",
    "text",
    "html",
    "method",
    "sequence",
)

_STAMP: Final = re.compile("^DTSTAMP:[^\r\n]*", re.MULTILINE)


def times(mail: OutgoingMail) -> int:
    """How often the letter has been sent again."""
    return db.session.scalar(select(func.count()).where(OutgoingMail.again_of == mail.id)) or 0


def repeat(mail: OutgoingMail, at: datetime, *, entry_uid: UUID) -> OutgoingMail:
    """Write the letter down again, with a Message-ID, Date and DTSTAMP of its own and the same SEQUENCE.

    `entry_uid` is the UID of its registration's calendar entry. Whether what the letter says
    still holds is the caller's to know, and so is the lock that lets nobody else repeat it.
    """
    identity = uuid4().hex
    copy = OutgoingMail(
        **{name: getattr(mail, name) for name in _SAME},
        id=identity,
        key=f"again:{mail.id}:{times(mail) + 1}",
        entry_uid=entry_uid,
        again_of=mail.id,
        message_id=f"<{identity}@{settings().mail_domain}>",
        calendar=_restamped(mail.calendar, at) if mail.calendar else None,
        dated_at=at,
        due_at=at,
    )
    db.session.add(copy)
    db.session.flush()
    brought = select(WordsBrought.reminder_id).where(WordsBrought.mail_id == mail.id)
    db.session.add_all(WordsBrought(mail_id=copy.id, reminder_id=reminder) for reminder in db.session.scalars(brought))
    wake_workers()
    return copy


def _restamped(calendar: str, written_at: datetime) -> str:
    """The same entry, written anew: only DTSTAMP moves (RFC 5545 §3.8.7.2)."""
    return _STAMP.sub(f"DTSTAMP:{written_at.astimezone(UTC):%Y%m%dT%H%M%SZ}", calendar, count=1)
