"""The join page: for whom the meeting's door opens, what the others are told, and who went through it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask

from regapp.accounts.roles import Role
from regapp.core.db import db, writing
from regapp.events.models import Event, Publication
from regapp.registrations.letters import links
from regapp.registrations.letters.links import Door, personal_links
from regapp.registrations.models import Registration
from tests.registrations.people import find, register
from tests.support.client import CheckingClient, read
from tests.support.days import STOCKHOLM
from tests.support.organisers import sign_in, signed_in

pytestmark = pytest.mark.usefixtures("day")

ASA = "asa@example.org"
OPENS = datetime(2026, 11, 25, 8, 30, tzinfo=STOCKHOLM)
STARTS = datetime(2026, 11, 25, 9, 0, tzinfo=STOCKHOLM)
ENDS = datetime(2026, 11, 25, 16, 30, tzinfo=STOCKHOLM)
ROOM = "https://meeting.example.org/secret-room"
BEFORE = timedelta(seconds=1)


@pytest.fixture
def join(app: Flask) -> Callable[[], str]:
    """The path of Åsa's join page."""

    def path() -> str:
        with app.app_context():
            found = db.session.query(Registration).filter_by(email=ASA).order_by(Registration.id.desc()).first()
            assert found is not None
            return personal_links(found)["join"].removeprefix("https://anmalan.example.org")

    return path


def change_day(app: Flask, **values: object) -> None:
    with app.app_context(), writing():
        for name, value in values.items():
            setattr(db.session.query(Event).one(), name, value)


def has_no_door(client: CheckingClient, path: str) -> str:
    """The words of a page that leads nowhere, to a click either."""
    page = client.page(path)
    assert not list(page.all("form"))
    answer = client.post(path)
    assert "secret-room" not in page.html + answer.get_data(as_text=True)
    return page.text


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (OPENS - BEFORE, Door.TOO_EARLY),
        (OPENS, Door.OPEN),
        (ENDS - BEFORE, Door.OPEN),
        (ENDS, Door.OVER),
    ],
)
def test_the_door_is_open_from_a_while_before_the_start_to_the_end(app: Flask, at: datetime, expected: Door) -> None:
    register(app, ASA, "online")
    assert links.door(find(app, ASA), at) is expected


def test_before_the_day_the_page_says_when_it_opens_and_how_to_try_ones_sound(
    app: Flask, client: CheckingClient, join: Callable[[], str]
) -> None:
    register(app, ASA, "online")
    page = client.page(join())
    assert "onsdag 25 november 2026 kl. 8.30" in page.text
    assert "hörlurar" in page.text and "webbläsare" in page.text and "minuter före start" in page.text
    assert "Prova ljud och bild" not in page.text
    change_day(app, sound_test_url="https://meeting.example.org/test")
    assert "https://meeting.example.org/test" in client.page(join()).links()


@pytest.mark.parametrize("at", [None, STARTS])
def test_a_changed_address_of_the_meeting_is_told_until_the_day_is_over(
    app: Flask, client: CheckingClient, clock: time_machine.Traveller, join: Callable[[], str], at: datetime | None
) -> None:
    register(app, ASA, "online")
    assert "adress ändrades" not in client.page(join()).text
    change_day(app, meeting_url_changed_at=datetime(2026, 10, 3, 14, 5, tzinfo=STOCKHOLM))
    if at:
        clock.move_to(at)
    words = "Mötets adress ändrades lördag 3 oktober 2026 kl. 14.05: använd knappen här, inte en sparad länk."
    assert words in client.page(join()).text
    clock.move_to(ENDS)
    assert "adress ändrades" not in client.page(join()).text


def test_the_page_is_in_the_participants_language(app: Flask, client: CheckingClient, join: Callable[[], str]) -> None:
    register(app, ASA, "online", language="en")
    page = client.page(join())
    assert page.lang == "en"
    assert "headphones" in page.text


def test_whoever_moved_to_a_seat_is_told_so_and_how_to_change_back(
    app: Flask, client: CheckingClient, clock: time_machine.Traveller, join: Callable[[], str]
) -> None:
    mine = register(app, ASA, "online")
    client.submit(f"{mine}/attendance", attendance="on_site")
    words = has_no_door(client, join())
    assert "Du deltar på plats." in words and "Provsalen" in words and "Byt deltagandeform på din sida" in words
    assert "/2026/link" in client.page(join()).links()
    clock.move_to(STARTS)
    words = has_no_door(client, join())
    assert "skriv till arrangören" in words and "Byt deltagandeform" not in words


def test_whoever_cancelled_is_told_so_and_how_to_come_back_while_that_is_possible(
    app: Flask, client: CheckingClient, clock: time_machine.Traveller, join: Callable[[], str]
) -> None:
    mine = register(app, ASA, "online")
    client.submit(f"{mine}/cancel")
    assert "Du är avanmäld." in has_no_door(client, join())
    assert "/2026/register" in client.page(join()).links()
    clock.move_to(STARTS)
    assert "Anmälan är stängd, så skriv till arrangören." in has_no_door(client, join())
    assert "/2026/register" not in client.page(join()).links()


