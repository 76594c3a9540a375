"""Organisers and workers at the same moment: one wins, and no letter is half of one day and half of another."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event as hook
from sqlalchemy import select, update

from regapp.core.db import db, writing
from regapp.events.drafts import Draft
from regapp.events.editing import SavedByAnother
from regapp.events.models import Event
from regapp.mailing import orders
from regapp.mailing.models import MailState, OutgoingMail
from regapp.mailing.sending import claiming
from regapp.registrations import changing
from regapp.registrations.models import Registration
from tests.registrations.day import test_changes as house
from tests.registrations.day.test_changes import MINUTE, change, waiting
from tests.support.days import WHILE_OPEN
from tests.support.machine.disks import looking_out
from tests.support.machine.waiting import wait_until

pytestmark = pytest.mark.usefixtures("context")
day = house.day


def beside(app: Flask, work: Callable[[], object]) -> object:
    """Do it in another thread, as another process would, to its end; what it gave or raised."""
    outcome: list[object] = []

    def run() -> None:
        with app.app_context():
            try:
                outcome.append(work())
            except Exception as error:
                outcome.append(error)
            finally:
                db.session.remove()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)
    assert not thread.is_alive(), "one waits for the other without end"
    return outcome[0]


def take() -> tuple[str, OutgoingMail]:
    """A worker takes the next letter into its hand."""
    claimed = claiming.claim(WHILE_OPEN + timedelta(hours=1))
    assert claimed is not None
    return claimed.id, db.session.get_one(OutgoingMail, claimed.id)


@contextmanager
def after_each_statement(act: Callable[[int], None]) -> Iterator[None]:
    """Let somebody act after every statement that this thread sends; not while they do so themselves."""
    mine, done = threading.get_ident(), [0]

    def follow(*_: Any) -> None:
        if threading.get_ident() == mine:
            done[0] += 1
            act(done[0])

    hook.listen(db.engine, "after_cursor_execute", follow)
    try:
        yield
    finally:
        hook.remove(db.engine, "after_cursor_execute", follow)


@pytest.mark.both_databases("a lock orders two who save at once")
def test_of_two_organisers_who_save_at_once_one_is_told_of_the_other(app: Flask, day: int) -> None:
    ready = threading.Barrier(2)
    outcomes: list[object] = []

    def save(venue: str) -> None:
        def work() -> int:
            with writing():
                event = db.session.get_one(Event, 1)
                version, draft = event.version, Draft.of(event)
                signature = house.signature(draft, version, venue=venue)
            ready.wait()
            with writing():
                return house.attempt(draft, version, signature, WHILE_OPEN, venue=venue).letters

        outcomes.append(beside(app, work))

    threads = [threading.Thread(target=save, args=(venue,)) for venue in ("Aulan", "Stora salen")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(type(outcome) for outcome in outcomes if outcome != 1) == [SavedByAnother]
    assert outcomes.count(1) == 1
    assert [mail.sequence for mail in waiting()] == [1]


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_letter_is_of_one_moment_whenever_an_organiser_saves_while_it_is_made(app: Flask, day: int) -> None:
    """The worker holds the letter while the organiser's transaction runs: neither waits for the other."""
    change(venue="Sal 1")

    def save(number: int) -> None:
        at = WHILE_OPEN + number * MINUTE
        assert beside(app, lambda: change(at, venue=f"Sal {number + 1}")) == 1

    with writing():
        identity, mail = take()
        with after_each_statement(save):
            is_letter = orders.render(mail)
    mail = db.session.get_one(OutgoingMail, identity)
    last = db.session.scalars(select(Registration).filter_by(email=mail.recipient)).one().calendar_sequence
    assert last > 2
    if is_letter:
        assert f"SEQUENCE:{mail.sequence}" in (mail.calendar or "")
        assert re.findall(r"LOCATION:Sal (\d+)", mail.calendar or "") == [str(mail.sequence)]


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_order_overtaken_between_claim_and_making_is_dropped(app: Flask, day: int) -> None:
    change(venue="Aulan")
    with writing():
        identity, mail = take()
        assert beside(app, lambda: change(WHILE_OPEN + MINUTE, venue="Stora salen")) == 1
        assert not orders.render(mail)
        claiming.drop(identity)
    assert [mail.sequence for mail in waiting()] == [2]


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_letter_made_while_the_address_is_corrected_is_followed_by_its_cancellation(app: Flask, day: int) -> None:
    """The only letter with the entry is an order that a worker has in hand, and nobody else sees yet."""
    with writing():
        db.session.execute(update(OutgoingMail).values(state=MailState.FAILED, sent_at=None))
    change(venue="Aulan")

    def correct() -> None:
        with writing():
            changing.change_address(house.person("seat").id, "new@example.org", WHILE_OPEN + MINUTE)

    with writing():
        _, mail = take()
        assert orders.render(mail)
        db.session.flush()
        correction = threading.Thread(target=beside, args=(app, correct))
        with looking_out(db.engine) as is_waiting:
            correction.start()
            wait_until(is_waiting, what="the correction to wait for the letter in hand")
    correction.join(20)
    to_seat = select(OutgoingMail).filter_by(recipient="seat@example.org").order_by(OutgoingMail.sequence)
    letters = [(mail.kind, mail.sequence, mail.state) for mail in db.session.scalars(to_seat)]
    assert letters == [
        ("confirmation", 0, MailState.FAILED),
        ("day_changed", 1, MailState.SENDING),
        ("cancellation", 2, MailState.QUEUED),
    ]
