"""The whole service on the test's database, with a mail server, and a day that is open now."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.support.days import new_open_day
from tests.support.machine.server import System
from tests.support.mail.smtp import SmtpServer


@pytest.fixture
def mail(server: SmtpServer) -> SmtpServer:
    return server


@pytest.fixture
def open_day(app: Flask) -> Callable[..., None]:
    """Makes a day that takes registrations at this very moment."""

    def make(**changes: object) -> None:
        with app.app_context():
            new_open_day(**changes)

    return make


@pytest.fixture
def system(start_system: Callable[..., System], mail: SmtpServer, open_day: Callable[..., None]) -> System:
    open_day()
    return start_system(mail_port=mail.port)
