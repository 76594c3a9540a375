"""Who tried to register and isn't registered, as organisers see it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from regapp.attendees.listing import PAGE_SIZE
from regapp.core import text
from regapp.core.db import db
from regapp.registrations import attempts
from regapp.registrations.attempts import Attempt
from regapp.registrations.models import Registration, Status

_AT_A_TIME: Final = 1000
"""Attempts whose people are looked up by one statement, which takes each name and address as a value."""


@dataclass(frozen=True)
class Counts:
    """How many attempts there are, how many are left without a registration, and how many of those untold."""

    total: int
    left: int
    untold: int


@dataclass(frozen=True)
class Row:
    """An attempt, whose registration its address belongs to now, and that of somebody with the same name."""

    attempt: Attempt
    holder: Registration | None
    namesake: Registration | None

    @property
    def is_done(self) -> bool:
        """Whether the person was registered since, or has by now what they wished for.

        A name alone tells of nobody who was registered before: there may be two who bear it.
        """
        if self.namesake is None:
            return False
        has_wish = self.namesake is self.holder and attempts.has_wish(self.namesake, self.attempt.wish)
        return has_wish or self.namesake.received_at >= self.attempt.at


@dataclass(frozen=True)
class AttemptPage:
    rows: list[Row]
    page: int
    pages: int


def count(event_id: int) -> Counts:
    every = db.session.scalars(select(Attempt).where(Attempt.event_id == event_id)).all()
    chunks = (every[start : start + _AT_A_TIME] for start in range(0, len(every), _AT_A_TIME))
    left = [row for chunk in chunks for row in _rows(event_id, chunk) if not row.is_done]
    return Counts(len(every), len(left), sum(not row.attempt.is_told for row in left))


def find_page(event_id: int, page: int) -> AttemptPage:
    """Page `page` (from 1) of the attempts, the latest first; the last one when there aren't so many."""
    of_day = select(Attempt).where(Attempt.event_id == event_id)
    total = db.session.scalar(select(func.count()).select_from(of_day.subquery())) or 0
    pages = max(math.ceil(total / PAGE_SIZE), 1)
    page = min(max(page, 1), pages)
    latest = of_day.order_by(Attempt.at.desc(), Attempt.id.desc())
    found = db.session.scalars(latest.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)).all()
    return AttemptPage(_rows(event_id, found), page, pages)


def get_row(attempt: Attempt) -> Row:
    return _rows(attempt.event_id, [attempt])[0]


def _rows(event_id: int, found: Sequence[Attempt]) -> list[Row]:
    people = sorted(_around(event_id, found), key=lambda person: person.received_at)
    holders = {person.email_key: person for person in people}
    # The latest, where several bear a name.
    namesakes = {text.name_key(person.first_name, person.last_name): person for person in people}
    return [_row(attempt, holders.get(attempt.email_key), namesakes.get(attempt.name_key)) for attempt in found]


def _around(event_id: int, found: Sequence[Attempt]) -> Sequence[Registration]:
    """The registrations with these addresses or names."""
    names = [text.sort_key(attempt.last_name, attempt.first_name) for attempt in found]
    has_address = Registration.email_key.in_([attempt.email_key for attempt in found])
    return db.session.scalars(
        select(Registration).where(
            Registration.event_id == event_id,
            Registration.status != Status.CANCELLED,
            has_address | Registration.sort_key.in_(names),
        )
    ).all()


def _row(attempt: Attempt, holder: Registration | None, namesake: Registration | None) -> Row:
    is_own = holder is not None and attempts.is_of_same_name(holder, attempt)
    return Row(attempt, holder, holder if is_own else namesake)
