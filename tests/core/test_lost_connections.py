"""PostgreSQL was restarted: whose first statement finds its connection dead gets another, and nobody notices."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import Engine, event, func, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from regapp.accounts.roles import Role
from regapp.core.db import db, lock
from regapp.events.models import Event
from regapp.mailing.models import OutgoingMail
from regapp.registrations.models import Registration
from tests.support.client import CheckingClient
from tests.support.days import APPLICATION, new_day, new_open_day
from tests.support.machine.postgres import Cluster, cut_off
from tests.support.organisers import signed_in

restarted = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


def restart(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        assert cut_off(db.engine.url) > 0


def rows(app: Flask) -> tuple[int, ...]:
    with app.app_context():
        tables = (Registration, OutgoingMail)
        return tuple(db.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)


@restarted
@pytest.mark.parametrize("really", [False, True])
def test_a_registration_that_is_sent_after_a_restart_counts_once(
    app: Flask, client: CheckingClient, postgres_cluster: Cluster, really: bool
) -> None:
    with app.app_context():
        new_open_day()
    form = client.page("/2026/register").form()
    if really:
        postgres_cluster.stop()
        postgres_cluster.start()
    else:
        restart(app)
    answer = client.send("/2026/register", form, follow=False, **APPLICATION)
    assert (answer.status_code, rows(app)) == (302, (1, 1))


@restarted
def test_who_is_signed_in_stays_so(app: Flask) -> None:
    with app.app_context():
        new_open_day()
    organiser = signed_in(app, Role.ORGANISER)
    restart(app)
    assert organiser.get("/organiser/").status_code == 200
    restart(app)
    assert organiser.get("/healthz").status_code == 200


@restarted
def test_what_breaks_off_in_the_middle_is_not_done_a_second_time(app: Flask, client: CheckingClient) -> None:
    with app.app_context():
        new_open_day()
    form = client.page("/2026/register").form()

    def break_off(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO registration"):
            event.remove(Engine, "before_cursor_execute", break_off)
            with app.app_context():
                cut_off(db.engine.url)

    event.listen(Engine, "before_cursor_execute", break_off)
    answer = client.send("/2026/register", form, **APPLICATION)
    assert (answer.status_code, rows(app)) == (503, (0, 0))
    assert client.send("/2026/register", form, **APPLICATION).status_code == 200
    assert rows(app) == (1, 1)


@restarted
@pytest.mark.usefixtures("context")
def test_a_server_that_says_goodbye_has_ended_the_connection() -> None:
    """The driver hears of the shutdown first, and finds the socket closed a moment later."""
    with pytest.raises(OperationalError) as caught:
        db.session.execute(text("DO $$ BEGIN RAISE EXCEPTION 'bye' USING ERRCODE = 'admin_shutdown'; END $$"))
    assert caught.value.connection_invalidated


@pytest.mark.usefixtures("context")
def test_no_error_of_the_database_tells_the_values_of_its_statement() -> None:
    with pytest.raises(DBAPIError) as caught:
        db.session.execute(text("SELECT * FROM nowhere WHERE email = :email"), {"email": "asa@example.org"})
    assert "nowhere" in str(caught.value)
    assert "asa@" not in str(caught.value)


@pytest.mark.usefixtures("context")
def test_what_was_changed_before_a_lock_is_kept() -> None:
    day = new_day()
    day.venue = "Aulan"
    assert lock(Event, day.id).venue == "Aulan"
