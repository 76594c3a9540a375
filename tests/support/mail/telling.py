"""What organisers are told, seen as a worker's round sees it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, time, timedelta

from flask import Flask
from sqlalchemy import select, update

from regapp.campaigns.models import Audience, Reminder
from regapp.core.db import db, writing
from regapp.mailing.models import Bounce, MailState, OutgoingMail, TryOutcome
from regapp.mailing.sending import claiming
from regapp.mailing.sending.claiming import Answer
from regapp.registrations import registering
from regapp.registrations.application import Application
from regapp.registrations.choices import Profession, Wish
from tests.support.days import WHILE_OPEN
from tests.support.machine.disks import looking_out
from tests.support.machine.waiting import wait_until

MINUTE = timedelta(minutes=1)
Chore = Callable[[datetime], None]


def register(
    event_id: int,
    number: int,
    wish: Wish = Wish.ONLINE,
    at: datetime = WHILE_OPEN,
    *,
    is_sent: bool = True,
    **changes: object,
) -> None:
    """Somebody registers, and the confirmation leaves unless it is to wait."""
    values: dict[str, object] = {
        "first_name": "Fridolina",
        "last_name": "Quarnström",
        "email": f"fridolina{number}@hemligt.example.org",
        "profession": Profession.NURSE,
        "workplace": "Tallbackakliniken",
        "wish": wish,
        "language": "sv",
    }
    with writing():
        registering.submit(event_id, Application(**{**values, **changes}), f"form:{number}", at)  # type: ignore[arg-type]
    if is_sent:
        with writing():
            written = (OutgoingMail.kind != "alarm") & (OutgoingMail.state == MailState.QUEUED)
            db.session.execute(update(OutgoingMail).where(written).values(state=MailState.SENT, sent_at=at))


def rounds(first: datetime, last: datetime) -> list[datetime]:
    """The worker's rounds of this time; every seventh where it is long, and the last one."""
    every = MINUTE if last - first < 11 * MINUTE else 7 * MINUTE
    return [*(first + number * every for number in range(int((last - first) / every) + 1)), last]


def miss_a_reminder(event: int, days_before: int, at: datetime) -> None:
    reminder = Reminder(
        event_id=event,
        days_before=days_before,
        clock=time(9),
        audience=Audience.ON_SITE,
        created_at=at,
        missed_at=at,
    )
    with writing():
        db.session.add(reminder)


def do(chore: Chore, *instants: datetime) -> None:
    """The worker's round at each of the instants."""
    for instant in instants:
        with writing():
            chore(instant)


def told(kind: str) -> list[OutgoingMail]:
    """The letters of this kind, in the order in which they were written."""
    return list(db.session.scalars(select(OutgoingMail).filter_by(kind=kind).order_by(OutgoingMail.dated_at)))


def answer_all(outcome: TryOutcome, at: datetime, words: str = "550 5.1.1 no such mailbox") -> int:
    """The mail server gives every letter that is due the same answer; how many there were."""
    number = 0
    with writing():
        while mail := claiming.claim(at):
            claiming.note_answer(mail.id, Answer(outcome, words), at)
            number += 1
    return number


def bounce_all(at: datetime) -> None:
    """Every letter that was sent comes back."""
    with writing():
        for mail in db.session.scalars(select(OutgoingMail).filter_by(state=MailState.SENT)).all():
            db.session.add(Bounce(mail_id=mail.id, at=at, status="5.1.1", reason="mailbox unknown"))


def two_at_once(app: Flask, chore: Chore, first: datetime, second: datetime) -> None:
    """Another worker's round begins while the first one's isn't committed yet."""

    def other() -> None:
        with app.app_context():
            do(chore, second)

    thread = threading.Thread(target=other)
    with writing():
        chore(first)
        with looking_out(db.engine) as is_waiting:
            thread.start()
            # For our commit; one that doesn't has written its letters when it ends.
            wait_until(lambda: is_waiting() or not thread.is_alive(), what="the other worker")
    thread.join(20)
    assert not thread.is_alive()
