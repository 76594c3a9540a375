"""What organisers choose for themselves: their language and the letters that they get."""

import pytest
from flask import Flask
from sqlalchemy import select

from regapp.accounts import managing
from regapp.accounts.models import Organiser
from regapp.accounts.roles import Role
from regapp.core import audit, clock
from regapp.core.audit import AuditEntry
from regapp.core.db import db, writing
from tests.support.client import CheckingClient, read
from tests.support.organisers import signed_in

ACCOUNT = "/organiser/account"


def chosen(app: Flask) -> tuple[str, bool, bool]:
    with app.app_context():
        organiser = db.session.scalars(select(Organiser)).one()
        return organiser.language, organiser.wants_alarms, organiser.wants_digest


@pytest.mark.parametrize(
    ("role", "wants_alarms"),
    [(Role.ADMIN, True), (Role.ORGANISER, True), (Role.VIEWER, False), (Role.DOOR, False)],
)
def test_who_can_mend_things_gets_alarms_from_the_first_day_and_nobody_the_digest(
    app: Flask, role: Role, wants_alarms: bool
) -> None:
    with app.app_context(), writing():
        managing.add("anna@example.org", role, clock.now(), actor=audit.SYSTEM)
    assert chosen(app) == ("sv", wants_alarms, False)


def test_an_organiser_chooses_letters_and_language(app: Flask) -> None:
    client = signed_in(app)
    assert client.page(ACCOUNT).form().filled({})["wants_alarms"] == ["y"]
    answer = client.submit(ACCOUNT, wants_alarms=False, wants_digest=True, language="en")
    assert "Saved." in answer.text
    assert "My account" in read(answer).h1
    assert chosen(app) == ("en", False, True)
    client.submit(ACCOUNT, wants_alarms=True, wants_digest=False, language="sv")
    assert chosen(app) == ("sv", True, False)
    with app.app_context():
        entries = db.session.scalars(select(AuditEntry).filter_by(action="organiser.preferences_changed")).all()
        assert [entry.details for entry in entries] == [
            {"organiser_id": 1, "language": "en", "wants_alarms": False, "wants_digest": True},
            {"organiser_id": 1, "language": "sv", "wants_alarms": True, "wants_digest": False},
        ]


def test_a_viewer_may_have_both_kinds_of_letters(app: Flask) -> None:
    client = signed_in(app, Role.VIEWER)
    client.submit(ACCOUNT, wants_alarms=True, wants_digest=True, language="sv")
    assert chosen(app) == ("sv", True, True)


def test_door_staff_choose_their_language_only(app: Flask) -> None:
    client = signed_in(app, Role.DOOR)
    answer = client.submit(ACCOUNT, language="en", wants_alarms="y", wants_digest="y")
    assert answer.status_code == 200
    assert chosen(app) == ("en", False, False)


@pytest.mark.parametrize("language", ["", "fr", "sv\x00", "sv' --"])
def test_a_language_that_there_isnt_is_refused_and_nothing_changes(app: Flask, language: str) -> None:
    client = signed_in(app)
    answer = client.submit(ACCOUNT, language=language, wants_digest=True)
    assert answer.status_code == 400
    assert "Välj svenska eller engelska." in answer.text
    assert chosen(app) == ("sv", True, False)


def test_nobody_changes_anothers_account(app: Flask) -> None:
    client = signed_in(app)
    other = signed_in(app, Role.ADMIN)
    client.submit(ACCOUNT, language="en", wants_alarms=False)
    assert "Mitt konto" in read(other.get(ACCOUNT)).h1
    with app.app_context():
        assert dict(db.session.execute(select(Organiser.email, Organiser.wants_alarms)).all()) == {  # type: ignore[arg-type]
            "organiser@example.org": False,
            "admin@example.org": True,
        }


def test_every_page_leads_to_the_account(app: Flask) -> None:
    client: CheckingClient = signed_in(app)
    assert f'href="{ACCOUNT}"' in client.get("/organiser/").text
