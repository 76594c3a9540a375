"""Many people at once around the line: no seat twice, none lost, and everybody gets a true answer."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

import config
from regapp.core import clock, context
from regapp.core.audit import AuditEntry
from regapp.core.db import db, writing
from regapp.events.models import Attendance, Event
from regapp.mailing.models import OutgoingMail
from regapp.registrations import filling, places, registering
from regapp.registrations.application import Application
from regapp.registrations.choices import Profession, Wish
from regapp.registrations.finding import positions, without_offer
from regapp.registrations.letters.links import personal_links
from regapp.registrations.models import Registration, Status
from tests.registrations.test_line_always_true import replay
from tests.support.days import APPLICATION
from tests.support.machine.server import System
from tests.support.pages import Form
from tests.support.visitors import Answer, Visitor
from tests.torture.test_last_places import patient
from tests.whole.conftest import open_day  # noqa: F401

pytestmark = [
    pytest.mark.both_databases("the lock on the day is what is raced for"),
    pytest.mark.torture,
    pytest.mark.xdist_group("races"),
]


@dataclass
class Press:
    """A form that stands open in somebody's window, and what they are about to send with it."""

    visitor: Visitor
    path: str
    form: Form
    fields: dict[str, Any]
    wait: float = 0

    def __call__(self) -> Answer:
        time.sleep(self.wait)
        return self.visitor.send(self.path, self.form, **self.fields)


FIRST = "first"


class Crowd:
    """A day with a line, on 8 web processes."""

    def __init__(self, app: Flask, system: System) -> None:
        self.app = app
        self.system = system
        context.use_settings(config.load(system.environ))

    def register(self, name: str, number: int, wish: Wish) -> list[str]:
        """So many people with this wish, one after the other; their last names."""
        names = [f"{name}{n}" for n in range(number)]
        with self.app.app_context():
            event_id = db.session.scalars(select(Event.id)).one()
            for last_name in names:
                address = f"{last_name}@example.org"
                application = Application("F", last_name, address, Profession.NURSE, "W", wish, "sv")
                with writing():
                    registering.submit(event_id, application, last_name, clock.now())
        return names

    def line_up(self, number: int) -> list[str]:
        """So many people online and in line for the one seat, which somebody has; seats will be offered."""
        with self.app.app_context(), writing():
            db.session.scalars(select(Event)).one().offer_days = 30
        self.set_seats(1)
        self.register(FIRST, 1, Wish.ON_SITE)
        return self.register("online", number, Wish.ONLINE_AND_LINE)

    def newly_seated(self) -> set[int]:
        return {person.id for name, person in self.people().items() if person.has_seat and name != f"{FIRST}0"}

    def set_seats(self, seats: int) -> None:
        with self.app.app_context(), writing():
            event = db.session.scalars(select(Event)).one()
            event.seats_on_site = seats
            filling.settle(event, clock.now())

    def opens(self, who: str, page: str, /, **fields: Any) -> Press:
        """Somebody opens one of their own pages in a window of its own; an offer's buttons stand on the first one."""
        with self.app.app_context():
            person = db.session.scalars(select(Registration).filter_by(last_name=who)).one()
            own = personal_links(person)["manage"].removeprefix(self.system.base_url)
        is_button = page in {"/accept", "/decline"}
        path = own if is_button else own + page
        visitor = Visitor(self.system.base_url)
        return Press(visitor, path, visitor.get(path).page.form(page if is_button else None), fields)

    def newcomer(self, name: str, wish: Wish) -> Press:
        visitor = Visitor(self.system.base_url)
        fields = {**APPLICATION, "last_name": name, "email": f"{name}@example.org", "attendance": wish.value}
        return Press(visitor, "/2026/register", visitor.get("/2026/register").page.form(), fields)

    def open_all(self, openings: list[Callable[[], Press]]) -> list[Press]:
        with ThreadPoolExecutor(16) as crowd:
            return list(crowd.map(lambda opening: opening(), openings))

    def press(self, presses: list[Press]) -> list[Answer]:
        """Everybody presses at once; nobody gets an error of ours."""
        start = threading.Barrier(len(presses))

        def go(press: Press) -> Answer:
            start.wait()
            return press()

        with ThreadPoolExecutor(len(presses)) as crowd:
            answers = list(crowd.map(go, presses))
        assert not [answer.status for answer in answers if answer.status >= 500]
        self.check()
        return answers

    def check(self) -> None:
        """Seats, line, and every calendar are right."""
        with self.app.app_context():
            event = db.session.scalars(select(Event)).one()
            on_site = places.count(event).on_site
            assert on_site.limit is not None and on_site.taken <= on_site.limit
            assert not (on_site.left and db.session.scalars(without_offer(event.id)).first())
            for registration in db.session.scalars(select(Registration)):
                letters = select(OutgoingMail).where(
                    OutgoingMail.registration_id == registration.id, OutgoingMail.calendar.is_not(None)
                )
                shown = replay(list(db.session.scalars(letters)))
                assert len(shown) == (1 if registration.has_place else 0), registration.last_name
                if shown:
                    assert ("Provsalen" in shown[0].place) == registration.has_seat, registration.last_name

    def people(self) -> dict[str, Registration]:
        with self.app.app_context():
            return {person.last_name: person for person in db.session.scalars(select(Registration))}

    def count(self) -> Counter[str]:
        def what(person: Registration) -> str:
            if person.status is Status.CANCELLED:
                return "cancelled"
            held = "seat" if person.has_seat else "online" if person.has_place else "nothing"
            return f"{held} and line" if person.is_in_line else held

        return Counter(what(person) for person in self.people().values())

    def done(self, action: str) -> set[int]:
        """Who has such an entry in the audit log."""
        with self.app.app_context():
            query = select(AuditEntry.registration_id).filter_by(action=action)
            return {number for number in db.session.scalars(query) if number is not None}


