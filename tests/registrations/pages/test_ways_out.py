"""Nothing that is wrong with a form is wrong for ever, and what was typed stays through every answer."""

from __future__ import annotations

import logging

import pytest
from flask import Flask
from sqlalchemy import func, select

from regapp.core.db import db
from regapp.core.limits import TakenTry
from regapp.mailing.models import OutgoingMail
from regapp.registrations.letters.links import personal_links
from regapp.registrations.models import Registration
from tests.support.client import CheckingClient, read
from tests.support.days import APPLICATION
from tests.support.organisers import signed_in
from tests.support.pages import Page

pytestmark = pytest.mark.usefixtures("day")

TYPED = {
    **APPLICATION,
    "diets": ["vegan"],
    "diet_other": "Inte koriander",
    "access_needs": "Hörslinga\nRamp",
    "message": "Två\nrader",
    "health_consent": True,
    "wants_news": True,
}
COOKIES = {"sv": "Tillåt kakor", "en": "Allow cookies"}
TOO_OLD = {"sv": "öppen för länge", "en": "open for too long"}


def registered(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count(Registration.id))) or 0


def shown(page: Page) -> dict[str, list[str]]:
    """What the form holds, without what is each form's own."""
    return {name: value for name, value in page.form().values.items() if name not in {"csrf_token", "form_key"}}


@pytest.mark.parametrize(("prefix", "words"), [("", "bara är till för robotar"), ("/en", "for robots only")])
@pytest.mark.parametrize("filled", ["http://x.example", "x" * 500, "a\x00b", "två\nrader"])
def test_a_trap_that_a_form_filler_filled_says_so_and_is_empty_the_next_time(
    app: Flask, client: CheckingClient, prefix: str, words: str, filled: str
) -> None:
    answer = client.submit(f"{prefix}/2026/register", **{**TYPED, "website": filled})
    page = read(answer)
    assert answer.status_code == 422
    assert words in page.text
    assert page.form().values["website"] == [""]
    again = client.send(f"{prefix}/2026/register", page.form())
    assert again.request.path.startswith(f"{prefix}/2026/received/")
    assert registered(app) == 1


@pytest.mark.parametrize(("prefix", "language"), [("", "sv"), ("/en", "en")])
def test_a_browser_without_cookies_is_told_so_and_whom_to_write_to(
    app: Flask, client: CheckingClient, prefix: str, language: str
) -> None:
    path = f"{prefix}/2026/register"
    form = client.page(path).form()
    blocked = app.test_client(use_cookies=False)
    assert isinstance(blocked, CheckingClient)
    for _ in range(2):
        answer = blocked.send(path, form, **TYPED)
        page = read(answer)
        assert answer.status_code == 422
        assert COOKIES[language] in page.text
        assert TOO_OLD[language] not in page.text
        assert "fraga@example.org" in page.text
        assert shown(page)["message"] == ["Två\nrader"]
        form = page.form()
    assert registered(app) == 0
    allowed = read(client.send(path, form))
    assert client.send(path, allowed.form()).request.path.startswith(f"{prefix}/2026/received/")


def test_a_page_that_was_open_for_too_long_is_something_else(app: Flask, client: CheckingClient) -> None:
    form = client.page("/2026/register").form()
    client.delete_cookie("__Host-regapp", domain="anmalan.example.org")
    client.set_cookie("__Host-regapp", "outdated", domain="anmalan.example.org", secure=True)
    page = read(client.send("/2026/register", form, **TYPED))
    assert TOO_OLD["sv"] in page.text
    assert COOKIES["sv"] not in page.text
    client.send("/2026/register", page.form())
    assert registered(app) == 1


def test_every_form_outside_tells_of_cookies_and_of_its_days_contact_or_the_organisations(
    app: Flask, client: CheckingClient
) -> None:
    client.submit("/2026/register", **APPLICATION)
    with app.app_context():
        own = personal_links(db.session.scalars(select(Registration)).one())
    manage = own["manage"].removeprefix("https://anmalan.example.org")
    blocked = app.test_client(use_cookies=False)
    for path, contact in {
        f"{manage}/details": "fraga@example.org",
        f"{manage}/cancel": "fraga@example.org",
        "/2026/link": "fraga@example.org",
        "/organiser/sign-in": app.config["SETTINGS"].contact,
        "/organiser/forgot-password": app.config["SETTINGS"].contact,
    }.items():
        said = read(blocked.post(path)).text
        assert COOKIES["sv"] in said, path
        assert f"Skriv till {contact}." in said, path


LANGUAGES = pytest.mark.parametrize(
    ("path", "there", "language"),
    [("/2026/register", "/en/2026/register", "en"), ("/en/2026/link", "/2026/link", "sv")],
)


