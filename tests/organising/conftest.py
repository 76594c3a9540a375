"""A published day with a few people, the clock standing still while it takes registrations."""

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from regapp.accounts.roles import Role
from regapp.registrations.choices import Diet, Profession, Wish
from tests.attendees.people import add
from tests.support.client import CheckingClient
from tests.support.days import WHILE_OPEN, new_day
from tests.support.organisers import signed_in


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(WHILE_OPEN, tick=False) as traveller:
        yield traveller


@pytest.fixture
def day(app: Flask, clock: time_machine.Traveller) -> str:
    """The day's slug; Åsa is vegan and wrote something, Bo is online."""
    with app.app_context():
        event = new_day(seats_on_site=10)
        add(
            event, "Åsa", "Öberg", message="Hej <b>på</b> er",
            diets=(Diet.VEGAN,), access_needs="hörslinga", workplace="Östersunds sjukhus",
        )  # fmt: skip
        add(event, "Bo", "Ek", wish=Wish.ONLINE, profession=Profession.PHYSICIAN)
        return event.slug


@pytest.fixture
def organiser(app: Flask, day: str) -> CheckingClient:
    return signed_in(app, Role.ORGANISER)


@pytest.fixture
def viewer(app: Flask, day: str) -> CheckingClient:
    return signed_in(app, Role.VIEWER)


@pytest.fixture
def door(app: Flask, day: str) -> CheckingClient:
    return signed_in(app, Role.DOOR)
