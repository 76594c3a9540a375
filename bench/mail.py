"""How fast letters go: the worker beside building and sending alone, and how soon after the answer page."""

from __future__ import annotations

import signal
import statistics
import subprocess
import sys
import time

from bench import load, table, visits
from bench.servers import BIN, ROOT, Server
from bench.table import Row

LETTERS = 500
ROUNDS = 5
VISITORS = 40


class Sink:
    """The mail server's process, and what arrived there."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.sink"], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        self.port = int(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def next(self) -> tuple[float, str]:
        """The instant when a letter was taken, and for whom it is."""
        instant, _, address = self._line().strip().partition(" ")
        return float(instant), address

    def per_second(self, number: int) -> float:
        """How fast so many came, from the first to the last."""
        instants = [self.next()[0] for _ in range(number)]
        return (number - 1) / (instants[-1] - instants[0])

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


def rows(regapp: Server) -> list[Row]:
    sink = Sink()
    regapp.environ["REGAPP_MAIL_PORT"] = str(sink.port)
    try:
        return [*_drain(regapp, sink), _latency(regapp, sink)]
    finally:
        sink.stop()


def _drain(regapp: Server, sink: Sink) -> list[Row]:
    """By turns, the medians, after one round each that doesn't count; all are processes of their own."""

    def alone(who: str) -> float:
        _run(regapp, "-m", "bench.draining", who)
        return sink.per_second(LETTERS)

    def worker() -> float:
        _run(regapp, "-m", "bench.draining", "again")
        _run(regapp, str(BIN / "regapp"), "worker", "--once")
        return sink.per_second(LETTERS)

    _run(regapp, "-m", "bench.draining", "write", str(LETTERS))
    rounds = [(alone("floor"), alone("builder"), worker()) for _ in range(1 + ROUNDS)][1:]
    plain, own, ours = (statistics.median(taken) for taken in zip(*rounds, strict=True))
    return [
        table.share("letters drained, beside Python's email and smtplib", plain, ours, 0.9, "letters/s"),
        table.share("letters drained, beside regapp's messages and smtplib", own, ours, 0.9, "letters/s"),
    ]


def _latency(regapp: Server, sink: Sink) -> Row:
    """From the end of the answer page to the mail server's yes, one visitor after the other."""
    regapp.start()
    worker = subprocess.Popen([BIN / "regapp", "worker"], cwd=ROOT, env=regapp.environ, stderr=subprocess.DEVNULL)
    seconds = []
    try:
        for _ in range(VISITORS):
            load.once(regapp.port, visits.register())
            answered = time.monotonic()
            seconds.append(sink.next()[0] - answered)
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(timeout=60)
        regapp.stop()
    return table.bound("answer page to the mail server's yes (p50)", statistics.median(seconds) * 1000, 150, "ms")


def _run(regapp: Server, *command: str) -> None:
    subprocess.run([sys.executable, *command], cwd=ROOT, env=regapp.environ, check=True, stderr=subprocess.DEVNULL)
