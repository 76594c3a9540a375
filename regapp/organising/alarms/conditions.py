"""What organisers who chose alarms are told of by letter. No names and no addresses: such letters are passed on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import CheckConstraint, String, select
from sqlalchemy.orm import Mapped, mapped_column

from regapp.accounts import managing
from regapp.attendees import statistics
from regapp.campaigns.models import Reminder
from regapp.core.context import settings
from regapp.core.db import Model, db, lock
from regapp.core.i18n import use_language
from regapp.events import finding
from regapp.events.models import Attendance, Event, Publication
from regapp.mailing import outbox
from regapp.mailing.kinds import Kind
from regapp.mailing.letters import Letter
from regapp.mailing.outbox import inserting
from regapp.mailing.sending import again, holding
from regapp.organising.alarms import letters as alarm_letters
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
    for event_id, letters in again.by_day().items():
        compose = partial(alarm_letters.failed, db.session.get_one(Event, event_id), letters)
        yield Concern(f"letters_failed:{event_id}", letters.number, compose, patience=GATHERED_FOR)


def _queue(now: datetime) -> Iterator[Concern]:
    """While the whole queue stands still, single letters that wait are no news."""
    nearest = finding.find_current(now)
    stop, pause = outbox.queue_trouble(), holding.find()
    if stop:
        compose = partial(alarm_letters.stopped, nearest, stop.stopped_at)
        yield Concern("queue_stopped", 1, compose, since=stop.stopped_at, patience=STOPPED_FOR)
    if pause:
        compose = partial(alarm_letters.paused, nearest, pause.paused_at)
        yield Concern("queue_paused", 1, compose, since=pause.paused_at, patience=PAUSED_FOR)
    late = again.written_before(now - WAITED_FOR)
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


QUIET_FOR: Final = timedelta(hours=1)
"""How long after one letter the next one about the same thing comes, at the earliest."""


@dataclass(frozen=True)
class Concern:
    """Something that organisers should know while it is so.

    `level` is how many there are (1 for what either is or isn't), `since` when it began, where that is known. It is
    told when it has lasted for `patience`. `compose` makes the letter, given how many are new, in the language that is
    spoken.
    """

    key: str
    level: int
    compose: Callable[[int], Letter]
    since: datetime | None = None
    patience: timedelta = timedelta()


@dataclass(frozen=True)
class Telling:
    """A concern that is to be told now; `number` is how many are new, `episode` differs from that of earlier ones."""

    concern: Concern
    number: int
    episode: str


def take(key: str) -> Notice:
    """The row, ours to the end of the transaction: of two workers the second sees what the first one did."""
    db.session.execute(inserting(Notice).on_conflict_do_nothing(), {"key": key, "told": 0})
    return lock(Notice, key)


def follow(concerns: Iterable[Concern], now: datetime) -> Iterator[Telling]:
    """Bring what organisers know up to date, and give what is to be told now.

    What is no concern any more is forgotten, and told anew when it comes back. The caller holds a row that it took.
    """
    notices = {notice.key: notice for notice in db.session.scalars(select(Notice))}
    for concern in concerns:
        notice = notices.pop(concern.key, None) or _new(concern.key)
        if telling := _follow(notice, concern, now):
            yield telling
    for notice in notices.values():
        notice.told, notice.risen_at = 0, None


def _new(key: str) -> Notice:
    notice = Notice(key=key, told=0)
    db.session.add(notice)
    return notice


def _follow(notice: Notice, concern: Concern, now: datetime) -> Telling | None:
    is_another = concern.since is not None and notice.told_at is not None and concern.since > notice.told_at
    notice.told = 0 if is_another else min(notice.told, concern.level)
    if concern.level == notice.told:
        notice.risen_at = None
        return None
    # The clock may have been put back since.
    notice.risen_at = min(now, notice.risen_at or concern.since or now)
    if now - notice.risen_at < concern.patience or _was_told_just_now(notice, now):
        return None
    telling = Telling(concern, concern.level - notice.told, f"{concern.key}:{notice.risen_at.isoformat()}")
    notice.told, notice.risen_at, notice.told_at = concern.level, None, now
    return telling


def _was_told_just_now(notice: Notice, now: datetime) -> bool:
    return notice.told_at is not None and notice.told_at <= now < notice.told_at + QUIET_FOR


class Notice(Model):
    """What organisers know of one thing ("queue_stopped", "full_on_site:3"), so that they are told once of it.

    `told` is the number that they know: of letters that failed, or 1 of what either is or isn't. `risen_at`: since
    when the number is higher than that; `told_at`: when they were last told.
    """

    __tablename__ = "notice"
    __table_args__ = (CheckConstraint("told >= 0", name="told"),)

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    told: Mapped[int] = mapped_column(default=0)
    risen_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
