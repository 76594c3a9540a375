"""The line as a participant meets it: joining, waiting, an offer, leaving."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from flask import Flask

from regapp.events.models import Attendance
from regapp.registrations.models import Registration, Status
from tests.registrations.people import find, letters_to, path_of, register
from tests.support.client import CheckingClient, read
from tests.support.days import APPLICATION, STOCKHOLM

pytestmark = pytest.mark.usefixtures("day")

NEAR = datetime(2026, 11, 16, 10, 0, tzinfo=STOCKHOLM)
"""An instant when a free seat is offered; registration is closed."""

LANGUAGES = pytest.mark.parametrize("language", ["sv", "en"])
BOTH = pytest.mark.parametrize(
    ("wish", "status", "attendance"),
    [
        ("online_and_line", Status.CONFIRMED, Attendance.ONLINE),
        ("line", Status.WAITING, Attendance.ON_SITE),
    ],
)


@pytest.fixture
def full(app: Flask) -> list[str]:
    """The pages of the two who have the day's seats."""
    return [register(app, f"seat{number}@example.org") for number in range(2)]


def offered(app: Flask, client: CheckingClient, clock, full: list[str], language: str, wish: str) -> str:
    """The page of somebody who is offered a seat."""
    mine = register(app, "asa@example.org", wish, language)
    clock.move_to(NEAR)
    client.submit(full[0] + "/cancel")
    assert find(app, "asa@example.org").is_offered
    return mine


def is_seated(person: Registration) -> bool:
    return person.status is Status.CONFIRMED and person.attendance is Attendance.ON_SITE and not person.is_in_line


def test_the_form_offers_the_line_only_when_the_seats_are_taken(app: Flask, client: CheckingClient, clock) -> None:
    values = [field.get("value") for field in client.page("/2026/register").all("input")]
    assert "line" not in values
    for number in range(2):
        register(app, f"seat{number}@example.org")
    clock.shift(2)
    page = client.page("/2026/register")
    assert {"online_and_line", "line"} <= {field.get("value") for field in page.all("input")}
    assert page.find(value="on_site").get("disabled") is not None
    assert "Väntelistan är öppen" in client.page("/2026/").text
    assert "The waiting list is open" in client.page("/en/2026/").text
    clock.move_to(datetime(2026, 11, 11, 23, 0, tzinfo=STOCKHOLM))
    assert "Väntelistan är öppen" in client.page("/2026/").text
    clock.move_to(datetime(2026, 11, 12, 0, 0, tzinfo=STOCKHOLM))
    assert "Väntelistan är öppen" not in client.page("/2026/").text


@LANGUAGES
@BOTH
def test_who_waits_sees_the_place_in_line(
    app: Flask,
    client: CheckingClient,
    full: list[str],
    language: str,
    wish: str,
    status: Status,
    attendance: Attendance,
) -> None:
    register(app, "before@example.org", "line")
    mine = register(app, "asa@example.org", wish, language)
    person = find(app, "asa@example.org")
    assert (person.status, person.attendance) == (status, attendance)
    page = client.page(mine)
    assert page.lang == language
    assert {"sv": "Du har plats 2 i kön", "en": "You are number 2 in line"}[language] in page.text
    assert {"sv": "tisdag 24 november 2026 kl. 12.00", "en": "24 November 2026, 12:00"}[language] in page.text
    assert letters_to(app, "asa@example.org") == ["waiting"]


def test_needs_are_kept_for_who_waits_for_a_seat(app: Flask, full: list[str]) -> None:
    register(app, "asa@example.org", "online_and_line", diets=["vegan"], health_consent=True)
    note = find(app, "asa@example.org").health
    assert note is not None and note.diets == ["vegan"]


@BOTH
def test_a_seat_given_back_goes_to_the_first_in_line_at_once(
    app: Flask, client: CheckingClient, full: list[str], wish: str, status: Status, attendance: Attendance
) -> None:
    mine = register(app, "asa@example.org", wish)
    client.submit(full[0] + "/cancel")
    assert is_seated(find(app, "asa@example.org"))
    assert "På plats" in client.page(mine).text
    # The seat is gone: there is nothing to go back to, but one can stand in line for it.
    actions = [form.get("action") or "" for form in client.page(full[0]).all("form")]
    assert [action.rpartition("/")[2] for action in actions] == ["wait"]


@LANGUAGES
@BOTH
def test_an_offer_is_accepted_by_one_press(
    app: Flask,
    client: CheckingClient,
    clock,
    full: list[str],
    language: str,
    wish: str,
    status: Status,
    attendance: Attendance,
) -> None:
    mine = offered(app, client, clock, full, language, wish)
    page = client.page(mine)
    when = {"sv": "Svara senast torsdag 19 november 2026 kl. 16.00", "en": "Reply by Thursday 19 November 2026, 16:00"}
    assert when[language] in page.text
    answer = client.submit(mine, action="/accept")
    assert {"sv": "Platsen på plats är din", "en": "The on-site place is yours"}[language] in read(answer).text
    assert is_seated(find(app, "asa@example.org"))
    again = client.send(mine, page.form("/accept"))
    assert again.status_code == 200


