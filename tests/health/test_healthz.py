"""`/healthz`: 200 or 503, fresh, and nothing personal in it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from regapp.core import clock
from regapp.core.db import db, writing
from regapp.health import LETTER_MAY_WAIT, take_pulse
from regapp.mailing.models import MailState, OutgoingMail

WELL = {
    "well": True,
    "database": True,
    "migrations": True,
    "letters": True,
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


def test_a_well_service_says_so_and_is_asked_anew_each_time(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (200, WELL)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.both_databases("SQL finds the oldest instant")
def test_a_letter_that_waits_too_long_is_an_alarm(app: Flask, client: FlaskClient) -> None:
    queue_letter(app, timedelta(minutes=5))
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json["oldest_due_letter_s"] in range(300, 310)
    queue_letter(app, LETTER_MAY_WAIT + timedelta(minutes=1))
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert (answer.json["well"], answer.json["letters"]) == (False, False)
    assert "anna" not in answer.text


def test_letters_that_were_sent_or_are_not_due_yet_do_not_wait(app: Flask, client: FlaskClient) -> None:
    queue_letter(app, timedelta(days=1), MailState.SENT)
    queue_letter(app, -timedelta(hours=1))
    assert client.get("/healthz").json == WELL


@pytest.mark.both_databases("what follows a failed statement differs")
def test_tables_that_do_not_fit_are_an_alarm(app: Flask, client: FlaskClient) -> None:
    for statement in (
        "UPDATE alembic_version SET version_num = '999'",
        "DELETE FROM alembic_version",
        "DROP TABLE alembic_version",
    ):
        with app.app_context(), writing():
            db.session.execute(text(statement))
        answer = client.get("/healthz")
        assert answer.status_code == 503, statement
        assert (answer.json["database"], answer.json["migrations"]) == (True, False), statement


class TestOutOfReach:
    @pytest.fixture
    def database_url(self, tmp_path: object) -> str:
        return f"postgresql+psycopg://nobody@/none?host={tmp_path}"

    def test_a_database_out_of_reach_is_an_answer(self, app: Flask, client: FlaskClient) -> None:
        answer = client.get("/healthz")
        assert answer.status_code == 503
        assert answer.json == {
            "well": False, "database": False, "migrations": False, "letters": True, "oldest_due_letter_s": None,
            "letters_paused_s": None,
        }  # fmt: skip
        with app.app_context():
            assert not take_pulse(clock.now()).is_well
