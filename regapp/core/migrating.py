"""Moving a database between the revisions in migrations/; only the command line imports this."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, NullPool, create_engine, inspect

from regapp.core.db import Model
from regapp.core.schema import HEAD, find_revision

FOLDER = Path(__file__).resolve().parents[2] / "migrations"


def upgrade(database_url: str, revision: str = "head") -> None:
    command.upgrade(_config(database_url), revision)


def downgrade(database_url: str, revision: str) -> None:
    command.downgrade(_config(database_url), revision)


def current(database_url: str) -> str | None:
    """The database's revision."""
    with _engine(database_url).connect() as connection:
        return find_revision(connection)


def head() -> str | None:
    """The newest revision in the folder; raises alembic's CommandError when there are two."""
    return ScriptDirectory.from_config(_config("")).get_current_head()


def differences() -> list[str]:
    """How tables made by the migrations differ from those of the models: one line each, none when they agree."""
    found = [] if head() == HEAD else [f"core/schema.py says {HEAD}, the newest migration is {head()}"]
    with tempfile.TemporaryDirectory() as folder:
        migrated, modelled = f"sqlite:///{folder}/migrated.sqlite", f"sqlite:///{folder}/modelled.sqlite"
        upgrade(migrated)
        Model.metadata.create_all(_engine(modelled))
        return found + compare(migrated, modelled)


def compare(migrated: str, modelled: str) -> list[str]:
    """How the tables of one database differ from the models, and from those of one that the models made.

    The second comparison sees what alembic's own does not: CHECKs, conditions of indexes, ON DELETE.
    """
    with _engine(migrated).connect() as one, _engine(modelled).connect() as other:
        context = MigrationContext.configure(one, opts={"compare_type": True, "compare_server_default": True})
        found = [str(difference) for difference in compare_metadata(context, Model.metadata)]
        shape, wanted = _shape(one), _shape(other)
        return (
            found
            + [f"migrations only: {part}" for part in sorted(shape - wanted)]
            + [f"models only: {part}" for part in sorted(wanted - shape)]
        )


def _shape(connection: Connection) -> set[str]:
    """Everything about the tables that the database can tell, a line for each part."""
    inspector = inspect(connection)
    look: dict[str, Callable[[str], Any]] = {
        "column": inspector.get_columns,
        "key": lambda table: [inspector.get_pk_constraint(table)],
        "reference": inspector.get_foreign_keys,
        "unique": inspector.get_unique_constraints,
        "check": inspector.get_check_constraints,
        "index": inspector.get_indexes,
    }
    return {
        f"{table} {kind} {_as_text(part)}"
        for table in set(inspector.get_table_names()) - {"alembic_version"}
        for kind, ask in look.items()
        for part in ask(table)
    }


def _as_text(part: Any) -> str:
    if isinstance(part, dict):
        return ", ".join(f"{name}={_as_text(value)}" for name, value in sorted(part.items()))
    return str(part)


def _config(database_url: str) -> Config:
    config = Config(attributes={"database_url": database_url})
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    return config


def _engine(database_url: str, **options: Any) -> Engine:
    return create_engine(database_url, poolclass=NullPool, **options)
