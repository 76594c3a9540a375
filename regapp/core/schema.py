"""Whether the database has the tables that this code was written for, asked with one SELECT and without alembic."""

from pathlib import Path

from sqlalchemy import Connection, NullPool, create_engine, make_url, text
from sqlalchemy.exc import OperationalError, ProgrammingError

HEAD = "013"
"""The newest revision in migrations/versions; a test keeps it so."""


class SchemaError(Exception):
    """One line: what is wrong with the database, and the command that helps."""


def find_revision(connection: Connection) -> str | None:
    """The revision that the database says it is at; None without tables. Raises DBAPIError when it can't be asked."""
    try:
        revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return revision
    except (ProgrammingError, OperationalError) as error:
        # PostgreSQL calls a missing table an error of ours, SQLite one of its own, like a disk that can't be read.
        if isinstance(error, OperationalError) and "no such table" not in str(error.orig):
            raise
        connection.rollback()
        return None


def describe_mismatch(revision: str | None) -> str | None:
    """What to say about a database at `revision`; None when it is the one that this code needs."""
    if revision == HEAD:
        return None
    if revision is None:
        return "the database has no tables: run `regapp db upgrade`"
    if revision < HEAD:
        return f"the database is older ({revision}) than the program ({HEAD}): run `regapp db upgrade`"
    return f"the database is newer ({revision}) than the program ({HEAD}): install the newer program"


def require_current(database_url: str) -> None:
    """Raises SchemaError unless the database is reachable and at HEAD.

    The connection is closed again: the process is about to fork, and connections don't survive that.
    """
    if wrong := _look(database_url):
        raise SchemaError(wrong)


def is_missing(database_url: str) -> bool:
    """Whether it is an SQLite file that isn't there; connecting would make it."""
    url = make_url(database_url)
    return url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file()


def _look(database_url: str) -> str | None:
    if is_missing(database_url):
        return describe_mismatch(None)
    engine = create_engine(database_url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            return describe_mismatch(find_revision(connection))
    except OperationalError as error:
        return f"the database is out of reach ({type(error.orig).__name__})"
