"""Processes of the service without the second that reading the program takes: each is forked from one that has read it.

That one has done nothing else, and a fork gets its own arguments, variables, files and process group, so that it can
be killed like any other; it is killed with its group when whoever started it is gone. What starts from nothing
(imports, what is read before them) is started with `subprocess`.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.machine.waiting import wait_until

ROOT = Path(__file__).resolve().parents[3]
NOTHING = Path(os.devnull)

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["regapp.cli", "gunicorn.app.wsgiapp", "gunicorn.workers.gthread", __name__])


class Fork:
    """As `subprocess.Popen`: a script of this Python's, or `[sys.executable, "-c", CODE, …]`."""

    def __init__(
        self,
        command: list[str],
        env: Mapping[str, str],
        *,
        stdin: Path = NOTHING,
        stdout: Path = NOTHING,
        stderr: Path = NOTHING,
    ) -> None:
        files = [str(stdin), str(stdout), str(stderr)]
        self._process = _context.Process(target=_become, args=(command, dict(env), files), daemon=True)
        self._process.start()
        assert self._process.pid
        self.pid = self._process.pid
        wait_until(self._leads_its_group, every=0.001, what=f"the start of {command[:2]}")

    def _leads_its_group(self) -> bool:
        try:
            return os.getpgid(self.pid) == self.pid
        except ProcessLookupError:
            # It has ended already.
            return True

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        self._process.join(timeout)
        assert self._process.exitcode is not None, f"process {self.pid} hasn't ended in {timeout} s"
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def run(command: list[str], env: Mapping[str, str], typed: str = "") -> subprocess.CompletedProcess[str]:
    """What it printed and its exit status, when it has ended."""
    with TemporaryDirectory() as folder:
        stdin, stdout, stderr = (Path(folder, name) for name in ("stdin", "stdout", "stderr"))
        stdin.write_text(typed, encoding="utf-8")
        code = Fork(command, env, stdin=stdin, stdout=stdout, stderr=stderr).wait(60)
        return subprocess.CompletedProcess(command, code, stdout.read_text("utf-8"), stderr.read_text("utf-8"))


def _become(command: list[str], environ: dict[str, str], files: list[str]) -> None:
    """In the fork."""
    os.setsid()
    threading.Thread(target=_end_with_starter, daemon=True).start()
    for number, file in enumerate(files):
        os.dup2(os.open(file, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_APPEND | os.O_CREAT), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environ)
    if command[:2] == [sys.executable, "-c"]:
        sys.argv = ["-c", *command[3:]]
        exec(command[2], {"__name__": "__main__"})  # noqa: S102
    else:
        sys.argv = command
        runpy.run_path(command[0], run_name="__main__")


def _end_with_starter() -> None:
    starter = multiprocessing.parent_process()
    assert starter
    starter.join()
    os.killpg(0, signal.SIGKILL)
