"""The whole service on the test's database, with a mail server, and a day that is open now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask

from regapp.core import clock
from tests.support.days import new_day
from tests.support.server import System
from tests.support.smtp import SmtpServer


@pytest.fixture
def mail() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


@pytest.fixture
def open_day(app: Flask) -> Callable[..., None]:
    """Makes a day that takes registrations at this very moment."""

    def make(**changes: object) -> None:
        now = clock.now()
        with app.app_context():
            new_day(
                **{
                    "opens_at": now - timedelta(days=1),
                    "closes_at": now + timedelta(days=7),
                    "changes_close_at": now + timedelta(days=14),
                    "promote_until": now + timedelta(days=20),
                    "starts_at": now + timedelta(days=21),
                    "ends_at": now + timedelta(days=21, hours=7),
                    **changes,
                }
            )

    return make


@pytest.fixture
def system(start_system: Callable[..., System], mail: SmtpServer, open_day: Callable[..., None]) -> System:
    open_day()
    return start_system(mail_port=mail.port)
