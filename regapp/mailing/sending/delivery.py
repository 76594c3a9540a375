"""From the outbox to the server, one letter after the other: claim it, make its message, send it, note the answer.

A letter is handed over only when the answer to the one before it is on the disk: it is noted in the transaction that
claims the next. However a worker ends, at most one letter can have been taken by the server without our knowing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple, Protocol

from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError

from config import Settings
from regapp.core import clock
from regapp.core.context import settings
from regapp.core.db import db, writing
from regapp.core.errors import where
from regapp.mailing import link_requests, message, orders, outbox
from regapp.mailing.message import FilledLetter, UnwritableLetter
from regapp.mailing.models import OutgoingMail, TryOutcome
from regapp.mailing.sending import claiming, holding
from regapp.mailing.sending.claiming import Answer, Claimed
from regapp.mailing.sending.holding import QueueTrouble

log = logging.getLogger(__name__)


class Sender(Protocol):
    """Takes one letter at a time; raises QueueTrouble when it can take none."""

    def send(self, letter: FilledLetter, octets: bytes) -> Answer: ...


class Transport(Protocol):
    """A way out: SMTP, or the demo's folder."""

    def opened(self) -> AbstractContextManager[Sender]: ...


class Round(NamedTuple):
    """How many letters got an answer, and when to come again (None: when a letter is written)."""

    handled: int
    again_at: datetime | None


def transport_for(settings: Settings) -> Transport:
    # Imported late: web processes write letters and never send one.
    if settings.files_letters:
        from regapp.mailing.sending.filing import Folder

        return Folder(settings)
    from regapp.mailing.sending.transport import SmtpTransport

    return SmtpTransport(settings)


def deliver_due(
    transport: Transport,
    *,
    batch: Batch | None = None,
    per_minute: int = 0,
    is_stopping: Callable[[], bool] = lambda: False,
    ignore_stop: bool = False,
) -> Round:
    """Send what is due, until nothing is, the rate is reached, the server is in trouble or we are told to stop.

    Questions for a link are answered first, so that their letters go in the same round. `ignore_stop` tries a server
    that was in trouble before its time.
    """
    batch = batch or Batch()
    batch.finish()
    while not is_stopping() and link_requests.answer_next():
        pass
    now = clock.now()
    if not ignore_stop and (until := holding.stopped_until(now)):
        return Round(0, until)
    wake = claiming.next_wake(now)
    db.session.rollback()
    if wake is None or wake > now:
        return Round(0, wake)
    handled = 0
    try:
        with transport.opened() as sender:
            for letter, octets in batch.letters(
                lambda: not is_stopping() and holding.has_room(clock.now(), per_minute)
            ):
                batch.note(letter.id, _send(sender, letter, octets))
                handled += 1
                link_requests.answer_next()
    except QueueTrouble as trouble:
        _note_trouble(str(trouble))
    finally:
        batch.finish()
    return Round(handled, _again_at(per_minute))


class Batch:
    """The letters that a worker has claimed, and the answers that the database doesn't know yet.

    It outlives a round: what the database wouldn't take down (its disk was full) is noted when it can be, so that a
    letter that was sent isn't sent again. `worker` is the number that its letters are claimed by.
    """

    def __init__(self, worker: str | None = None) -> None:
        self._worker = worker
        self._claimed: set[str] = set()
        self._answers: dict[str, Answer] = {}

    def letters(self, may_claim: Callable[[], bool]) -> Iterator[tuple[FilledLetter, bytes]]:
        """Claim one letter after the other, as long as there are any and we may, each with its message.

        The server is well when this is called: what vanished workers left behind is put right first.
        """
        with writing():
            if holding.end_stop():
                log.warning("the mail queue runs again")
            claiming.take_back_expired(clock.now())
        while letter := self._next(may_claim):
            try:
                octets = message.to_bytes(letter, settings())
            except Exception as error:
                self.note(letter.id, _why_not_ready(letter.id, error))
            else:
                yield letter, octets

    def note(self, mail_id: str, answer: Answer) -> None:
        """To be written down with the next letter that is claimed."""
        self._answers[mail_id] = answer

    def finish(self) -> None:
        """Write down what was answered, and give back untried what wasn't."""
        if not self._claimed:
            return
        with writing():
            self._write_answers()
            for mail_id in self._claimed - self._answers.keys():
                claiming.release(mail_id)
        self._forget_answered()
        self._claimed.clear()

    def _next(self, may_claim: Callable[[], bool]) -> FilledLetter | None:
        """Write the answers down and claim the next letter, in one transaction."""
        with writing():
            self._write_answers()
            letter = self._claim(may_claim)
        self._forget_answered()
        if letter:
            self._claimed.add(letter.id)
        return letter

    def _claim(self, may_claim: Callable[[], bool]) -> FilledLetter | None:
        while may_claim() and (claimed := claiming.claim(clock.now(), self._worker)):
            if letter := _filled(claimed):
                return letter
        return None

    def _write_answers(self) -> None:
        for mail_id, answer in self._answers.items():
            _note_answer(mail_id, answer)

    def _forget_answered(self) -> None:
        """Only after the commit."""
        self._claimed.difference_update(self._answers)
        self._answers.clear()


def _send(sender: Sender, letter: FilledLetter, octets: bytes) -> Answer:
    """The server's answer; a fault of ours is this letter's trouble, which comes again, and the others go on."""
    try:
        return sender.send(letter, octets)
    except QueueTrouble:
        raise
    except Exception as error:
        log.error("letter %s can't be handed over: %s", letter.id, where(error))
        return Answer(TryOutcome.RETRY, f"the letter can't be handed over: {type(error).__name__}")


def _filled(claimed: Claimed) -> FilledLetter | None:
    """The letter with its links, or None when it is overtaken or can't be made ready: that spoils no other."""
    try:
        if claimed.text is not None and not claimed.goes_stale:
            if claimed.attempts and claiming.is_overtaken(claimed):
                claiming.drop(claimed.id)
                return None
            return message.fill(claimed, outbox.links_of(claimed))
        # What the database refuses of a rendering is undone alone, not with the answers that are noted beside it.
        with db.session.begin_nested():
            letter = _rendered(claimed.id)
            return message.fill(letter, outbox.links_of(letter)) if letter else None
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        _note_answer(claimed.id, _why_not_ready(claimed.id, error))
        return None


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


def _note_answer(mail_id: str, answer: Answer) -> None:
    state = claiming.note_answer(mail_id, answer, clock.now())
    # The server's words may name the address: they stand in the database, not in the log.
    log.info("letter %s: %s, now %s", mail_id, answer.outcome.value, state.value)


def _again_at(per_minute: int) -> datetime | None:
    now = clock.now()
    wake = claiming.next_wake(now)
    later = [holding.stopped_until(now), holding.room_at(now, per_minute)]
    db.session.rollback()
    return max([wake, *(instant for instant in later if instant)]) if wake else None


def _note_trouble(reason: str) -> None:
    log.error("the mail queue stands still: %s", reason)
    try:
        with writing():
            holding.stop(reason, clock.now())
    except IntegrityError:
        log.info("another worker noted the same")
