"""A disk that is full for the database, a lock that somebody else holds on it, and who waits for one."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from sqlalchemy import Connection, Engine, create_engine, event, text

BALLAST = """
CREATE TABLE ballast (octets BLOB);
CREATE TRIGGER ballast_try AFTER INSERT ON delivery_try BEGIN INSERT INTO ballast VALUES (zeroblob(20000)); END;
VACUUM;
"""
REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER full_try BEFORE INSERT ON delivery_try FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER full_mail BEFORE INSERT ON outgoing_mail FOR EACH ROW EXECUTE FUNCTION refuse()
"""


class Disk:
    """On SQLite the file may not grow, and each try needs room; PostgreSQL says what it says when there is none."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_full = False
        if self._is_sqlite:
            with closing(sqlite3.connect(str(engine.url.database))) as connection:
                connection.executescript(BALLAST)
            event.listen(engine, "begin", self._limit)

    @property
    def _is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    def fill(self) -> None:
        self._is_full = True
        if not self._is_sqlite:
            self._do(REFUSE)

    def make_room(self) -> None:
        self._is_full = False
        if not self._is_sqlite:
            self._do("DROP FUNCTION refuse CASCADE")

    def _limit(self, connection: Connection) -> None:
        # No less than there is: SQLite takes a smaller number for that.
        connection.exec_driver_sql(f"PRAGMA max_page_count = {1 if self._is_full else 2**30}")

    def _do(self, statement: str) -> None:
        """On a connection as another process has one."""
        other = create_engine(self._engine.url)
        with other.begin() as connection:
            connection.exec_driver_sql(statement)
        other.dispose()


class Lock:
    """Held by somebody else, from `take` to `give_back`: SQLite's write lock, PostgreSQL's on the letters and days."""

    def __init__(self, engine: Engine) -> None:
        self._engine = create_engine(engine.url, connect_args=_any_thread(engine))
        self._connection: Connection | None = None

    def take(self, *, of_row: bool = False) -> None:
        """`of_row`: on PostgreSQL, only what `SELECT … FOR UPDATE` holds of days and letters."""
        self._connection = self._engine.connect()
        if self._engine.dialect.name == "sqlite":
            # The house's own listener has begun a transaction that only reads.
            self._connection.execute(text("UPDATE event SET version = version"))
        elif of_row:
            self._connection.execute(text("SELECT id FROM event FOR UPDATE"))
        else:
            self._connection.execute(text("LOCK TABLE event, outgoing_mail IN ACCESS EXCLUSIVE MODE"))

    def give_back(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._engine.dispose()


@contextmanager
def looking_out(engine: Engine) -> Iterator[Callable[[], bool]]:
    """Gives whether somebody waits: for any lock on PostgreSQL; on SQLite, where all do that begin to write now."""
    asked = threading.Event()

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement == "BEGIN IMMEDIATE":
            asked.set()

    if engine.dialect.name == "sqlite":
        event.listen(Engine, "before_cursor_execute", note)
        yield asked.is_set
        event.remove(Engine, "before_cursor_execute", note)
    else:
        with engine.connect() as connection:
            yield lambda: bool(connection.scalar(text("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")))


def _any_thread(engine: Engine) -> dict[str, bool]:
    return {"check_same_thread": False} if engine.dialect.name == "sqlite" else {}
