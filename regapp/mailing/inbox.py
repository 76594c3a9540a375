"""What comes back: a letter that bounced, a calendar that answered. What isn't understood is left as it was."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError

from regapp.core import clock
from regapp.core.context import settings
from regapp.core.db import db, writing
from regapp.mailing import incoming
from regapp.mailing.incoming import Incoming
from regapp.mailing.mailbox import Mailbox
from regapp.mailing.models import Bounce, InboxMessage, InboxOutcome, OutgoingMail
from regapp.mailing.replies import Reply
from regapp.mailing.reports import Report

KEPT_FOR = timedelta(days=180)
"""How long it is known that a message was handled; what it did stays, and happens once by keys of its own."""

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
        for uid, octets in mailbox.arrived():
            if octets is not None and _handle_safely(octets):
                mailbox.put_away(uid)
                handled += 1
            if is_stopping():
                break
    return handled


def _handle_safely(octets: bytes) -> InboxOutcome | None:
    """A message that trips us is left in place, and the next one is read."""
    try:
        return handle(octets, clock.now())
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        # Its words may quote the message.
        log.error("an incoming message can't be handled: %s", type(error).__name__)
        return None
    finally:
        db.session.remove()


def handle(octets: bytes, at: datetime) -> InboxOutcome | None:
    """Do what the message asks for, once, and commit; what it was, or None when it isn't ours."""
    found = incoming.understand(octets, settings())
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
    meaning = found.meaning
    if isinstance(meaning, Report):
        outcome = _note_report(meaning, at)
    elif isinstance(meaning, Reply):
        outcome = _take_answer(meaning, at)
    else:
        outcome = InboxOutcome.IGNORED
    if outcome is not None:
        db.session.add(InboxMessage(key=found.key, outcome=outcome, handled_at=at))
        log.info("an incoming message was handled: %s", outcome.value)
    return outcome


def _note_report(report: Report, at: datetime) -> InboxOutcome | None:
    """Mark the letter as come back; the first report that says so stands."""
    letter_id = _letter_of(report)
    if letter_id is None:
        return None
    if not report.has_failed:
        return InboxOutcome.IGNORED
    if db.session.get(Bounce, letter_id) is None:
        db.session.add(Bounce(mail_id=letter_id, at=at, status=report.status, reason=report.reason))
        log.warning("letter %s came back: %s", letter_id, report.status)
    return InboxOutcome.BOUNCED


def _letter_of(report: Report) -> str | None:
    """The letter of the envelope sender first: the other server answers to that, whatever else it quotes."""
    for column, values in ((OutgoingMail.id, report.letter_ids), (OutgoingMail.message_id, report.message_ids)):
        found = db.session.scalars(select(OutgoingMail.id).where(column.in_(values)).limit(2)).all() if values else []
        if len(found) == 1:
            return found[0]
    return None
