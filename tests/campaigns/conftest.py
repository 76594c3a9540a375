"""A published day, and letters that really go out, to a server on loopback."""

from pathlib import Path

import pytest
from flask import Flask

import config
from regapp.events.models import Event
from regapp.mailing.sending.smtp import Patience
from regapp.mailing.sending.transport import SmtpTransport
from tests.support.days import new_day
from tests.support.machine.server import environment
from tests.support.mail.smtp import SmtpServer


@pytest.fixture
def environ(database_url: str, instance: Path, server: SmtpServer) -> dict[str, str]:
    return environment(database_url, instance, MAIL_PORT=str(server.port))


@pytest.fixture
def route(settings: config.Settings) -> SmtpTransport:
    return SmtpTransport(settings, Patience(connect=2, answer=1, letter=2, goodbye=0.5))


@pytest.fixture
def day(app: Flask, context: None) -> Event:
    """On 25 November 2026 at 9, with room for everybody."""
    return new_day(seats_on_site=None, directions_sv="Gå in från gården.", directions_en="Enter from the yard.")
