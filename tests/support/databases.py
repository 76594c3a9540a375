"""Databases with all tables and nothing in them, copied from a template that the migrations made once."""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event, text

from regapp.core.db import db
from tests.support.postgres import Cluster
from tests.support.server import REGAPP, ROOT, environment


def migrate(url: str, instance: Path) -> None:
    """`regapp db upgrade`, as it is done when installing."""
    done = subprocess.run(
        [REGAPP, "db", "upgrade"],
        cwd=ROOT,
        env=environment(url, instance),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


class Databases:
    """One database of each kind, of which every test gets a copy as new, at one address: so apps can be kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "regapp.sqlite"
        self._sqlite: Path | None = None
        self._postgresql: str | None = None

    def new_sqlite(self, file: Path | None = None) -> str:
        """The URL of the worker's own file, or of another one that is wanted beside it."""
        if self._sqlite is None:
            template = self.folder / "template.sqlite"
            migrate(f"sqlite:///{template}", self.folder)
            self._sqlite = template
        file = file or self.file
        for name in ("", "-wal", "-shm"):
            # A process of an earlier test that is still ending holds the old file, not the new one.
            file.with_name(file.name + name).unlink(missing_ok=True)
        shutil.copyfile(self._sqlite, file)
        return f"sqlite:///{file}"

    def new_postgresql(self, cluster: Cluster) -> str:
        if self._postgresql is None:
            self._postgresql = cluster.new_database()
            migrate(cluster.url(self._postgresql), self.folder)
        return cluster.url(cluster.replace_database("regapp", self._postgresql))


@contextmanager
def watching_locks() -> Iterator[Callable[[], bool]]:
    """Gives the question whether another transaction waits for a lock; ask it while this one holds the lock."""
    mine, asked = threading.get_ident(), threading.Event()

    def notice(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement == "BEGIN IMMEDIATE" and threading.get_ident() != mine:
            asked.set()

    def somebody_waits() -> bool:
        # SQLite doesn't tell who waits: whoever asks for its one lock does, as long as we have it.
        if db.engine.dialect.name == "sqlite":
            return asked.is_set()
        waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        with db.engine.connect() as connection:
            return bool(connection.scalar(waiting))

    event.listen(db.engine, "before_cursor_execute", notice)
    try:
        yield somebody_waits
    finally:
        event.remove(db.engine, "before_cursor_execute", notice)
