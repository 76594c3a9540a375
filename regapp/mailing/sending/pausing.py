"""An organiser's pause of the queue: letters are written but wait, until somebody lets them go."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select

from regapp.core import audit
from regapp.core.db import db
from regapp.mailing.models import OutgoingMail, QueuePause
from regapp.mailing.outbox import inserting, wake_workers


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
