"""The whole service as it runs in earnest: gunicorn and the worker, as processes of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from subprocess import DEVNULL
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from tests.support.machine.forks import ROOT, Fork
from tests.support.machine.waiting import wait_until

REGAPP = str(Path(sys.executable).with_name("regapp"))
GUNICORN = str(Path(sys.executable).with_name("gunicorn"))
SECRETS = {
    "REGAPP_SECRET_KEY": "b7c1f0d94e2a4c6fa1d3905be8776c0e",
    "REGAPP_PASSWORD_SALT": "60d9e3ab15f84c72b1e4a7c8f2093d5b",
}
SENDER = "utbildningsdag@swecarnet.example.org"


Process = Fork | subprocess.Popen[bytes]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def environment(database_url: str, instance: Path, **settings: str) -> dict[str, str]:
    """A production's settings, none of this machine's; names without their prefix."""
    return {
        **SECRETS,
        "REGAPP_DATABASE_URL": database_url,
        "REGAPP_INSTANCE": str(instance),
        "REGAPP_BASE_URL": "https://anmalan.example.org",
        "REGAPP_MAIL_SERVER": "127.0.0.1",
        "REGAPP_MAIL_PORT": "9",
        "REGAPP_MAIL_USE_TLS": "false",
        "REGAPP_MAIL_DEFAULT_SENDER": SENDER,
        "REGAPP_FORM_SECONDS": "0",
        **{f"REGAPP_{name}": value for name, value in settings.items()},
    }


class System:
    """One installation: `start()` it, talk to it at `base_url`, `stop()` it."""

    def __init__(
        self,
        database_url: str,
        folder: Path,
        *,
        mail_port: int,
        processes: int = 2,
        from_nothing: bool = False,
        **settings: str,
    ) -> None:
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        given = {"BASE_URL": self.base_url, "MAIL_PORT": str(mail_port), **settings}
        self.environ = environment(database_url, folder, **given)
        self.processes = processes
        self.from_nothing = from_nothing
        self.web: Process | None = None
        self.worker: Process | None = None
        self.more_workers: list[Process] = []

    @property
    def _surroundings(self) -> Mapping[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("REGAPP_")}
        own = {"PORT": str(self.port), "WEB_CONCURRENCY": str(self.processes)}
        return {**kept, **own, **self.environ}

    def _start(self, name: str, *command: str) -> Process:
        """In a process group of its own, so that a crash can take the children too."""
        log, environ = self.log(name), self._surroundings
        if not self.from_nothing:
            return Fork([*command], environ, stdout=log, stderr=log)
        with log.open("ab") as words:
            return subprocess.Popen(
                command, cwd=ROOT, env=environ, stdin=DEVNULL, stdout=words, stderr=words, start_new_session=True
            )

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def start(self) -> System:
        self.start_web()
        self.start_worker()
        return self

    def start_web(self) -> None:
        # gunicorn waits so long for a process that was told to stop before it listened to it.
        quickly = ("--graceful-timeout", "3")
        self.web = self._start("web", GUNICORN, "--config", "deploy/gunicorn.conf.py", *quickly)
        wait_until(self.answers, what=f"the web server; see {self.log('web')}")

    def start_worker(self, hurry: str = "") -> None:
        """`hurry` is done first: it may make a pause shorter."""
        hurried = [sys.executable, "-c", f"{hurry}\nfrom regapp.cli import main\nmain(['worker'])"]
        self.worker = self._start("worker", *(hurried if hurry else [REGAPP, "worker"]))

    def add_workers(self, number: int) -> None:
        """As on other hosts."""
        self.more_workers += [self._start(f"worker{n}", REGAPP, "worker") for n in range(number)]

    def answers(self) -> bool:
        """Whether the web server answers, well or not."""
        if self.web is not None and self.web.poll() is not None:
            raise AssertionError("gunicorn ended: " + self.log("web").read_text()[-3000:])
        try:
            with urlopen(f"{self.base_url}/healthz", timeout=5):  # noqa: S310
                return True
        except HTTPError:
            return True
        except (URLError, ConnectionError, TimeoutError):
            return False

    def stop(self) -> None:
        """As `systemctl stop` does it; fails when a half doesn't end cleanly."""
        named = {"web": self.web, "worker": self.worker}
        named |= {f"worker{n}": process for n, process in enumerate(self.more_workers)}
        running = {name: process for name, process in named.items() if process is not None}
        for process in running.values():
            wait_until(partial(_can_be_stopped, process), what=f"process {process.pid}'s own way to end")
            process.send_signal(signal.SIGTERM)
        codes = {name: process.wait(timeout=60) for name, process in running.items()}
        self.web, self.worker, self.more_workers = None, None, []
        assert not any(codes.values()), f"{codes}; see {self.folder}"

    def crash(self, name: str) -> None:
        """SIGKILL to `web` or `worker` with all its processes."""
        process: Process | None = getattr(self, name)
        if process is not None and process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=10)
        setattr(self, name, None)


def _can_be_stopped(process: Process) -> bool:
    """Whether it has begun to listen for SIGTERM, which kills it before; also when it has ended."""
    if process.poll() is not None:
        return True
    status = Path(f"/proc/{process.pid}/status").read_text()
    caught = int(status.partition("SigCgt:")[2].split()[0], 16)
    return bool(caught & 1 << signal.SIGTERM - 1)