def test_whoever_gave_the_place_away_and_whoever_only_waits_are_told_so(
    app: Flask, client: CheckingClient, clock: time_machine.Traveller, join: Callable[[], str]
) -> None:
    mine = register(app, ASA, "online")
    client.submit(f"{mine}/transfer", first_name="Bo", last_name="Ek", email="bo@example.org")
    assert "Du har överlåtit din plats." in has_no_door(client, join())
    for number in range(2):
        register(app, f"seat{number}@example.org")
    register(app, ASA, "line")
    clock.move_to(datetime(2026, 11, 24, 11, tzinfo=STOCKHOLM))
    assert "Du står i kö och har ingen plats än." in has_no_door(client, join())


def test_a_cancelled_day_and_one_without_an_address_have_no_door(
    app: Flask, client: CheckingClient, clock: time_machine.Traveller, join: Callable[[], str]
) -> None:
    register(app, ASA, "online")
    clock.move_to(STARTS)
    change_day(app, meeting_url="")
    assert "Mötets adress är inte klar än." in has_no_door(client, join())
    change_day(app, meeting_url=ROOM, publication=Publication.CANCELLED)
    assert "Dagen är inställd." in has_no_door(client, join())


def test_the_first_click_is_kept_and_opening_the_page_is_none(
    app: Flask, client: CheckingClient, clock: time_machine.Traveller, join: Callable[[], str]
) -> None:
    register(app, ASA, "online")
    path = join()
    clock.move_to(OPENS)
    for method in (client.get, client.head):
        method(path, headers={"Purpose": "prefetch"})
    client.post(path)
    assert find(app, ASA).joined_at is None
    clock.move_to(STARTS)
    form = client.page(path).form()
    assert ROOM in read(client.send(path, form)).links()
    clock.move_to(STARTS + timedelta(hours=2))
    second = read(client.send(path, form))
    assert ROOM in second.links()
    assert "Du anslöt onsdag 25 november 2026 kl. 9.00." in second.text
    assert find(app, ASA).joined_at == STARTS


def test_a_click_at_a_closed_door_is_no_attendance(
    app: Flask, client: CheckingClient, clock: time_machine.Traveller, join: Callable[[], str]
) -> None:
    register(app, ASA, "online")
    clock.move_to(STARTS)
    form = client.page(join()).form()
    for at in (OPENS - BEFORE, ENDS):
        clock.move_to(at)
        assert "secret-room" not in client.send(join(), form).get_data(as_text=True)
    assert find(app, ASA).joined_at is None


@pytest.mark.both_databases("one UPDATE decides who was first")
def test_of_two_clicks_at_once_one_is_kept_and_stays(app: Flask) -> None:
    register(app, ASA, "online")
    person, barrier = find(app, ASA).id, threading.Barrier(4)
    troubles: list[Exception] = []

    def click(at: datetime) -> None:
        with app.app_context():
            barrier.wait()
            try:
                with writing():
                    links.join(person, at)
            except Exception as trouble:
                troubles.append(trouble)
            finally:
                db.session.remove()

    moments = [STARTS + timedelta(minutes=minute) for minute in range(4)]
    threads = [threading.Thread(target=click, args=(at,)) for at in moments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not troubles
    kept = find(app, ASA).joined_at
    assert kept in moments
    with app.app_context(), writing():
        links.join(person, ENDS)
    assert find(app, ASA).joined_at == kept


def test_organisers_see_who_joined_and_how_many_while_the_day_is_on_and_after(
    app: Flask, client: CheckingClient, clock: time_machine.Traveller, join: Callable[[], str]
) -> None:
    register(app, "bo@example.org", "online")
    register(app, ASA, "online")
    clock.move_to(OPENS - BEFORE)
    organiser = signed_in(app, Role.ORGANISER)
    person = f"/organiser/2026/attendees/{find(app, ASA).public_id}"
    assert "har anslutit" not in organiser.page("/organiser/2026/").text
    assert "anslutit" not in organiser.page(person).text
    clock.move_to(STARTS)
    assert "Har inte anslutit" in organiser.page(person).text
    client.submit(join())
    for at in (STARTS, ENDS + timedelta(days=1)):
        clock.move_to(at)
        organiser = signed_in_again(app)
        assert "har anslutit 1 av 2 digitalt" in organiser.page("/organiser/2026/").text
        assert "onsdag 25 november 2026 kl. 9.00" in organiser.page(person).text


def signed_in_again(app: Flask) -> CheckingClient:
    client: CheckingClient = app.test_client()  # type: ignore[assignment]
    return sign_in(client, "organiser@example.org")


def test_when_somebody_joined_stands_in_the_export_and_in_what_the_person_may_have(
    app: Flask, client: CheckingClient, clock: time_machine.Traveller, join: Callable[[], str]
) -> None:
    mine = register(app, ASA, "online")
    clock.move_to(STARTS)
    client.submit(join())
    organiser = signed_in(app, Role.ORGANISER)
    answer = organiser.submit("/organiser/2026/attendees/export", kind="semicolon")
    heads, row = (line.split(";") for line in answer.get_data(as_text=True).strip("\ufeff\r\n").split("\r\n"))
    assert dict(zip(heads, row, strict=True))["Anslöt (svensk tid)"] == "2026-11-25 09:00"
    assert client.get(f"{mine}/data.json").get_json()["registration"]["joined_at"].startswith("2026-11-25T08:00")
