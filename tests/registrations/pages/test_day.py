"""The day as anybody sees it."""

from datetime import UTC, datetime

import icalendar
import pytest
from flask import Flask

from regapp.events.models import Publication
from tests.support.client import CheckingClient
from tests.support.days import new_day


def test_the_front_page_leads_to_the_coming_day(client: CheckingClient, day: str) -> None:
    assert client.get("/").location == "/2026/"
    assert client.get("/en/").location == "/en/2026/"


def test_with_no_day_the_front_page_says_so(client: CheckingClient) -> None:
    assert client.page("/").lang == "sv"
    assert client.page("/en/").lang == "en"


def test_the_day_says_what_when_where_and_until_when(client: CheckingClient, day: str) -> None:
    page = client.page("/2026/")
    for words in (
        "Utbildningsdag om CAR T 2026",
        "onsdag 25 november 2026",
        "9.00–16.30",
        "Provsalen",
        "onsdag 11 november 2026",
        "2 platser kvar",
        "Välkomna",
        "fraga@example.org",
    ):
        assert words in page.text
    assert "/2026/register" in page.links()
    assert "meeting.example.org" not in page.html


def test_the_english_page_is_the_same_page_and_each_points_to_the_other(client: CheckingClient, day: str) -> None:
    page = client.page("/en/2026/")
    assert page.h1 == "CAR T training day 2026"
    assert "Wednesday 25 November 2026" in page.text
    alternates = {e.get("hreflang"): e.get("href") for e in page.all("link") if e.get("rel") == "alternate"}
    assert alternates["sv"] == "https://anmalan.example.org/2026/"
    assert "/2026/" in page.links()


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2026, 8, 1, tzinfo=UTC), "öppnar"),
        (datetime(2026, 11, 12, tzinfo=UTC), "Anmälan stängde onsdag 11 november 2026 kl. 23.59"),
        (datetime(2026, 11, 26, tzinfo=UTC), "Tack"),
    ],
)
def test_the_day_says_where_it_stands(client: CheckingClient, day: str, clock, at: datetime, words: str) -> None:
    clock.move_to(at)
    page = client.page("/2026/")
    assert words in page.text
    assert "/2026/register" not in page.links()


def test_a_cancelled_day_says_so_and_takes_nobody(app: Flask, client: CheckingClient, clock) -> None:
    with app.app_context():
        new_day(publication=Publication.CANCELLED)
    assert "inställd" in client.page("/2026/").text
    assert "Dagen är inställd" in client.page("/2026/register").text


def test_a_draft_is_there_for_nobody_outside(app: Flask, client: CheckingClient, clock) -> None:
    with app.app_context():
        new_day(publication=Publication.DRAFT)
    for path in ("/2026/", "/2026/register", "/2026/event.ics", "/2026/received"):
        assert client.get(path).status_code == 404
    assert client.get("/").status_code == 200


def test_the_days_calendar_file_invites_nobody_and_tells_no_secret(client: CheckingClient, day: str) -> None:
    answer = client.get("/2026/event.ics")
    assert answer.mimetype == "text/calendar"
    (event,) = icalendar.Calendar.from_ical(answer.data).walk("VEVENT")
    assert event["DTSTART"].dt == datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
    assert "ATTENDEE" not in event
    assert b"secret-room" not in answer.data


@pytest.mark.parametrize("path", ["/", "/2026/", "/privacy", "/nothing", "/2026/register", "/my/x"])
def test_every_answer_carries_the_headers(client: CheckingClient, day: str, path: str) -> None:
    headers = client.get(path).headers
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Strict-Transport-Security"]


def test_a_forged_host_reaches_no_page(client: CheckingClient, day: str) -> None:
    answer = client.get("/2026/", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert b"evil.example" not in answer.data
    assert "evil" not in client.get("/", headers={"Host": "evil.example"}).location


@pytest.mark.parametrize(("path", "goes_to"), [("/2026?a=b", "/2026/?a=b"), ("/en/2026//", "/en/2026/")])
def test_a_slash_too_few_or_too_many_leads_to_the_page_and_to_no_forged_host(
    client: CheckingClient, day: str, path: str, goes_to: str
) -> None:
    answer = client.get(path, headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers["Location"]) == (308, goes_to)
    assert b"evil.example" not in answer.data
