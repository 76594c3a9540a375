"""Who tried to register and isn't registered, as organisers see it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from regapp.attendees.listing import PAGE_SIZE
from regapp.core import text
from regapp.core.audit import AuditEntry
from regapp.core.db import db
from regapp.registrations import attempts
from regapp.registrations.attempts import Attempt
from regapp.registrations.models import Registration

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
    """An attempt, whose registration its address belongs to now, and that of somebody with the same name.

    `namesake_since` is when the namesake was registered, or last got another address.
    """

    attempt: Attempt
    holder: Registration | None
    namesake: Registration | None
    namesake_since: datetime | None

    @property
    def is_done(self) -> bool:
        """Whether the person was registered or got another address since, or has by now what they wished for.

        A name alone tells of nobody who was registered before: there may be two who bear it.
        """
        if self.namesake is None or self.namesake_since is None:
            return False
        has_wish = self.namesake is self.holder and attempts.has_wish(self.namesake, self.attempt.wish)
        return has_wish or self.namesake_since >= self.attempt.at


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
    since = dict(sorted(_around(event_id, found), key=lambda row: row[1]))
    holders = {person.email_key: person for person in since}
    # The latest, where several bear a name.
    namesakes = {text.name_key(person.first_name, person.last_name): person for person in since}
    return [_row(attempt, holders.get(attempt.email_key), namesakes.get(attempt.name_key), since) for attempt in found]


_CORRECTED_AT: Final = (
    select(func.max(AuditEntry.at))
    .where(AuditEntry.registration_id == Registration.id, AuditEntry.action == "registration.address_corrected")
    .scalar_subquery()
)


def _around(event_id: int, found: Sequence[Attempt]) -> list[tuple[Registration, datetime]]:
    """The registrations with these addresses or names, and since when each has its address."""
    names = [text.sort_key(attempt.last_name, attempt.first_name) for attempt in found]
    has_address = Registration.email_key.in_([attempt.email_key for attempt in found])
    rows = db.session.execute(
        select(Registration, func.coalesce(_CORRECTED_AT, Registration.received_at)).where(
            Registration.event_id == event_id,
            Registration.is_active,
            has_address | Registration.sort_key.in_(names),
        )
    )
    return [(person, since) for person, since in rows]


def _row(
    attempt: Attempt,
    holder: Registration | None,
    namesake: Registration | None,
    since: dict[Registration, datetime],
) -> Row:
    if holder is not None and attempts.is_of_same_name(holder, attempt):
        namesake = holder
    return Row(attempt, holder, namesake, since[namesake] if namesake else None)
