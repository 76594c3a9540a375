"""Which worker has which letter, and what a try's answer makes of it. Callers are in `core.db.writing()`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, Executable, bindparam, func, insert, select, update

from regapp.core.db import db
from regapp.mailing.models import CalendarMethod, DeliveryTry, MailState, OutgoingMail, TryOutcome
from regapp.mailing.sending import holding

LEASE = timedelta(minutes=20)
"""Longer than the slowest delivery that transport allows: only a dead worker's lease runs out. A dead worker of this
machine is found sooner (see presence)."""

_FIRST_PAUSES = (1, 2, 5, 15, 60)
_LATER_PAUSE = 60
_GIVE_UP_AFTER = 48 * 60


@dataclass(frozen=True)
class Answer:
    """What a try came to, in the server's own words."""

    outcome: TryOutcome
    words: str


def pause_after(attempts: int) -> timedelta | None:
    """How long a letter waits after this many failed tries; None when 48 hours of them are used up."""
    pauses = [*_FIRST_PAUSES, *[_LATER_PAUSE] * max(0, attempts - len(_FIRST_PAUSES))][:attempts]
    return timedelta(minutes=pauses[-1]) if sum(pauses) <= _GIVE_UP_AFTER else None


class Claimed(NamedTuple):
    """What of a letter a worker needs to have in hand."""

    id: str
    kind: str
    registration_id: int | None
    recipient: str
    language: str
    message_id: str
    in_reply_to: str | None
    dated_at: datetime
    subject: str | None
    text: str | None
    html: str | None
    calendar: str | None
    method: CalendarMethod | None
    sequence: int | None
    entry_uid: UUID | None
    is_bulk: bool
    attempts: int

    @property
    def goes_stale(self) -> bool:
        """Whether its words may no longer be so at a later try: a crowd's letter without a version of an entry."""
        return self.is_bulk and self.attempts > 0 and self.calendar is None

    @classmethod
    def of(cls, mail: OutgoingMail) -> Claimed:
        return cls(*(getattr(mail, name) for name in cls._fields))


# These run once a letter. Built once, and past the unit of work, they take a quarter of the time.
_MAIL = OutgoingMail.__table__.c
_THIS_LETTER = _MAIL.id == bindparam("mail_id")

