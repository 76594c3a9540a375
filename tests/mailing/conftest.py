"""An outbox whose letters really go out, to a server on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

import config
from regapp.mailing import outbox
from regapp.mailing.smtp import Patience
from regapp.mailing.transport import SmtpRoute
from tests.support.letters import LINKS
from tests.support.server import environment
from tests.support.smtp import SmtpServer

HURRIED = Patience(connect=2, answer=1, letter=2, goodbye=0.5)


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        yield running


@pytest.fixture
def environ(database_url: str, tmp_path: Path, server: SmtpServer) -> dict[str, str]:
    return environment(database_url, tmp_path, MAIL_PORT=str(server.port))


@pytest.fixture
def route(settings: config.Settings) -> SmtpRoute:
    return SmtpRoute(settings, HURRIED)


@pytest.fixture
def app(app: Flask) -> Flask:
    """The app, with links that need no registration."""
    outbox.resolve_links(lambda mail: LINKS)
    return app
