"""What is new on one day, for the morning's letter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from regapp.attendees import statistics
from regapp.attendees.statistics import News
from regapp.events.models import Event
from regapp.mailing.sending import undelivered
from regapp.registrations import places
from regapp.registrations.places import DayPlaces


@dataclass(frozen=True)
class Digest:
    """One day as the letter tells of it."""

    event: Event
    news: News
    in_line: int
    unread: int
    undelivered: int
    places: DayPlaces

    @property
    def is_worth_telling(self) -> bool:
        return any((self.news.registered, self.news.cancelled, self.unread, self.undelivered))


def of(event: Event, since: datetime, until: datetime) -> Digest:
    """What happened after the one instant and up to the other, and how the day stands now."""
    return Digest(
        event=event,
        news=statistics.news(event.id, since, until),
        in_line=statistics.standing(event.id).in_line,
        unread=statistics.messages(event.id).unread,
        undelivered=undelivered.between(event.id, since, until),
        places=places.count(event),
    )
