"""What organisers set for a day's reminders, and whom each of them reaches."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, time
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Select, func, select

from regapp.campaigns.models import Audience, Reminder, day_of
from regapp.core import audit
from regapp.core.db import db, lock
from regapp.core.errors import NotFound, RuleBroken
from regapp.core.i18n import SWEDISH_TIME, Text, format_instant
from regapp.events import drafts
from regapp.events.models import Attendance, Event, Publication
from regapp.registrations.models import Registration

MAX_DAYS: Final = 60
MAX_MESSAGE: Final = 2000

DAYS_RANGE = Text(
    "Skriv antalet dagar före dagen, 0 till {most}.", "Write the number of days before the day, 0 to {most}."
).format(most=MAX_DAYS)
AFTER_THE_START = Text(
    "Påminnelsen måste gå innan dagen börjar, {start}. Välj en tidigare tid.",
    "The reminder must go before the day starts, {start}. Choose an earlier time.",
)
HAS_PASSED = Text(
    "{when} har redan varit. Välj en tid som kommer.", "{when} has already been. Choose a time that is ahead."
)
SAME_AGAIN = Text(
    "Det finns redan en påminnelse till samma deltagare vid samma tid. Ändra den i stället.",
    "There is already a reminder to the same participants at the same time. Change that one instead.",
)
HAS_GONE = Text(
    "Påminnelsens tid har varit, så den kan inte ändras eller tas bort.",
    "The reminder’s time has been, so it can’t be changed or removed.",
)
DAY_IS_CANCELLED = Text("Dagen är inställd. Inga påminnelser går ut.", "The day is cancelled. No reminders go out.")
CHANGED_BY_ANOTHER = Text(
    "Någon annan har ändrat påminnelsen medan du skrev. Ingenting av ditt är sparat än.",
    "Someone else changed the reminder while you were writing. Nothing of yours is saved yet.",
)


@dataclass(frozen=True)
class ReminderDraft:
    """A reminder as an organiser wants it; `clock` is on a wall at the venue, the messages are plain words."""

    days_before: int
    clock: time
    audience: Audience
    message_sv: str = ""
    message_en: str = ""

    @classmethod
    def of(cls, reminder: Reminder) -> ReminderDraft:
        return cls(**{name: getattr(reminder, name) for name in cls.__annotations__})

    @property
    def fingerprint(self) -> str:
        """The same for the same content: by it a second organiser's older copy is noticed."""
        return sha256(repr(sorted(asdict(self).items())).encode()).hexdigest()[:16]


USUAL: Final = (
    ReminderDraft(7, time(9, 0), Audience.ON_SITE),
    ReminderDraft(1, time(9, 0), Audience.ONLINE),
)
"""What most days want."""


class ChangedByAnother(RuleBroken):
    """Someone changed the reminder after this copy of it was opened; `saved` is what it is now."""

    def __init__(self, saved: ReminderDraft) -> None:
        super().__init__(CHANGED_BY_ANOTHER)
        self.saved = saved


def of_day(event_id: int) -> list[Reminder]:
    """The day's reminders, the first one due first."""
    found = db.session.scalars(select(Reminder).filter_by(event_id=event_id)).all()
    return sorted(found, key=lambda reminder: (reminder.due_at, reminder.id))


def has_missed(event_id: int) -> bool:
    """Whether a reminder of the day didn't go out."""
    missed = select(Reminder.id).where(Reminder.event_id == event_id, Reminder.missed_at.is_not(None))
    return db.session.scalar(missed.limit(1)) is not None


def get(event_id: int, reminder_id: int) -> Reminder:
    """Raises NotFound, also for another day's."""
    reminder = db.session.scalar(select(Reminder).filter_by(event_id=event_id, id=reminder_id))
    if reminder is None:
        raise NotFound
    return reminder


