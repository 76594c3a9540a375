"""An outbox whose letters really go out, to a server on loopback."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

import config
from regapp.core import clock
from regapp.core.db import db, writing
from regapp.mailing import outbox
from regapp.mailing.models import OutgoingMail
from regapp.mailing.sending.smtp import Patience
from regapp.mailing.sending.transport import SmtpTransport
from regapp.registrations import registering
from regapp.registrations.application import Application
from regapp.registrations.choices import Profession, Wish
from tests.support.days import new_open_day
from tests.support.machine.server import environment
from tests.support.mail.letters import LINKS
from tests.support.mail.smtp import SmtpServer


@pytest.fixture
def environ(database_url: str, instance: Path, server: SmtpServer) -> dict[str, str]:
    return environment(database_url, instance, MAIL_PORT=str(server.port))


@pytest.fixture
def route(settings: config.Settings) -> SmtpTransport:
    return SmtpTransport(settings)


@pytest.fixture
def hurried(settings: config.Settings) -> SmtpTransport:
    """For a server that hangs."""
    return SmtpTransport(settings, Patience(connect=2, answer=1, letter=2, goodbye=0.2))


@pytest.fixture
def app(app: Flask) -> Flask:
    """The app, with links that need no registration."""
    outbox.resolve_links(lambda mail: LINKS)
    return app


@pytest.fixture
def register(context: None) -> Callable[[int], str]:
    """Registers somebody, p<number>@example.org, at this moment; the id of the confirmation, which waits."""
    event_id = new_open_day(seats_on_site=None).id

    def one(number: int = 1) -> str:
        address = f"p{number}@example.org"
        application = Application("F", "E", address, Profession.NURSE, "W", Wish.ON_SITE, "sv")
        with writing():
            registering.submit(event_id, application, f"form:{number}", clock.now())
        return db.session.query(OutgoingMail).filter_by(recipient=address).one().id

    return one
