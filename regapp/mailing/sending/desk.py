"""A worker's place at the outbox: what it has taken out, and the answers that the outbox doesn't know yet."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy.exc import InterfaceError, OperationalError

from regapp.core import clock
from regapp.core.context import settings
from regapp.core.db import db, writing
from regapp.core.errors import where
from regapp.mailing import message, orders, outbox
from regapp.mailing.message import Parcel, Sealed, UnwritableLetter
from regapp.mailing.models import OutgoingMail, TryOutcome
from regapp.mailing.sending import claiming, stops
from regapp.mailing.sending.claiming import Answer, Claimed

log = logging.getLogger(__name__)


class _Result(NamedTuple):
    mail_id: str
    answer: Answer


class Desk:
    """Takes letters out and notes their answers, one transaction a letter.

    It outlives a round: what the database wouldn't take down (its disk was full) is noted when it can be, so that a
    letter that was sent isn't sent again. `worker` is the number that its letters are claimed by.
    """

    def __init__(self, worker: str | None = None) -> None:
        self._worker = worker
        self._out: set[str] = set()
        self._answers: list[_Result] = []

    def open(self) -> None:
        """The server is well: begin a round, with what vanished workers left behind put right."""
        with writing():
            if stops.resume():
                log.warning("the mail queue runs again")
            claiming.take_back_expired(clock.now())

    def tidy(self) -> None:
        """Note what was answered, and give back untried what wasn't."""
        if not self._out:
            return
        with writing():
            self._note()
            for mail_id in self._out - {result.mail_id for result in self._answers}:
                claiming.release(mail_id)
        self._forget_answered()
        self._out.clear()

    def answered(self, mail_id: str, answer: Answer) -> None:
        """To be noted with the next letter that is taken."""
        self._answers.append(_Result(mail_id, answer))

    def next(self, may_take: Callable[[], bool], when_noted: Callable[[], None] = lambda: None) -> Sealed | None:
        """Note the answers and take the next letter in one transaction, then make it ready; None: there is none."""
        while True:
            with writing():
                self._note()
                parcel = self._take(may_take)
            self._forget_answered()
            when_noted()
            if parcel is None:
                return None
            self._out.add(parcel.id)
            try:
                return message.seal(parcel, settings())
            except Exception as error:
                self.answered(parcel.id, _why_not_ready(parcel.id, error))

    def _take(self, may_take: Callable[[], bool]) -> Parcel | None:
        while may_take():
            claimed = claiming.claim(clock.now(), self._worker)
            if claimed is None:
                return None
            if parcel := _packed(claimed):
                return parcel
        return None

    def _note(self) -> None:
        for result in self._answers:
            _settle(result.mail_id, result.answer)

    def _forget_answered(self) -> None:
        """Only after the commit."""
        self._out.difference_update(result.mail_id for result in self._answers)
        self._answers.clear()


def _packed(claimed: Claimed) -> Parcel | None:
    """The letter with its links, or None when it is overtaken or can't be made ready: that spoils no other."""
    try:
        if claimed.text is not None and not claimed.goes_stale:
            return _stored(claimed)
        # What the database refuses of a rendering is undone alone, not with the answers that are noted beside it.
        with db.session.begin_nested():
            letter = _rendered(claimed.id)
            return message.pack(letter, outbox.links_of(letter)) if letter else None
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        _settle(claimed.id, _why_not_ready(claimed.id, error))
        return None


def _stored(letter: Claimed) -> Parcel | None:
    if letter.attempts and claiming.is_overtaken(letter):
        claiming.drop(letter.id)
        return None
    return message.pack(letter, outbox.links_of(letter))


def _rendered(mail_id: str) -> Claimed | None:
    """An order as the letter that it becomes, at a later try anew; None when it is overtaken."""
    mail = db.session.get_one(OutgoingMail, mail_id)
    if orders.render(mail):
        db.session.flush()
        return Claimed.of(mail)
    claiming.drop(mail_id)
    return None


def _why_not_ready(mail_id: str, error: Exception) -> Answer:
    """The letter's own trouble: never well when its address or a header is bad, perhaps later when it is ours."""
    if isinstance(error, UnwritableLetter):
        return Answer(TryOutcome.FAILED, str(error))
    log.error("letter %s can't be made ready: %s", mail_id, where(error))
    return Answer(TryOutcome.RETRY, f"the letter can't be made ready: {type(error).__name__}")


def _settle(mail_id: str, answer: Answer) -> None:
    state = claiming.settle(mail_id, answer, clock.now())
    # The server's words may name the address: they stand in the database, not in the log.
    log.info("letter %s: %s, now %s", mail_id, answer.outcome.value, state.value)
