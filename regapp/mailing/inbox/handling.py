"""What comes back: a letter that bounced, a calendar that answered. What isn't understood is left as it was.

Where it is about a letter of ours its first lines are noted there as well, once; it stays in the inbox, for people to
read.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError

from regapp.core import addresses, clock
from regapp.core.context import settings
from regapp.core.db import db, writing
from regapp.mailing.inbox import messages
from regapp.mailing.inbox.bounces import Report
from regapp.mailing.inbox.calendar_replies import Reply
from regapp.mailing.inbox.mailbox import Arrived, Mailbox
from regapp.mailing.inbox.messages import Incoming, Meaning
from regapp.mailing.inbox.returns import Unclear
from regapp.mailing.models import Bounce, InboxMessage, InboxOutcome, OutgoingMail, UnclearReturn

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
