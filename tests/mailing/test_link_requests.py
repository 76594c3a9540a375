"""Asking for a link: the request does the same for everybody, and the worker writes the letter at once, and once."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import Engine, event, update

import regapp
from regapp.accounts import signing_in
from regapp.core import clock
from regapp.core.db import db, writing
from regapp.health import LETTER_MAY_WAIT
from regapp.mailing import heartbeat, link_requests, outbox
from regapp.mailing.link_requests import Door, LinkRequest
from regapp.mailing.models import OutgoingMail
from regapp.mailing.sending.delivery import deliver_due
from regapp.mailing.sending.transport import SmtpTransport
from regapp.registrations import registering
from regapp.registrations.application import Application
from regapp.registrations.choices import Profession, Wish
from regapp.worker import Worker
from tests.support.client import CheckingClient
from tests.support.days import new_open_day
from tests.support.machine.disks import looking_out
from tests.support.machine.waiting import wait_until
from tests.support.mail.letters import LINKS, put
from tests.support.mail.smtp import Received, SmtpServer
from tests.support.organisers import add_organiser

KNOWN = "p1@example.org"
PACKAGE = str(Path(regapp.__file__).parent)
DOORS = {"link": "/2026/link", "sign_in_link": "/organiser/forgot-password"}
doors = pytest.mark.parametrize("kind", DOORS)


@pytest.fixture(autouse=True)
def known(app: Flask) -> None:
    """An address that both doors know, registered so long ago that its link may be sent; no letter waits."""
    with app.app_context():
        event_id = new_open_day(seats_on_site=None).id
        application = Application("F", "E", KNOWN, Profession.NURSE, "W", Wish.ON_SITE, "sv")
        with writing():
            registering.submit(event_id, application, "form:1", clock.now() - timedelta(hours=2))
        with writing():
            outbox.withdraw_all(OutgoingMail.recipient == KNOWN)
    add_organiser(app, email=KNOWN)
    outbox.resolve_links(lambda _mail: {**LINKS, "choose_password": "https://anmalan.example.org/organiser/c"})


def ask(app: Flask, kind: str, email: str = KNOWN, client_address: str = "127.0.0.1") -> None:
    client: CheckingClient = app.test_client()  # type: ignore[assignment]
    client.environ_base["REMOTE_ADDR"] = client_address
    assert client.submit(DOORS[kind], email=email).status_code == 200


def answer_next(app: Flask) -> bool:
    with app.app_context():
        return link_requests.answer_next()


def written(app: Flask, kind: str) -> int:
    """How many letters of this kind are in the outbox."""
    with app.app_context():
        return db.session.query(OutgoingMail).filter_by(kind=kind).count()


def waiting(app: Flask) -> int:
    """How many questions nobody has answered yet."""
    with app.app_context():
        return db.session.query(LinkRequest).count()


class Work:
    """The statements that a request runs, and the functions of ours that it calls, each in turn."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def __enter__(self) -> list[str]:
        event.listen(Engine, "before_cursor_execute", self._note_statement)
        sys.setprofile(self._note_call)
        return self.done

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        event.remove(Engine, "before_cursor_execute", self._note_statement)

    def _note_statement(self, _connection: object, _cursor: object, statement: str, *_: Any) -> None:
        self.done.append(statement)

    def _note_call(self, frame: FrameType, what: str, _argument: object) -> None:
        code = frame.f_code
        if what == "call" and code.co_filename.startswith(PACKAGE):
            self.done.append(f"{code.co_filename.removeprefix(PACKAGE)}:{code.co_qualname}")


@doors
@pytest.mark.both_databases("each takes locks of its own")
def test_a_request_does_the_same_whether_the_address_is_known_or_not(app: Flask, kind: str) -> None:
    work: dict[str, list[str]] = {}
    # The first one is for what is done once a process; each has its own client, so that as many tries are counted.
    for number, email in enumerate(("p8@example.org", KNOWN, "p9@example.org")):
        with Work() as done:
            ask(app, kind, email, f"127.0.0.{number}")
        work[email] = done
    assert any(step.startswith("INSERT INTO link_request") for step in work[KNOWN])
    assert any("limits" in step for step in work[KNOWN])
    assert work[KNOWN] == work["p9@example.org"]
    assert not [step for step in work[KNOWN] if "FROM registration" in step or "FROM organiser" in step]
    assert written(app, kind) == 0


@doors
def test_the_worker_answers_before_it_delivers_and_nothing_of_the_question_stays(
    app: Flask, server: SmtpServer, route: SmtpTransport, kind: str
) -> None:
    ask(app, kind)
    ask(app, kind, "nobody@example.org")
    assert waiting(app) == 2
    with app.app_context():
        assert Worker([], route).run_once() == 0
    assert [received.recipients for received in server.received] == [[KNOWN]]
    assert written(app, kind) == 1
    assert waiting(app) == 0