@pytest.fixture
def crowd(
    app: Flask,
    open_day: Callable[..., None],  # noqa: F811
    start_system: Callable[..., System],
    database_url: str,
) -> Crowd:
    open_day(seats_on_site=0, offer_days=7)
    return Crowd(app, start_system(processes=8, DATABASE_URL=patient(database_url)))


def test_a_hundred_people_for_the_last_five_seats(crowd: Crowd) -> None:
    crowd.set_seats(5)
    presses = crowd.open_all([lambda n=n: crowd.newcomer(f"p{n}", Wish.ONLINE_AND_LINE) for n in range(100)])  # type: ignore[misc]
    answers = crowd.press(presses)
    assert all("/received/" in answer.path for answer in answers)
    assert crowd.count() == {"seat": 5, "online and line": 95}
    with crowd.app.app_context():
        event_id = db.session.scalars(select(Event.id)).one()
        assert sorted(positions(event_id).values()) == list(range(1, 96))


def test_fifty_cancellations_against_fifty_registrations(crowd: Crowd) -> None:
    crowd.set_seats(50)
    seated = crowd.register("seated", 50, Wish.ON_SITE)
    presses = crowd.open_all(
        [lambda name=name: crowd.opens(name, "/cancel") for name in seated]  # type: ignore[misc]
        + [lambda n=n: crowd.newcomer(f"new{n}", Wish.ONLINE_AND_LINE) for n in range(50)]  # type: ignore[misc]
    )
    crowd.press(presses)
    assert crowd.count() == {"cancelled": 50, "seat": 50}


def test_cancelling_against_being_promoted(crowd: Crowd) -> None:
    crowd.set_seats(20)
    seated = crowd.register("seated", 20, Wish.ON_SITE)
    in_line = crowd.register("online", 15, Wish.ONLINE_AND_LINE) + crowd.register("waiting", 15, Wish.LINE)
    presses = crowd.open_all([lambda name=name: crowd.opens(name, "/cancel") for name in seated + in_line[::2]])  # type: ignore[misc]
    crowd.press(presses)
    assert crowd.count() == {"cancelled": 35, "seat": 15}


