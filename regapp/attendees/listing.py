"""The attendee list, a page of it or all: only what the list shows, read as rows, not as objects."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import CursorResult, Select, select, update

from regapp.attendees import deliveries, filtering
from regapp.attendees.filtering import Filter, Message, Order
from regapp.attendees.seeing import Detail
from regapp.core import audit
from regapp.core.db import db
from regapp.core.errors import NotFound
from regapp.events.models import Attendance
from regapp.registrations.choices import Profession
from regapp.registrations.finding import positions
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
    namesake_key: str

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


class Namesake(NamedTuple):
    """Somebody whose name another registration for the day bears as well: perhaps of the same person."""

    public_id: str
    email: str


@dataclass(frozen=True)
class ListPage:
    """`positions` are the places in line by public id; `failing` whose addresses letters don't reach.

    `namesakes` are by `namesake_key` those who share a name, none of them cancelled.
    """

    rows: list[Row]
    page: int
    pages: int
    total: int
    positions: dict[str, int]
    failing: set[str]
    namesakes: dict[str, list[Namesake]]

    @property
    def first(self) -> int:
        """The number of the page's first row in the whole list, from 1."""
        return (self.page - 1) * PAGE_SIZE + 1

    def has_namesake(self, row: Row) -> bool:
        """Whether another registration for the day may be of the same person."""
        return row.status is not Status.CANCELLED and row.namesake_key in self.namesakes

    def namesakes_of(self, row: Row) -> list[Namesake]:
        """The others with the row's name; nobody where it is cancelled."""
        bearers = self.namesakes[row.namesake_key] if self.has_namesake(row) else []
        return [one for one in bearers if one.public_id != row.public_id]


def find_page(event_id: int, chosen: Filter, page: int) -> ListPage:
    """Page `page` (from 1) of the list; the last one when there aren't so many."""
    total = filtering.count(event_id, chosen)
    pages = max(math.ceil(total / PAGE_SIZE), 1)
    page = min(max(page, 1), pages)
    statement: Select[Any] = filtering.narrowed(select(*_COLUMNS), event_id, chosen)
    rows = _rows(statement.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE))
    return _page(event_id, chosen, rows, page, pages, total)


def find_all(event_id: int, chosen: Filter) -> ListPage:
    """The whole list as one page, by surname."""
    rows = _rows(filtering.narrowed(select(*_COLUMNS), event_id, replace(chosen, order=Order.NAME)))
    return _page(event_id, chosen, rows, 1, 1, len(rows))


def _rows(statement: Select[Any]) -> list[Row]:
    return [Row(*row) for row in db.session.execute(statement)]


def _page(event_id: int, chosen: Filter, rows: list[Row], page: int, pages: int, total: int) -> ListPage:
    in_line = positions(event_id) if any(row.in_line_since for row in rows) else {}
    sees_delivery = Detail.DELIVERY in chosen.seen
    failing = deliveries.failing_among(row.public_id for row in rows) if sees_delivery else set()
    return ListPage(
        rows, page, pages, total, in_line, failing, _namesakes(event_id, (row.namesake_key for row in rows))
    )


def namesakes_of(registration: Registration) -> list[Namesake]:
    """The day's other active registrations with the same name; nobody where this one is cancelled."""
    if not registration.is_active:
        return []
    bearers = _namesakes(registration.event_id, [registration.namesake_key]).get(registration.namesake_key, [])
    return [one for one in bearers if one.public_id != registration.public_id]


def _namesakes(event_id: int, names: Iterable[str]) -> dict[str, list[Namesake]]:
    """Those who aren't cancelled by each of these names (namesake keys) that several bear."""
    found = db.session.execute(
        select(Registration.namesake_key, Registration.public_id, Registration.email)
        .where(
            Registration.event_id == event_id,
            Registration.is_active,
            Registration.namesake_key.in_(set(names)),
        )
        .order_by(Registration.id)
    )
    bearers: dict[str, list[Namesake]] = defaultdict(list)
    for name, public_id, email in found:
        bearers[name].append(Namesake(public_id, email))
    return {name: people for name, people in bearers.items() if len(people) > 1}


class Letter(NamedTuple):
    """A message that came with a registration."""

    public_id: str
    first_name: str
    last_name: str
    email: str
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
