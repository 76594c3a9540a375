"""Signing in, staying signed in, signing out."""

import time
from datetime import UTC, datetime, timedelta

import flask_security
import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from regapp.accounts import managing, passwords, signing_in
from regapp.accounts.models import Organiser, SignIn
from regapp.accounts.roles import Role
from regapp.accounts.views import on_site
from regapp.core import limits
from regapp.core.audit import AuditEntry
from regapp.core.db import db, writing
from tests.support.client import CheckingClient, read
from tests.support.organisers import OVERVIEW, PASSWORD, add_organiser, sign_in, signed_in, try_to_sign_in

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
EMAIL = "organiser@example.org"


def opens(client: CheckingClient) -> bool:
    """Whether the overview is shown, and not the way to the sign-in page."""
    return client.get(OVERVIEW).status_code == 200


def actions(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_who_is_not_signed_in_is_asked_to_and_comes_back(app: Flask, client: CheckingClient) -> None:
    add_organiser(app)
    asked = client.get("/organiser/change-password?a=b")
    assert (asked.status_code, asked.location) == (302, "/organiser/sign-in?next=/organiser/change-password?a%3Db")
    there = try_to_sign_in(client, " Organiser@Example.org ", path=asked.location)
    assert (there.status_code, there.location) == (303, "/organiser/change-password?a=b")
    assert client.page("/organiser/change-password").h1 == "Byt lösenord"
    assert actions(app) == ["organiser.added", "organiser.signed_in"]


@pytest.mark.parametrize(
    "then",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
     "javascript:alert(1)", "evil", "", "/\n/evil.example", "http:/evil.example", "///evil.example",
     "https:evil.example"],
)  # fmt: skip
def test_next_stays_on_the_site(app: Flask, then: str) -> None:
    with app.test_request_context():
        assert on_site(then) == OVERVIEW


def test_a_wrong_password_and_an_unknown_account_are_told_in_the_same_words(app: Flask, client: CheckingClient) -> None:
    add_organiser(app)
    wrong = try_to_sign_in(client, EMAIL, "fel fel fel fel")
    unknown = try_to_sign_in(client, "nobody@example.org", "fel fel fel fel")
    assert wrong.status_code == unknown.status_code == 400
    assert str(signing_in.WRONG) in read(wrong).text
    assert read(wrong).text == read(unknown).text
    assert read(wrong).find(name="sign_in-email").get("value") == EMAIL


def test_an_unknown_account_costs_as_much_work(app_of_its_own: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    add_organiser(app_of_its_own)
    client: CheckingClient = app_of_its_own.test_client()  # type: ignore[assignment]
    worked: list[str] = []
    for name in ("hash_password", "verify_password"):
        real = getattr(flask_security, name)
        monkeypatch.setattr(flask_security, name, lambda *a, n=name, r=real: worked.append(n) or r(*a))
    try_to_sign_in(client, EMAIL, "fel fel fel fel")
    try_to_sign_in(client, "nobody@example.org", "fel fel fel fel")
    assert worked == ["verify_password", "verify_password"]
    with app_of_its_own.app_context():
        made, nobodys = passwords.hash_password(PASSWORD), passwords.NOBODYS
    assert made.split("$")[:4] == nobodys.split("$")[:4]
    assert [len(part) for part in made.split("$")] == [len(part) for part in nobodys.split("$")]


@pytest.mark.both_databases("locks order the tries, and SQL compares their instants")
def test_after_ten_wrong_tries_the_client_waits_while_the_owner_gets_in_from_elsewhere(app: Flask) -> None:
    add_organiser(app)
    stranger, owner = app.test_client(), app.test_client()
    stranger.environ_base["REMOTE_ADDR"] = "192.0.2.1"
    owner.environ_base["REMOTE_ADDR"] = "192.0.2.2"
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(10):
            assert try_to_sign_in(stranger, EMAIL, "fel fel fel fel").status_code == 400
        clock.shift(timedelta(minutes=5))
        refused = try_to_sign_in(stranger, EMAIL)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "600")
        assert "Vänta 10 minuter" in read(refused).text
        assert try_to_sign_in(stranger, "other@example.org").status_code == 429
        sign_in(owner, EMAIL)
        clock.shift(timedelta(minutes=10))
        sign_in(stranger, EMAIL)


def test_right_tries_are_not_counted(app: Flask, client: CheckingClient) -> None:
    add_organiser(app)
    for _ in range(9):
        try_to_sign_in(client, EMAIL, "fel fel fel fel")
    for _ in range(3):
        sign_in(app.test_client(), EMAIL)
    assert try_to_sign_in(client, EMAIL, "fel fel fel fel").status_code == 400
    assert try_to_sign_in(client, EMAIL).status_code == 429


def test_a_whole_network_of_ipv6_is_one_client() -> None:
    assert limits.client_key("2001:db8:1:2::1") == limits.client_key("2001:db8:1:2:ffff::9")
    assert limits.client_key("2001:db8:1:2::1") != limits.client_key("2001:db8:1:3::1")
    assert limits.client_key("::ffff:192.0.2.1") == "192.0.2.1"
    assert limits.client_key("192.0.2.1:50123") == limits.client_key("192.0.2.1:50124") == "192.0.2.1"
    assert limits.client_key("[2001:db8:1:2::1]:50123") == limits.client_key("2001:db8:1:2::9")


def test_signing_out_kills_a_copied_cookie_and_no_other_browser(app: Flask) -> None:
    first = signed_in(app)
    second = sign_in(app.test_client(), EMAIL)
    thief = app.test_client()
    cookie = first.get_cookie("__Host-regapp", domain="anmalan.example.org")
    thief.set_cookie("__Host-regapp", cookie.value, domain="anmalan.example.org", secure=True)
    assert opens(thief)
    first.submit(OVERVIEW, action="/organiser/sign-out")
    assert not opens(first)
    assert not opens(thief)
    assert opens(second)
    assert actions(app)[-1] == "organiser.signed_out"


