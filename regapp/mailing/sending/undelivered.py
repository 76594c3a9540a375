"""Letters to participants that didn't arrive, or not yet."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select

from regapp.core.db import db
from regapp.mailing.models import UNSENT, Bounce, DeliveryTry, MailState, OutgoingMail


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
