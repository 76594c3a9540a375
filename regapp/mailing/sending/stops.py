"""The queue stands still while the mail server itself is the trouble, and tries again by itself."""

from datetime import datetime, timedelta

from sqlalchemy import delete

from regapp.core import audit
from regapp.core.db import db
from regapp.mailing.models import QueueStop
from regapp.mailing.outbox import wake_workers

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


def resume() -> bool:
    """The server is well again; whether it wasn't before. Of several workers that find it so, one is told."""
    return db.session.scalar(delete(QueueStop).returning(QueueStop.id)) is not None


def stopped_until(now: datetime) -> datetime | None:
    """When the next connection is made, while the queue stands still.

    What lies further ahead than we ever wait was noted before the clock was put back: then it is now.
    """
    standing = db.session.get(QueueStop, 1)
    longest = timedelta(seconds=_PAUSES_S[-1])
    return standing.resumes_at if standing and now < standing.resumes_at <= now + longest else None
