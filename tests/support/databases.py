"""Databases with all tables and nothing in them, copied from a template that the migrations made once."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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


class Templates:
    """Makes each kind of template when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sqlite: Path | None = None
        self.postgresql: str | None = None

    def new_sqlite(self, file: Path) -> str:
        if self.sqlite is None:
            path = self.folder / "template.sqlite"
            migrate(f"sqlite:///{path}", self.folder)
            self.sqlite = path
        shutil.copyfile(self.sqlite, file)
        return f"sqlite:///{file}"

    @contextmanager
    def new_postgresql(self, cluster: Cluster) -> Iterator[str]:
        if self.postgresql is None:
            template = cluster.new_database()
            migrate(cluster.url(template), self.folder)
            self.postgresql = template
        name = cluster.new_database(self.postgresql)
        yield cluster.url(name)
        cluster.drop_database(name)
