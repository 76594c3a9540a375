"""The database: a typed base, instants in UTC, and transactions that lock before they look."""

import enum
import functools
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TypeVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Dialect, Engine, Enum, MetaData, Select, bindparam, event, inspect, select
from sqlalchemy.engine import Connection, ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, registry
from sqlalchemy.types import TypeDecorator

from regapp.core.errors import NotFound

BUSY_TIMEOUT_S = 10
"""How long a transaction waits for somebody else's lock before the page answers 503. The database's address may say
otherwise: `?timeout=` for SQLite's one write lock, `?options=` with a lock_timeout for PostgreSQL's."""

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC; a naive datetime is a bug and is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def enum_type(values: type[enum.Enum], name: str | None = None) -> Enum:
    """A column of the enum's values, checked by the database."""
    return Enum(
        values,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        create_constraint=True,
        length=32,
        name=name or values.__name__.lower(),
    )


class Model(DeclarativeBase):
    """Base of every table."""

    registry = registry(metadata=MetaData(naming_convention=_NAMES), type_annotation_map={datetime: UtcDateTime()})


db = SQLAlchemy(model_class=Model)

M = TypeVar("M", bound=Model)
T = TypeVar("T")

_writing: ContextVar[bool] = ContextVar("writing", default=False)
_has_been_answered: ContextVar[bool] = ContextVar("has_been_answered", default=False)


def begin_writing() -> None:
    """From here to the end of the request, transactions take SQLite's write lock when they begin."""
    _writing.set(True)
    _has_been_answered.set(False)


def begin_reading() -> None:
    _writing.set(False)
    _has_been_answered.set(False)


def was_stale(error: DBAPIError) -> bool:
    """Whether the request's first statement found that its connection had died meanwhile, as after a restart of
    PostgreSQL: nothing was done yet, and the next one gets a connection that lives."""
    return error.connection_invalidated and not _has_been_answered.get()


def ask(question: Callable[[], T]) -> T:
    """The answer; asked once more where the first statement found its connection dead."""
    try:
        return question()
    except DBAPIError as error:
        if not was_stale(error):
            raise
        db.session().invalidate()
        return question()


@contextmanager
def writing() -> Iterator[None]:
    """Commit what the block did, or nothing of it; transactions in it lock before they read.

    A deferred SQLite transaction that reads and then writes fails at once when someone else wrote in between
    (SQLITE_BUSY_SNAPSHOT), whatever the busy timeout.
    """
    token = _writing.set(True)
    db.session.rollback()
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
    finally:
        _writing.reset(token)


def disconnect() -> None:
    """Close every connection of the present app: for who opened it for one task."""
    db.session.remove()
    for engine in db.engines.values():
        engine.dispose()


def lock(model: type[M], identity: int | str) -> M:
    """The row, locked to the end of the transaction and read anew; raises NotFound.

    What was changed before is written first, and everything loaded before is forgotten: it may have changed while we
    waited. See core/lock_order.py for what may be locked after what.
    """
    db.session.flush()
    db.session.expire_all()
    found: M | None = db.session.scalar(_locking(model), {"identity": identity})
    if found is None:
        raise NotFound
    return found


@functools.cache
def _locking(model: type[Model]) -> Select[Any]:
    by_id = inspect(model).primary_key[0] == bindparam("identity")
    # Rows that only refer to this one don't wait for it: its key never changes.
    locked = select(model).where(by_id).with_for_update(key_share=True)
    return locked.execution_options(populate_existing=True)


@event.listens_for(Engine, "do_connect")
def _wait_a_while(dialect: Dialect, _record: Any, _arguments: Any, named: dict[str, Any]) -> None:
    if dialect.name == "sqlite":
        named.setdefault("timeout", BUSY_TIMEOUT_S)
    else:
        # Of two that say the same the last one counts, so the address's goes last.
        theirs = named.get("options") or os.environ.get("PGOPTIONS", "")
        named["options"] = f"-c lock_timeout={BUSY_TIMEOUT_S * 1000:.0f} {theirs}".strip()


SHUTDOWN = {"57P01", "57P02", "57P03"}
"""What PostgreSQL says as it hangs up (errcodes: admin_shutdown, crash_shutdown, cannot_connect_now)."""


@event.listens_for(Engine, "handle_error")
def _notice_shutdown(context: ExceptionContext) -> None:
    # The driver hears of it before it finds its connection closed.
    if getattr(context.original_exception, "sqlstate", None) in SHUTDOWN:
        context.is_disconnect = True


@event.listens_for(Engine, "after_cursor_execute")
def _note_answer(*_of_statement: object) -> None:
    _has_been_answered.set(True)


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if _writing.get() else "BEGIN")
