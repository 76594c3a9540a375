"""What a form told is kept no longer than it is needed."""

from datetime import datetime

import pytest
from flask import Flask

from regapp.core.db import db, writing
from regapp.registrations.submissions import Submission, forget_old
from tests.support.client import CheckingClient
from tests.support.days import APPLICATION, WHILE_OPEN

pytestmark = pytest.mark.usefixtures("day")


def kept(app: Flask, now: datetime) -> list[tuple[str, bool]]:
    """Address, and whether the whole application is there, of each form that is left at `now`."""
    with app.app_context():
        with writing():
            forget_old(now)
        return [(row.email, row.application is not None) for row in db.session.query(Submission)]


def test_a_form_is_forgotten_in_two_steps(app: Flask, client: CheckingClient) -> None:
    client.submit("/2026/register", **APPLICATION)
    app.test_client().submit("/2026/register", **APPLICATION)
    now = WHILE_OPEN.timestamp() + 30 * 60
    zone = WHILE_OPEN.tzinfo
    assert sorted(kept(app, datetime.fromtimestamp(now - 1, zone))) == [
        ("asa@example.org", False),
        ("asa@example.org", True),
    ]
    assert kept(app, datetime.fromtimestamp(now, zone)) == [("", False), ("", False)]
    assert kept(app, datetime.fromtimestamp(now + 24 * 3600, zone)) == []
