"""Several workers, most as processes: each letter goes once, at the rate that is set, and none is left in hand."""

import signal
import threading
from collections import Counter
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import insert, select

import config
from regapp.core import clock
from regapp.core.db import db, writing
from regapp.mailing import outbox
from regapp.mailing.models import MailState, OutgoingMail
from regapp.mailing.sending import claiming
from regapp.mailing.sending.delivery import deliver_due
from regapp.mailing.sending.transport import SmtpTransport
from tests.support.machine.server import System
from tests.support.machine.waiting import wait_until
from tests.support.mail.letters import count_letters
from tests.support.mail.smtp import Received, SmtpServer

pytestmark = pytest.mark.usefixtures("context")
on_postgresql = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


def _write(number: int) -> set[str]:
    """So many letters at once; their Message-IDs."""
    now = clock.now()
    rows = [
        {
            "id": f"{n:032x}", "key": f"letter:{n}", "kind": "plain", "language": "sv",
            "recipient": f"p{n}@example.org", "message_id": f"<{n:032x}@example.org>",
            "subject": "Hej", "text": "Hej\n" * 20, "html": "<p>Hej</p>" * 20, "dated_at": now, "due_at": now,
        }
        for n in range(number)
    ]  # fmt: skip
    with writing():
        db.session.execute(insert(OutgoingMail), rows)
        outbox.wake_workers()
    return {row["message_id"] for row in rows}  # type: ignore[misc]


def _counts() -> dict[MailState, int]:
    db.session.rollback()
    return count_letters()


def _drain(system: System, server: SmtpServer, letters: set[str], seconds: float) -> None:
    wait_until(lambda: len(server.received) >= len(letters), seconds=seconds, what="the letters")
    wait_until(lambda: _counts()[MailState.SENT] == len(letters), what="the notes of them")
    system.stop()
    arrived = Counter(received.message["Message-ID"] for received in server.received)
    assert arrived == dict.fromkeys(letters, 1)
    assert set(db.session.scalars(select(OutgoingMail.attempts))) == {1}
    assert server.connections >= 2


@on_postgresql
def test_four_workers_send_each_letter_once(database_url: str, tmp_path: Path, server: SmtpServer) -> None:
    letters = _write(300)
    system = System(database_url, tmp_path / "system", mail_port=server.port)
    system.add_workers(4)
    _drain(system, server, letters, seconds=60)


@pytest.mark.torture
@pytest.mark.xdist_group("races")
@on_postgresql
def test_four_workers_drain_five_thousand_letters_each_sent_once(
    database_url: str, tmp_path: Path, server: SmtpServer
) -> None:
    letters = _write(5000)
    system = System(database_url, tmp_path / "system", mail_port=server.port)
    system.add_workers(4)
    _drain(system, server, letters, seconds=300)


def test_a_second_worker_on_sqlite_does_no_harm(database_url: str, tmp_path: Path, server: SmtpServer) -> None:
    letters = _write(150)
    system = System(database_url, tmp_path / "system", mail_port=server.port)
    system.add_workers(2)
    _drain(system, server, letters, seconds=60)


@pytest.mark.both_databases("what was claimed is given back")
def test_sigterm_finishes_the_letter_in_hand_and_gives_the_one_made_ready_back(
    database_url: str, tmp_path: Path, server: SmtpServer
) -> None:
    _write(8)
    system = System(database_url, tmp_path / "system", mail_port=server.port)
    system.add_workers(1)
    (worker,) = system.more_workers

    def terminate_at_the_third(_received: Received) -> None:
        if len(server.received) == 3:
            worker.send_signal(signal.SIGTERM)

    server.when_received = terminate_at_the_third
    assert worker.wait(30) == 0
    assert len(server.received) == 3
    assert _counts()[MailState.SENT] == 3
    assert _counts()[MailState.QUEUED] == 5


@pytest.mark.both_databases("the rate is counted under a lock of each one's own")
def test_the_rate_holds_for_all_workers_together(app: Flask, settings: config.Settings, server: SmtpServer) -> None:
    _write(20)
    together, handled = threading.Barrier(4), []

    def work() -> None:
        with app.app_context():
            together.wait(20)
            handled.append(deliver_due(SmtpTransport(settings), per_minute=6).handled)
            db.session.remove()

    with time_machine.travel(clock.now(), tick=False):
        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
    assert sum(handled) == len(server.received) == 6


def test_no_letter_is_handed_over_before_the_answer_to_the_last_one_is_noted(
    app: Flask, route: SmtpTransport, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(6)
    noted: list[int] = []
    note_answer, came = claiming.note_answer, threading.Event()

    def take_long(*arguments: object) -> MailState:
        # Time enough for the next letter to come, if it were let go; with too little, less would be seen.
        came.clear()
        came.wait(0.1)
        return note_answer(*arguments)  # type: ignore[arg-type]

    def look(_received: Received) -> None:
        came.set()
        with app.app_context():
            noted.append(_counts()[MailState.SENT])
            db.session.remove()

    monkeypatch.setattr(claiming, "note_answer", take_long)
    server.when_received = look
    assert deliver_due(route).handled == 6
    assert noted == [0, 1, 2, 3, 4, 5]
