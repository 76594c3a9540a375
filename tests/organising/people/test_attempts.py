"""Attempts without a registration, as organisers see and mend them."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from regapp.core.db import db
from regapp.registrations.models import Registration
from tests.support.client import CheckingClient, read
from tests.support.days import APPLICATION
from tests.support.pages import words

LIST = "/organiser/2026/attempts"
BO: dict[str, object] = {
    **APPLICATION, "first_name": "Bo", "last_name": "Berg", "email": "sekr@example.org", "attendance": "online",
}  # fmt: skip
EVA: dict[str, object] = {**BO, "first_name": "Eva", "last_name": "Alm", "attendance": "on_site"}


@pytest.fixture
def tried(app: Flask, day: str) -> None:
    """Bo, and then Eva with his address."""
    for fields in (BO, EVA):
        assert app.test_client().submit("/2026/register", **fields).status_code == 200  # type: ignore[attr-defined]


def rows(client: CheckingClient) -> list[str]:
    return [words(row) for row in client.page(LIST).all("tr")][1:]


@pytest.mark.usefixtures("tried")
def test_the_day_shows_how_many_there_are_and_the_list_who(organiser: CheckingClient) -> None:
    day = organiser.page("/organiser/2026/")
    assert "1 försök utan anmälan" in day.text
    assert LIST in day.links()
    (row,) = rows(organiser)
    for part in ("Alm, Eva", "sekr@example.org", "hör till Bo Berg", "På plats", "fick ett brev", "2026-10-01 10:00"):
        assert part in row, row


@pytest.mark.usefixtures("day")
def test_a_day_without_attempts_says_nothing_of_them(organiser: CheckingClient) -> None:
    assert "försök" not in organiser.page("/organiser/2026/").text
    assert "Inget försök" in organiser.page(LIST).text


@pytest.mark.usefixtures("tried")
def test_beyond_the_number_of_letters_the_list_says_that_nobody_was_told(app: Flask, organiser: CheckingClient) -> None:
    for number in range(4):
        app.test_client().submit("/2026/register", **{**EVA, "first_name": f"Eva{number}"})  # type: ignore[attr-defined]
    assert "1 utan besked" in organiser.page("/organiser/2026/").text
    untold = [row for row in rows(organiser) if "ingen har fått besked" in row]
    assert len(untold) == 1 and "Eva3" in untold[0]


@pytest.mark.usefixtures("tried")
def test_the_person_is_registered_from_the_list_with_an_address_of_their_own(
    app: Flask, organiser: CheckingClient
) -> None:
    (register,) = [link for link in organiser.page(LIST).links() if "register?attempt=" in link]
    assert "eva" not in register.lower() and "@" not in register
    page = organiser.page(register)
    assert "Eva Alm försökte med adressen sekr@example.org, som hör till Bo Berg." in page.text
    values = page.form().values
    assert (values["first_name"], values["last_name"], values["email"]) == (["Eva"], ["Alm"], [""])
    assert values["attendance"] == ["on_site"]
    typed = {"profession": "nurse", "workplace": "Skånes universitetssjukhus"}
    refused = organiser.submit(register, **typed, email="sekr@example.org")
    assert refused.status_code == 422
    assert "redan anmäld" in read(refused).text and "Eva Alm försökte" in read(refused).text
    assert organiser.submit(register, **typed, email="eva.alm@example.org").status_code == 200
    (row,) = rows(organiser)
    assert "anmäld nu Anmäld är Eva Alm, eva.alm@example.org: På plats" in row
    assert "Anmäl …" not in row
    assert "försök utan anmälan 0 alla är ordnade" in organiser.page("/organiser/2026/").text


@pytest.mark.usefixtures("tried")
def test_who_registers_by_themselves_afterwards_is_counted_no_more_and_the_list_stays_within_reach(
    app: Flask, organiser: CheckingClient
) -> None:
    app.test_client().submit("/2026/register", **{**EVA, "email": "eva@example.org"})  # type: ignore[attr-defined]
    (row,) = rows(organiser)
    assert "anmäld nu" in row and "Anmäl …" not in row
    day = organiser.page("/organiser/2026/")
    assert "försök utan anmälan 0 alla är ordnade" in day.text and LIST in day.links()


def test_a_namesake_who_was_registered_before_keeps_nobody_from_being_registered(
    app: Flask, organiser: CheckingClient, clock: time_machine.Traveller
) -> None:
    """There may be two Evas."""
    for fields in ({**EVA, "email": "eva@example.org"}, BO, EVA):
        clock.shift(60)
        app.test_client().submit("/2026/register", **fields)  # type: ignore[attr-defined]
    (row,) = rows(organiser)
    assert "anmäld nu" not in row and "Anmäld är Eva Alm, eva@example.org" in row and "Anmäl …" in row
    assert "försök utan anmälan 1" in organiser.page("/organiser/2026/").text


@pytest.mark.usefixtures("tried")
def test_a_wish_that_is_met_by_now_is_done(
    app: Flask, organiser: CheckingClient, clock: time_machine.Traveller
) -> None:
    clock.shift(60)
    app.test_client().submit("/2026/register", **{**BO, "attendance": "on_site"})  # type: ignore[attr-defined]
    assert "försök utan anmälan 2" in organiser.page("/organiser/2026/").text
    with app.app_context():
        bo = db.session.scalars(select(Registration.public_id).filter_by(email="sekr@example.org")).one()
    organiser.submit(f"/organiser/2026/attendees/{bo}/move", attendance="on_site")
    (row,) = [row for row in rows(organiser) if row.startswith("Berg, Bo")]
    assert "anmäld nu" in row
    assert "försök utan anmälan 1" in organiser.page("/organiser/2026/").text


@pytest.mark.usefixtures("day")
@pytest.mark.parametrize("first", ["eva@exmple.org", "sekr@example.org"])
def test_who_corrects_an_address_after_having_tried_again_is_registered_now(
    app: Flask, client: CheckingClient, organiser: CheckingClient, clock: time_machine.Traveller, first: str
) -> None:
    """Whether the form had registered her with the mistyped address, or nobody."""
    app.test_client().submit("/2026/register", **BO)  # type: ignore[attr-defined]
    answer = client.submit("/2026/register", **{**EVA, "email": first})
    clock.shift(60)
    app.test_client().submit("/2026/register", **EVA)  # type: ignore[attr-defined]
    assert "anmäld nu" not in rows(organiser)[0]
    clock.shift(60)
    corrected = client.submit(urlsplit(answer.request.path).path + "/correct-address", email="eva@example.org")
    assert corrected.status_code == 200
    (row,) = rows(organiser)
    assert "anmäld nu Anmäld är Eva Alm, eva@example.org" in row


@pytest.mark.usefixtures("tried")
def test_another_wish_leads_to_the_persons_own_page(app: Flask, organiser: CheckingClient) -> None:
    app.test_client().submit("/2026/register", **{**BO, "attendance": "on_site"})  # type: ignore[attr-defined]
    (row,) = [row for row in rows(organiser) if row.startswith("Berg, Bo")]
    assert "Anmäld är Bo Berg: Digitalt" in row and "Anmäl …" not in row
    with app.app_context():
        bo = db.session.scalars(select(Registration.public_id).filter_by(email="sekr@example.org")).one()
    assert f"/organiser/2026/attendees/{bo}" in organiser.page(LIST).links()


@pytest.mark.usefixtures("tried")
def test_a_reader_sees_the_list_and_door_staff_nothing_of_it(viewer: CheckingClient, door: CheckingClient) -> None:
    assert "Alm, Eva" in rows(viewer)[0]
    assert not [link for link in viewer.page(LIST).links() if "register" in link]
    assert "försök" not in door.page("/organiser/2026/").text
    door.page(LIST, 403)


@pytest.mark.usefixtures("tried")
def test_an_attempt_of_another_day_or_none_prefills_nothing(organiser: CheckingClient) -> None:
    for number in ("99", "x", "-1"):
        assert organiser.page(f"/organiser/2026/register?attempt={number}").form().values["first_name"] == [""]
