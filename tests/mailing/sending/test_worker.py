"""The loop behind `regapp worker`, in this process and as one of its own."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

import config
from regapp import worker
from regapp.core.context import settings as current_settings
from regapp.core.db import db
from regapp.mailing import outbox
from regapp.mailing.models import MailState, OutgoingMail, QueueStop
from regapp.mailing.sending import delivery
from regapp.mailing.sending.filing import Folder
from regapp.mailing.sending.transport import SmtpTransport
from regapp.worker import SqliteWaker, Worker
from tests.support.machine.server import System
from tests.support.machine.waiting import wait_until
from tests.support.mail.letters import put, put_invited
from tests.support.mail.smtp import SmtpServer


@pytest.fixture
def chores() -> list[worker.Chore]:
    return []


@pytest.fixture
def at_work(app: Flask, route: SmtpTransport, chores: list[worker.Chore]) -> Iterator[Worker]:
    """A worker in a thread of its own, stopped after the test."""
    working = Worker(chores, route)

    def work() -> None:
        with app.app_context():
            working.run()

    thread = threading.Thread(target=work)
    thread.start()
    yield working
    working.stop()
    thread.join(20)
    assert not thread.is_alive()


@pytest.mark.both_databases("each has a waker of its own that wakes the worker")
@pytest.mark.usefixtures("context", "at_work")
def test_a_letter_goes_out_as_soon_as_it_is_written(server: SmtpServer) -> None:
    put("warm:1")
    wait_until(lambda: len(server.received) == 1, what="the first letter")
    put("next:1")
    # Without being woken it would look again only when it keeps house, a minute later.
    wait_until(lambda: len(server.received) == 2, what="the second letter")


@pytest.mark.usefixtures("context")
def test_a_resting_worker_waits_for_the_waker_and_not_for_letters(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    waits: list[float] = []
    wait = SqliteWaker.wait

    def listen(waker: SqliteWaker, seconds: float, interrupt: int) -> None:
        waits.append(seconds)
        wait(waker, seconds, interrupt)

    monkeypatch.setattr(SqliteWaker, "wait", listen)
    request.getfixturevalue("at_work")
    wait_until(lambda: waits, what="the worker's first rest")
    assert waits[-1] > 30


@pytest.mark.both_databases("several claim at once")
@pytest.mark.usefixtures("context")
def test_several_workers_send_each_letter_once(
    app: Flask, settings: config.Settings, server: SmtpServer, at_work: Worker
) -> None:
    others = [Worker([], SmtpTransport(settings)) for _ in range(2)]

    def work(one: Worker) -> None:
        with app.app_context():
            one.run()

    threads = [threading.Thread(target=work, args=(one,)) for one in others]
    for thread in threads:
        thread.start()
    for number in range(60):
        put(f"letter:{number}")
    wait_until(lambda: len(server.received) >= 60, what="all letters")
    for one in others:
        one.stop()
    for thread in threads:
        thread.join(20)
    identities = [received.message["Message-ID"] for received in server.received]
    assert len(identities) == len(set(identities)) == 60


def _raise() -> None:
    raise ValueError("a bug")


def test_chores_are_done_each_in_its_own_transaction_and_one_that_fails_stops_nothing(
    app: Flask, server: SmtpServer, route: SmtpTransport
) -> None:
    done: list[str] = []
    working = Worker([lambda now: _raise(), lambda now: done.append("done"), lambda now: working.stop()], route)
    with app.app_context():
        working.run()
    assert done == ["done"]


def _break_a_rule_of_the_tables(now: datetime) -> None:
    db.session.add(QueueStop(id=2, stopped_at=now, resumes_at=now, reason=""))
    db.session.flush()


@pytest.mark.both_databases("a refused statement ends the transaction differently")
def test_a_chore_that_the_database_refuses_keeps_no_other_from_being_done(
    app: Flask, server: SmtpServer, route: SmtpTransport
) -> None:
    done: list[str] = []
    working = Worker([_break_a_rule_of_the_tables, lambda now: done.append("done"), lambda now: working.stop()], route)
    with app.app_context():
        working.run()
    assert done == ["done"]


def test_create_app_can_add_chores(app: Flask) -> None:
    worker.chores(app).append(lambda now: None)
    assert len(worker.chores(app)) >= 1


@pytest.mark.usefixtures("context")
def test_once_sends_what_is_due_and_ends(route: SmtpTransport, server: SmtpServer) -> None:
    put()
    assert Worker([], route).run_once() == 0
    assert len(server.received) == 1


@pytest.mark.usefixtures("context")
def test_once_says_when_the_queue_stands_still(route: SmtpTransport, server: SmtpServer) -> None:
    server.faults.greeting = ["421 down"]
    put()
    assert Worker([], route).run_once() == 1
    assert outbox.queue_trouble() is not None


@pytest.mark.usefixtures("context")
def test_the_demo_files_its_letters(tmp_path: Path) -> None:
    demo = config.Settings(instance=tmp_path, mail_default_sender=current_settings().mail_default_sender)
    identity = put_invited()
    assert delivery.deliver_due(Folder(demo)).handled == 1
    mail = db.session.get(OutgoingMail, identity, populate_existing=True)
    assert mail is not None
    assert mail.state is MailState.FILED
    (file,) = (tmp_path / "outbox").iterdir()
    assert file.name == mail.last_answer
    assert file.suffix == ".eml"
    assert f"Message-ID: {mail.message_id}".encode() in file.read_bytes()


@pytest.mark.usefixtures("context")
def test_a_folder_that_cant_be_written_stops_the_queue(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("in the way")
    put()
    assert delivery.deliver_due(Folder(config.Settings(instance=tmp_path))).handled == 0
    trouble = outbox.queue_trouble()
    assert trouble is not None
    assert "the folder for letters can't be made" in trouble.reason


@pytest.mark.both_databases("what a killed process leaves behind is the database's to undo")
@pytest.mark.usefixtures("context")
def test_a_killed_worker_loses_nothing_and_a_stopped_one_ends_cleanly(
    start_system: Callable[..., System], server: SmtpServer
) -> None:
    system = start_system(mail_port=server.port, processes=1)
    system.crash("worker")
    for number in range(3):
        put(f"letter:{number}", kind="plain", letter=_plain())
    system.start_worker()
    wait_until(lambda: len(server.received) == 3, what="the letters")
    wait_until(lambda: _sent() == 3, what="the notes of them")


def _sent() -> int:
    db.session.rollback()
    return len(db.session.scalars(select(OutgoingMail.id).filter_by(state=MailState.SENT)).all())


def _plain() -> object:
    from regapp.mailing.letters import Letter, Paragraph

    return Letter("Hej", [Paragraph("Hej")])
