"""From the outbox to the server: while one letter is on its way, the one before is noted and the next made ready.

No letter is handed over before the answer to the one before it is on the disk. However a worker ends, at most one
letter can have been taken by the server without our knowing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple, Protocol

from sqlalchemy.exc import IntegrityError

from config import Settings
from regapp.core import clock
from regapp.core.db import db, writing
from regapp.mailing import link_requests
from regapp.mailing.sending import claiming, pacing, stops
from regapp.mailing.sending.desk import Desk
from regapp.mailing.sending.stops import QueueTrouble
from regapp.mailing.sending.trip import Carrier, Trip

log = logging.getLogger(__name__)


class Route(Protocol):
    """A way out of the house: SMTP, or the demo's folder."""

    def opened(self) -> AbstractContextManager[Carrier]: ...


class Round(NamedTuple):
    """How many letters got an answer, and when to come again (None: when a letter is written)."""

    handled: int
    again_at: datetime | None


def route_for(settings: Settings) -> Route:
    # Imported late: web processes write letters and never send one.
    if settings.files_letters:
        from regapp.mailing.sending.filing import Folder

        return Folder(settings)
    from regapp.mailing.sending.transport import SmtpRoute

    return SmtpRoute(settings)


def deliver_due(
    route: Route,
    *,
    desk: Desk | None = None,
    per_minute: int = 0,
    is_stopping: Callable[[], bool] = lambda: False,
    ignore_stop: bool = False,
) -> Round:
    """Send what is due, until nothing is, the rate is reached, the server is in trouble or we are told to stop.

    Questions for a link are answered first, so that their letters go in the same round. `ignore_stop` tries a server
    that was in trouble before its time.
    """
    desk = desk or Desk()
    desk.tidy()
    while not is_stopping() and link_requests.answer_next():
        pass
    now = clock.now()
    if not ignore_stop and (until := stops.stopped_until(now)):
        return Round(0, until)
    wake = claiming.next_wake(now)
    db.session.rollback()
    if wake is None or wake > now:
        return Round(0, wake)
    handled = 0
    try:
        with route.opened() as carrier:
            handled = _carry_all(carrier, desk, per_minute, is_stopping)
    except QueueTrouble as trouble:
        _note_trouble(str(trouble))
    return Round(handled, _again_at(per_minute))


def _again_at(per_minute: int) -> datetime | None:
    now = clock.now()
    wake = claiming.next_wake(now)
    later = [stops.stopped_until(now), pacing.room_at(now, per_minute)]
    db.session.rollback()
    return max([wake, *(instant for instant in later if instant)]) if wake else None


def _carry_all(carrier: Carrier, desk: Desk, per_minute: int, is_stopping: Callable[[], bool]) -> int:
    def may_take() -> bool:
        return not is_stopping() and pacing.has_room(clock.now(), per_minute)

    desk.open()
    handled = 0
    try:
        with ThreadPoolExecutor(1) as road:
            letter = desk.next(may_take)
            while letter and not is_stopping():
                trip = Trip(road, carrier, letter)
                try:
                    following = desk.next(may_take, trip.let_go)
                    link_requests.answer_next()
                finally:
                    if answer := trip.end():
                        desk.answered(letter.id, answer)
                handled += 1
                letter = following or desk.next(may_take)
    finally:
        desk.tidy()
    return handled


def _note_trouble(reason: str) -> None:
    log.error("the mail queue stands still: %s", reason)
    try:
        with writing():
            stops.stop(reason, clock.now())
    except IntegrityError:
        log.info("another worker noted the same")
