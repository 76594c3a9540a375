"""How the service is, for monitors: `/healthz/live`, `/healthz` (ready) and `/healthz/late`.

Each answers 200 or 503, and nothing personal: anybody may ask. None of them waits for a lock.
"""

import os
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, Response, g, jsonify
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from regapp.core import schema
from regapp.core.db import ask, db
from regapp.mailing import heartbeat, link_requests
from regapp.mailing.models import MailState, OutgoingMail
from regapp.mailing.sending import holding

LETTER_MAY_WAIT: Final = timedelta(minutes=15)
"""A letter that is due for longer means that no worker runs or that the mail server doesn't answer."""

WORKER_MAY_BE_SILENT: Final = timedelta(minutes=5)
"""The worker writes a sign of life every minute. Longer: it is dead, or can't write to the database."""

ROOM_NEEDED: Final = 50 * 1024 * 1024
"""Bytes free on the disk of an SQLite file; below, the next registrations may be refused."""

bp = Blueprint("health", __name__)


@dataclass(frozen=True)
class Readiness:
    """Whether requests can be answered. None: not known, since what comes before it fails."""

    database: bool = False
    migrations: bool | None = None
    writable: bool | None = None

    @property
    def is_well(self) -> bool:
        return bool(self.database and self.migrations and self.writable)

    def as_json(self) -> dict[str, Any]:
        return {"well": self.is_well, **asdict(self)}


@dataclass(frozen=True)
class Lateness:
    """Whether letters go out in time. The spans are None without a worker ever heard of, a letter due, a pause.

    A letter that an organiser's pause holds back waits because somebody wants it to: it makes nothing late, but
    `letters_paused` says for how long it has been so. Letters can't be judged (`is_known`) when the database can't.
    """

    is_known: bool = True
    worker_silent: timedelta | None = None
    letter_waits: timedelta | None = None
    letters_paused: timedelta | None = None

    @property
    def worker(self) -> bool:
        return self.worker_silent is not None and self.worker_silent <= WORKER_MAY_BE_SILENT

    @property
    def letters(self) -> bool:
        return self.letter_waits is None or self.letter_waits <= LETTER_MAY_WAIT

    @property
    def is_well(self) -> bool:
        return self.is_known and self.worker and self.letters

    def as_json(self) -> dict[str, Any]:
        return {
            "well": self.is_well,
            "worker": self.worker if self.is_known else None,
            "letters": self.letters if self.is_known else None,
            "worker_silent_s": _seconds(self.worker_silent),
            "oldest_due_letter_s": _seconds(self.letter_waits),
            "letters_paused_s": _seconds(self.letters_paused),
        }


def readiness() -> Readiness:
    """A database out of reach is an answer, not an error."""
    try:
        return ask(_readiness)
    except SQLAlchemyError:
        db.session.rollback()
        return Readiness()


def _readiness() -> Readiness:
    connection = db.session.connection()
    if schema.describe_mismatch(schema.find_revision(connection)):
        return Readiness(database=True, migrations=False)
    return Readiness(database=True, migrations=True, writable=_is_writable(connection))


def lateness(now: datetime) -> Lateness:
    """What is late at `now`; not known while the database is out of reach or its tables don't fit."""
    try:
        return ask(lambda: _lateness(now))
    except SQLAlchemyError:
        db.session.rollback()
        return Lateness(is_known=False)


def _lateness(now: datetime) -> Lateness:
    return Lateness(
        worker_silent=heartbeat.silent_for(now),
        letter_waits=_waiting(now),
        letters_paused=holding.paused_for(now),
    )


def _is_writable(connection: Connection) -> bool:
    """What can be read of it: PostgreSQL's disk tells nothing until something is written (see the heartbeat)."""
    if connection.dialect.name == "postgresql":
        return bool(connection.scalar(select(func.current_setting("transaction_read_only"))) == "off")
    file = Path(str(db.engine.url.database))
    # The folder too: SQLite puts its journal beside the file.
    may_write = all(os.access(path, os.W_OK) for path in (file, file.parent))
    return may_write and shutil.disk_usage(file.parent).free >= ROOM_NEEDED


def _waiting(now: datetime) -> timedelta | None:
    """How long the oldest letter has been due, or a question for one waited; one in a worker's hand is on its way."""
    due = db.session.scalar(
        select(func.min(OutgoingMail.due_at)).where(
            OutgoingMail.state == MailState.QUEUED, OutgoingMail.due_at <= now, holding.may_leave()
        )
    )
    oldest = min(filter(None, (due, link_requests.oldest_asked_at())), default=None)
    return None if oldest is None else now - oldest


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else round(span.total_seconds())


@bp.get("/healthz/live")
def live() -> Response:
    """The process answers; no database is asked."""
    return jsonify(well=True)


@bp.get("/healthz")
def healthz() -> Response:
    return _answer(readiness())


@bp.get("/healthz/late")
def late() -> Response:
    return _answer(lateness(g.received_at))


def _answer(found: Readiness | Lateness) -> Response:
    response = jsonify(found.as_json())
    response.status_code = 200 if found.is_well else 503
    return response
