"""Databases with all tables and nothing in them, copied from a template that the migrations made once."""

import shutil
from pathlib import Path

from tests.support.machine.forks import run
from tests.support.machine.postgres import Cluster
from tests.support.machine.server import REGAPP, environment


def migrate(url: str, instance: Path) -> None:
    """`regapp db upgrade`, as it is done when installing."""
    done = run([REGAPP, "db", "upgrade"], environment(url, instance))
    assert done.returncode == 0, done.stdout + done.stderr


class Databases:
    """One database of each kind; every test gets a copy as new, at the same address, so that apps can be kept."""

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
