"""Every letter that goes out by itself: when, to whom, and what went already."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import func, select

from regapp.campaigns import reminding
from regapp.campaigns.models import Reminder
from regapp.core.db import db
from regapp.core.i18n import Text
from regapp.events.models import Event, Publication
from regapp.mailing.kinds import Kind
from regapp.mailing.models import MailState, OutgoingMail
from regapp.organising.mail.automatic_letters import OCCASIONS, Occasion
from regapp.registrations.finding import without_offer


class PlanState(enum.StrEnum):
    """Where a letter of the plan stands; `never` goes out no more, or not as long as the day isn't published."""

    AHEAD = "ahead"
    ONGOING = "ongoing"
    PAST = "past"
    MISSED = "missed"
    NEVER = "never"


@dataclass(frozen=True)
class Gone:
    """How many letters were written, and what became of them."""

    waiting: int = 0
    sent: int = 0
    failed: int = 0
    withdrawn: int = 0

    @classmethod
    def of(cls, found: Counter[MailState]) -> Gone:
        return cls(
            waiting=found[MailState.QUEUED] + found[MailState.SENDING],
            sent=found[MailState.SENT] + found[MailState.FILED],
            failed=found[MailState.FAILED],
            withdrawn=found[MailState.WITHDRAWN],
        )

    @property
    def written(self) -> int:
        return self.waiting + self.sent + self.failed + self.withdrawn


@dataclass(frozen=True)
class Planned:
    """A letter of the plan: at one instant, or from `begins_at` until `ends_at` to whoever gives reason to.

    `sample` names its preview; `expected` is how many get it as things stand, where that can be said, and `gone` what
    went, where it can be told apart.
    """

    name: Text
    to: Text
    sample: str
    begins_at: datetime
    ends_at: datetime | None
    state: PlanState
    expected: int | None = None
    gone: Gone | None = None
    reminder: Reminder | None = None


ROOM: Final = 0.07
"""Half the width of a date on the time line."""


@dataclass(frozen=True)
class Plan:
    """The letters in the order of time, between the ends of the time line."""

    letters: list[Planned]
    begins_at: datetime
    ends_at: datetime
    others: Gone

    def share(self, at: datetime) -> float:
        """Where on the time line an instant lies, 0 to 1; what lies outside lies at its end."""
        return min(max((at - self.begins_at) / (self.ends_at - self.begins_at), 0.0), 1.0)

    def months(self) -> Iterator[tuple[date, float]]:
        """The first of months on the time line: about six at most, with room for their words on both sides."""
        first, last = self.begins_at.date(), self.ends_at.date()
        every = (last - first).days // 180 + 1
        for number in range(first.year * 12 + first.month, last.year * 12 + last.month, every):
            day = date(number // 12, number % 12 + 1, 1)
            at = self.share(datetime(day.year, day.month, 1, tzinfo=self.begins_at.tzinfo))
            if ROOM < at < 1 - ROOM:
                yield day, at


def of(event: Event, now: datetime) -> Plan:
    counted = _count(event.id)
    told = set().union(*(occasion.kinds for occasion in OCCASIONS))
    letters = [_planned(event, occasion, now, counted) for occasion in OCCASIONS if occasion.happens(event)]
    letters += [_reminder(reminder, now, counted) for reminder in reminding.of_day(event.id)]
    letters.sort(key=lambda letter: letter.begins_at)
    others = sum((found for (kind, _), found in counted.items() if kind not in {*told, Kind.REMINDER}), Counter())
    begins_at = min(letter.begins_at for letter in letters)
    return Plan(letters, begins_at, event.ends_at, Gone.of(others))


def reminders(event: Event, now: datetime) -> list[Planned]:
    """The day's reminders, the first one due first."""
    counted = _count(event.id)
    return [_reminder(reminder, now, counted) for reminder in reminding.of_day(event.id)]


Counted = dict[tuple[str, int | None], Counter[MailState]]
"""How many letters are in which state, by their kind and their reminder."""


def _count(event_id: int) -> Counted:
    by = (OutgoingMail.kind, OutgoingMail.reminder_id, OutgoingMail.state)
    counted: Counted = {}
    for kind, reminder_id, state, number in db.session.execute(
        select(*by, func.count()).where(OutgoingMail.event_id == event_id).group_by(*by)
    ):
        counted.setdefault((kind, reminder_id), Counter())[state] += number
    return counted


def _planned(event: Event, occasion: Occasion, now: datetime, counted: Counted) -> Planned:
    begins_at, ends_at = occasion.span(event)
    state = _state(event, begins_at, ends_at or begins_at, now)
    gone = sum((counted.get((kind, None), Counter()) for kind in occasion.kinds), Counter())
    return Planned(
        name=occasion.name,
        to=occasion.to,
        sample=occasion.sample,
        begins_at=begins_at,
        ends_at=ends_at,
        state=state,
        expected=_waiting(event.id) if ends_at is None and state is PlanState.AHEAD else None,
        gone=Gone.of(gone) if occasion.kinds else None,
    )


def _state(event: Event, begins_at: datetime, ends_at: datetime, now: datetime) -> PlanState:
    if event.publication is not Publication.PUBLISHED:
        return PlanState.NEVER
    if now < begins_at:
        return PlanState.AHEAD
    return PlanState.ONGOING if now < ends_at else PlanState.PAST


def _waiting(event_id: int) -> int:
    return db.session.scalar(select(func.count()).select_from(without_offer(event_id).subquery())) or 0


def _reminder(reminder: Reminder, now: datetime, counted: Counted) -> Planned:
    gone = Gone.of(counted.get((Kind.REMINDER, reminder.id), Counter()))
    state = _reminder_state(reminder, now, gone)
    is_ahead = state in {PlanState.AHEAD, PlanState.NEVER} and reminder.is_ahead
    return Planned(
        name=Text("Påminnelse, {when}", "Reminder, {when}", {"when": days_before(reminder.days_before)}),
        to=reminder.audience.label,
        sample=f"reminder-{reminder.id}",
        begins_at=reminder.due_at,
        ends_at=None,
        state=state,
        expected=reminding.count(reminder) if is_ahead else None,
        gone=None if is_ahead else gone,
        reminder=reminder,
    )


def _reminder_state(reminder: Reminder, now: datetime, gone: Gone) -> PlanState:
    if reminder.missed_at:
        return PlanState.MISSED
    if reminder.written_at:
        return PlanState.ONGOING if gone.waiting else PlanState.PAST
    event = reminder.event
    if event.publication is not Publication.PUBLISHED or reminder.due_at >= event.starts_at:
        return PlanState.NEVER
    return PlanState.AHEAD if now < reminder.due_at else PlanState.ONGOING


def days_before(number: int) -> Text:
    if number == 0:
        return Text("samma dag", "the same day")
    if number == 1:
        return Text("dagen före", "the day before")
    return Text("{n} dagar före", "{n} days before", {"n": number})
