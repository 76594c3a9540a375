"""Reads the inbox beside the worker's own work: a server that hangs keeps no letter waiting."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from config import Settings
from regapp.core import addresses, clock
from regapp.core.context import settings
from regapp.core.db import db, writing
from regapp.mailing.inbox import messages
from regapp.mailing.inbox.bounces import Report
from regapp.mailing.inbox.calendar_replies import Reply
from regapp.mailing.inbox.mailbox import Arrived, InboxTrouble, Mailbox
from regapp.mailing.inbox.messages import Incoming, Meaning
from regapp.mailing.inbox.returns import Unclear
from regapp.mailing.models import Bounce, InboxMessage, InboxOutcome, OutgoingMail, UnclearReturn

log = logging.getLogger(__name__)

EVERY_S: Final = 60
_LAST_WORDS_S: Final = 5
"""How long the worker's end waits for the message in hand; half-handled, the next worker handles it whole."""

Surroundings = Callable[[], AbstractContextManager[object]]
"""Gives each round its application context, and with it a database session of its own."""


class InboxReader:
    """A thread that reads once a minute. Trouble is logged when it comes and when it is over, not in between."""

    def __init__(self, surroundings: Surroundings, mailbox: Mailbox) -> None:
        self._surroundings = surroundings
        self._mailbox = mailbox
        self._stopping = threading.Event()
        self._is_in_trouble = False
        self._thread = threading.Thread(target=self._run, name="inbox", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(_LAST_WORDS_S)

    def read_once(self) -> None:
        """One round, whatever happens in it."""
        try:
            with self._surroundings():
                read_all(self._mailbox, self._stopping.is_set)
        except InboxTrouble as error:
            self._note(str(error))
        except DBAPIError as error:
            self._note(f"the database doesn't answer ({type(error).__name__})")
        except Exception as error:
            # Once, and without its words: they may quote a message.
            self._note(f"a fault of the program ({type(error).__name__})")
        else:
            self._note(None)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.read_once()
            self._stopping.wait(EVERY_S)

    def _note(self, trouble: str | None) -> None:
        if trouble and not self._is_in_trouble:
            log.warning("the inbox can't be read: %s", trouble)
        elif self._is_in_trouble and not trouble:
            log.warning("the inbox is read again")
        self._is_in_trouble = bool(trouble)


@contextmanager
def beside(surroundings: Surroundings, settings: Settings) -> Iterator[None]:
    """Read the inbox until the block ends; without one, nothing runs."""
    if not settings.inbox_server:
        yield
        return
    reader = InboxReader(surroundings, Mailbox(settings))
    reader.start()
    try:
        yield
    finally:
        reader.stop()


KEPT_FOR = timedelta(days=180)
"""How long it is known that a message was handled; what it did stays, and happens once by keys of its own."""

MOST_UNCLEAR = 20
"""How many messages that weren't understood are noted at one letter."""

AnswerTaker = Callable[[Reply, datetime], InboxOutcome | None]
"""Does what a calendar's answer asks for; None when the answer is not about anything of ours."""

log = logging.getLogger(__name__)


def _leave_answer(_reply: Reply, _at: datetime) -> InboxOutcome | None:
    return None


_take_answer: AnswerTaker = _leave_answer


def give_answers_to(taker: AnswerTaker) -> None:
    """Registered in create_app: the room that knows whose entry it is."""
    global _take_answer
    _take_answer = taker


def read_all(mailbox: Mailbox, is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Handle what arrived, and put it away; how many messages. Raises InboxTrouble.

    Each message is fetched outside of any transaction and handled in a short one of its own.
    """
    handled = 0
    with mailbox.opened():
        for message in mailbox.arrived():
            if _handle_safely(message) not in (None, InboxOutcome.UNCLEAR):
                mailbox.put_away(message.uid)
                handled += 1
            if is_stopping():
                break
    return handled


def _handle_safely(message: Arrived) -> InboxOutcome | None:
    """A message that trips us is left in place, and the next one is read."""
    try:
        return handle(message.octets, clock.now(), is_whole=message.is_whole)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        # Its words may quote the message.
        log.error("an incoming message can't be handled: %s", type(error).__name__)
        return None
    finally:
        db.session.remove()


def handle(octets: bytes, at: datetime, *, is_whole: bool = True) -> InboxOutcome | None:
    """Do what the message asks for, once, and commit; what it was, or None when it isn't ours."""
    understand = messages.understand if is_whole else messages.understand_beginning
    found = understand(octets, settings())
    if found is None:
        return None
    try:
        with writing():
            return _outcome_of(found.key) or _act(found, at)
    except IntegrityError:
        db.session.rollback()
        # Another worker has the same message, and was quicker.
        if outcome := _outcome_of(found.key):
            return outcome
        raise


def forget_old(now: datetime) -> None:
    """The chore that deletes the keys of what was handled long ago."""
    db.session.execute(delete(InboxMessage).where(InboxMessage.handled_at < now - KEPT_FOR))


def _outcome_of(key: str) -> InboxOutcome | None:
    return db.session.scalar(select(InboxMessage.outcome).where(InboxMessage.key == key))


def _act(found: Incoming, at: datetime) -> InboxOutcome | None:
    outcomes = (_act_on(meaning, found.key, at) for meaning in found.meanings)
    outcome = next((outcome for outcome in outcomes if outcome is not None), None)
    if outcome is not None:
        db.session.add(InboxMessage(key=found.key, outcome=outcome, handled_at=at))
        log.info("an incoming message was handled: %s", outcome.value)
    return outcome


def _act_on(meaning: Meaning, key: str, at: datetime) -> InboxOutcome | None:
    if isinstance(meaning, Report):
        return _note_report(meaning, at)
    if isinstance(meaning, Reply):
        return _take_answer(meaning, at)
    return _note_unclear(meaning, key, at) if isinstance(meaning, Unclear) else InboxOutcome.IGNORED


def _note_unclear(unclear: Unclear, key: str, at: datetime) -> InboxOutcome | None:
    letter_id = _letter_of(unclear)
    if letter_id is None:
        return None
    noted = select(func.count()).select_from(UnclearReturn).where(UnclearReturn.mail_id == letter_id)
    if db.session.get(UnclearReturn, key) is None and (db.session.scalar(noted) or 0) < MOST_UNCLEAR:
        words = {name: addresses.shown(getattr(unclear, name)) for name in ("sender", "subject", "lines")}
        db.session.add(UnclearReturn(key=key, mail_id=letter_id, at=at, **words))
        log.warning("something came back for letter %s and wasn't understood", letter_id)
    return InboxOutcome.UNCLEAR


def _note_report(report: Report, at: datetime) -> InboxOutcome | None:
    """Mark the letter as come back; the first report that says so stands."""
    letter_id = _letter_of(report)
    if letter_id is None or not _is_about(report, letter_id):
        return None
    if not report.has_failed:
        return InboxOutcome.IGNORED
    if db.session.get(Bounce, letter_id) is None:
        db.session.add(Bounce(mail_id=letter_id, at=at, status=report.status, reason=addresses.shown(report.reason)))
        log.warning("letter %s came back: %s", letter_id, report.status)
    return InboxOutcome.BOUNCED


def _is_about(report: Report, letter_id: str) -> bool:
    if not report.only_for:
        return True
    recipient = db.session.scalars(select(OutgoingMail.recipient).where(OutgoingMail.id == letter_id)).one()
    return addresses.key(recipient) in report.only_for


def _letter_of(report: Report | Unclear) -> str | None:
    """The letter of the envelope sender first: the other server answers to that, whatever else it quotes."""
    for column, values in ((OutgoingMail.id, report.letter_ids), (OutgoingMail.message_id, report.message_ids)):
        found = db.session.scalars(select(OutgoingMail.id).where(column.in_(values)).limit(2)).all() if values else []
        if len(found) == 1:
            return found[0]
    return None
