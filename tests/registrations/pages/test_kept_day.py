"""The day's page is drawn once for many: it shows nobody anything old, and nobody another's."""

from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import select

from regapp.core.db import db, writing
from regapp.events.models import Event, Publication
from tests.support.client import CheckingClient
from tests.support.days import APPLICATION
from tests.support.organisers import signed_in
from tests.support.pages import Page


def change(app: Flask, **values: object) -> None:
    with app.app_context(), writing():
        event = db.session.scalars(select(Event)).one()
        for name, value in values.items():
            setattr(event, name, value)


def own_fields(page: Page) -> tuple[str, str]:
    key, token = (page.find(name=name).get("value") or "" for name in ("form_key", "csrf_token"))
    return key, token


def test_the_places_left_are_at_most_a_second_old(client: CheckingClient, day: str, clock) -> None:
    assert "2 platser kvar" in client.page("/2026/").text
    client.submit("/2026/register", **APPLICATION)
    clock.shift(timedelta(seconds=1))
    assert "1 plats kvar" in client.page("/2026/").text
    assert "1 plats kvar" in client.page("/2026/register").text


def test_what_an_organiser_saved_is_there_at_once(app: Flask, client: CheckingClient, day: str) -> None:
    client.page("/2026/"), client.page("/2026/register")
    change(app, title_sv="Ny rubrik", seats_on_site=7)
    assert client.page("/2026/").h1 == "Ny rubrik"
    assert "Ny rubrik" in client.page("/2026/register").text
    change(app, publication=Publication.DRAFT)
    assert client.get("/2026/").status_code == client.get("/2026/register").status_code == 404


def test_the_form_closes_on_the_dot(client: CheckingClient, day: str, clock) -> None:
    clock.move_to(datetime(2026, 11, 11, 22, 59, 59, 999000, tzinfo=UTC))
    client.page("/2026/"), client.page("/2026/register")
    clock.move_to(datetime(2026, 11, 11, 23, 0, tzinfo=UTC))
    assert "/2026/register" not in client.page("/2026/").links()
    assert "Skicka anmälan" not in client.page("/2026/register").text


def test_each_form_has_its_own_key_and_each_browser_its_own_token(app: Flask, day: str) -> None:
    one, other = app.test_client(), app.test_client()
    assert isinstance(one, CheckingClient) and isinstance(other, CheckingClient)
    key, token = own_fields(one.page("/2026/register"))
    key_again, token_again = own_fields(one.page("/2026/register"))
    key_there, token_there = own_fields(other.page("/2026/register"))
    assert len({key, key_again, key_there}) == 3
    assert token == token_again != token_there


def test_the_answer_names_the_readers_own_address(app: Flask, day: str) -> None:
    for name in ("asa", "orjan"):
        browser = app.test_client()
        assert isinstance(browser, CheckingClient)
        answer = browser.submit("/2026/register", **{**APPLICATION, "email": f"{name}@example.org"}, follow=False)
        page = browser.page(answer.location)
        assert f"{name}@example.org" in page.text
        # The links to correct it, and to the other language, are the reader's own too.
        assert answer.location + "/correct-address" in page.links()
        assert f"/en{answer.location}" in page.links()


def test_each_language_has_its_own_page(client: CheckingClient, day: str) -> None:
    assert client.page("/2026/register").lang == "sv"
    assert client.page("/en/2026/register").lang == "en"


def test_nothing_of_a_visitor_with_a_session_is_kept(app: Flask, client: CheckingClient, day: str) -> None:
    tardy, organiser = app.test_client(), signed_in(app)
    tardy.get("/2026/received/anothers/correct-address")
    with tardy.session_transaction(base_url=CheckingClient.base_url) as session:
        assert "_flashes" in session
    for visitor in (tardy, organiser):
        assert visitor.get("/2026/").status_code == 200
    assert not app.extensions.get("regapp.kept")
    page = client.get("/2026/").get_data(as_text=True)
    assert len(app.extensions["regapp.kept"]) == 1
    assert "Adressen är inte rättad" not in page and "organiser@" not in page
