"""How a day stands: places, growth, letters, messages."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from regapp.accounts import managing
from regapp.attendees import attempts, letters, statistics
from regapp.attendees.letters import Counts
from regapp.attendees.statistics import Messages, OneDay, Standing
from regapp.core.db import db
from regapp.events.models import Event, Phase
from regapp.mailing import outbox
from regapp.mailing.models import QueuePause, QueueStop
from regapp.mailing.sending import holding
from regapp.registrations import places
from regapp.registrations.choices import Profession
from regapp.registrations.places import DayPlaces


@dataclass(frozen=True)
class Overview:
    """One day at a glance."""

    event: Event
    phase: Phase
    places: DayPlaces
    standing: Standing
    growth: list[OneDay]
    professions: list[tuple[Profession, int]]
    letters: Counts
    messages: Messages
    attempts: attempts.Counts


def of(event: Event, now: datetime) -> Overview:
    return Overview(
        event=event,
        phase=event.phase(now),
        places=places.count(event),
        standing=statistics.standing(event.id),
        growth=statistics.per_day(event, now),
        professions=statistics.per_profession(event.id),
        letters=letters.count(event.id),
        messages=statistics.messages(event.id),
        attempts=attempts.count(event.id),
    )


@dataclass(frozen=True)
class DayRow:
    """A day in the list of all."""

    event: Event
    phase: Phase
    places: DayPlaces


def all_days(now: datetime) -> list[DayRow]:
    """Every day, the latest first."""
    events = db.session.scalars(select(Event).order_by(Event.starts_at.desc(), Event.id))
    return [DayRow(event, event.phase(now), places.count(event)) for event in events]


def find_nearest(days: list[DayRow]) -> Event | None:
    """The day to show on the first page: the next one that is not over, else the latest."""
    ahead = [row.event for row in days if row.phase in {Phase.NOT_OPEN, Phase.OPEN, Phase.CLOSED}]
    if ahead:
        return ahead[-1]
    return days[0].event if days else None


@dataclass(frozen=True)
class Queue:
    """It runs unless an organiser paused it or the mail server is in trouble; both at once can be."""

    pause: QueuePause | None
    stop: QueueStop | None
    paused_by: str

    @property
    def runs(self) -> bool:
        return self.pause is None and self.stop is None


def queue_now() -> Queue:
    pause = holding.find()
    return Queue(pause, outbox.queue_trouble(), managing.known_as(pause.paused_by) if pause else "")