@LANGUAGES
def test_the_other_language_keeps_what_is_typed_and_sends_nothing(
    app: Flask, client: CheckingClient, caplog: pytest.LogCaptureFixture, path: str, there: str, language: str
) -> None:
    caplog.set_level(logging.DEBUG)
    page = client.page(path)
    button = page.find(name="switch_language")
    assert (button.get("form"), button.get("formaction"), button.get("formnovalidate")) == ("form", there, "")
    form = page.form()
    typed = {name: value for name, value in TYPED.items() if name in form.values or path.endswith("register")}
    typed |= {"email": "inte klart än", "first_name": "<b>Åsa</b>"}
    answer = client.post(there, data=form.filled({**typed, "switch_language": language}))
    other = read(answer)
    assert answer.status_code == 200
    assert other.lang == language
    assert not other.has_errors
    assert other.form().values.get("form_key") == form.values.get("form_key")
    assert shown(other)["email"] == ["inte klart än"]
    if path.endswith("register"):
        assert shown(other) == {**{k: v for k, v in form.filled(typed).items() if k in shown(other)}}
        assert set(TYPED) <= set(shown(other))
    assert registered(app) == 0
    with app.app_context():
        assert not db.session.scalars(select(OutgoingMail)).all()
        assert not db.session.scalars(select(TakenTry)).all()
    assert "inte klart" not in caplog.text
    assert "inte klart" not in (answer.headers.get("Set-Cookie") or "")


def test_after_the_other_language_the_form_is_sent_once_in_that_language(app: Flask, client: CheckingClient) -> None:
    form = client.page("/2026/register").form()
    other = read(client.post("/en/2026/register", data=form.filled({**TYPED, "switch_language": "en"})))
    for _ in range(2):
        assert client.send("/en/2026/register", other.form()).request.path.startswith("/en/2026/received/")
    with app.app_context():
        assert [r.language for r in db.session.scalars(select(Registration))] == ["en"]


def test_the_other_language_of_a_form_that_closed_meanwhile_keeps_the_words(client: CheckingClient, clock) -> None:
    form = client.page("/2026/register").form()
    clock.move_to("2026-11-20T12:00:00+00:00")
    other = read(client.post("/en/2026/register", data=form.filled({**TYPED, "switch_language": "en"})))
    assert "closed" in other.text
    assert shown(other)["message"] == ["Två\nrader"]


def test_the_sign_in_keeps_the_address_in_the_other_language(app: Flask, client: CheckingClient) -> None:
    page = client.page("/organiser/sign-in?next=/organiser/2026/")
    there = page.find(name="switch_language").get("formaction") or ""
    typed = page.form().filled(
        {"sign_in-email": "a@example.org", "sign_in-password": "hemligt", "switch_language": "en"}
    )
    other = read(client.post(there, data=typed))
    assert other.lang == "en"
    assert other.find(name="sign_in-email").get("value") == "a@example.org"
    assert "hemligt" not in other.html
    assert "next=/organiser/2026/" in other.html


@pytest.mark.parametrize(
    ("there", "goes"),
    [
        ("/2026/", "/2026/"),
        ("/organiser/2026/attendees?status=confirmed", "/organiser/2026/attendees?status=confirmed"),
        ("//evil.example/", None),
        ("https://evil.example/", None),
        ("/\\evil.example", None),
        ("/a\r\nSet-Cookie: x=y", None),
        ("http://[", None),
        ("//[", None),
        ("", None),
    ],
)
def test_leaving_a_form_looks_at_nothing_and_leads_nowhere_else(
    app: Flask, client: CheckingClient, there: str, goes: str | None
) -> None:
    form = client.page("/2026/link").form()
    answer = client.post("/2026/link", data=form.filled({"email": "x", "leave": there}))
    assert (answer.location if answer.status_code == 303 else None) == goes


def test_who_can_give_their_place_to_nobody_any_more_is_told_so(app: Flask, client: CheckingClient, clock) -> None:
    client.submit("/2026/register", **APPLICATION)
    with app.app_context():
        own = personal_links(db.session.scalars(select(Registration)).one())
    transfer = own["manage"].removeprefix("https://anmalan.example.org") + "/transfer"
    form = client.page(transfer).form()
    clock.move_to("2026-11-25T12:00:00+00:00")
    colleague = {"first_name": "Bo", "last_name": "Ek", "email": "bo@example.org"}
    answer = client.send(transfer, form, **colleague)
    assert answer.status_code == 422
    assert read(answer).has_errors


def test_a_filter_that_there_is_not_is_mended_in_the_list(app: Flask) -> None:
    client = signed_in(app)
    answer = client.get("/organiser/2026/attendees/export?status=nothing", follow_redirects=True)
    assert answer.request.path == "/organiser/2026/attendees"
    assert "Välj ett av alternativen i listan." in read(answer).text
