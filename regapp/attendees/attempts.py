"""Who tried to register and isn't registered, as organisers see it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from regapp.attendees.listing import PAGE_SIZE
from regapp.core import text
from regapp.core.db import db
from regapp.registrations.attempts import Attempt, is_of_same_name
from regapp.registrations.models import Registration, Status


@dataclass(frozen=True)
class Counts:
    """How many attempts there are, and of how many nobody was told."""

    total: int
    untold: int


@dataclass(frozen=True)
class Row:
    """An attempt, whose registration its address belongs to now, and that of somebody with the same name."""

    attempt: Attempt
    holder: Registration | None
    namesake: Registration | None


@dataclass(frozen=True)
class AttemptPage:
    rows: list[Row]
    page: int
    pages: int


def count(event_id: int) -> Counts:
    is_untold = Attempt.is_told.is_(False)
    query = select(func.count(), func.count().filter(is_untold)).where(Attempt.event_id == event_id)
    return Counts(*db.session.execute(query).one())


def find_page(event_id: int, page: int) -> AttemptPage:
    """Page `page` (from 1) of the attempts, the latest first; the last one when there aren't so many."""
    pages = max(math.ceil(count(event_id).total / PAGE_SIZE), 1)
    page = min(max(page, 1), pages)
    latest = select(Attempt).where(Attempt.event_id == event_id).order_by(Attempt.at.desc(), Attempt.id.desc())
    found = db.session.scalars(latest.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)).all()
    people = _around(event_id, found)
    return AttemptPage([_row(attempt, people) for attempt in found], page, pages)


def get_row(attempt: Attempt) -> Row:
    return _row(attempt, _around(attempt.event_id, [attempt]))


def _around(event_id: int, attempts: Sequence[Attempt]) -> Sequence[Registration]:
    """The registrations with these addresses or names."""
    names = [text.sort_key(attempt.last_name, attempt.first_name) for attempt in attempts]
    has_address = Registration.email_key.in_([attempt.email_key for attempt in attempts])
    return db.session.scalars(
        select(Registration).where(
            Registration.event_id == event_id,
            Registration.status != Status.CANCELLED,
            has_address | Registration.sort_key.in_(names),
        )
    ).all()


def _row(attempt: Attempt, people: Sequence[Registration]) -> Row:
    holder = next((person for person in people if person.email_key == attempt.email_key), None)
    namesakes = [person for person in people if is_of_same_name(person, attempt)]
    return Row(attempt, holder, holder if holder in namesakes else next(iter(namesakes), None))
