"""When organisers are told of what they should know: once an episode, and of one thing at most once an hour."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from regapp.core.db import db, lock
from regapp.mailing.letters import Letter
from regapp.mailing.outbox import inserting
from regapp.organising.alarms.models import Notice

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
