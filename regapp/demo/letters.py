"""The letters that the demo's people were written, all of them at their end: starting the demo sends nothing."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import select

from regapp.core.db import db
from regapp.demo import content
from regapp.mailing.models import Bounce, DeliveryTry, MailState, OutgoingMail, TryOutcome
from regapp.registrations.letters import writing
from regapp.registrations.models import Registration, Status

_TAKES: Final = timedelta(seconds=2)
"""From writing a letter to the server's answer."""

_REFUSED, _DEFERRED, _RETURNED = (11, 47, 83), 29, 64
"""Whose first letter didn't simply arrive, counted in the order in which they came; none of them cancelled."""

_CANCELLED: Final = ("status", "cancelled_at", "cancelled_from")

Try = tuple[timedelta, TryOutcome, str]


def write(registrations: Sequence[Registration]) -> None:
    """What was written to each of them when they registered, and when they cancelled, with what became of it."""
    db.session.flush()
    for registration in registrations:
        _write(registration)
    db.session.flush()
    firsts = {registrations[number].id: number for number in (*_REFUSED, _DEFERRED, _RETURNED)}
    for mail in db.session.scalars(select(OutgoingMail).where(OutgoingMail.state == MailState.QUEUED)):
        _finish(mail, firsts.get(mail.registration_id or 0))


def _write(registration: Registration) -> None:
    """A cancelled one had a place when the confirmation was written."""
    later = {name: getattr(registration, name) for name in _CANCELLED}
    registration.status, registration.cancelled_at, registration.cancelled_from = Status.CONFIRMED, None, None
    writing.write_place(registration, registration.received_at)
    for name, value in later.items():
        setattr(registration, name, value)
    if later["cancelled_at"]:
        writing.write_cancellation(registration, later["cancelled_at"])


def _finish(mail: OutgoingMail, number: int | None) -> None:
    tries: list[Try] = [(_TAKES, TryOutcome.SENT, content.ACCEPTED)]
    if number in _REFUSED:
        tries = [(_TAKES, TryOutcome.FAILED, content.REFUSED)]
    if number == _DEFERRED:
        tries = [(minutes, TryOutcome.RETRY, content.DEFERRED) for minutes in (_TAKES, timedelta(minutes=1))]
        tries.append((timedelta(minutes=3), TryOutcome.SENT, content.ACCEPTED))
    if number == _RETURNED:
        at = mail.dated_at + timedelta(minutes=6)
        mail.bounce = Bounce(at=at, status="5.2.2", reason=content.RETURNED)
    _note(mail, tries)


def _note(mail: OutgoingMail, tries: Iterable[Try]) -> None:
    for after, outcome, answer in tries:
        mail.tries.append(DeliveryTry(at=mail.dated_at + after, outcome=outcome, answer=answer))
    last = mail.tries[-1]
    mail.attempts, mail.last_answer, mail.due_at = len(mail.tries), last.answer, mail.dated_at
    mail.state = MailState(last.outcome.value)
    mail.sent_at = last.at if mail.state is MailState.SENT else None
