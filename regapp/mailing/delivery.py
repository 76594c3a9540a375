"""From the outbox to the server: one letter after the other, each answer noted before the next begins."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple, Protocol

from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from config import Settings
from regapp.core import clock
from regapp.core.db import db, writing
from regapp.mailing import claiming, orders, outbox, stops
from regapp.mailing.claiming import Answer
from regapp.mailing.message import Parcel, pack
from regapp.mailing.models import OutgoingMail, TryOutcome
from regapp.mailing.stops import QueueTrouble

log = logging.getLogger(__name__)


class Carrier(Protocol):
    """Takes one letter at a time; raises QueueTrouble when it can take none."""

    def carry(self, parcel: Parcel) -> Answer: ...


class Route(Protocol):
    """A way out of the house: SMTP, or the demo's folder."""

    def opened(self) -> AbstractContextManager[Carrier]: ...


class Result(NamedTuple):
    mail_id: str
    answer: Answer


class Round(NamedTuple):
    """How many letters got an answer, and when to come again (None: when a letter is written)."""

    handled: int
    again_at: datetime | None


def route_for(settings: Settings) -> Route:
    # Imported late: web processes write letters and never send one.
    if settings.files_letters:
        from regapp.mailing.filing import Folder

        return Folder(settings)
    from regapp.mailing.transport import SmtpRoute

    return SmtpRoute(settings)


def deliver_due(
    route: Route, *, per_minute: int = 0, is_stopping: Callable[[], bool] = lambda: False, ignore_stop: bool = False
) -> Round:
    """Send what is due, until nothing is, the rate is reached, the server is in trouble or we are told to stop.

    `ignore_stop` tries a server that was in trouble before its time.
    """
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
            handled = _carry_all(carrier, per_minute, is_stopping)
    except QueueTrouble as trouble:
        _note_trouble(str(trouble))
    return Round(handled, _again_at(per_minute))


def _again_at(per_minute: int) -> datetime | None:
    now = clock.now()
    wake = claiming.next_wake(now)
    later = [stops.stopped_until(now), claiming.room_at(now, per_minute)]
    db.session.rollback()
    return max([wake, *(instant for instant in later if instant)]) if wake else None


def _carry_all(carrier: Carrier, per_minute: int, is_stopping: Callable[[], bool]) -> int:
    with writing():
        if stops.resume():
            log.warning("the mail queue runs again")
        claiming.take_back_expired(clock.now())
    handled, result = 0, None
    while parcel := _next(result, per_minute, is_stopping):
        try:
            result = Result(parcel.id, carrier.carry(parcel))
        except BaseException:
            with writing():
                claiming.release(parcel.id)
            raise
        handled += 1
    return handled


def _next(result: Result | None, per_minute: int, is_stopping: Callable[[], bool]) -> Parcel | None:
    """Note the last letter's answer and take the next one, in one transaction: one commit a letter."""
    with writing():
        if result:
            _settle(result)
        while not is_stopping() and not claiming.room_at(clock.now(), per_minute):
            if (mail := claiming.claim(clock.now())) is None:
                return None
            if parcel := _packed(mail):
                return parcel
    return None


def _settle(result: Result) -> None:
    state = claiming.settle(result.mail_id, result.answer, clock.now())
    # The server's words may name the address: they stand in the database, not in the log.
    log.info("letter %s: %s, now %s", result.mail_id, result.answer.outcome.value, state.value)


def _packed(mail: OutgoingMail) -> Parcel | None:
    """The letter ready to go, or None when it is overtaken or can't be made ready: that spoils no other."""
    try:
        if mail.is_order and not orders.render(mail):
            claiming.drop(mail)
            return None
        return pack(mail, outbox.links_of(mail))
    except SQLAlchemyError:
        raise
    except Exception as error:
        log.exception("letter %s can't be made ready", mail.id)
        words = f"the letter can't be made ready: {type(error).__name__}"
        _settle(Result(mail.id, Answer(TryOutcome.RETRY, words)))
        return None


def _note_trouble(reason: str) -> None:
    log.error("the mail queue stands still: %s", reason)
    try:
        with writing():
            stops.stop(reason, clock.now())
    except IntegrityError:
        log.info("another worker noted the same")
