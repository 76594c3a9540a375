"""How alembic meets the database: everything between two revisions in one transaction, one mover at a time.

A move that was killed left nothing behind, on SQLite either: running it again completes it.
"""

from pathlib import Path

from alembic import context
from sqlalchemy import Connection, NullPool, create_engine, make_url

from regapp.core.db import Model, begin_reading, begin_writing

ADVISORY_LOCK = 0x7265676D
"""PostgreSQL's lock for the time of a move: any number that nobody else in this database uses."""


def run() -> None:
    url = make_url(context.config.attributes["database_url"])
    engine = create_engine(url, poolclass=NullPool)
    if is_sqlite := url.get_backend_name() == "sqlite":
        _make_sqlite_file(Path(url.database or ""))
    begin_writing()
    try:
        with engine.connect() as connection:
            if is_sqlite:
                _prepare_sqlite_file(connection)
            with connection.begin():
                _move(connection, is_sqlite)
    finally:
        begin_reading()


def _make_sqlite_file(path: Path) -> None:
    """It will hold personal data: only its owner reads it; SQLite's files beside it take the same mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)


def _prepare_sqlite_file(connection: Connection) -> None:
    # Straight to the driver: these have no effect in a transaction, and SQLAlchemy begins one by itself.
    # WAL is set once in a file's life. Rebuilding a table must not empty those that point at it.
    driver = connection.connection.driver_connection
    driver.execute("PRAGMA journal_mode = WAL")
    driver.execute("PRAGMA foreign_keys = OFF")


def _move(connection: Connection, is_sqlite: bool) -> None:
    if not is_sqlite:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
    context.configure(connection=connection, target_metadata=Model.metadata, render_as_batch=is_sqlite)
    with context.begin_transaction():
        context.run_migrations()
    if is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise RuntimeError("a row points at a row that doesn't exist")


run()
