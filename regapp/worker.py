"""The loop behind `regapp worker`: sends letters as they are written, and keeps house every minute."""

import logging
import os
import select
import signal
import sqlite3
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

import psycopg
from flask import Flask
from psycopg.errors import LockNotAvailable
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from regapp.core import clock
from regapp.core.context import settings
from regapp.core.db import db, writing
from regapp.core.errors import where
from regapp.mailing import heartbeat
from regapp.mailing.inbox import reading
from regapp.mailing.outbox import CHANNEL, queue_trouble
from regapp.mailing.sending import claiming, delivery
from regapp.mailing.sending.delivery import Batch, Transport
from regapp.mailing.sending.presence import Presence

log = logging.getLogger(__name__)

POLL_S = 0.05
"""How often SQLite is asked whether anyone committed: some ten microseconds each."""

HOUSEKEEPING_S = 60
_RECONNECT_PAUSES_S = (1, 2, 5, 10, 30)

Chore = Callable[[datetime], None]


def chores(app: Flask) -> list[Chore]:
    """What the worker does every minute; create_app adds to it.

    Each runs in a transaction of its own, and on every worker: twice must do no harm.
    """
    found: list[Chore] = app.extensions.setdefault("regapp-chores", [])
    return found


def run(app: Flask, once: bool = False) -> int:
    """Work until SIGTERM or SIGINT, or until nothing more is due; the exit status, 1 for a queue in trouble."""
    with app.app_context():
        presence = Presence(settings().instance / "workers")
        worker = Worker(chores(app), delivery.transport_for(settings()), presence)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop())
        if once:
            return worker.run_once()
        with reading.beside(app.app_context, settings()):
            return worker.run()


class Waker(Protocol):
    """Tells when another connection has committed."""

    def wait(self, seconds: float, interrupt: int) -> None:
        """Return when another connection has committed, after the time, or when the file descriptor `interrupt` can be
        read."""

    def close(self) -> None: ...


class SqliteWaker:
    """PRAGMA data_version on a connection kept open moves when another connection committed."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._seen = self._version()

    def _version(self) -> int:
        version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        return version

    def wait(self, seconds: float, interrupt: int) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if (version := self._version()) != self._seen:
                self._seen = version
                return
            if select.select([interrupt], [], [], min(left, POLL_S))[0]:
                return

    def close(self) -> None:
        self._connection.close()


class PostgresWaker:
    """LISTEN on a connection of its own; every enqueue's transaction notifies."""

    def __init__(self) -> None:
        fairy = db.engine.raw_connection()
        self._connection: psycopg.Connection[Any] = fairy.driver_connection  # type: ignore[assignment]
        fairy.detach()
        self._connection.rollback()
        self._connection.autocommit = True
        self._connection.execute(f"LISTEN {CHANNEL}")

    def wait(self, seconds: float, interrupt: int) -> None:
        if self._woke():
            return
        select.select([self._connection.fileno(), interrupt], [], [], max(0.0, seconds))
        self._woke()

    def _woke(self) -> bool:
        return bool(list(self._connection.notifies(timeout=0)))

    def close(self) -> None:
        self._connection.close()


class Worker:
    """One process that sends letters; several share a queue."""

    def __init__(self, chores: list[Chore], transport: Transport, presence: Presence | None = None) -> None:
        self._chores = chores
        self._transport = transport
        self._presence = presence
        self._batch = Batch(presence.number if presence else None)
        self._stopping = False
        self._next_chores = 0.0
        self._failures = 0
        self._interrupt, self._alarm = os.pipe()

    def stop(self) -> None:
        """Finish the letter in hand, then end; safe in a signal handler."""
        self._stopping = True
        os.write(self._alarm, b"x")

    def run_once(self) -> int:
        self._take_over()
        again_at: datetime | None = clock.now()
        while again_at and again_at <= clock.now() and not self._stopping:
            again_at = self._deliver(ignore_stop=True)
            if queue_trouble():
                return 1
        return 0

    def run(self) -> int:
        while not self._stopping:
            try:
                self._work_while_it_lasts()
            except (DBAPIError, psycopg.Error, sqlite3.Error) as error:
                pause = _RECONNECT_PAUSES_S[min(self._failures, len(_RECONNECT_PAUSES_S) - 1)]
                self._failures += 1
                log.error("the database doesn't answer (%s); again in %s s", type(error).__name__, pause)
                self._sleep(pause)
        return 0

    def _work_while_it_lasts(self) -> None:
        waker = self._listen()
        try:
            while not self._stopping:
                self._do_chores()
                again_at = self._deliver()
                self._failures = 0
                waker.wait(self._seconds_until(again_at), self._interrupt)
        finally:
            waker.close()

    def _listen(self) -> Waker:
        url = db.engine.url
        return PostgresWaker() if url.get_backend_name() == "postgresql" else SqliteWaker(str(url.database))

    def _deliver(self, *, ignore_stop: bool = False) -> datetime | None:
        try:
            return delivery.deliver_due(
                self._transport,
                batch=self._batch,
                per_minute=settings().mail_per_minute,
                is_stopping=lambda: self._stopping or time.monotonic() >= self._next_chores > 0,
                ignore_stop=ignore_stop,
            ).again_at
        finally:
            db.session.remove()

    def _do_chores(self) -> None:
        if time.monotonic() < self._next_chores:
            return
        self._take_over()
        self._next_chores = time.monotonic() + HOUSEKEEPING_S
        with writing():
            heartbeat.beat(clock.now())
        for chore in self._chores:
            try:
                with writing():
                    chore(clock.now())
            except (OperationalError, InterfaceError) as error:
                if not isinstance(error.orig, LockNotAvailable):
                    raise
                # Somebody else's lock is no reason to leave the other chores undone.
                log.error("the chore %s waited in vain for a lock", getattr(chore, "__name__", chore))
            except Exception as error:
                log.error("the chore %s failed: %s", getattr(chore, "__name__", chore), where(error))
            finally:
                db.session.remove()

    def _take_over(self) -> None:
        """Put back in the queue what workers of this machine had in hand when they died."""
        for dead in self._presence.find_dead() if self._presence else ():
            with writing():
                is_cleared = claiming.take_back_from(dead.number, clock.now())
            if is_cleared:
                dead.forget()

    def _seconds_until(self, again_at: datetime | None) -> float:
        until_chores = self._next_chores - time.monotonic()
        if again_at is None:
            return max(0.0, until_chores)
        return max(0.0, min(until_chores, (again_at - clock.now()).total_seconds()))

    def _sleep(self, seconds: float) -> None:
        select.select([self._interrupt], [], [], seconds)
