"""Which worker has which letter, and what a try's answer makes of it. Callers are in `core.db.writing()`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from regapp.core.db import db
from regapp.mailing import pausing
from regapp.mailing.models import DeliveryTry, MailState, OutgoingMail, TryOutcome

LEASE = timedelta(minutes=10)
"""Longer than the slowest delivery that transport allows: only a dead worker's lease runs out."""

_FIRST_PAUSES = (1, 2, 5, 15, 60)
_LATER_PAUSE = 60
_GIVE_UP_AFTER = 48 * 60

RATE_WINDOW = timedelta(minutes=1)


@dataclass(frozen=True)
class Answer:
    """What a try came to, in the server's own words."""

    outcome: TryOutcome
    words: str


def pause_after(attempts: int) -> timedelta | None:
    """How long a letter waits after this many failed tries; None when 48 hours of them are used up."""
    pauses = [*_FIRST_PAUSES, *[_LATER_PAUSE] * max(0, attempts - len(_FIRST_PAUSES))][:attempts]
    return timedelta(minutes=pauses[-1]) if sum(pauses) <= _GIVE_UP_AFTER else None


def claim(now: datetime) -> OutgoingMail | None:
    """The longest due letter, ours until the lease runs out; two workers never get the same.

    A crowd's letters wait for the others: whoever registers while 20 000 of them go out has the confirmation at once.
    """
    first_due = (
        select(OutgoingMail.id)
        .where(OutgoingMail.state == MailState.QUEUED, OutgoingMail.due_at <= now, pausing.may_leave())
        .order_by(OutgoingMail.is_bulk, OutgoingMail.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    claimed = (
        update(OutgoingMail)
        .where(OutgoingMail.id == first_due, OutgoingMail.state == MailState.QUEUED)
        .values(state=MailState.SENDING, leased_until=now + LEASE)
        .returning(OutgoingMail)
    )
    options = {"synchronize_session": False, "populate_existing": True}
    return db.session.scalars(claimed, execution_options=options).one_or_none()


def settle(mail_id: str, answer: Answer, now: datetime) -> MailState:
    """Note the try and what it means for the letter; returns the letter's new state.

    What was sent is sent, even when the lease ran out meanwhile and the letter went back to the queue.
    """
    mail = db.session.scalars(select(OutgoingMail).filter_by(id=mail_id).with_for_update()).one_or_none()
    if mail is None:
        return MailState.WITHDRAWN
    db.session.add(DeliveryTry(mail_id=mail_id, at=now, outcome=answer.outcome, answer=answer.words))
    if mail.state is not MailState.SENDING and answer.outcome is not TryOutcome.SENT:
        return mail.state
    mail.attempts += 1
    mail.last_answer = answer.words
    mail.leased_until = None
    mail.state = _state_after(answer.outcome, mail.attempts)
    if mail.state in {MailState.SENT, MailState.FILED}:
        mail.sent_at = now
    if mail.state is MailState.QUEUED:
        mail.due_at = now + (pause_after(mail.attempts) or timedelta())
    return mail.state


def _state_after(outcome: TryOutcome, attempts: int) -> MailState:
    if outcome in {TryOutcome.RETRY, TryOutcome.INTERRUPTED}:
        return MailState.QUEUED if pause_after(attempts) else MailState.FAILED
    return MailState(outcome.value)


def drop(mail: OutgoingMail) -> None:
    """Take a claimed order out: a newer letter has overtaken it."""
    mail.state, mail.leased_until = MailState.WITHDRAWN, None


def release(mail_id: str) -> None:
    """Give the letter back untried: the trouble is the server's, no attempt is used up."""
    db.session.execute(
        update(OutgoingMail)
        .where(OutgoingMail.id == mail_id, OutgoingMail.state == MailState.SENDING)
        .values(state=MailState.QUEUED, leased_until=None)
    )


def take_back_expired(now: datetime) -> int:
    """Return the letters of vanished workers to the queue; how many.

    The first time at once, then by the ladder: a letter that kills its worker must not do so without end.
    """
    expired = db.session.scalars(
        select(OutgoingMail)
        .where(OutgoingMail.state == MailState.SENDING, OutgoingMail.leased_until < now)
        .with_for_update(skip_locked=True)
    ).all()
    for mail in expired:
        settle(mail.id, Answer(TryOutcome.INTERRUPTED, "the worker vanished before it had an answer"), now)
        if mail.attempts == 1 and mail.state is MailState.QUEUED:
            mail.due_at = now
    return len(expired)


def next_wake(now: datetime) -> datetime | None:
    """When the next letter falls due or the next lease runs out; `now` or earlier means that there is work."""
    due = db.session.scalar(
        select(func.min(OutgoingMail.due_at)).where(OutgoingMail.state == MailState.QUEUED, pausing.may_leave())
    )
    lease = db.session.scalar(
        select(func.min(OutgoingMail.leased_until)).where(OutgoingMail.state == MailState.SENDING)
    )
    return min((instant for instant in (due, lease) if instant), default=None)


def room_at(now: datetime, per_minute: int) -> datetime | None:
    """When the rate allows another letter, over all workers; None when it does now. 0 is no limit."""
    if not per_minute:
        return None
    in_hand = db.session.scalar(
        select(func.count()).where(OutgoingMail.state == MailState.SENDING, OutgoingMail.leased_until >= now)
    )
    allowed = per_minute - (in_hand or 0)
    if allowed <= 0:
        return now + timedelta(seconds=1)
    last = db.session.scalar(
        select(DeliveryTry.at)
        .where(DeliveryTry.at > now - RATE_WINDOW, DeliveryTry.outcome != TryOutcome.INTERRUPTED)
        .order_by(DeliveryTry.at.desc())
        .offset(allowed - 1)
        .limit(1)
    )
    return last + RATE_WINDOW if last else None
