"""Moving a database between the revisions in migrations/; only the command line imports this."""

import tempfile
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
    """How a database that the migrations made differs from the models: one line each, none when they agree."""
    found = [] if head() == HEAD else [f"core/schema.py says {HEAD}, the newest migration is {head()}"]
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/check.sqlite"
        upgrade(url)
        with _engine(url).connect() as connection:
            return found + compare(connection)


def compare(connection: Connection) -> list[str]:
    """How this database's tables differ from the models; CHECK constraints by their names."""
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return [str(difference) for difference in compare_metadata(context, Model.metadata)] + _checks(connection)


def _checks(connection: Connection) -> list[str]:
    inspector = inspect(connection)
    found = []
    for table in Model.metadata.sorted_tables:
        wanted = {str(check.name) for check in table.constraints if check.__visit_name__ == "check_constraint"}
        if not inspector.has_table(table.name):
            continue
        there = {str(check["name"]) for check in inspector.get_check_constraints(table.name)}
        found += [f"CHECK {name} of {table.name}" for name in sorted(wanted ^ there)]
    return found


def _config(database_url: str) -> Config:
    config = Config(attributes={"database_url": database_url})
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    return config


def _engine(database_url: str, **options: Any) -> Engine:
    return create_engine(database_url, poolclass=NullPool, **options)
