"""The public forms are no way to send letters to strangers: how many a client, a form and an address bring about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.engine import Engine
from werkzeug.test import TestResponse

from regapp.core.db import db
from regapp.core.limits import TakenTry
from regapp.mailing.models import OutgoingMail
from tests.registrations.people import register
from tests.support.client import CheckingClient, read
from tests.support.days import APPLICATION
from tests.support.machine.server import environment

PER_MINUTE, PER_HOUR = 4, 6
HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"
ONLINE: dict[str, object] = {**APPLICATION, "attendance": "online"}


@pytest.fixture
def environ(database_url: str, instance: Any, request: pytest.FixtureRequest) -> dict[str, str]:
    """Small numbers, to be reached soon."""
    given = {"CLIENT_REGISTRATIONS_PER_MINUTE": str(PER_MINUTE), "CLIENT_REGISTRATIONS_PER_HOUR": str(PER_HOUR)}
    return environment(database_url, instance, **getattr(request, "param", given))


@pytest.fixture(autouse=True)
def _day(day: str) -> None:
    """A published day."""


Send = Callable[..., TestResponse]


@pytest.fixture
def send(app: Flask) -> Send:
    """Sends a form to register from a browser of its own at a network address."""

    def fresh(number: int, client: str = HERE, path: str = "/2026/register", **fields: object) -> TestResponse:
        browser = at(app, client)
        return browser.submit(path, **{**ONLINE, "email": f"p{number}@example.org", **fields})

    return fresh


def at(app: Flask, address: str) -> CheckingClient:
    browser: CheckingClient = app.test_client()  # type: ignore[assignment]
    browser.environ_base["REMOTE_ADDR"] = address
    return browser


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL that is run in the block."""
    run: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        run.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield run
    event.remove(Engine, "before_cursor_execute", note)


def letters(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(OutgoingMail)) or 0


@pytest.mark.parametrize("environ", [{}, {"DEMO": "true"}], indirect=True, ids=["", "demo"])
def test_forty_register_from_one_address_in_a_minute_and_the_next_keeps_what_was_typed(
    app: Flask, send: Send, clock: time_machine.Traveller
) -> None:
    for number in range(40):
        assert send(number).status_code == 200
        clock.shift(1)
    browser = at(app, HERE)
    form = browser.page("/en/2026/register").form()
    fields = {**ONLINE, "email": "p40@example.org", "department": "Ward 7", "message": "See you", "wants_news": True}
    refused = browser.send("/en/2026/register", form, **fields)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "20")
    page = read(refused)
    assert "Many forms have come from your network in a short time. What you filled in is still here. Wait" in page.text
    kept = page.form()
    assert all(kept.values[name] == [str(value)] for name, value in fields.items() if name != "wants_news")
    assert kept.values["wants_news"]
    assert letters(app) == 40
    assert send(41, ELSEWHERE).status_code == 200
    clock.shift(20)
    assert browser.send("/en/2026/register", kept).status_code == 200
    assert letters(app) == 42


def test_a_network_of_ipv6_is_one_client_and_a_mapped_address_is_one_of_ipv4(send: Send) -> None:
    for number in range(PER_MINUTE):
        send(number, f"2001:db8:1:2::{number + 1}")
        send(10 + number, HERE)
    assert send(5, "2001:db8:1:2:ffff::9").status_code == 429
    assert send(6, f"::ffff:{HERE}").status_code == 429
    assert send(7, "2001:db8:1:3::1").status_code == 200


def test_an_hour_has_its_own_limit(send: Send, clock: time_machine.Traveller) -> None:
    for number in range(PER_HOUR):
        assert send(number).status_code == 200
        clock.shift(61)
    refused = send(PER_HOUR)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, str(3600 - PER_HOUR * 61))
    assert "Vänta 54 minuter" in read(refused).text
    clock.shift(3600 - PER_HOUR * 61)
    assert send(PER_HOUR).status_code == 200


def test_a_form_that_is_refused_counts_nothing_and_one_sent_twice_counts_once(app: Flask, send: Send) -> None:
    for _ in range(PER_MINUTE + 2):
        assert send(0, first_name="").status_code == 422
    browser = at(app, HERE)
    form = browser.page("/2026/register").form()
    for number in range(PER_MINUTE - 1):
        send(number)
    for _ in range(3):
        answer = browser.send("/2026/register", form, **{**ONLINE, "email": "twice@example.org"})
        assert answer.status_code == 200 and "/received/" in answer.request.path
    assert send(PER_MINUTE).status_code == 429
    assert browser.send("/2026/register", form, **{**ONLINE, "email": "twice@example.org"}).status_code == 200
    assert letters(app) == PER_MINUTE


def test_known_addresses_count_as_unknown_ones(app: Flask, send: Send) -> None:
    register(app, "p0@example.org", "online")
    for _ in range(PER_MINUTE):
        assert send(0).status_code == 200
    known, unknown = send(0), send(1)
    assert known.status_code == unknown.status_code == 429
    assert read(known).text == read(unknown).text


