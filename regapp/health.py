"""Whether the service is well, for monitors: `/healthz`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from flask import Blueprint, Response, g, jsonify
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from regapp.core import schema
from regapp.core.db import db
from regapp.mailing import pausing
from regapp.mailing.models import MailState, OutgoingMail

LETTER_MAY_WAIT: Final = timedelta(minutes=15)
"""A letter that is due for longer means that no worker runs or that the mail server doesn't answer."""

bp = Blueprint("health", __name__)


@dataclass(frozen=True)
class Pulse:
    """What a monitor asks for. `letter_waits` is the age of the oldest letter that is due, None without one.

    A letter that an organiser's pause holds back waits because somebody wants it to: it makes nothing ill, but
    `letters_paused` says for how long it has been so.
    """

    database: bool
    migrations: bool
    letter_waits: timedelta | None = None
    letters_paused: timedelta | None = None

    @property
    def letters(self) -> bool:
        return self.letter_waits is None or self.letter_waits <= LETTER_MAY_WAIT

    @property
    def is_well(self) -> bool:
        return self.database and self.migrations and self.letters

    def as_json(self) -> dict[str, Any]:
        """Nothing personal, and nothing that helps an intruder: anybody may ask."""
        return {
            "well": self.is_well,
            "database": self.database,
            "migrations": self.migrations,
            "letters": self.letters,
            "oldest_due_letter_s": _seconds(self.letter_waits),
            "letters_paused_s": _seconds(self.letters_paused),
        }


def take_pulse(now: datetime) -> Pulse:
    """How the service is at `now`; a database out of reach is an answer, not an error."""
    try:
        connection = db.session.connection()
        if schema.describe_mismatch(schema.find_revision(connection)):
            return Pulse(database=True, migrations=False)
        paused = pausing.paused_for(now)
        return Pulse(database=True, migrations=True, letter_waits=_waiting(now), letters_paused=paused)
    except SQLAlchemyError:
        db.session.rollback()
        return Pulse(database=False, migrations=False)


def _waiting(now: datetime) -> timedelta | None:
    """How long the oldest letter has been due; one in a worker's hand has begun its journey."""
    oldest = db.session.scalar(
        select(func.min(OutgoingMail.due_at)).where(
            OutgoingMail.state == MailState.QUEUED, OutgoingMail.due_at <= now, pausing.may_leave()
        )
    )
    return None if oldest is None else now - oldest


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else round(span.total_seconds())


@bp.get("/healthz")
def healthz() -> Response:
    pulse = take_pulse(g.received_at)
    response = jsonify(pulse.as_json())
    response.status_code = 200 if pulse.is_well else 503
    return response
