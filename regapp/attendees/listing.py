"""One page of the attendee list: only what the list shows, read as rows, not as objects."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import CursorResult, Select, select, update

from regapp.attendees import deliveries, filtering
from regapp.attendees.filtering import Filter, Message, Order
from regapp.core import audit
from regapp.core.db import db
from regapp.core.errors import NotFound
from regapp.registrations import line
from regapp.registrations.choices import Attendance, Profession
from regapp.registrations.models import HealthNote, Registration, Status

PAGE_SIZE = 50


class Row(NamedTuple):
    """A registration in the list. It says nothing of diets and access needs."""

    public_id: str
    first_name: str
    last_name: str
    email: str
    attendance: Attendance
    status: Status
    profession: Profession
    profession_other: str
    workplace: str
    received_at: datetime
    has_message: bool
    message_read_at: datetime | None
    in_line_since: datetime | None
    answer_by: datetime | None
    declined_at: datetime | None

    @property
    def is_online_in_line(self) -> bool:
        """In line for a seat, with an online place meanwhile."""
        return self.status is Status.CONFIRMED and self.in_line_since is not None

    @property
    def profession_label(self) -> str:
        return self.profession_other or str(self.profession.label)


_COLUMNS: tuple[Any, ...] = tuple(
    getattr(Registration, name) if name != "has_message" else (Registration.message != "").label(name)
    for name in Row._fields
)


@dataclass(frozen=True)
class ListPage:
    """`positions` are the places in line by public id; `failing` whose addresses letters don't reach."""

    rows: list[Row]
    page: int
    pages: int
    total: int
    positions: dict[str, int]
    failing: set[str]


def find_page(event_id: int, chosen: Filter, page: int) -> ListPage:
    """Page `page` (from 1) of the list; the last one when there aren't so many."""
    total = filtering.count(event_id, chosen)
    pages = max(math.ceil(total / PAGE_SIZE), 1)
    page = min(max(page, 1), pages)
    statement: Select[Any] = filtering.narrowed(select(*_COLUMNS), event_id, chosen)
    found = db.session.execute(statement.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE))
    rows = [Row(*row) for row in found]
    positions = line.positions(event_id) if any(row.in_line_since for row in rows) else {}
    failing = deliveries.failing_among(row.public_id for row in rows)
    return ListPage(rows, page, pages, total, positions, failing)


class Letter(NamedTuple):
    """A message that came with a registration."""

    public_id: str
    first_name: str
    last_name: str
    received_at: datetime
    message: str
    message_read_at: datetime | None


@dataclass(frozen=True)
class MessagePage:
    letters: list[Letter]
    page: int
    pages: int


def find_messages(event_id: int, *, only_unread: bool, page: int) -> MessagePage:
    """Page `page` (from 1) of the messages, the newest first."""
    chosen = Filter(message=Message.UNREAD if only_unread else Message.ANY, order=Order.NEWEST)
    pages = max(math.ceil(filtering.count(event_id, chosen) / PAGE_SIZE), 1)
    statement = filtering.narrowed(select(*(getattr(Registration, name) for name in Letter._fields)), event_id, chosen)
    page = min(max(page, 1), pages)
    found = db.session.execute(statement.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE))
    return MessagePage([Letter(*row) for row in found], page, pages)


def get(event_id: int, public_id: str) -> Registration:
    """One person's registration for this day; raises NotFound."""
    found = db.session.scalar(
        select(Registration).where(Registration.event_id == event_id, Registration.public_id == public_id)
    )
    if found is None:
        raise NotFound
    return found


def mark_message(event_id: int, public_id: str, at: datetime, *, read: bool) -> None:
    """Note that the organisers have read the message, or that it needs another look."""
    done = db.session.execute(
        update(Registration)
        .where(Registration.event_id == event_id, Registration.public_id == public_id, Registration.message != "")
        .values(message_read_at=at if read else None)
    )
    if isinstance(done, CursorResult) and done.rowcount == 0:
        raise NotFound


def show_health(event_id: int, public_id: str, at: datetime, *, actor: str) -> HealthNote | None:
    """What the person said about diet and access; that somebody looked is noted."""
    registration = get(event_id, public_id)
    audit.record("health.shown", actor=actor, at=at, event_id=event_id, registration_id=registration.id)
    return registration.health
