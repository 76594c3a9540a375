"""Questions for a link, noted by a web process and answered by the worker.

Anybody may type any address. Looking it up and writing the letter takes time, and that time would tell who is known: so
the request only notes the question, and the worker looks it up where nobody waits for it.
"""

import enum
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ForeignKey, String, bindparam, func, select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Mapped, mapped_column

from regapp.core import addresses, clock
from regapp.core.db import Model, db, enum_type, writing
from regapp.core.errors import where
from regapp.mailing.outbox import wake_workers

log = logging.getLogger(__name__)

RETRY_AFTER: Final = timedelta(minutes=1)
"""How long a question rests whose answer couldn't be written; it holds up no other."""


class Door(enum.Enum):
    """Where it was asked: on a training day's page, or where organisers sign in."""

    PARTICIPANT = "participant"
    ORGANISER = "organiser"


class LinkRequest(Model):
    """Somebody asked for the link of this address, and nobody has looked yet whether there is one.

    The row is deleted in the transaction that writes the letter, or that finds nobody to write to. `event_id` is the
    day of a participant's question. The worker leaves the question alone until `due_at`.
    """

    __tablename__ = "link_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    door: Mapped[Door] = mapped_column(enum_type(Door))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    email_key: Mapped[str] = mapped_column(String(254))
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]


Answerer = Callable[[LinkRequest, datetime], None]
"""Looks the address up and writes the letter, if there is somebody to write to; never commits."""

_answerers: dict[Door, Answerer] = {}

_DUE = LinkRequest.due_at <= bindparam("now", type_=LinkRequest.due_at.type)
_IS_ANY_DUE = select(select(LinkRequest.id).where(_DUE).exists())
_FIRST_DUE = select(LinkRequest).where(_DUE).order_by(LinkRequest.id).limit(1).with_for_update(skip_locked=True)


def answer_with(answerers: dict[Door, Answerer]) -> None:
    """Registered in create_app: who knows the addresses behind which door."""
    _answerers.clear()
    _answerers.update(answerers)


def note(door: Door, email: str, at: datetime, event_id: int | None = None) -> None:
    """Note the question, whether or not the address is known; a worker hears of it when the caller commits."""
    db.session.add(LinkRequest(door=door, event_id=event_id, email_key=addresses.key(email), asked_at=at, due_at=at))
    db.session.flush()
    wake_workers()


def answer_next() -> bool:
    """Answer the first question that is due, in a transaction of its own; whether there was one.

    Another worker passes over a question that is in hand here. One that is a day late is answered all the same: who
    lost a link still wants it.
    """
    # SQLite's write lock is taken only for a question.
    is_any = db.session.scalar(_IS_ANY_DUE, {"now": clock.now()})
    db.session.rollback()
    if not is_any:
        return False
    with writing():
        request = db.session.scalar(_FIRST_DUE, {"now": clock.now()})
        if request is not None:
            _answer(request)
    return request is not None


def _answer(request: LinkRequest) -> None:
    try:
        # What the database refuses of an answer is undone alone, and the question rests.
        with db.session.begin_nested():
            _answerers[request.door](request, clock.now())
            db.session.delete(request)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.error("the question for a link %s can't be answered: %s", request.id, where(error))
        request.due_at = clock.now() + RETRY_AFTER


def of(event_id: int, email: str) -> list[LinkRequest]:
    """What was asked for this address on the day's page, and is not answered yet."""
    asked = select(LinkRequest).filter_by(event_id=event_id, email_key=addresses.key(email))
    return list(db.session.scalars(asked))


def oldest_asked_at() -> datetime | None:
    """Since when the oldest question waits; None when all are answered."""
    return db.session.scalar(select(func.min(LinkRequest.asked_at)))