def test_accepting_against_the_offers_end(crowd: Crowd) -> None:
    in_line = crowd.line_up(40)
    crowd.set_seats(21)
    presses = crowd.open_all([lambda n=n: crowd.opens(in_line[n], "/accept") for n in range(20)])  # type: ignore[misc]
    ends = clock.now() + timedelta(seconds=4)
    with crowd.app.app_context(), writing():
        for person in db.session.scalars(select(Registration).where(Registration.answer_by.is_not(None))):
            person.answer_by = ends
    for n, press in enumerate(presses):
        press.wait = n * 0.4
    stop = threading.Event()
    chore = threading.Thread(target=settle_until, args=(crowd.app, stop))
    chore.start()
    crowd.press(presses)
    stop.set()
    chore.join()
    accepted, passed = crowd.done("registration.offer_accepted"), crowd.done("registration.offer_passed")
    assert accepted and passed
    assert not accepted & passed and len(accepted | passed) == 20
    people = crowd.people().values()
    assert crowd.newly_seated() == accepted
    assert sum(person.is_offered for person in people) == len(passed)
    assert all(not person.is_in_line and person.has_place for person in people if person.id in passed)


def settle_until(app: Flask, stop: threading.Event) -> None:
    """What the worker does, without its pauses."""
    while not stop.wait(0.05):
        with app.app_context(), writing():
            filling.settle_all(clock.now())


def test_two_colleagues_for_the_same_place(crowd: Crowd) -> None:
    crowd.set_seats(10)
    givers = crowd.register("giver", 10, Wish.ON_SITE)
    presses = crowd.open_all(
        [
            lambda giver=giver, tab=tab: crowd.opens(  # type: ignore[misc]
                giver, "/transfer", first_name="K", last_name=f"{giver}.{tab}", email=f"{giver}.{tab}@example.org"
            )
            for giver in givers
            for tab in "ab"
        ]
    )
    crowd.press(presses)
    assert crowd.count() == {"cancelled": 10, "seat": 10}
    got = [name for name, person in crowd.people().items() if person.has_seat]
    assert sorted(name.partition(".")[0] for name in got) == sorted(givers)


@pytest.mark.parametrize(
    ("one", "other"),
    [("cancel", "cancel"), ("cancel", "attendance"), ("attendance", "attendance"), ("cancel", "transfer")],
)
def test_the_same_person_in_two_tabs(crowd: Crowd, one: str, other: str) -> None:
    fields: dict[str, dict[str, Any]] = {
        "cancel": {},
        "attendance": {"attendance": Attendance.ONLINE.value},
        "transfer": {"first_name": "K"},
    }
    crowd.set_seats(10)
    names = crowd.register("seated", 10, Wish.ON_SITE)
    crowd.register("waiting", 5, Wish.LINE)

    def tab(name: str, page: str) -> Press:
        colleague = {"last_name": f"K{name}", "email": f"k.{name}@example.org"}
        own = {**fields[page], **(colleague if page == "transfer" else {})}
        return crowd.opens(name, f"/{page}", **own)

    presses = crowd.open_all([lambda n=n, p=p: tab(n, p) for n in names for p in (one, other)])  # type: ignore[misc]
    crowd.press(presses)
    found = crowd.count()
    # A transferred seat is a colleague's; every other one went to the line while there was one.
    assert found["seat"] == 10 or (found["seat"] >= 5 and not found["nothing and line"])


def test_accepting_and_declining_in_two_tabs(crowd: Crowd) -> None:
    names = crowd.line_up(20)
    crowd.set_seats(11)
    presses = crowd.open_all(
        [lambda n=n, p=p: crowd.opens(n, p) for n in names[:10] for p in ("/accept", "/decline")]  # type: ignore[misc]
    )
    crowd.press(presses)
    accepted, declined = crowd.done("registration.offer_accepted"), crowd.done("registration.offer_declined")
    assert not accepted & declined and len(accepted | declined) == 10
    assert crowd.newly_seated() == accepted
