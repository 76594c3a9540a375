"""A full disk and a locked database: clear words, nothing half-written, and everything goes on unaided."""

import logging
import threading
from collections import Counter
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import func, select

from regapp.core import db as core_db
from regapp.core.audit import AuditEntry
from regapp.core.db import db
from regapp.mailing.models import MailState, OutgoingMail
from regapp.mailing.sending.transport import SmtpTransport
from regapp.registrations.models import Registration
from regapp.worker import Worker
from tests.support.client import CheckingClient
from tests.support.days import APPLICATION, new_open_day
from tests.support.machine.disks import Disk, Lock
from tests.support.machine.waiting import wait_until
from tests.support.mail.letters import count_letters, put
from tests.support.mail.smtp import SmtpServer

pytestmark = [
    pytest.mark.both_databases("each says in its own way what it can't do"),
    pytest.mark.usefixtures("context"),
]


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core_db, "BUSY_TIMEOUT_S", 0.1)
    monkeypatch.setattr("regapp.worker._RECONNECT_PAUSES_S", (0.05,))


@pytest.fixture
def disk(context: None) -> Disk:
    return Disk(db.engine)


@pytest.fixture
def lock(context: None) -> Iterator[Lock]:
    held = Lock(db.engine)
    yield held
    held.give_back()


@pytest.fixture
def at_work(app: Flask, route: SmtpTransport) -> Iterator[Worker]:
    """A worker in a thread of its own, stopped after the test."""
    working = Worker([], route)

    def work() -> None:
        with app.app_context():
            working.run()

    thread = threading.Thread(target=work)
    thread.start()
    yield working
    working.stop()
    thread.join(20)
    assert not thread.is_alive()


def _all_sent() -> bool:
    counts = count_letters()
    db.session.rollback()
    return counts[MailState.SENT] == sum(counts.values())


def _rows() -> list[int]:
    tables = (Registration, OutgoingMail, AuditEntry)
    found = [db.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]
    db.session.rollback()
    return found


def _register(client: CheckingClient) -> tuple[int, str]:
    answer = client.submit("/2026/register", **APPLICATION)
    return answer.status_code, answer.get_data(as_text=True)


def _says_try_again(answer: tuple[int, str]) -> bool:
    status, page = answer
    return status == 503 and "Ingenting har gått förlorat. Försök igen om en stund." in page and "asa@example" in page


def test_on_a_full_disk_nothing_is_half_written_and_the_person_is_told(
    client: CheckingClient, disk: Disk, server: SmtpServer
) -> None:
    new_open_day()
    before = _rows()
    disk.fill()
    assert _says_try_again(_register(client))
    assert _rows() == before
    disk.make_room()
    assert _register(client)[0] == 200
    assert _rows()[:2] == [1, 1]


@pytest.mark.parametrize("letters", [2, 5])
def test_a_letter_whose_answer_found_no_room_is_noted_when_there_is_and_not_sent_again(
    disk: Disk, server: SmtpServer, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture, letters: int
) -> None:
    caplog.set_level(logging.ERROR)
    identities = [put(f"letter:{number}") for number in range(letters)]

    def fill_at_the_second(_received: object) -> None:
        if len(server.received) == 2:
            disk.fill()

    server.when_received = fill_at_the_second
    request.getfixturevalue("at_work")
    wait_until(lambda: "the database doesn't answer" in caplog.text, what="the worker's complaint")
    # The second has no note, so that a third isn't handed over.
    assert len(server.received) == 2
    disk.make_room()
    wait_until(_all_sent, what="all notes")
    arrived = Counter(received.message["Message-ID"] for received in server.received)
    assert arrived == {f"<{identity}@swecarnet.example.org>": 1 for identity in identities}


def test_a_locked_database_makes_a_worker_wait_and_sends_nothing_twice(
    lock: Lock, server: SmtpServer, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    new_open_day()
    identities = [put(f"letter:{number}") for number in range(5)]
    locked = threading.Event()

    def lock_at_the_second(_received: object) -> None:
        if len(server.received) == 2:
            lock.take()
            locked.set()

    server.when_received = lock_at_the_second
    request.getfixturevalue("at_work")
    assert locked.wait(20)
    wait_until(lambda: "the database doesn't answer" in caplog.text, what="the worker's complaint")
    lock.give_back()
    wait_until(_all_sent, what="all notes")
    arrived = Counter(received.message["Message-ID"] for received in server.received)
    assert arrived == {f"<{identity}@swecarnet.example.org>": 1 for identity in identities}


def test_a_locked_database_makes_a_person_wait_and_then_come_again(client: CheckingClient, lock: Lock) -> None:
    new_open_day()
    form = client.page("/2026/register").form()
    before = _rows()
    # What has a connection already goes on with the time to wait that it was opened with.
    db.session.remove()
    db.engine.dispose()
    lock.take()
    answer = client.send("/2026/register", form, **APPLICATION)
    assert _says_try_again((answer.status_code, answer.get_data(as_text=True)))
    assert answer.headers["Retry-After"] == "5"
    assert client.get("/healthz/live").status_code == 200
    lock.give_back()
    assert _rows() == before
    assert client.send("/2026/register", form, **APPLICATION).status_code == 200
    assert _rows()[:2] == [1, 1]


def test_who_holds_a_row_stops_nobody_who_only_asks(client: CheckingClient, lock: Lock) -> None:
    new_open_day()
    lock.take(of_row=True)
    assert client.get("/2026/").status_code == 200
    assert client.get("/healthz").status_code == 200
    assert client.get("/healthz/late").status_code == 503  # answered: no worker lives here
