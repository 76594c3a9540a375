"""From the organiser's form over the worker to the bytes on the wire, and back by the links in them."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from regapp import worker
from regapp.core.db import db
from regapp.mailing.models import OutgoingMail
from regapp.mailing.sending.transport import SmtpTransport
from regapp.registrations.models import Registration, Status
from regapp.worker import Worker
from tests.support.client import CheckingClient, read
from tests.support.days import APPLICATION, STOCKHOLM, WHILE_OPEN, new_day
from tests.support.machine.waiting import wait_until
from tests.support.mail.smtp import Received, SmtpServer
from tests.support.organisers import signed_in

DUE = datetime(2026, 11, 24, 9, 0, tzinfo=STOCKHOLM)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(WHILE_OPEN, tick=True) as traveller:
        yield traveller


@pytest.fixture
def work(app: Flask, route: SmtpTransport) -> Iterator[Callable[[], None]]:
    """Starts a worker with all its chores, in a thread of its own, stopped after the test."""
    working = Worker(worker.chores(app), route)

    def run() -> None:
        with app.app_context():
            working.run()

    thread = threading.Thread(target=run)
    yield thread.start
    working.stop()
    thread.join(20)
    assert not thread.is_alive()


def link(letter: Received, ending: str) -> str:
    body = letter.message.get_body(("plain",))
    assert body is not None
    found = re.search(rf"https://anmalan\.example\.org(/my/\S+{ending})\r?$", body.get_content(), re.MULTILINE)
    assert found is not None
    return found[1]


def test_a_reminder_set_in_the_browser_arrives_once_and_its_link_cancels_with_a_press(
    app: Flask, clock: time_machine.Traveller, work: Callable[[], None], server: SmtpServer
) -> None:
    with app.app_context():
        new_day()
    visitor: CheckingClient = app.test_client()  # type: ignore[assignment]
    visitor.submit("/2026/register", **{**APPLICATION, "attendance": "online"})
    visitor.submit("/2026/register", **{**APPLICATION, "email": "site@example.org"})
    organiser = signed_in(app)
    form = {"days_before": "1", "clock": "09:00", "audience": "online", "message_sv": "Välkommen i morgon!"}
    assert "inlagd" in read(organiser.submit("/organiser/2026/reminders/new", **form)).text

    clock.move_to(DUE + timedelta(minutes=2), tick=True)
    work()
    wait_until(lambda: len(server.received) == 3, what="two confirmations and the reminder")
    (reminder,) = (mail for mail in server.received if mail.message["Subject"].startswith("Påminnelse: "))
    (confirmation,) = (
        mail
        for mail in server.received
        if mail.recipients == reminder.recipients and mail.message["Subject"].startswith("Du är anmäld")
    )
    assert reminder.recipients == ["asa@example.org"]
    assert reminder.message["To"] == "asa@example.org"
    assert reminder.message["In-Reply-To"] == confirmation.message["Message-ID"]
    assert reminder.message["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in reminder.message.walk()] == [
        "multipart/alternative", "text/plain", "text/html",
    ]  # fmt: skip
    assert reminder.octets.isascii()

    cancel, entry = link(reminder, "/cancel"), link(reminder, r"/event\.ics")
    assert visitor.get(entry).mimetype == "text/calendar"
    assert "Vill du avanmäla dig?" in visitor.page(cancel).text
    with app.app_context():
        wait_until(_all_sent, what="the notes of them")
        assert db.session.query(Registration).filter_by(email="asa@example.org").one().status is Status.CONFIRMED
    visitor.submit(cancel)
    with app.app_context():
        assert db.session.query(Registration).filter_by(email="asa@example.org").one().status is Status.CANCELLED


def _all_sent() -> bool:
    db.session.rollback()
    states = set(db.session.scalars(select(OutgoingMail.state)))
    db.session.rollback()
    return {state.value for state in states} == {"sent"}