@LANGUAGES
def test_an_offer_is_declined_by_one_press_and_the_online_place_stays(
    app: Flask, client: CheckingClient, clock, full: list[str], language: str
) -> None:
    mine = offered(app, client, clock, full, language, "online_and_line")
    answer = client.submit(mine, action="/decline")
    assert {"sv": "Du har tackat nej", "en": "You have declined"}[language] in read(answer).text
    person = find(app, "asa@example.org")
    assert (person.status, person.attendance, person.is_in_line) == (Status.CONFIRMED, Attendance.ONLINE, False)


@LANGUAGES
@pytest.mark.parametrize("button", ["/accept", "/decline"])
def test_an_answer_that_comes_too_late_is_told_so(
    app: Flask, client: CheckingClient, clock, full: list[str], language: str, button: str
) -> None:
    mine = offered(app, client, clock, full, language, "online_and_line")
    form = client.page(mine).form(button)
    clock.shift(timedelta(days=4))
    answer = client.send(mine, form)
    assert answer.status_code == 422
    gone = {"sv": "Erbjudandet gäller inte längre", "en": "The offer is no longer valid"}
    assert gone[language] in read(answer).text


@LANGUAGES
@pytest.mark.parametrize("button", ["/accept", "/decline"])
def test_an_answer_says_nothing_of_a_next_one_in_line_where_there_is_none(
    app: Flask, client: CheckingClient, clock, full: list[str], language: str, button: str
) -> None:
    mine = offered(app, client, clock, full, language, "online_and_line")
    form = client.page(mine).form(button)
    if button == "/accept":
        clock.shift(timedelta(days=4))
    said = read(client.send(mine, form)).text
    assert not re.search({"sv": "går vidare|gått vidare", "en": "(goes|gone) on"}[language], said)


@LANGUAGES
@BOTH
def test_the_line_is_left_by_a_press_on_a_page_that_says_what_follows(
    app: Flask,
    client: CheckingClient,
    full: list[str],
    language: str,
    wish: str,
    status: Status,
    attendance: Attendance,
) -> None:
    mine = register(app, "asa@example.org", wish, language)
    answer = client.submit(mine + "/leave-line")
    assert {"sv": "Du står inte längre i kön", "en": "You are no longer in line"}[language] in read(answer).text
    person = find(app, "asa@example.org")
    assert not person.is_in_line
    assert person.is_active is (status is Status.CONFIRMED)
    assert client.get(mine + "/leave-line").location == mine


def test_who_takes_part_online_joins_the_line_and_keeps_the_place(
    app: Flask, client: CheckingClient, full: list[str]
) -> None:
    mine = register(app, "asa@example.org", "online")
    answer = client.submit(mine + "/attendance", attendance="online_and_line")
    assert "Du har plats 1 i kön" in read(answer).text
    person = find(app, "asa@example.org")
    assert (person.status, person.attendance) == (Status.CONFIRMED, Attendance.ONLINE)
    assert letters_to(app, "asa@example.org") == ["confirmation", "waiting"]


def test_who_waits_without_a_place_takes_an_online_one_and_stays_in_line(
    app: Flask, client: CheckingClient, full: list[str]
) -> None:
    mine = register(app, "asa@example.org", "line")
    client.submit(mine + "/attendance", attendance="online")
    person = find(app, "asa@example.org")
    assert (person.status, person.attendance, person.is_in_line) == (Status.CONFIRMED, Attendance.ONLINE, True)


def test_a_place_in_line_is_not_given_away(app: Flask, client: CheckingClient, full: list[str]) -> None:
    mine = register(app, "asa@example.org", "line")
    assert client.get(mine + "/transfer").location == mine
    assert mine + "/transfer" not in client.page(mine).links()


def test_a_day_without_seats_has_no_line(app: Flask, client: CheckingClient) -> None:
    from tests.support.days import new_day

    with app.app_context():
        new_day(slug="2026-online", seats_on_site=0)
    page = client.page("/2026-online/register")
    assert "line" not in [field.get("value") for field in page.all("input")]
    assert "Väntelistan" not in client.page("/2026-online/").text


def test_whoever_sends_an_old_form_for_a_full_hall_is_offered_the_line(app: Flask, client: CheckingClient) -> None:
    form = client.page("/2026/register").form()
    for number in range(2):
        register(app, f"seat{number}@example.org")
    answer = client.send("/2026/register", form, **APPLICATION)
    assert answer.status_code == 422
    page = read(answer)
    assert "samtidigt stå på väntelistan" in page.text
    client.send("/2026/register", page.form(), attendance="online_and_line")
    assert find(app, "asa@example.org").is_in_line
    assert path_of(app, "asa@example.org")
