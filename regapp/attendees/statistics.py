"""Counts over a day's registrations."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select

from regapp.core.db import db
from regapp.core.i18n import local
from regapp.events.models import Event
from regapp.registrations.choices import Profession
from regapp.registrations.models import Registration, Status


@dataclass(frozen=True)
class OneDay:
    """How many registered on a day by the clock at the venue."""

    day: date
    count: int


def per_day(event: Event, now: datetime) -> list[OneDay]:
    """The registrations of each day without gaps, from the first one to today or the last day to register.

    Those who cancelled later are counted as well: they did register that day.
    """
    counted: Counter[date] = Counter()
    for hour, number in _per_hour(event.id):
        counted[local(hour).date()] += number
    if not counted:
        return []
    last = max(max(counted), min(local(now).date(), event.last_day))
    return [OneDay(day, counted[day]) for day in _days(min(counted), last)]


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _per_hour(event_id: int) -> list[tuple[datetime, int]]:
    """Counted by the database in hours of UTC: where the day begins in Stockholm, an hour begins as well."""
    hour = _hour_of(Registration.received_at)
    found = db.session.execute(select(hour, func.count()).where(Registration.event_id == event_id).group_by(hour))
    return [(datetime.strptime(text, "%Y-%m-%d %H").replace(tzinfo=UTC), number) for text, number in found]


def _hour_of(column: Any) -> ColumnElement[str]:
    if db.session.get_bind().dialect.name == "sqlite":
        return func.strftime("%Y-%m-%d %H", column)
    return func.to_char(func.timezone("UTC", column), "YYYY-MM-DD HH24")


@dataclass(frozen=True)
class Messages:
    total: int
    unread: int


def messages(event_id: int) -> Messages:
    """How many wrote something to the organisers, and how many of these nobody has read."""
    total, read = db.session.execute(
        select(func.count(), func.count(Registration.message_read_at)).where(
            Registration.event_id == event_id, Registration.message != ""
        )
    ).one()
    return Messages(total, total - read)


@dataclass(frozen=True)
class News:
    """How many registered and cancelled in a span of time; who did both counts as both."""

    registered: int
    cancelled: int


def news(event_id: int, after: datetime, until: datetime) -> News:
    """What happened after the one instant and up to the other."""
    received, cancelled = Registration.received_at, Registration.cancelled_at
    row = db.session.execute(
        select(
            func.count().filter((received > after) & (received <= until)),
            func.count().filter((cancelled > after) & (cancelled <= until)),
        ).where(Registration.event_id == event_id)
    ).one()
    return News(*row)


@dataclass(frozen=True)
class Standing:
    """How many people have what: a seat, an online place, a place in line with or without an online place.

    `joined` have gone to the online meeting, whatever they changed to afterwards.
    """

    on_site: int
    online: int
    waiting: int
    online_in_line: int
    offered: int
    cancelled: int
    joined: int

    @property
    def registered(self) -> int:
        return self.on_site + self.online

    @property
    def in_line(self) -> int:
        """Everybody in line; those with an offer too."""
        return self.waiting + self.online_in_line

    @property
    def active(self) -> int:
        """Everybody who is told when the day is cancelled."""
        return self.registered + self.waiting


def standing(event_id: int) -> Standing:
    row = db.session.execute(
        select(
            func.count().filter(Registration.has_seat),
            func.count().filter(Registration.is_online),
            func.count().filter(Registration.status == Status.WAITING),
            func.count().filter(Registration.is_online & Registration.is_in_line),
            func.count().filter(Registration.is_offered),
            func.count().filter(~Registration.is_active),
            func.count(Registration.joined_at),
        ).where(Registration.event_id == event_id)
    ).one()
    return Standing(*row)


def per_profession(event_id: int) -> list[tuple[Profession, int]]:
    """The registered by profession, the most common first."""
    found = db.session.execute(
        select(Registration.profession, func.count().label("number"))
        .where(Registration.event_id == event_id, Registration.has_place)
        .group_by(Registration.profession)
        .order_by(func.count().desc(), Registration.profession)
    )
    return [(profession, number) for profession, number in found]


def has_registrations(event_id: int) -> bool:
    """Whether anybody has ever registered, cancelled or not."""
    return db.session.scalar(select(Registration.id).where(Registration.event_id == event_id).limit(1)) is not None
