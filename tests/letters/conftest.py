"""A published day whose letters really go out, to a server on loopback, with the links of their readers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from tests.support.days import WHILE_OPEN, new_day
from tests.support.machine.server import environment
from tests.support.mail.catalogue import Story
from tests.support.mail.smtp import SmtpServer

READER = "anna@example.org"
"""Who reads the answers."""


@pytest.fixture
def environ(database_url: str, instance: Path, server: SmtpServer) -> dict[str, str]:
    return environment(database_url, instance, MAIL_PORT=str(server.port), MAIL_REPLY_TO=READER)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(WHILE_OPEN, tick=False) as traveller:
        yield traveller


@pytest.fixture
def begin(app: Flask, server: SmtpServer, clock: time_machine.Traveller) -> Callable[..., Story]:
    """Begins a story in a language, with a new day: `begin("sv", directions_sv="…")`."""

    def start(language: str, **day: object) -> Story:
        with app.app_context():
            new_day(**day)
        return Story(app, clock, server, language)

    return start
