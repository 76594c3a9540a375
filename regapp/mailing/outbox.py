"""The outbox as the other rooms see it: put letters in, take them back, let them wait."""

import functools
from collections.abc import Callable, Iterable
from datetime import datetime
from importlib import import_module
from typing import Any, Protocol
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, select, text, update

from regapp.core.context import settings
from regapp.core.db import Model, db
from regapp.mailing import letters
from regapp.mailing.letters import Letter
from regapp.mailing.models import CalendarMethod, MailState, OutgoingMail, QueueStop, WordsBrought

CHANNEL = "regapp_mail"
"""PostgreSQL's NOTIFY channel that wakes the workers."""


class Addressed(Protocol):
    """A letter as far as its links depend on it: in a worker's hand, or in the outbox."""

    @property
    def kind(self) -> str: ...
    @property
    def registration_id(self) -> int | None: ...
    @property
    def recipient(self) -> str: ...


LinkResolver = Callable[[Addressed], dict[str, str]]

_resolvers: tuple[LinkResolver, ...] = ()


def resolve_links(*resolvers: LinkResolver) -> None:
    """Registered in create_app: who knows the links that a letter's marks stand for, asked when it is sent."""
    global _resolvers
    _resolvers = resolvers


def links_of(mail: Addressed) -> dict[str, str]:
    """Every link of this letter by the name of its mark."""
    return {name: link for resolver in _resolvers for name, link in resolver(mail).items()}


def enqueue(
    letter: Letter,
    *,
    key: str,
    kind: str,
    to: str,
    language: str,
    at: datetime,
    event_id: int | None = None,
    registration_id: int | None = None,
    calendar: str | None = None,
    method: CalendarMethod | None = None,
    sequence: int | None = None,
    entry_uid: UUID | None = None,
    in_reply_to: str | None = None,
    words_of: Iterable[int] = (),
) -> str:
    """Write the letter down and give its id; the worker hears of it when the caller commits.

    `key` says what, to whom and which version: a second letter with it is not written, the first one's id is given.
    `sequence` is that of the calendar part; `entry_uid` is the UID of the entry that the letter is about; `in_reply_to`
    is another letter's `message_id`; `words_of` are the reminders whose words it brings.
    """
    identity = uuid4().hex
    written = letters.write(letter, language)
    written_down = _insert(
        {
            "id": identity,
            "key": key,
            "kind": kind,
            "event_id": event_id,
            "registration_id": registration_id,
            "language": language,
            "recipient": to,
            "message_id": f"<{identity}@{settings().mail_domain}>",
            "in_reply_to": in_reply_to,
            "subject": written.subject[:400],
            "text": written.text,
            "html": written.html,
            "calendar": calendar,
            "method": method,
            "sequence": sequence,
            "entry_uid": entry_uid,
            "dated_at": at,
            "due_at": at,
            "state": MailState.QUEUED,
            "attempts": 0,
            "is_bulk": False,
        }
    )
    if written_down:
        db.session.add_all(WordsBrought(mail_id=identity, reminder_id=reminder) for reminder in words_of)
    return identity if written_down else db.session.scalars(select(OutgoingMail.id).filter_by(key=key)).one()


def inserting(model: type[Model] = OutgoingMail) -> Any:
    """An INSERT that can say what happens ON CONFLICT, in the words of the database in use."""
    # Only the dialect in use is loaded, for a quicker start.
    return import_module(f"sqlalchemy.dialects.{_dialect()}").insert(model.__table__)


def wake_workers() -> None:
    """They hear of it when the caller commits; on SQLite they see the commit itself."""
    if _dialect() == "postgresql":
        db.session.execute(text(f"NOTIFY {CHANNEL}"))


def _dialect() -> str:
    return db.session.get_bind().dialect.name


@functools.cache
def _inserting_one(dialect: str) -> Any:
    """Built once: it runs while the day's row is locked."""
    return inserting().on_conflict_do_nothing(index_elements=["key"]).returning(OutgoingMail.id)


def _insert(values: dict[str, Any]) -> bool:
    """Whether the letter is new: its key may be taken, by a transaction that we waited for as well."""
    db.session.flush()
    is_new = db.session.scalar(_inserting_one(_dialect()), values) is not None
    if is_new:
        wake_workers()
    return is_new


def withdraw_all(these: ColumnElement[bool]) -> None:
    """Take back those of the letters that still wait; what is in a worker's hand goes on."""
    waiting = update(OutgoingMail).where(these, OutgoingMail.state == MailState.QUEUED)
    db.session.execute(waiting.values(state=MailState.WITHDRAWN), execution_options={"synchronize_session": "fetch"})


def hold(event_id: int, until: datetime) -> None:
    """Let the letters that wait to go to a day's participants wait at least until then."""
    _shift_due(event_id, until, OutgoingMail.due_at < until)


def let_go(event_id: int, at: datetime) -> None:
    """Let the letters that wait to go to a day's participants go from `at` on."""
    _shift_due(event_id, at, OutgoingMail.due_at > at)
    wake_workers()


def _shift_due(event_id: int, due_at: datetime, concerned: ColumnElement[bool]) -> None:
    waiting = (OutgoingMail.event_id == event_id) & (OutgoingMail.state == MailState.QUEUED)
    to_participants = waiting & OutgoingMail.registration_id.is_not(None)
    shifted = update(OutgoingMail).where(to_participants, concerned).values(due_at=due_at)
    db.session.execute(shifted, execution_options={"synchronize_session": "fetch"})


def queue_trouble() -> QueueStop | None:
    """Why the queue stands still, for the organisers' pages; None while it runs."""
    return db.session.get(QueueStop, 1)
