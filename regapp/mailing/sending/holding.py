"""Whether a letter may leave now: the pace, an organiser's pause, and a stop while the mail server is in trouble."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, bindparam, delete, exists, func, or_, select

from regapp.core import audit
from regapp.core.db import db
from regapp.mailing.models import DeliveryTry, MailState, OutgoingMail, QueuePause, QueueStop, TryOutcome
from regapp.mailing.outbox import inserting, wake_workers

RATE_WINDOW = timedelta(minutes=1)

_COUNT_ALONE = select(func.pg_advisory_xact_lock(func.hashtext(bindparam("what"))))


def has_room(now: datetime, per_minute: int) -> bool:
    """Whether the rate allows another letter now. Who may ask at the same time waits until this claim is committed."""
    if per_minute and db.session.get_bind().dialect.name == "postgresql":
        # Two that count at once would each find the same room. On SQLite the write lock has seen to that.
        db.session.execute(_COUNT_ALONE, {"what": "regapp mail rate"})
    return room_at(now, per_minute) is None


def room_at(now: datetime, per_minute: int) -> datetime | None:
    """When the rate allows another letter, over all workers; None when it does now. 0 is no limit.

    Tries that lie ahead were made before the clock was put back, and don't count.
    """
    if not per_minute:
        return None
    in_hand = db.session.scalar(
        select(func.count()).where(OutgoingMail.state == MailState.SENDING, OutgoingMail.leased_until >= now)
    )
    allowed = per_minute - (in_hand or 0)
    if allowed <= 0:
        return now + timedelta(seconds=1)
    last = db.session.scalar(
        select(DeliveryTry.at)
        .where(DeliveryTry.at > now - RATE_WINDOW, DeliveryTry.at <= now)
        .where(DeliveryTry.outcome != TryOutcome.INTERRUPTED)
        .order_by(DeliveryTry.at.desc())
        .offset(allowed - 1)
        .limit(1)
    )
    return last + RATE_WINDOW if last else None


def pause(at: datetime, *, actor: str) -> bool:
    """Let the letters wait from now on; False when they do already, then the first pause stands.

    The letter that a worker has claimed is finished.
    """
    first = inserting(QueuePause).on_conflict_do_nothing().returning(QueuePause.id)
    is_new = db.session.scalar(first, {"id": 1, "paused_at": at, "paused_by": actor}) is not None
    if is_new:
        audit.record("queue.paused", actor=actor, at=at)
    return is_new


def resume(at: datetime, *, actor: str) -> bool:
    """Let the letters go, as soon as the caller commits; False when they do already."""
    ended = db.session.scalar(delete(QueuePause).returning(QueuePause.paused_at))
    if ended is None:
        return False
    audit.record("queue.resumed", actor=actor, at=at)
    wake_workers()
    return True


def find() -> QueuePause | None:
    """Since when the queue is paused, and by whom; None while it runs."""
    return db.session.scalar(select(QueuePause))


def may_leave() -> ColumnElement[bool]:
    """Whether no pause holds the letter back.

    Non-bulk mail without a registration (sign-in, alarm, digest) ignores the pause: held back, it would lock out the
    organiser who is to end it.
    """
    is_own = and_(OutgoingMail.registration_id.is_(None), OutgoingMail.is_bulk.is_(False))
    return or_(is_own, ~exists(select(QueuePause.id)))


def paused_for(now: datetime) -> timedelta | None:
    """How long the letters have waited for somebody to let them go."""
    since = db.session.scalar(select(QueuePause.paused_at))
    return None if since is None else now - since


_PAUSES_S = (5, 10, 20, 40, 60)


class QueueTrouble(Exception):
    """The server can't be reached, is not who it should be, or doesn't let us in; str() says which."""


def stop(reason: str, now: datetime) -> None:
    """Note the trouble; `stopped_at` stays that of the first time."""
    standing = db.session.get(QueueStop, 1, with_for_update=True)
    if standing is None:
        standing = QueueStop(id=1, stopped_at=now, tries=0)
        db.session.add(standing)
    standing.reason = reason[:500]
    standing.tries += 1
    standing.resumes_at = now + timedelta(seconds=_PAUSES_S[min(standing.tries, len(_PAUSES_S)) - 1])


def try_now(at: datetime, *, actor: str) -> bool:
    """Make the next connection at once; False when the queue runs."""
    standing = db.session.get(QueueStop, 1, with_for_update=True)
    if standing is None:
        return False
    standing.resumes_at = min(standing.resumes_at, at)
    audit.record("queue.tried", actor=actor, at=at)
    wake_workers()
    return True


def end_stop() -> bool:
    """The server is well again; whether it wasn't before. Of several workers that find it so, one is told."""
    return db.session.scalar(delete(QueueStop).returning(QueueStop.id)) is not None


def stopped_until(now: datetime) -> datetime | None:
    """When the next connection is made, while the queue stands still.

    What lies further ahead than we ever wait was noted before the clock was put back: then it is now.
    """
    standing = db.session.get(QueueStop, 1)
    longest = timedelta(seconds=_PAUSES_S[-1])
    return standing.resumes_at if standing and now < standing.resumes_at <= now + longest else None
