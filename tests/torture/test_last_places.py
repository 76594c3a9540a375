"""Many people at once for the last places: each place is given once, and everybody gets a true answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from regapp.core.db import db, writing
from regapp.events.models import Attendance, Event
from regapp.mailing.models import OutgoingMail
from regapp.registrations.models import Registration
from tests.support.days import APPLICATION
from tests.support.machine import server
from tests.support.machine.server import System
from tests.support.visitors import Answer, Visitor
from tests.whole.conftest import mail, open_day  # noqa: F401

pytestmark = [pytest.mark.both_databases("the lock on the day is what is raced for"), pytest.mark.xdist_group("races")]

FULL = "Alla platser på plats är tagna"


class Race:
    """A day with few places left, and a crowd with its forms already open."""

    def __init__(self, app: Flask, system: System) -> None:
        self.app = app
        self.system = system
        self.round = 0

    def run(self, people: int, places: int) -> list[Answer]:
        """Everybody presses the button at once."""
        self.round += 1
        with self.app.app_context(), writing():
            event = db.session.scalars(select(Event)).one()
            event.seats_on_site = self.sold() + places
        visitors = [Visitor(self.system.base_url) for _ in range(people)]
        with ThreadPoolExecutor(people) as crowd:
            forms = list(crowd.map(lambda visitor: visitor.get("/2026/register").page.form(), visitors))
            return list(crowd.map(self._press, range(people), visitors, forms))

    def _press(self, number: int, visitor: Visitor, form: object) -> Answer:
        address = f"p{self.round}.{number}@example.org"
        return visitor.send("/2026/register", form, **{**APPLICATION, "email": address})  # type: ignore[arg-type]

    def sold(self) -> int:
        query = select(func.count()).where(Registration.attendance == Attendance.ON_SITE)
        return db.session.scalar(query) or 0

    def count(self) -> tuple[int, int]:
        """Registrations and letters there are."""
        with self.app.app_context():
            letters = db.session.scalar(select(func.count()).select_from(OutgoingMail))
            return self.sold(), letters or 0


def patient(database_url: str) -> str:
    """Nobody is to be sent away busy, however slow the machine is."""
    return f"{database_url}{'?timeout=60' if database_url.startswith('sqlite') else '&options=-c lock_timeout=60000'}"


@pytest.fixture
def race(
    app: Flask,
    open_day: Callable[..., None],  # noqa: F811
    start_system: Callable[..., System],
    database_url: str,
) -> Race:
    open_day(seats_on_site=0)
    return Race(app, start_system(processes=8, DATABASE_URL=patient(database_url)))


def kinds(answers: list[Answer]) -> Counter[str]:
    return Counter(
        "place" if "/received/" in answer.path else "full" if FULL in answer.body else f"{answer.status}"
        for answer in answers
    )


def test_forty_people_for_the_last_five_places(race: Race) -> None:
    answers = race.run(people=40, places=5)
    assert kinds(answers) == {"place": 5, "full": 35}
    assert race.count() == (5, 5)


@pytest.mark.torture
def test_two_hundred_people_for_the_last_ten_places_twenty_times(race: Race) -> None:
    for number in range(1, 21):
        answers = race.run(people=200, places=10)
        assert kinds(answers) == {"place": 10, "full": 190}
        assert race.count() == (10 * number, 10 * number)


@pytest.fixture
def without_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service with the lock taken out of it: what this file tests must then fail."""
    (tmp_path / "gunicorn").write_text(UNLOCKED)
    monkeypatch.setattr(server, "GUNICORN", str(tmp_path / "gunicorn"))


UNLOCKED = """
from gunicorn.app.wsgiapp import run
from regapp.core import db
from regapp.registrations import registering

never = {"get": lambda _: False, "set": lambda *_: None, "reset": lambda *_: None}
db._writing = type("Never", (), never)()
registering.lock = lambda model, identity: db.db.session.get_one(model, identity)
run()
"""


@pytest.mark.torture
def test_without_the_lock_the_race_goes_wrong(without_lock: None, race: Race) -> None:
    outcomes = [kinds(race.run(people=60, places=5)) for _ in range(5)]
    assert outcomes != [{"place": 5, "full": 55}] * 5
