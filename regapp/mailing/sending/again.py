"""Letters that didn't arrive, or not yet, and a letter that is sent once more."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, func, or_, select

from regapp.core.context import settings
from regapp.core.db import db
from regapp.mailing.models import UNSENT, Bounce, DeliveryTry, MailState, OutgoingMail, WordsBrought
from regapp.mailing.outbox import wake_workers


@dataclass(frozen=True)
class Undelivered:
    """How many letters no server took, and how many came back afterwards, since the beginning."""

    failed: int = 0
    bounced: int = 0

    @property
    def number(self) -> int:
        return self.failed + self.bounced


def by_day() -> dict[int, Undelivered]:
    """The letters of each day that has such ones, by the day's id; those sent again count as well."""
    failed, bounced = _per_day(_has_failed()), _per_day(_has_bounced())
    return {
        event_id: Undelivered(failed.get(event_id, 0), bounced.get(event_id, 0))
        for event_id in sorted({*failed, *bounced})
    }


def between(event_id: int, after: datetime, until: datetime) -> int:
    """How many of the day's letters turned out not to arrive, after the one instant and up to the other."""
    last_try = select(func.max(DeliveryTry.at)).where(DeliveryTry.mail_id == OutgoingMail.id).scalar_subquery()
    came_back = select(Bounce.at).where(Bounce.mail_id == OutgoingMail.id).scalar_subquery()
    in_time = [
        condition & (instant > after) & (instant <= until)
        for condition, instant in ((_has_failed(), last_try), (_has_bounced(), came_back))
    ]
    found = select(func.count()).select_from(OutgoingMail).where(OutgoingMail.event_id == event_id, or_(*in_time))
    return db.session.scalar(found) or 0


@dataclass(frozen=True)
class Waiting:
    """Letters on their way for longer than they should be; `since` is when the oldest was written."""

    number: int
    since: datetime | None


def written_before(instant: datetime) -> Waiting:
    """The letters that should have gone by now: written before `instant`, and not merely in a crowd's line.

    A crowd's letter that was never tried waits for its turn, as the rate limit tells it to. The organisers' own alarms
    are no reason for another.
    """
    was_tried = OutgoingMail.is_bulk.is_(False) | (OutgoingMail.attempts > 0)
    number, since = db.session.execute(
        select(func.count(), func.min(OutgoingMail.dated_at)).where(
            OutgoingMail.state.in_(UNSENT),
            OutgoingMail.registration_id.is_not(None),
            OutgoingMail.dated_at <= instant,
            was_tried,
        )
    ).one()
    return Waiting(number, since)


def _has_failed() -> ColumnElement[bool]:
    return OutgoingMail.state == MailState.FAILED


def _has_bounced() -> ColumnElement[bool]:
    return (OutgoingMail.state != MailState.FAILED) & OutgoingMail.id.in_(select(Bounce.mail_id))


def _per_day(condition: ColumnElement[bool]) -> dict[int, int]:
    found = db.session.execute(
        select(OutgoingMail.event_id, func.count())
        .where(condition, OutgoingMail.event_id.is_not(None))
        .group_by(OutgoingMail.event_id)
    )
    return {event_id: number for event_id, number in found if event_id is not None}


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


def times_repeated(mail: OutgoingMail) -> int:
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
        key=f"again:{mail.id}:{times_repeated(mail) + 1}",
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