def test_signing_in_makes_a_new_session(app: Flask, client: CheckingClient) -> None:
    add_organiser(app)
    client.page("/organiser/sign-in")
    with client.session_transaction(base_url=client.base_url) as before:
        planted = dict(before)
        before["planted"] = "by somebody else"
    sign_in(client, EMAIL)
    with client.session_transaction(base_url=client.base_url) as after:
        assert "planted" not in after
        assert after.get("csrf_token") != planted["csrf_token"]


def test_the_cookie_is_kept_from_scripts_and_other_sites_and_holds_nothing_personal(
    app: Flask, client: CheckingClient
) -> None:
    add_organiser(app)
    cookie = try_to_sign_in(client, EMAIL).headers["Set-Cookie"]
    assert cookie.startswith("__Host-regapp=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    with client.session_transaction(base_url=client.base_url) as session:
        assert set(session) == {"_user_id", "_fresh", "fs_cc", "fs_paa", "token", "used"}
        with app.app_context():
            assert session["token"] not in db.session.scalars(select(SignIn.token_hash)).all()


def test_a_session_that_nobody_uses_ends_and_one_in_use_goes_on(app: Flask) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client = signed_in(app)
        for _ in range(3):
            clock.shift(signing_in.IDLE - timedelta(minutes=1))
            assert opens(client)
        clock.shift(signing_in.IDLE + timedelta(seconds=1))
        assert not opens(client)


@pytest.mark.parametrize("later", [timedelta(0), timedelta(seconds=1)])
def test_a_session_ends_after_its_time_however_busy(app: Flask, later: timedelta) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client = signed_in(app)
        for _ in range(23):
            clock.shift(timedelta(hours=7))
            assert opens(client)
        clock.shift(timedelta(hours=7) + later)
        assert not opens(client)


def test_a_closed_account_opens_nothing_from_the_same_moment(app: Flask) -> None:
    client = signed_in(app)
    with app.app_context(), writing():
        managing.disable(managing.get_by_email(EMAIL).id, NOON, actor="system")
    assert not opens(client)
    assert try_to_sign_in(client, EMAIL).status_code == 400


def test_an_account_without_a_password_is_not_signed_in(app: Flask, client: CheckingClient) -> None:
    with app.app_context(), writing():
        managing.add(EMAIL, Role.ADMIN, NOON, actor="system")
    assert try_to_sign_in(client, EMAIL, " ").status_code == 400
    assert try_to_sign_in(client, EMAIL, PASSWORD).status_code == 400


def test_no_token_in_an_address_or_a_header_signs_anybody_in(app: Flask, client: CheckingClient) -> None:
    identity = add_organiser(app)
    with app.test_request_context():
        uniquifier = db.session.get_one(Organiser, identity).fs_uniquifier
        claim = {"ver": "5", "uid": uniquifier, "fs_paa": time.time(), "exp": 0}
        token = app.extensions["security"].remember_token_serializer.dumps(claim)
    assert client.get(f"{OVERVIEW}?auth_token={token}").status_code == 302
    assert client.get(OVERVIEW, headers={"Authentication-Token": token}).status_code == 302


def test_what_was_being_typed_when_the_session_ended_is_sent_on_after_signing_in(app: Flask) -> None:
    client = signed_in(app)
    form = client.page(OVERVIEW).form("/organiser/sign-out")
    client.delete_cookie("__Host-regapp", domain="anmalan.example.org")
    typed = {"title_sv": "Två\r\nrader", "email": "a@b.se", "diets": ["vegan", "halal"], "password": "hemligt"}
    asked = client.post("/organiser/change-password?x=1", data={**form.values, **typed})
    page = read(asked)
    assert asked.status_code == 401
    assert "Det du har skrivit finns kvar" in page.text
    assert "hemligt" not in page.html
    answer = client.send(
        "", page.form(), follow=False, **{"sign_in-email": EMAIL, "sign_in-password": "fel fel fel fel"}
    )
    assert answer.status_code == 400
    sent = read(answer).form()
    answer = client.send("", sent, follow=False, **{"sign_in-email": EMAIL, "sign_in-password": PASSWORD})
    assert (answer.status_code, answer.location) == (307, "/organiser/change-password?x=1")
    assert sent.values["title_sv"] == ["Två\nrader"]
    assert sent.values["email"] == ["a@b.se"]
    assert sent.values["diets"] == ["vegan", "halal"]
    again = client.post(answer.location, data=sent.values)
    assert again.status_code == 400
    assert "öppen för länge" in read(again).text


def test_a_form_without_its_token_is_refused_in_words(app: Flask, client: CheckingClient) -> None:
    add_organiser(app)
    client.get("/organiser/sign-in")
    answer = client.post("/organiser/sign-in", data={"sign_in-email": EMAIL, "sign_in-password": PASSWORD})
    assert answer.status_code == 400
    assert "öppen för länge" in read(answer).text
    assert read(answer).find(name="sign_in-email").get("value") == EMAIL
    client = sign_in(client, EMAIL)
    answer = client.post("/organiser/sign-out")
    assert (answer.status_code, read(answer).h1) == (400, "Logga ut")
    assert opens(client)


def test_the_sign_in_page_is_in_english_on_request_and_the_pages_in_the_organisers_language(app: Flask) -> None:
    client = app.test_client()
    assert client.page("/organiser/sign-in").lang == "sv"
    assert client.page("/organiser/sign-in?language=en").h1 == "Sign in"
    english = signed_in(app, Role.VIEWER, language="en")
    assert english.page("/organiser/change-password").h1 == "Change your password"