_FIRST_DUE = (
    select(_MAIL.id)
    .where(_MAIL.state == MailState.QUEUED, _MAIL.due_at <= bindparam("now", type_=_MAIL.due_at.type))
    .where(holding.may_leave())
    .order_by(_MAIL.is_bulk, _MAIL.due_at)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
_CLAIM = (
    update(OutgoingMail)
    .where(_MAIL.id == _FIRST_DUE, _MAIL.state == MailState.QUEUED)
    .values(state=MailState.SENDING, leased_until=bindparam("until"), claimed_by=bindparam("by"))
    .returning(*(_MAIL[name] for name in Claimed._fields))
)
_LOOK = select(_MAIL.state, _MAIL.attempts, _MAIL.due_at).where(_THIS_LETTER).with_for_update()
_NOTE_TRY = insert(DeliveryTry)
_SENT = (
    update(OutgoingMail)
    .where(_THIS_LETTER)
    .values(state=MailState.SENT, attempts=_MAIL.attempts + 1, leased_until=None)
    .values(last_answer=bindparam("words"), sent_at=bindparam("now"))
)
_SETTLE = (
    update(OutgoingMail)
    .where(_THIS_LETTER)
    .values({name: bindparam(f"new_{name}") for name in ("state", "attempts", "last_answer", "due_at", "sent_at")})
    .values(leased_until=None)
)


def _execute(statement: Executable, values: Mapping[str, Any]) -> CursorResult[Any]:
    return db.session.connection().execute(statement, values)


def claim(now: datetime, by: str | None = None) -> Claimed | None:
    """The longest due letter, ours until the lease runs out; two workers never get the same.

    `by` is the worker's number (see presence): when it dies, what it holds can be taken back before that.
    A crowd's letters wait for the others: whoever registers while 20 000 of them go out has the confirmation at once.
    """
    row = _execute(_CLAIM, {"now": now, "until": now + LEASE, "by": by}).one_or_none()
    return Claimed._make(row) if row else None


def is_overtaken(letter: Claimed) -> bool:
    """Whether a newer letter about the same calendar entry was written while this one's tries failed.

    It would come last and say what isn't so any more; a calendar that has seen nothing of the entry would even take an
    invitation to it after the cancellation.
    """
    if letter.calendar is None or letter.sequence is None:
        return False
    newer = select(OutgoingMail.id).where(
        OutgoingMail.registration_id == letter.registration_id,
        OutgoingMail.recipient == letter.recipient,
        OutgoingMail.sequence > letter.sequence,
        OutgoingMail.entry_uid == letter.entry_uid,
        OutgoingMail.state != MailState.WITHDRAWN,
    )
    return db.session.scalar(newer.limit(1)) is not None


def note_answer(mail_id: str, answer: Answer, now: datetime) -> MailState:
    """Note the try and what it means for the letter; returns the letter's new state.

    What was sent is sent, even when the lease ran out meanwhile and the letter went back to the queue.
    """
    if answer.outcome is TryOutcome.SENT:
        return _note_sent(mail_id, answer, now)
    found = _execute(_LOOK, {"mail_id": mail_id}).one_or_none()
    if found is None:
        return MailState.WITHDRAWN
    _execute(_NOTE_TRY, {"mail_id": mail_id, "at": now, "outcome": answer.outcome, "answer": answer.words})
    if found.state is not MailState.SENDING:
        return MailState(found.state)
    attempts = found.attempts + 1
    state = _state_after(answer.outcome, attempts)
    new = {
        "new_state": state,
        "new_attempts": attempts,
        "new_last_answer": answer.words,
        "new_due_at": _due_after(answer.outcome, attempts, now) if state is MailState.QUEUED else found.due_at,
        "new_sent_at": now if state is MailState.FILED else None,
    }
    _execute(_SETTLE, {"mail_id": mail_id, **new})
    return state


def _note_sent(mail_id: str, answer: Answer, now: datetime) -> MailState:
    """What happens to nearly every letter, in two statements."""
    run = db.session.connection().execute
    if run(_SENT, {"mail_id": mail_id, "words": answer.words, "now": now}).rowcount == 0:
        return MailState.WITHDRAWN
    run(_NOTE_TRY, {"mail_id": mail_id, "at": now, "outcome": answer.outcome, "answer": answer.words})
    return MailState.SENT


def _state_after(outcome: TryOutcome, attempts: int) -> MailState:
    if outcome in {TryOutcome.RETRY, TryOutcome.INTERRUPTED}:
        return MailState.QUEUED if pause_after(attempts) else MailState.FAILED
    return MailState(outcome.value)


def _due_after(outcome: TryOutcome, attempts: int, now: datetime) -> datetime:
    """By the ladder, but at once the first time that a worker vanished."""
    if outcome is TryOutcome.INTERRUPTED and attempts == 1:
        return now
    return now + (pause_after(attempts) or timedelta())


def drop(mail_id: str) -> None:
    """Take a claimed letter out: a newer one has overtaken it."""
    _give_up_lease(mail_id, MailState.WITHDRAWN)


def release(mail_id: str) -> None:
    """Give the letter back untried: the trouble is the server's, no attempt is used up."""
    _give_up_lease(mail_id, MailState.QUEUED)


def _give_up_lease(mail_id: str, state: MailState) -> None:
    db.session.execute(
        update(OutgoingMail)
        .where(OutgoingMail.id == mail_id, OutgoingMail.state == MailState.SENDING)
        .values(state=state, leased_until=None)
    )


def take_back_expired(now: datetime) -> int:
    """Return the letters of vanished workers to the queue; how many.

    The first time at once, then by the ladder: a letter that kills its worker must not do so without end.
    """
    return _take_back(OutgoingMail.leased_until < now, now)


def take_back_from(dead: str, now: datetime) -> bool:
    """The same for what a worker held that is known to be dead; whether nothing of it is left.

    Its last transaction may hold a letter still, for as long as PostgreSQL hasn't heard of the end.
    """
    is_theirs = OutgoingMail.claimed_by == dead
    _take_back(is_theirs, now)
    left = select(OutgoingMail.id).where(OutgoingMail.state == MailState.SENDING, is_theirs)
    return db.session.scalar(left.limit(1)) is None


def _take_back(these: ColumnElement[bool], now: datetime) -> int:
    found = db.session.scalars(
        select(OutgoingMail.id).where(OutgoingMail.state == MailState.SENDING, these).with_for_update(skip_locked=True)
    ).all()
    for mail_id in found:
        note_answer(mail_id, Answer(TryOutcome.INTERRUPTED, "the worker vanished before it had an answer"), now)
    return len(found)


def next_wake(now: datetime) -> datetime | None:
    """When the next letter falls due or the next lease runs out; `now` or earlier means that there is work."""
    due = db.session.scalar(
        select(func.min(OutgoingMail.due_at)).where(OutgoingMail.state == MailState.QUEUED, holding.may_leave())
    )
    lease = db.session.scalar(
        select(func.min(OutgoingMail.leased_until)).where(OutgoingMail.state == MailState.SENDING)
    )
    return min((instant for instant in (due, lease) if instant), default=None)