@contextmanager
def at_work(app: Flask, route: SmtpTransport) -> Iterator[None]:
    """A worker in a thread of its own."""
    working = Worker([], route)

    def work() -> None:
        with app.app_context():
            working.run()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        working.stop()
        thread.join(20)
    assert not thread.is_alive()


@pytest.mark.both_databases("each wakes the worker in its own way")
def test_a_resting_worker_wakes_for_a_question(app: Flask, server: SmtpServer, route: SmtpTransport) -> None:
    with at_work(app, route):
        with app.app_context():
            put("warm:1")
        wait_until(lambda: len(server.received) == 1, what="the worker")
        ask(app, "sign_in_link")
        # Without being woken it would look again only when it keeps house, a minute later.
        wait_until(lambda: len(server.received) == 2, what="the link")


def test_a_link_does_not_wait_for_the_end_of_a_mailing(app: Flask, server: SmtpServer, route: SmtpTransport) -> None:
    with app.app_context():
        for number in range(12):
            put(f"crowd:{number}")
        with writing():
            db.session.execute(update(OutgoingMail).values(is_bulk=True))

    def ask_amid(_received: Received) -> None:
        if len(server.received) == 3:
            ask(app, "sign_in_link")

    server.when_received = ask_amid
    with app.app_context():
        assert deliver_due(route).handled == 13
    assert KNOWN in [received.recipients[0] for received in server.received[:7]]


class _Killed(BaseException):
    """What no code of ours catches."""


@doors
@pytest.mark.both_databases("what a killed worker leaves behind is the database's to undo")
def test_a_question_whose_worker_was_killed_is_answered_by_the_next_one_once(
    app: Flask, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(app, kind)
    enqueue = outbox.enqueue

    def die(*values: Any, **named: Any) -> str:
        enqueue(*values, **named)
        raise _Killed

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "enqueue", die)
        with pytest.raises(_Killed):
            answer_next(app)
    assert (written(app, kind), waiting(app)) == (0, 1)
    assert [answer_next(app), answer_next(app)] == [True, False]
    assert (written(app, kind), waiting(app)) == (1, 0)


@pytest.mark.both_databases("one passes over the locked row, the other waits for the file")
def test_two_workers_answer_a_question_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(app, "sign_in_link")
    others: list[bool] = []

    def answer_too() -> None:
        others.append(answer_next(app))

    thread = threading.Thread(target=answer_too)

    def amid(request: LinkRequest, at: datetime) -> None:
        with looking_out(db.engine) as is_waiting:
            thread.start()
            wait_until(lambda: is_waiting() or not thread.is_alive(), what="the other worker")
        signing_in.send_link(request, at)

    monkeypatch.setitem(link_requests._answerers, Door.ORGANISER, amid)
    assert answer_next(app)
    thread.join(20)
    assert others == [False]
    assert (written(app, "sign_in_link"), waiting(app)) == (1, 0)


@pytest.mark.both_databases("what is refused is undone alone")
def test_a_question_that_cannot_be_answered_rests_and_holds_up_no_other(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(_request: LinkRequest, at: datetime) -> None:
        db.session.add(LinkRequest(door=Door.ORGANISER, email_key=None, asked_at=at, due_at=at))
        db.session.flush()

    with time_machine.travel(clock.now(), tick=False) as now:
        ask(app, "sign_in_link")
        ask(app, "link")
        with monkeypatch.context() as patch:
            patch.setitem(link_requests._answerers, Door.ORGANISER, break_down)
            while answer_next(app):
                pass
        assert (written(app, "link"), written(app, "sign_in_link"), waiting(app)) == (1, 0, 1)
        assert KNOWN not in caplog.text and "IntegrityError" in caplog.text
        now.shift(link_requests.RETRY_AFTER)
        assert answer_next(app)
        assert (written(app, "sign_in_link"), waiting(app)) == (1, 0)


def test_a_question_of_yesterday_is_answered_and_was_late_meanwhile(app: Flask, client: CheckingClient) -> None:
    with time_machine.travel(clock.now(), tick=False) as now:
        ask(app, "link")
        for wait, status in ((LETTER_MAY_WAIT, 200), (timedelta(hours=23), 503)):
            now.shift(wait)
            with app.app_context(), writing():
                heartbeat.beat(clock.now())
            assert client.get("/healthz/late").status_code == status
        assert answer_next(app)
        assert written(app, "link") == 1
        with app.app_context(), writing():
            outbox.withdraw_all(OutgoingMail.kind == "link")
        assert client.get("/healthz/late").status_code == 200