def add(event_id: int, draft: ReminderDraft, at: datetime, *, actor: str) -> Reminder:
    """Set a reminder; raises RuleBroken with the field it is about."""
    event = lock(Event, event_id)
    _check(event, draft, at)
    reminder = Reminder(event=event, created_at=at, **vars(draft))
    db.session.add(reminder)
    db.session.flush()
    _record("reminder.added", reminder, at, actor)
    return reminder


def change(event_id: int, reminder_id: int, seen: str, draft: ReminderDraft, at: datetime, *, actor: str) -> Reminder:
    """Change a reminder that is still ahead; `seen` is the fingerprint of what the organiser changed.

    Raises ChangedByAnother, RuleBroken, NotFound.
    """
    event = lock(Event, event_id)
    reminder = _get_ahead(event_id, reminder_id, at)
    saved = ReminderDraft.of(reminder)
    if draft == saved:
        return reminder
    if seen != saved.fingerprint:
        raise ChangedByAnother(saved)
    _check(event, draft, at, other_than=reminder.id)
    for name, value in vars(draft).items():
        setattr(reminder, name, value)
    _record("reminder.changed", reminder, at, actor)
    return reminder


def remove(event_id: int, reminder_id: int, at: datetime, *, actor: str) -> None:
    """Take away a reminder that is still ahead; raises RuleBroken, NotFound."""
    lock(Event, event_id)
    reminder = _get_ahead(event_id, reminder_id, at)
    _record("reminder.removed", reminder, at, actor)
    db.session.delete(reminder)


def recipients(event_id: int, audience: Audience) -> Select[Registration]:
    """Who is reached as things stand: everybody of the audience who has a place."""
    found = select(Registration).where(Registration.event_id == event_id, Registration.has_place)
    if audience is Audience.EVERYBODY:
        return found
    form = Attendance.ON_SITE if audience is Audience.ON_SITE else Attendance.ONLINE
    return found.where(Registration.attendance == form)


def count(reminder: Reminder) -> int:
    """How many would get it now."""
    people = recipients(reminder.event_id, reminder.audience).with_only_columns(func.count())
    return db.session.scalar(people) or 0


def _get_ahead(event_id: int, reminder_id: int, at: datetime) -> Reminder:
    reminder = get(event_id, reminder_id)
    if not reminder.is_ahead or reminder.due_at <= at:
        raise RuleBroken(HAS_GONE)
    return reminder


def _check(event: Event, draft: ReminderDraft, at: datetime, *, other_than: int | None = None) -> None:
    if event.publication is Publication.CANCELLED:
        raise RuleBroken(DAY_IS_CANCELLED)
    if not 0 <= draft.days_before <= MAX_DAYS:
        raise RuleBroken(DAYS_RANGE, "days_before")
    due_at = _due_at(event, draft)
    if due_at >= event.starts_at:
        raise RuleBroken(AFTER_THE_START.format(start=format_instant(event.starts_at)), "clock")
    if due_at <= at:
        raise RuleBroken(HAS_PASSED.format(when=format_instant(due_at)), "days_before")
    same = select(Reminder.id).filter_by(event_id=event.id, **_when_and_whom(draft))
    if db.session.scalar(same.where(Reminder.id != (other_than or 0)).limit(1)) is not None:
        raise RuleBroken(SAME_AGAIN)


def _due_at(event: Event, draft: ReminderDraft) -> datetime:
    try:
        return drafts.instant(day_of(event, draft.days_before), draft.clock, SWEDISH_TIME)
    except RuleBroken as error:
        raise RuleBroken(error.message, "clock") from None


def _when_and_whom(draft: ReminderDraft) -> dict[str, Any]:
    return {"days_before": draft.days_before, "clock": draft.clock, "audience": draft.audience}


def _record(action: str, reminder: Reminder, at: datetime, actor: str) -> None:
    audit.record(
        action,
        actor=actor,
        at=at,
        event_id=reminder.event_id,
        reminder=reminder.id,
        days_before=reminder.days_before,
        clock=f"{reminder.clock:%H:%M}",
        audience=reminder.audience.value,
    )
