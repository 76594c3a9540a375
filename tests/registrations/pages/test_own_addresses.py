"""Nobody takes part with an address that the letters come from or are answered at."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from regapp.core.db import db
from regapp.registrations.models import Registration
from tests.registrations.people import path_of, register
from tests.support.client import CheckingClient, read
from tests.support.days import APPLICATION
from tests.support.machine.server import SENDER, environment
from tests.support.organisers import signed_in

pytestmark = pytest.mark.usefixtures("day")

OURS = (
    SENDER,
    SENDER.upper(),
    SENDER.replace("@", "+ab@"),
    "svar@swecarnet.example.org",
    "studs@swecarnet.example.org",
    "studs+ab@swecarnet.example.org",
)
WORDS = "Det är utbildningsdagens egen e-postadress"

ours = pytest.mark.parametrize("address", OURS)


@pytest.fixture
def environ(database_url: str, instance: Path) -> dict[str, str]:
    addresses = {"MAIL_REPLY_TO": "svar@swecarnet.example.org", "MAIL_BOUNCE_ADDRESS": "studs@swecarnet.example.org"}
    return environment(database_url, instance, **addresses)


@ours
def test_the_form_refuses_it_at_the_field(app: Flask, client: CheckingClient, address: str) -> None:
    answer = client.submit("/2026/register", **{**APPLICATION, "email": address})
    assert answer.status_code == 422
    assert WORDS in "".join(read(answer).find(id="email-error").itertext())
    with app.app_context():
        assert db.session.query(Registration).count() == 0


@pytest.mark.parametrize("where", ["correct-address", "address", "transfer", "organiser", "correct", "corrected"])
def test_every_other_way_to_an_address_refuses_it_too(app: Flask, client: CheckingClient, where: str) -> None:
    answered = client.submit("/2026/register", **APPLICATION).request.path
    mine = path_of(app, "asa@example.org")
    organiser = signed_in(app)
    with app.app_context():
        person = f"/organiser/2026/attendees/{db.session.query(Registration.public_id).scalar()}"
    browser, path, fields = {
        "correct-address": (client, f"{answered}/correct-address", {}),
        "address": (client, f"{mine}/address", {}),
        "transfer": (client, f"{mine}/transfer", {"first_name": "Bo", "last_name": "Ek"}),
        "organiser": (organiser, "/organiser/2026/register", APPLICATION),
        "correct": (organiser, f"{person}/correct", {}),
        "corrected": (organiser, f"{person}/address", {}),
    }[where]
    answer = browser.submit(path, **{**fields, "email": SENDER})
    assert answer.status_code == 422
    assert WORDS in read(answer).text
    assert path_of(app, "asa@example.org") == mine


def test_an_address_like_it_is_anybodys(app: Flask, client: CheckingClient) -> None:
    for address in ("studs@example.org", f"x{SENDER}", "svar+x@swecarnet.example.org"):
        register(app, address, "online")
