"""Two rows with one name: told apart by their addresses, and marked where they may be one person twice."""

from __future__ import annotations

import pytest
from flask import Flask

from regapp.core.db import db
from regapp.events import finding
from regapp.registrations.choices import Wish
from regapp.registrations.models import Registration, Status
from tests.attendees.people import add
from tests.support.client import CheckingClient
from tests.support.days import WHILE_OPEN, new_day

LIST = "/organiser/2026/attendees"
MARK = "kan vara dubblett"


@pytest.fixture
def second(app: Flask, day: str) -> str:
    """Åsa Öberg once more, with another address and the name in capitals; her public id."""
    with app.app_context():
        return add(finding.get_by_slug(day), "ÅSA", "ÖBERG", email="asa@hem.example", wish=Wish.ONLINE).public_id


def first_of(app: Flask) -> tuple[str, str]:
    """The public id and the address of the first of the two."""
    with app.app_context():
        found = db.session.query(Registration).filter_by(last_name="Öberg").one()
        return found.public_id, found.email


@pytest.mark.both_databases("the names are compared by their stored keys")
def test_each_row_of_one_name_shows_its_address_and_leads_to_the_other(
    app: Flask, organiser: CheckingClient, second: str
) -> None:
    first, email = first_of(app)
    page = organiser.page(LIST)
    assert page.text.count(MARK) == 2
    for public_id, address in ((first, email), (second, "asa@hem.example")):
        assert page.links().count(f"{LIST}/{public_id}") == 2
        # In the own row, and as the link in the other's.
        assert page.text.count(address) == 2
    for here, there, address in ((first, second, "asa@hem.example"), (second, first, email)):
        one = organiser.page(f"{LIST}/{here}")
        assert f"Samma namn är anmält med en annan adress: {address}" in one.text
        assert f"{LIST}/{there}" in one.links()
    # The other is found though the filter leaves them out.
    assert f"{LIST}/{second}" in organiser.page(f"{LIST}?attendance=on_site").links()
    assert organiser.page("/organiser/2026/print").text.count(MARK) == 2


def test_who_cancelled_or_comes_on_another_day_is_nobodys_double(
    app: Flask, organiser: CheckingClient, second: str
) -> None:
    first = first_of(app)[0]
    with app.app_context():
        add(new_day(slug="2027"), "Åsa", "Öberg")
        gone = db.session.query(Registration).filter_by(public_id=second).one()
        gone.status, gone.cancelled_from, gone.cancelled_at = Status.CANCELLED, Status.CONFIRMED, WHILE_OPEN
        db.session.commit()
    assert MARK not in organiser.page(LIST).text
    for public_id in (second, first):
        assert "Kan vara dubblett" not in organiser.page(f"{LIST}/{public_id}").text


def test_door_staff_see_the_mark_and_no_address(door: CheckingClient, second: str) -> None:
    page = door.page(LIST)
    assert page.text.count(MARK) == 2
    assert "hem.example" not in page.text
    assert not any(second in link for link in page.links())


def test_many_of_one_name_are_counted_instead_of_shown(app: Flask, organiser: CheckingClient, second: str) -> None:
    with app.app_context():
        for _ in range(4):
            add(finding.get_by_slug("2026"), "Åsa", "Öberg")
    page = organiser.page(f"{LIST}?words=hem.example")
    assert "och 2 till" in page.text
    assert len([link for link in page.links() if link.startswith(f"{LIST}/") and "=" not in link]) == 4
