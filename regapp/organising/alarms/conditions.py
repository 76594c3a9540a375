"""What organisers who chose alarms are told of by letter. No names and no addresses: such letters are passed on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import select

from regapp.accounts import managing
from regapp.attendees import statistics
from regapp.campaigns.models import Reminder
from regapp.core.context import settings
from regapp.core.db import db
from regapp.core.i18n import use_language
from regapp.events import finding
from regapp.events.models import Attendance, Event, Publication
from regapp.mailing import outbox
from regapp.mailing.kinds import Kind
from regapp.mailing.sending import pausing, undelivered
from regapp.organising.alarms import letters as alarm_letters
from regapp.organising.alarms.noticing import Concern, Telling, follow, take
from regapp.registrations import places, submissions

GATHERED_FOR: Final = timedelta(minutes=5)
"""Failures that come within this time are told in one letter."""

STOPPED_FOR: Final = timedelta(minutes=5)
PAUSED_FOR: Final = timedelta(hours=1)
WAITED_FOR: Final = timedelta(hours=1)
HASTE_WITHIN: Final = timedelta(minutes=10)
LATE_STILL: Final = timedelta(minutes=5)
"""How long letters stay late before it is told: after a standstill most leave at once."""


def raise_alarms(now: datetime) -> None:
    """Write the alarms that are due; what the worker does every minute."""
    take("alarms")
    for telling in follow(_concerns(now), now):
        _write(telling, now)


def _write(telling: Telling, now: datetime) -> None:
    for organiser in managing.who_wants_alarms():
        with use_language(organiser.language):
            outbox.enqueue(
                telling.concern.compose(telling.number),
                key=f"{Kind.ALARM}:{telling.episode}:{organiser.id}",
                kind=Kind.ALARM,
                to=organiser.email,
                language=organiser.language,
                at=now,
            )


def _concerns(now: datetime) -> Iterator[Concern]:
    yield from _letters_that_failed()
    yield from _queue(now)
    yield from _full_days(now)
    yield from _missed_reminders()
    yield from _many_registrations(now)


def _letters_that_failed() -> Iterator[Concern]:
    for event_id, letters in undelivered.by_day().items():
        compose = partial(alarm_letters.failed, db.session.get_one(Event, event_id), letters)
        yield Concern(f"letters_failed:{event_id}", letters.number, compose, patience=GATHERED_FOR)


def _queue(now: datetime) -> Iterator[Concern]:
    """While the whole queue stands still, single letters that wait are no news."""
    nearest = finding.find_current(now)
    stop, pause = outbox.queue_trouble(), pausing.find()
    if stop:
        compose = partial(alarm_letters.stopped, nearest, stop.stopped_at)
        yield Concern("queue_stopped", 1, compose, since=stop.stopped_at, patience=STOPPED_FOR)
    if pause:
        compose = partial(alarm_letters.paused, nearest, pause.paused_at)
        yield Concern("queue_paused", 1, compose, since=pause.paused_at, patience=PAUSED_FOR)
    late = undelivered.written_before(now - WAITED_FOR)
    if late.since and not stop and not pause:
        compose = partial(alarm_letters.waiting, nearest, late.number, late.since)
        yield Concern("letters_late", late.number, compose, patience=LATE_STILL)


def _full_days(now: datetime) -> Iterator[Concern]:
    ahead = select(Event).where(Event.publication == Publication.PUBLISHED, Event.ends_at > now).order_by(Event.id)
    for event in db.session.scalars(ahead).all():
        taken = places.count(event)
        for attendance in Attendance:
            # None at all is how the day was made, not that it became full.
            if taken.of(attendance).is_full and taken.of(attendance).limit:
                in_line = statistics.standing(event.id).in_line if taken.has_line(event, now) else None
                compose = partial(alarm_letters.full, event, attendance, taken.of(attendance), in_line)
                yield Concern(f"full_{attendance.value}:{event.id}", 1, compose)


def _missed_reminders() -> Iterator[Concern]:
    missed: dict[int, list[Reminder]] = {}
    for reminder in db.session.scalars(select(Reminder).where(Reminder.missed_at.is_not(None)).order_by(Reminder.id)):
        missed.setdefault(reminder.event_id, []).append(reminder)
    for event_id, reminders in missed.items():
        reminders.sort(key=lambda reminder: (reminder.missed_at, reminder.id), reverse=True)
        compose = partial(alarm_letters.missed, reminders[0].event, reminders)
        yield Concern(f"reminders_missed:{event_id}", len(reminders), compose)


def _many_registrations(now: datetime) -> Iterator[Concern]:
    """Robots that take turns look like a hospital: only organisers can tell which it is."""
    most = settings().alarm_registrations
    for event_id, number in submissions.count_since(now - HASTE_WITHIN).items():
        if most and number > most:
            compose = partial(alarm_letters.hasty, db.session.get_one(Event, event_id), number, now)
            yield Concern(f"registrations_fast:{event_id}", 1, compose)
