"""Everything that is held of a person, for the person: a registration and all that belongs to it."""

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import inspect, select

from regapp.core.audit import AuditEntry, Reason
from regapp.core.db import Model, db
from regapp.mailing import link_requests
from regapp.mailing.models import Bounce, OtherAnswer, OutgoingMail, UnclearReturn, WordsBrought
from regapp.registrations import attempts
from regapp.registrations.models import HealthNote, Registration
from regapp.registrations.submissions import Submission


def about(registration: Registration) -> dict[str, Any]:
    """Column by column, as plain values: a column that is added later is told of without being named here."""
    return {
        "event": registration.event.slug,
        "registration": _row(registration),
        "diet_and_access": _rows(HealthNote, registration),
        "forms_sent": _rows(Submission, registration),
        "attempts": [_row(attempt) for attempt in attempts.of(registration)],
        "link_asked_for": [_row(asked) for asked in link_requests.of(registration.event_id, registration.email)],
        "letters": _rows(OutgoingMail, registration),
        "bounces": _about_letters(Bounce, registration),
        "words_brought": _about_letters(WordsBrought, registration),
        "unclear_returns": _about_letters(UnclearReturn, registration),
        "answers_from_other_addresses": _rows(OtherAnswer, registration),
        "log": [{**row, "actor": _role(row["actor"])} for row in _rows(AuditEntry, registration)],
        "reasons": _given_for(registration),
    }


def _rows(model: Any, registration: Registration) -> list[dict[str, Any]]:
    return [_row(row) for row in db.session.scalars(select(model).where(model.registration_id == registration.id))]


def _about_letters(model: Any, registration: Registration) -> list[dict[str, Any]]:
    of_letters = select(model).join(OutgoingMail).where(OutgoingMail.registration_id == registration.id)
    return [_row(row) for row in db.session.scalars(of_letters)]


def _given_for(registration: Registration) -> list[dict[str, Any]]:
    given = select(Reason).join(AuditEntry).where(AuditEntry.registration_id == registration.id)
    return [_row(reason) for reason in db.session.scalars(given)]


def _row(row: Model) -> dict[str, Any]:
    return {column.key: _plain(getattr(row, column.key)) for column in inspect(type(row)).column_attrs}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, enum.Enum):
        return value.value
    return str(value) if isinstance(value, uuid.UUID) else value


def _role(actor: str) -> str:
    """Which organiser it was is not the participant's data."""
    return actor.partition(":")[0]
