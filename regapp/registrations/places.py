"""Places: how many there are and are taken, and the line for a seat on site with its order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, bindparam, func, or_, select

from regapp.core.db import db
from regapp.core.errors import RuleBroken
from regapp.core.i18n import Text
from regapp.events.models import Event
from regapp.registrations import finding
from regapp.registrations.choices import Attendance
from regapp.registrations.models import Registration


@dataclass(frozen=True)
class Places:
    """The places of one form of attendance; `limit` is None when unlimited."""

    limit: int | None
    taken: int

    @property
    def left(self) -> int | None:
        return None if self.limit is None else max(self.limit - self.taken, 0)

    @property
    def is_full(self) -> bool:
        return self.left == 0


@dataclass(frozen=True)
class DayPlaces:
    on_site: Places
    online: Places

    def of(self, attendance: Attendance) -> Places:
        return self.on_site if attendance is Attendance.ON_SITE else self.online

    def has_line(self, event: Event, now: datetime) -> bool:
        """Whether one can stand in line: all seats are taken, and there are seats at all."""
        return self.on_site.is_full and self.on_site.limit != 0 and event.fills_seats(now)


# Built once: it is asked while the day's row is locked.
_TAKEN = select(
    func.count().filter(Registration.has_seat | Registration.is_offered),
    func.count().filter(Registration.is_online),
).where(Registration.event_id == bindparam("event_id"), Registration.is_active)


def count(event: Event) -> DayPlaces:
    """The places as they are now; an offered seat is taken. Decide on this only while the day's row is locked."""
    on_site, online = db.session.execute(_TAKEN, {"event_id": event.id}).one()
    return DayPlaces(Places(event.seats_on_site, on_site), Places(event.seats_online, online))


NOT_IN_LINE = Text("Personen står inte i kön längre.", "The person is no longer in line.")
IS_OFFERED = Text(
    "Personen är redan erbjuden en plats och väntar inte på sin tur.",
    "The person is already offered a place and waits for no turn.",
)
REASON_NEEDED = Text("Skriv varför, utan namn.", "Write why, without names.")


def in_line(event_id: int) -> Select[Registration]:
    """Everybody who stands in the day's line, the first one first; those with an offer too."""
    found = select(Registration).where(Registration.event_id == event_id, Registration.is_in_line)
    return found.order_by(Registration.in_line_since, Registration.id)


def without_offer(event_id: int) -> Select[Registration]:
    """Those in line who have no offer to answer, the first one first."""
    return in_line(event_id).where(~Registration.is_offered)


def positions(event_id: int) -> dict[str, int]:
    """Everybody's place in line by public id; those with an offer have none."""
    ids = without_offer(event_id).with_only_columns(Registration.public_id)
    return {public_id: number for number, public_id in enumerate(db.session.scalars(ids), start=1)}


def position(registration: Registration) -> int | None:
    """The person's place in line, counted from 1 among those without an offer; None for who isn't waiting."""
    if not registration.is_in_line or registration.is_offered:
        return None
    before = select(func.count()).where(
        Registration.event_id == registration.event_id,
        Registration.is_in_line,
        ~Registration.is_offered,
        or_(
            Registration.in_line_since < registration.in_line_since,
            (Registration.in_line_since == registration.in_line_since) & (Registration.id < registration.id),
        ),
    )
    return (db.session.scalar(before) or 0) + 1


def move_to_front(registration_id: int, reason: str, at: datetime, *, actor: str) -> Registration:
    """An organiser lets somebody go first, with a reason; raises RuleBroken, NotFound."""
    registration = finding.get_locked(registration_id)
    if not registration.is_in_line:
        raise RuleBroken(NOT_IN_LINE)
    if registration.is_offered:
        raise RuleBroken(IS_OFFERED)
    if not reason:
        raise RuleBroken(REASON_NEEDED, field="reason")
    first = db.session.scalar(without_offer(registration.event_id).limit(1))
    if first is not None and first is not registration and first.in_line_since is not None:
        registration.in_line_since = first.in_line_since - timedelta(milliseconds=1)
    finding.record("registration.moved_up", registration, at, actor, reason)
    return registration
