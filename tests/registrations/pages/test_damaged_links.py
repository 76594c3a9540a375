"""A link that a mail program or a hand has damaged leads to its page; one that says something else does not."""

from __future__ import annotations

import string
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from regapp.accounts import links, managing
from regapp.accounts.roles import Role
from regapp.core.db import db, writing
from regapp.registrations.letters.links import personal_links
from regapp.registrations.models import Registration
from regapp.registrations.pages.register_form import FormKey
from tests.support.client import CheckingClient
from tests.support.days import APPLICATION, WHILE_OPEN

pytestmark = pytest.mark.usefixtures("day")

ADDED = [
    ".",
    ")",
    ">",
    ",",
    ";",
    "/",
    "%20",
    "%20.",
    '"',
    "'",
    "*",
    "**",
    "%C2%A0",
    "%E2%80%9D",
    ">.",
    "!",
    "]",
    "%E2%80%93",
    "%E2%80%AF",
    "%E2%81%A0",
    "%EF%BC%8E",
    "%C2%AD",
    "%2520",
    "%253E.",
    "<br>",
    "%3C/a%3E",
]
BASE64 = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


@pytest.fixture
def tokens(app: Flask, client: CheckingClient) -> dict[str, str]:
    """An address of each kind that a letter or a person hands on."""
    client.submit("/2026/register", **APPLICATION)
    with app.app_context(), writing():
        own = personal_links(db.session.scalars(select(Registration)).one())
        newcomer = managing.add("new@example.org", Role.VIEWER, WHILE_OPEN, actor="system")
        choose = links.address_of(newcomer, WHILE_OPEN + timedelta(days=1))
    found = {**own, "choose": choose}
    return {name: address.removeprefix("https://anmalan.example.org") for name, address in found.items()}


def alike(character: str) -> list[str]:
    """The others that say the same at the end of a signature, whose last bits are unused."""
    start = BASE64.index(character) // 4 * 4
    return [other for other in BASE64[start : start + 4] if other != character]


def leads_to(answer: TestResponse) -> str | None:
    """Where the answer leads, or None for one that leads nowhere."""
    assert answer.status_code in {308, 404}, answer.status
    return answer.location


@pytest.mark.parametrize("added", ADDED)
def test_what_a_mail_program_adds_to_a_link_leads_to_the_link(
    client: CheckingClient, tokens: dict[str, str], added: str
) -> None:
    for path in (*tokens.values(), tokens["manage"] + "/cancel", tokens["manage"] + "/event.ics", "/2026/link"):
        answer = client.get(path + added)
        assert leads_to(answer) == path
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert leads_to(client.head(path + added)) == path
        assert client.get(path).status_code == 200
        if path != "/2026/link":
            assert leads_to(client.get(path.replace("/my/", "/My/").replace("/join/", "/JOIN/") + added)) == path


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("/2026/register/", "/2026/register"),
        ("/2026/Register", "/2026/register"),
        ("/2026/REGISTER/", "/2026/register"),
        ("/EN/2026/", "/en/2026/"),
        ("/EN/2026", "/en/2026/"),
        ("/En/2026/Register", "/en/2026/register"),
        ("/EN", "/en/"),
        ("/EN/", "/en/"),
        ("/2026.", "/2026/"),
        ("/2026/.", "/2026/"),
        ("/2026/)", "/2026/"),
        ("/Privacy", "/privacy"),
        ("/cookies/", "/cookies"),
        ("/en/Accessibility/", "/en/accessibility"),
        ("/2026/Event.ics", "/2026/event.ics"),
        ("/Organiser/Sign-In", "/organiser/sign-in"),
        ("/organiser", "/organiser/"),
        ("/organiser/2026/Attendees/", "/organiser/2026/attendees"),
        ("/2026/Register?utm_source=a%20b", "/2026/register?utm_source=a%20b"),
    ],
)
def test_an_address_in_capitals_or_with_a_slash_too_many_leads_to_the_page(
    client: CheckingClient, typed: str, path: str
) -> None:
    assert leads_to(client.get(typed)) == path


def test_every_page_that_can_be_opened_is_found_in_capitals(app: Flask, client: CheckingClient) -> None:
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.arguments <= {"lang", "slug"}:
            _, path = rule.build({**(rule.defaults or {}), "slug": "2026"}, append_unknown=False) or ("", "")
            if path.upper() != path:
                assert leads_to(client.get(path.upper())) == path, path


def test_what_is_sent_is_never_led_elsewhere(client: CheckingClient, tokens: dict[str, str]) -> None:
    for path in (tokens["manage"] + "/cancel.", "/2026/Register", "/2026/register/"):
        assert client.post(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/nothing.",
        "/nothing/",
        "/2099/",
        "/my/",
        "/my/..",
        "/my/%00.",
        "/my/x%00",
        "/my/%FF%FE.",
        "/my/å.",
        "/my/" + "x" * 3000 + ".",
        "/" + "." * 3000,
        "/2026/register/%0d%0aSet-Cookie:x",
        "/2026/register%00",
        "/2026/register/extra",
        "/%5Cevil.example/",
    ],
)
def test_an_address_that_is_no_page_of_ours_stays_unknown(client: CheckingClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["//evil.example/2026/Register", "/2026//evil.example.", "///2026/Register"])
def test_no_damaged_address_leads_to_another_host(client: CheckingClient, path: str) -> None:
    location = client.get(path, headers={"Host": "evil.example"}).location or "/"
    assert location.startswith("/") and not location.startswith(("//", "/\\"))


@pytest.mark.parametrize("name", ["manage", "join", "choose"])
def test_a_token_opens_its_door_only_as_it_was_written(
    client: CheckingClient, tokens: dict[str, str], name: str
) -> None:
    path = tokens[name]
    assert client.get(path).status_code == 200
    for altered in (path[:-1], path + "A", path + "=", path + "==", path[:-1] + "+", path[:-9] + "!" + path[-9:]):
        assert client.get(altered).status_code == 404, altered
    for last in alike(path[-1]):
        assert client.get(path[:-1] + last).status_code == 404, f"the last character may be {last}"


def test_a_forms_key_counts_only_as_it_was_written(context: None) -> None:
    key = FormKey().new(WHILE_OPEN, "2026")
    assert FormKey().read(key) is not None
    assert not [last for last in alike(key[-1]) if FormKey().read(key[:-1] + last)]
    assert FormKey().read(key + ".") is None
    assert FormKey().read(key + " ") is None


@pytest.mark.parametrize("path", ["/static/a/b", "/static/fonts/OFL.txt.", "/Static/fonts/x/y."])
def test_a_file_that_there_isnt_is_a_404(client: CheckingClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("rest", ["&gt;", "&quot;", "&", "&gt;.", "&gt"])
def test_what_is_left_of_a_letter_s_markup_is_cut_off(
    client: CheckingClient, tokens: dict[str, str], rest: str
) -> None:
    assert leads_to(client.get(tokens["manage"] + rest)) == tokens["manage"]
