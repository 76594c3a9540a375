"""“Send me my link”: the same for everybody, and limited."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from tests.registrations.people import letters_to, register
from tests.support.client import CheckingClient, read
from tests.support.mail.fates import answer_questions

pytestmark = pytest.mark.usefixtures("day")


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_a_known_and_an_unknown_address_are_answered_the_same(
    app: Flask, client: CheckingClient, clock, prefix: str
) -> None:
    register(app, "asa@example.org")
    clock.shift(timedelta(hours=2))
    answers = [client.submit(f"{prefix}/2026/link", email=f"{name}@example.org") for name in ("asa", "nobody")]
    known, unknown = answers
    assert known.status_code == unknown.status_code == 200
    assert known.request.path == unknown.request.path == f"{prefix}/2026/link/asked"
    assert read(known).text == read(unknown).text
    assert letters_to(app, "asa@example.org") == ["confirmation"]
    answer_questions(app)
    assert letters_to(app, "asa@example.org") == ["confirmation", "link"]
    assert letters_to(app, "nobody@example.org") == []


def test_asked_for_twenty_times_it_comes_five_times_at_most(app: Flask, client: CheckingClient, clock) -> None:
    register(app, "asa@example.org")
    for _ in range(22):
        clock.shift(timedelta(minutes=62))
        assert client.submit("/2026/link", email="ASA@example.org").status_code == 200
        answer_questions(app)
    assert len(letters_to(app, "asa@example.org")) <= 6
    assert 1 <= letters_to(app, "asa@example.org").count("link") <= 5


def test_a_question_is_told_of_in_what_is_held_until_it_is_answered(app: Flask, client: CheckingClient, clock) -> None:
    page = register(app, "asa@example.org")
    client.submit("/2026/link", email="asa@example.org")
    (asked,) = (client.get(f"{page}/data.json").json or {})["link_asked_for"]
    assert asked["email_key"] == "asa@example.org"
    answer_questions(app)
    assert (client.get(f"{page}/data.json").json or {})["link_asked_for"] == []


def test_what_is_no_address_is_told_at_the_field(client: CheckingClient) -> None:
    answer = client.submit("/2026/link", email="asa")
    assert answer.status_code == 422
    assert read(answer).find(id="email-error") is not None


@pytest.mark.parametrize(("path", "lang"), [("/my/dead", "sv"), ("/en/nothing", "en")])
def test_a_dead_link_leads_to_a_new_one(client: CheckingClient, path: str, lang: str) -> None:
    page = client.page(path, 404)
    (way,) = [link for link in page.links() if link.endswith("/link")]
    found = client.get(way)
    assert found.location == ("/2026/link" if lang == "sv" else "/en/2026/link")


def test_the_way_to_it_is_on_the_day_page_and_the_answer(client: CheckingClient) -> None:
    assert "/2026/link" in client.page("/2026/").links()
    assert "/en/2026/link" in client.page("/en/2026/received").links()


def test_without_a_day_there_is_no_link(app: Flask, client: CheckingClient) -> None:
    from regapp.core.db import db, writing
    from regapp.events.models import Event

    with app.app_context(), writing():
        db.session.delete(db.session.query(Event).one())
    assert client.get("/link").status_code == 404
