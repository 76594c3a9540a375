"""regapp and the floor as gunicorn runs them: started, looked at, stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


class Server:
    """One gunicorn with its workers."""

    def __init__(self, folder: Path, config: str, first_page: str, environ: dict[str, str]) -> None:
        self.folder = folder
        self.config = config
        self.first_page = first_page
        self.port = free_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("REGAPP_", "WEB_"))}
        self.environ = {**kept, "PORT": str(self.port), "PYTHONPATH": str(ROOT), **environ}

    def start(self) -> float:
        """Seconds from the command to the whole of the first answer."""
        began = time.perf_counter()
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [BIN / "gunicorn", "--config", self.config, "--log-level", "warning"],
                cwd=ROOT,
                env=self.environ,
                stdout=log,
                stderr=log,
            )
        while not self._answers():
            if self.process.poll() is not None or time.perf_counter() - began > 60:
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(0.005)
        return time.perf_counter() - began

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)

    def memory(self) -> float:
        """MiB of all its processes; what they share is counted once (PSS)."""
        parent = self.process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return sum(_pss(pid) for pid in [str(parent), *children]) / 1024

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
                request = f"GET {self.first_page} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
                connection.sendall(request.encode())
                answer = b""
                while piece := connection.recv(1 << 16):
                    answer += piece
        except OSError:
            return False
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(answer[:2000].decode())
        return True


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _pss(pid: str) -> int:
    """KiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
