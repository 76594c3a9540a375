"""`/healthz` and its two sisters: 200 or 503, fresh, and nothing personal in them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text

import config
from regapp.core import clock
from regapp.core.db import db, writing
from regapp.health import LETTER_MAY_WAIT, WORKER_MAY_BE_SILENT
from regapp.mailing import heartbeat
from regapp.mailing.models import MailState, OutgoingMail
from regapp.mailing.sending.transport import SmtpTransport
from regapp.worker import Worker
from tests.support.machine.postgres import cut_off

READY = {"well": True, "database": True, "migrations": True, "writable": True}
PUNCTUAL = {
    "well": True,
    "worker": True,
    "letters": True,
    "worker_silent_s": 0,
    "oldest_due_letter_s": None,
    "letters_paused_s": None,
}


def queue_letter(app: Flask, waits: timedelta, state: MailState = MailState.QUEUED) -> None:
    now = clock.now()
    with app.app_context(), writing():
        db.session.add(
            OutgoingMail(
                key=f"test:{waits}:{state}", kind="confirmation", language="sv", recipient="anna@example.org",
                message_id=f"<{waits.total_seconds()}{state}@example.org>", subject="Hej", text="Hej", html="<p>Hej",
                dated_at=now, due_at=now - waits, state=state,
                sent_at=now if state is MailState.SENT else None,
            )
        )  # fmt: skip


def worker_beats(app: Flask, ago: timedelta = timedelta()) -> None:
    with app.app_context(), writing():
        heartbeat.beat(clock.now() - ago)


def ask(client: FlaskClient, path: str) -> tuple[int, dict[str, Any]]:
    answer = client.get(path)
    assert "anna" not in answer.text
    return answer.status_code, dict(answer.json or {})


@pytest.mark.parametrize(("path", "well"), [("", READY), ("/late", PUNCTUAL), ("/live", {"well": True})])
def test_a_well_service_says_so_and_is_asked_anew_each_time(
    app: Flask, client: FlaskClient, path: str, well: dict[str, Any]
) -> None:
    worker_beats(app)
    answer = client.get(f"/healthz{path}")
    assert (answer.status_code, answer.json) == (200, well)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.both_databases("SQL finds the oldest instant")
def test_a_letter_that_waits_too_long_is_late_and_the_service_ready(app: Flask, client: FlaskClient) -> None:
    worker_beats(app)
    queue_letter(app, timedelta(minutes=5))
    status, told = ask(client, "/healthz/late")
    assert (status, told["oldest_due_letter_s"] in range(300, 310)) == (200, True)
    queue_letter(app, LETTER_MAY_WAIT + timedelta(minutes=1))
    status, told = ask(client, "/healthz/late")
    assert (status, told["well"], told["letters"], told["worker"]) == (503, False, False, True)
    assert ask(client, "/healthz") == (200, READY)


def test_letters_that_were_sent_or_are_not_due_yet_do_not_wait(app: Flask, client: FlaskClient) -> None:
    worker_beats(app)
    queue_letter(app, timedelta(days=1), MailState.SENT)
    queue_letter(app, -timedelta(hours=1))
    assert ask(client, "/healthz/late") == (200, PUNCTUAL)


@pytest.mark.both_databases("each replaces a row in its own words")
def test_a_worker_that_is_silent_is_late_and_the_service_ready(app: Flask, client: FlaskClient) -> None:
    status, told = ask(client, "/healthz/late")
    assert (status, told["worker"], told["worker_silent_s"]) == (503, False, None)
    worker_beats(app)
    worker_beats(app, WORKER_MAY_BE_SILENT + timedelta(minutes=1))
    status, told = ask(client, "/healthz/late")
    assert (status, told["worker"], told["worker_silent_s"]) == (503, False, 360)
    assert ask(client, "/healthz") == (200, READY)


@pytest.mark.usefixtures("context")
def test_a_worker_gives_a_sign_of_life_before_its_other_work(
    app: Flask, client: FlaskClient, settings: config.Settings
) -> None:
    seen: list[int] = []
    working = Worker([lambda now: look(now)], SmtpTransport(settings))

    def look(_now: datetime) -> None:
        seen.append(ask(client, "/healthz/late")[0])
        working.stop()

    working.run()
    assert seen == [200]


@pytest.mark.both_databases("what follows a failed statement differs")
def test_tables_that_do_not_fit_are_an_alarm(app: Flask, client: FlaskClient) -> None:
    for statement in (
        "UPDATE alembic_version SET version_num = '999'",
        "DELETE FROM alembic_version",
        "DROP TABLE alembic_version",
    ):
        with app.app_context(), writing():
            db.session.execute(text(statement))
        status, told = ask(client, "/healthz")
        assert (status, told["database"], told["migrations"]) == (503, True, False), statement


def test_a_disk_that_is_nearly_full_is_an_alarm(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regapp.health.ROOM_NEEDED", 2**62)
    assert ask(client, "/healthz") == (503, {**READY, "well": False, "writable": False})


def test_a_file_that_may_not_be_written_is_an_alarm(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    # What access(2) says of a read-only disk; the tests' user may be root, whom a file's mode doesn't hold.
    monkeypatch.setattr("regapp.health.os.access", lambda path, _mode: not str(path).endswith(".sqlite"))
    assert ask(client, "/healthz") == (503, {**READY, "well": False, "writable": False})


on_postgresql = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


@on_postgresql
def test_a_server_that_went_away_since_the_last_question_is_out_of_reach(app: Flask, client: FlaskClient) -> None:
    assert ask(client, "/healthz") == (200, READY)
    with app.app_context():
        url = db.engine.url
    server = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS false'))
        assert cut_off(url) == 1
        status, told = ask(client, "/healthz")
        connection.execute(text(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS true'))
    server.dispose()
    assert (status, told["database"], told["migrations"]) == (503, False, None)


@on_postgresql
def test_a_server_that_only_reads_is_an_alarm(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        name = db.engine.url.database
        with db.engine.begin() as connection:
            connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
        db.engine.dispose()
    assert ask(client, "/healthz") == (503, {**READY, "well": False, "writable": False})


class TestOutOfReach:
    @pytest.fixture
    def database_url(self, tmp_path: object) -> str:
        return f"postgresql+psycopg://nobody@/none?host={tmp_path}"

    def test_a_database_out_of_reach_is_an_answer(self, client: FlaskClient) -> None:
        unknown = {"well": False, "database": False, "migrations": None, "writable": None}
        assert ask(client, "/healthz") == (503, unknown)
        status, told = ask(client, "/healthz/late")
        assert (status, told["well"], told["worker"], told["letters"]) == (503, False, None, None)
        assert ask(client, "/healthz/live") == (200, {"well": True})
