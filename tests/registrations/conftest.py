"""A published day, and the clock standing still while it takes registrations."""

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from tests.support.days import WHILE_OPEN, new_day


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(WHILE_OPEN, tick=False) as traveller:
        yield traveller


@pytest.fixture
def day(app: Flask, clock: time_machine.Traveller) -> str:
    """The day's slug."""
    with app.app_context():
        return new_day().slug
