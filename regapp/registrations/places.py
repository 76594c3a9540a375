"""How many places there are, and how many are taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select

from regapp.core.db import db
from regapp.events.models import Event
from regapp.registrations.choices import Attendance
from regapp.registrations.models import Registration, Status


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


_has_place = Registration.status == Status.CONFIRMED

# Built once: it is asked while the day's row is locked.
_TAKEN = select(
    func.count().filter(
        (_has_place & (Registration.attendance == Attendance.ON_SITE)) | Registration.answer_by.is_not(None)
    ),
    func.count().filter(_has_place & (Registration.attendance == Attendance.ONLINE)),
).where(Registration.event_id == bindparam("event_id"), Registration.status != Status.CANCELLED)


def count(event: Event) -> DayPlaces:
    """The places as they are now; an offered seat is taken. Decide on this only while the day's row is locked."""
    on_site, online = db.session.execute(_TAKEN, {"event_id": event.id}).one()
    return DayPlaces(Places(event.seats_on_site, on_site), Places(event.seats_online, online))
