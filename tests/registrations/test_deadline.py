"""The last day to register counts to its last instant, on every clock."""

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st

from regapp.core.db import db, lock, writing
from regapp.events import drafts
from regapp.events.models import Event, Phase, Publication
from regapp.registrations.models import Registration
from tests.support.client import CheckingClient, read
from tests.support.days import APPLICATION, STOCKHOLM, new_day

WINTER = date(2026, 11, 11)
SUMMER = date(2026, 6, 11)
INTO_WINTER = date(2026, 10, 25)
INTO_SUMMER = date(2026, 3, 29)


@pytest.fixture(params=["UTC", "Asia/Tokyo", "America/New_York"])
def machine_zone(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield
    del os.environ["TZ"]
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


def day_with_last_day(last_day: date) -> None:
    closes_at = drafts.end_of(last_day, STOCKHOLM)
    new_day(
        closes_at=closes_at,
        opens_at=closes_at - timedelta(days=30),
        changes_close_at=closes_at + timedelta(days=7),
        promote_until=closes_at + timedelta(days=13),
        starts_at=closes_at + timedelta(days=14),
        ends_at=closes_at + timedelta(days=14, hours=7),
    )


@pytest.mark.parametrize(
    ("last_day", "midnight"),
    [
        (WINTER, datetime(2026, 11, 11, 23, tzinfo=UTC)),
        (SUMMER, datetime(2026, 6, 11, 22, tzinfo=UTC)),
        (INTO_WINTER, datetime(2026, 10, 25, 23, tzinfo=UTC)),
        (INTO_SUMMER, datetime(2026, 3, 29, 22, tzinfo=UTC)),
    ],
)
@pytest.mark.usefixtures("machine_zone")
def test_the_last_millisecond_counts_and_the_next_does_not(app: Flask, last_day: date, midnight: datetime) -> None:
    with app.app_context():
        day_with_last_day(last_day)
    client: CheckingClient = app.test_client()  # type: ignore[assignment]
    with time_machine.travel(midnight - timedelta(hours=1), tick=False) as clock:
        form = client.page("/2026/register").form()
        clock.move_to(midnight - timedelta(milliseconds=1))
        assert client.send("/2026/register", form, **APPLICATION).request.path.startswith("/2026/received/")
        clock.move_to(midnight)
        late: CheckingClient = app.test_client()  # type: ignore[assignment]
        answer = late.post("/2026/register", data=form.filled({**APPLICATION, "email": "sen@example.org"}))
        assert answer.status_code == 422
    with app.app_context():
        assert [r.email for r in db.session.query(Registration)] == ["asa@example.org"]
        assert db.session.query(Registration).one().received_at == midnight - timedelta(milliseconds=1)


def test_a_form_sent_too_late_says_when_it_closed_and_whom_to_ask_and_keeps_what_was_typed(app: Flask) -> None:
    with app.app_context():
        new_day()
    client: CheckingClient = app.test_client()  # type: ignore[assignment]
    with time_machine.travel(datetime(2026, 11, 11, 22, 0, tzinfo=UTC), tick=False) as clock:
        form = client.page("/2026/register").form()
        clock.move_to(datetime(2026, 11, 11, 23, 0, tzinfo=UTC))
        page = read(client.send("/2026/register", form, **APPLICATION, message="Jag kommer med rullstol."))
    assert "Anmälan stängde onsdag 11 november 2026 kl. 23.59." in page.text
    assert "fraga@example.org" in page.text
    assert page.find(name="first_name").get("value") == "Åsa-Märta"
    assert "Jag kommer med rullstol." in page.text


def test_a_form_sent_in_time_and_again_after_the_deadline_stays_a_success(app: Flask) -> None:
    with app.app_context():
        new_day()
    client: CheckingClient = app.test_client()  # type: ignore[assignment]
    with time_machine.travel(datetime(2026, 11, 11, 22, 59, tzinfo=UTC), tick=False) as clock:
        form = client.page("/2026/register").form()
        client.send("/2026/register", form, **APPLICATION)
        clock.shift(120)
        answer = client.send("/2026/register", form, **APPLICATION)
    assert answer.request.path.startswith("/2026/received/")


def test_before_it_opens_the_form_says_when(app: Flask) -> None:
    with app.app_context():
        new_day()
    client: CheckingClient = app.test_client()  # type: ignore[assignment]
    with time_machine.travel(datetime(2026, 9, 1, 5, 59, tzinfo=UTC), tick=False):
        assert "öppnar tisdag 1 september 2026 kl. 8.00" in client.page("/2026/register").text


@pytest.mark.both_databases("a lock holds the request up")
def test_who_waits_for_the_lock_over_midnight_was_in_time(app_of_its_own: Flask) -> None:
    app = app_of_its_own
    received, midnight = threading.Event(), datetime(2026, 11, 11, 23, 0, tzinfo=UTC)
    app.before_request(lambda: received.set() if request.method == "POST" else None)
    with app.app_context():
        new_day()
    client: CheckingClient = app.test_client()  # type: ignore[assignment]
    with time_machine.travel(midnight - timedelta(milliseconds=1), tick=False) as clock:
        form = client.page("/2026/register").form()
        with app.app_context(), ThreadPoolExecutor(1) as elsewhere, writing():
            lock(Event, 1)
            answer = elsewhere.submit(client.send, "/2026/register", form, **APPLICATION)
            assert received.wait(10)
            clock.move_to(midnight + timedelta(seconds=5))
            assert not answer.done()
        assert answer.result(timeout=20).request.path.startswith("/2026/received/")
    with app.app_context():
        assert db.session.query(Registration).one().received_at == midnight - timedelta(milliseconds=1)


@given(
    last_day=st.dates(date(2026, 1, 1), date(2036, 12, 31)),
    offset=st.timedeltas(timedelta(days=-2), timedelta(days=2)),
)
def test_what_counts_is_the_date_on_the_wall(last_day: date, offset: timedelta) -> None:
    closes_at = drafts.end_of(last_day, STOCKHOLM)
    event = Event(
        publication=Publication.PUBLISHED,
        opens_at=datetime(2025, 1, 1, tzinfo=UTC),
        closes_at=closes_at,
        changes_close_at=closes_at + timedelta(days=2),
        promote_until=closes_at + timedelta(days=8),
        starts_at=closes_at + timedelta(days=9),
        ends_at=closes_at + timedelta(days=9, hours=1),
    )
    now = closes_at.astimezone(UTC) + offset
    assert event.is_open(now) == (now.astimezone(STOCKHOLM).date() <= last_day)
    assert event.last_day == last_day


@pytest.mark.parametrize(
    ("publication", "now", "phase"),
    [
        (Publication.DRAFT, datetime(2026, 10, 1, tzinfo=UTC), Phase.DRAFT),
        (Publication.CANCELLED, datetime(2026, 10, 1, tzinfo=UTC), Phase.CANCELLED),
        (Publication.PUBLISHED, datetime(2026, 8, 1, tzinfo=UTC), Phase.NOT_OPEN),
        (Publication.PUBLISHED, datetime(2026, 10, 1, tzinfo=UTC), Phase.OPEN),
        (Publication.PUBLISHED, datetime(2026, 11, 12, tzinfo=UTC), Phase.CLOSED),
        (Publication.PUBLISHED, datetime(2026, 11, 26, tzinfo=UTC), Phase.OVER),
    ],
)
@pytest.mark.usefixtures("context")
def test_a_day_has_one_phase_at_a_time(publication: Publication, now: datetime, phase: Phase) -> None:
    assert new_day(publication=publication).phase(now) is phase