def test_every_public_form_that_brings_a_letter_to_a_typed_address_counts(app: Flask, send: Send) -> None:
    mine = {name: register(app, f"{name}@example.org", "online") for name in ("asa", "bo")}
    sent = at(app, ELSEWHERE)
    answer = sent.submit("/2026/register", **ONLINE).request.path
    for number in range(PER_MINUTE):
        send(number)
    sent.environ_base["REMOTE_ADDR"] = HERE
    before = letters(app)
    for path, fields in (
        (f"{answer}/correct-address", {}),
        (f"{mine['asa']}/address", {}),
        (f"{mine['bo']}/transfer", {"first_name": "Ida", "last_name": "Ås"}),
        ("/2026/link", {}),
    ):
        refused = sent.submit(path, **fields, email="new@example.org")
        assert refused.status_code == 429, path
        assert "Från ditt nätverk har många formulär kommit" in read(refused).text
        assert read(refused).form().values["email"] == ["new@example.org"]
        assert int(refused.headers["Retry-After"]) > 0
    assert letters(app) == before


@pytest.mark.both_databases("the tries of one client wait for each other")
def test_forms_at_the_same_moment_are_not_all_the_first_one(app: Flask) -> None:
    browsers = [at(app, HERE) for _ in range(PER_MINUTE + 4)]
    forms = [browser.page("/2026/register").form() for browser in browsers]

    def press(number: int) -> int:
        fields = {**ONLINE, "email": f"p{number}@example.org"}
        return browsers[number].send("/2026/register", forms[number], follow=False, **fields).status_code

    with ThreadPoolExecutor(len(browsers)) as crowd:
        statuses = list(crowd.map(press, range(len(browsers))))
    assert sorted(statuses) == [302] * PER_MINUTE + [429] * 4


IN_EARNEST = pytest.mark.parametrize("environ", [{}], indirect=True, ids=[""])


class Sender:
    """Sends one form, and corrects its address by going back to it or on the page that answers it."""

    def __init__(self, app: Flask, way: str) -> None:
        self.browser, self.way = at(app, ELSEWHERE), way
        self.form = self.browser.page("/2026/register").form()

    def register(self, email: str) -> TestResponse:
        return self.browser.send("/2026/register", self.form, **{**ONLINE, "email": email})

    def correct(self, answer: TestResponse, email: str) -> TestResponse:
        if self.way == "back":
            return self.register(email)
        return self.browser.submit(f"{answer.request.path}/correct-address", email=email)


WAYS = pytest.mark.parametrize("way", ["back", "page"])


@IN_EARNEST
@WAYS
def test_one_form_brings_letters_to_six_addresses_at_most(app: Flask, way: str) -> None:
    sender = Sender(app, way)
    first = sender.register("p0@example.org")
    for number in range(1, 8):
        answer = sender.correct(first, f"p{number}@example.org")
        assert answer.status_code == (200 if number <= 5 else 429)
    assert "Adressen har rättats för många gånger. Vänta 24 timmar" in read(answer).text
    assert read(answer).form().values["email"] == ["p7@example.org"]
    with app.app_context():
        written_to = set(db.session.scalars(select(OutgoingMail.recipient)))
    assert written_to == {f"p{number}@example.org" for number in range(6)}


@IN_EARNEST
@WAYS
@pytest.mark.parametrize("known", ["mistyped", "right"])
def test_correcting_an_address_again_and_again_does_not_tell_whether_it_is_registered(
    app: Flask, way: str, known: str
) -> None:
    """Six forms with the same mistyped address, each corrected to the same right one or to one of its own."""
    register(app, "known@example.org", "online", first_name="Bo")
    with app.app_context():
        # The registration itself is long past; only what the forms do counts.
        db.session.query(TakenTry).delete()
        db.session.commit()
    seen = {}
    for name in ("known", "new"):
        answers = []
        for number in range(6):
            sender = Sender(app, way)
            mistyped = f"{name}@example.org" if known == "mistyped" else f"{name}{number}@example.org"
            right = f"{name}@example.org" if known == "right" else f"{name}{number}@example.org"
            first = sender.register(mistyped)
            with statements() as work:
                answer = sender.correct(first, right)
            answers.append((answer.status_code, read(answer).text.replace(name, "…")))
        with app.app_context():
            counted = Counter(db.session.scalars(select(TakenTry.limit_name)))
            db.session.query(TakenTry).delete()
            db.session.commit()
        # The page of its own shows what is corrected, and looks that up.
        seen[name] = answers, counted["letters.typed"], work if way == "back" else []
    assert seen["known"] == seen["new"]
    assert seen["new"][0][-1][0] == 429


NOT_A_NAME = "Win at evil.example"


def test_no_form_takes_an_address_for_a_name(app: Flask, client: CheckingClient, send: Send) -> None:
    mine = register(app, "asa@example.org", "online")
    before = letters(app)
    for field in ("first_name", "last_name"):
        name: dict[str, Any] = {"first_name": "Ida", "last_name": "Ås", field: NOT_A_NAME}
        colleague = client.submit(f"{mine}/transfer", **name, email="ida@example.org")
        for answer in (send(1, **name), colleague, client.submit(f"{mine}/details", **name)):
            assert answer.status_code == 422
            assert "ingen webbadress eller e-postadress" in read(answer).text
            assert read(answer).form().values[field] == [NOT_A_NAME]
    assert letters(app) == before
