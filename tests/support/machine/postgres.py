"""A PostgreSQL server of the tests' own: on a socket in a folder of its own, gone when they end."""

import os
import pwd
import shutil
import subprocess
import tempfile
from itertools import count
from pathlib import Path

import psycopg
from sqlalchemy import URL, create_engine, text

FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
}


def find_binaries() -> Path | None:
    """The newest installed version's programs: Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


def cut_off(url: URL) -> int:
    """End every connection to the database, as a restart does; how many there were, once they are gone."""
    server = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    ended = text("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = :name")
    with server.connect() as connection:
        number = len(connection.scalars(ended, {"name": url.database}).all())
    server.dispose()
    return number


class Cluster:
    """One server; `new_database` gives each test a fresh copy of a template."""

    def __init__(self, binaries: Path) -> None:
        self.binaries = binaries
        self.folder = Path(tempfile.mkdtemp(prefix="regapp-pg-"))
        self.data = self.folder / "data"
        self.numbers = count(1)
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        self._run("initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        """A server refuses to run as root: then it runs as `postgres`, who comes with the package."""
        as_owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
        command = [str(self.binaries / program), f"--pgdata={self.data}", *arguments]
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            subprocess.run(
                [*(as_owner if os.geteuid() == 0 else []), *command],
                check=True,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def start(self) -> None:
        options = " ".join(f"-c {name}={value!r}" for name, value in FAST.items())
        options += f" -c unix_socket_directories={str(self.folder)!r}"
        self._run("pg_ctl", "--wait", "--silent", f"--log={self.folder}/server.log", f"--options={options}", "start")

    def stop(self, mode: str = "fast") -> None:
        """`fast` drops the clients, `immediate` is a crash."""
        self._run("pg_ctl", "--wait", "--silent", f"--mode={mode}", "stop")

    def remove(self) -> None:
        self.stop("immediate")
        shutil.rmtree(self.folder)
        (self.folder.parent / f"{self.folder.name}.log").unlink()

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def new_database(self, template: str = "template0") -> str:
        """The name of a new database, a copy of the template."""
        name = f"db{next(self.numbers)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop_database(self, name: str) -> None:
        """Who is still connected is cut off."""
        self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def replace_database(self, name: str, template: str) -> str:
        """The same name for a fresh copy of the template."""
        self.drop_database(name)
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def _execute(self, statement: str) -> None:
        with psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True) as link:
            link.execute(statement.encode())
