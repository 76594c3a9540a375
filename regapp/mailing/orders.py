"""Letters to a crowd: one row a person by one statement, rendered when a worker claims them.

Rendering belongs to the room that the letter is about; create_app tells who renders which kind.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, func, literal, null, select, true
from sqlalchemy.orm import InstrumentedAttribute

from regapp.core.context import settings
from regapp.core.db import db
from regapp.mailing import letters
from regapp.mailing.letters import Letter
from regapp.mailing.models import CalendarMethod, MailState, OutgoingMail
from regapp.mailing.outbox import inserting, wake_workers


@dataclass(frozen=True)
class Rendering:
    """What an order becomes; `in_reply_to` is another letter's `message_id`."""

    letter: Letter
    calendar: str | None = None
    method: CalendarMethod | None = None
    in_reply_to: str | None = None


Renderer = Callable[[OutgoingMail], Rendering | None]
"""Makes a letter of an order, or None of one that is overtaken. The letter is as of `mail.dated_at`."""

_renderers: dict[str, Renderer] = {}


def render_with(renderers: dict[str, Renderer]) -> None:
    """Registered in create_app: who renders which kind."""
    _renderers.clear()
    _renderers.update(renderers)


def write(
    people: Select[*tuple[Any, ...]],
    *,
    kind: str,
    at: datetime,
    event_id: int,
    reminder_id: int | None = None,
) -> int:
    """Write an order for each row of `people` and give their number; the caller commits.

    `people` has the columns registration_id, recipient, language, key, sequence and entry_uid (both None for a
    letter without a calendar part). A row whose key is taken is left out: the letter was ordered before.
    """
    db.session.flush()
    rows = people.subquery()
    # SQLite would draw the random id anew wherever it is named, were the rows not made once.
    named = select(rows, _random_id().label("id")).cte("named").prefix_with("MATERIALIZED")
    values: dict[InstrumentedAttribute[Any], ColumnElement[Any]] = {
        OutgoingMail.id: named.c.id,
        OutgoingMail.key: named.c.key,
        OutgoingMail.kind: literal(kind),
        OutgoingMail.event_id: literal(event_id),
        OutgoingMail.registration_id: named.c.registration_id,
        OutgoingMail.reminder_id: literal(reminder_id) if reminder_id is not None else null(),
        OutgoingMail.is_bulk: true(),
        OutgoingMail.language: named.c.language,
        OutgoingMail.recipient: named.c.recipient,
        OutgoingMail.message_id: literal("<", String) + named.c.id + literal(f"@{settings().mail_domain}>", String),
        OutgoingMail.sequence: named.c.sequence,
        OutgoingMail.entry_uid: named.c.entry_uid,
        OutgoingMail.dated_at: literal(at, OutgoingMail.dated_at.type),
        OutgoingMail.due_at: literal(at, OutgoingMail.due_at.type),
        OutgoingMail.state: literal(MailState.QUEUED, OutgoingMail.state.type),
        OutgoingMail.attempts: literal(0),
    }
    # "WHERE true": without it SQLite takes ON CONFLICT for a join's condition.
    source = select(*values.values()).select_from(named).where(true())
    statement = inserting().from_select([column.key for column in values], source, include_defaults=False)
    statement = statement.on_conflict_do_nothing(index_elements=["key"]).returning(OutgoingMail.id)
    # Counted here: Python's sqlite3 knows no number of rows for a statement that begins with WITH.
    written = len(db.session.execute(statement).all())
    wake_workers()
    return written


def render(mail: OutgoingMail) -> bool:
    """Make the order a letter; False when it is overtaken.

    One with a calendar part stays the same at every try, another is made anew (see claiming.Claimed.goes_stale). Called
    in the transaction that claimed it. Raises KeyError for a kind that nobody renders.
    """
    rendering = _renderers[mail.kind](mail)
    if rendering is None:
        return False
    written = letters.write(rendering.letter, mail.language)
    mail.subject, mail.text, mail.html = written.subject[:400], written.text, written.html
    mail.calendar = rendering.calendar
    mail.method = rendering.method
    mail.in_reply_to = rendering.in_reply_to
    return True


def _random_id() -> ColumnElement[str]:
    """128 random bits in hexadecimal, another for each row."""
    if db.session.get_bind().dialect.name == "postgresql":
        return func.replace(func.gen_random_uuid().cast(String), "-", "")
    return func.lower(func.hex(func.randomblob(16)))
