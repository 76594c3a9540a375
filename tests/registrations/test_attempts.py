"""Two people with one mailbox, and one person with two wishes: nobody is left out in silence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from regapp.core.db import db, writing
from regapp.mailing.models import MailState, OutgoingMail
from regapp.registrations.attempts import Attempt, forget_old
from regapp.registrations.models import Registration, Status
from tests.registrations.people import find, letters_to, register
from tests.support.client import CheckingClient, read
from tests.support.days import APPLICATION, new_day
from tests.support.mail.fates import answer_questions

pytestmark = pytest.mark.usefixtures("day")

SHARED = "sekr@example.org"
BO: dict[str, object] = {**APPLICATION, "first_name": "Bo", "last_name": "Ek", "email": SHARED, "attendance": "online"}
EVA: dict[str, object] = {**BO, "first_name": "Eva", "last_name": "Alm"}


def attempts(app: Flask) -> list[tuple[str, str, bool]]:
    """Name, wish and whether the mailbox was told, the oldest first."""
    with app.app_context():
        rows = db.session.scalars(select(Attempt).order_by(Attempt.id))
        return [(row.name, row.wish.value, row.is_told) for row in rows]


def last_letter(app: Flask, email: str = SHARED) -> str:
    with app.app_context():
        mails = db.session.query(OutgoingMail).filter_by(recipient=email).order_by(OutgoingMail.dated_at)
        mail = [mail for mail in mails if mail.state is not MailState.WITHDRAWN][-1]
        return f"{mail.subject}\n{' '.join((mail.text or '').split())}"


@pytest.fixture
def send(app: Flask) -> Callable[..., CheckingClient]:
    """Sends a form from a browser of its own."""

    def fresh(fields: dict[str, object], prefix: str = "", **changes: object) -> CheckingClient:
        client: CheckingClient = app.test_client()  # type: ignore[assignment]
        answer = client.submit(f"{prefix}/2026/register", **{**fields, **changes})
        assert answer.status_code == 200
        return client

    return fresh


@pytest.mark.both_databases("the attempt's row, its unique index and the limits are SQL")
def test_a_colleague_with_a_known_address_is_named_in_a_letter_within_the_hour(
    app: Flask, send: Callable[..., CheckingClient]
) -> None:
    send(BO), send(EVA)
    assert letters_to(app, SHARED) == ["confirmation", "not_registered"]
    letter = last_letter(app)
    assert letter.startswith("Eva Alm är inte anmäld: ")
    assert "Deltagare: Bo Ek" in letter
    assert "https://anmalan.example.org/2026/register" in letter
    assert attempts(app) == [("Eva Alm", "online", True)]
    with app.app_context():
        assert db.session.scalars(select(Registration.first_name)).all() == ["Bo"]


@pytest.mark.parametrize("language", ["sv", "en"])
def test_another_wish_is_answered_with_the_way_to_change_it(app: Flask, client: CheckingClient, language: str) -> None:
    mine = register(app, SHARED, "online", language, first_name="Bo", last_name="Ek")
    register(app, SHARED, "on_site", language, first_name="Bo", last_name="Ek")
    letter = last_letter(app)
    assert letter.startswith(
        {"sv": "Din anmälan är inte ändrad: ", "en": "Your registration is not changed: "}[language]
    )
    assert {"sv": "”På plats”", "en": "“On site”"}[language] in letter
    assert attempts(app) == [("Bo Ek", "on_site", True)]
    assert client.submit(f"{mine}/attendance", attendance="on_site").status_code == 200
    assert find(app, SHARED).has_seat


def test_the_same_person_with_the_same_wish_gets_the_link_once_an_hour_and_is_no_attempt(
    app: Flask, send: Callable[..., CheckingClient], clock
) -> None:
    send(BO), send(BO, first_name=" BO", last_name="ek")
    assert letters_to(app, SHARED) == ["confirmation"]
    clock.shift(timedelta(minutes=61))
    send(BO), send(BO)
    assert letters_to(app, SHARED) == ["confirmation", "link"]
    assert attempts(app) == []


def test_an_apostrophe_of_a_telephone_makes_nobody_a_colleague(app: Flask, send: Callable[..., CheckingClient]) -> None:
    send(BO, last_name="O'Ek-Alm"), send(BO, last_name="O’Ek\u2011Alm")
    assert letters_to(app, SHARED) == ["confirmation"]
    assert attempts(app) == []


def test_an_attempt_that_was_told_of_is_told_again_once_an_hour(
    app: Flask, send: Callable[..., CheckingClient], clock
) -> None:
    send(BO), send(EVA), send(EVA, first_name="EVA"), send(EVA, last_name=" Alm ")
    assert letters_to(app, SHARED).count("not_registered") == 1
    clock.shift(timedelta(minutes=61))
    send(EVA), send(EVA)
    assert letters_to(app, SHARED).count("not_registered") == 2
    assert attempts(app) == [("Eva Alm", "online", True)]


def test_a_mailbox_gets_five_letters_a_day_from_all_forms_of_all_days_and_the_rest_is_marked(
    app: Flask, client: CheckingClient, send: Callable[..., CheckingClient], clock
) -> None:
    with app.app_context():
        new_day(slug="2026-autumn")
    send(BO)
    client.submit("/2026-autumn/register", **BO)
    for name in ("Eva", "Ida", "Kim", "Liv"):
        send(EVA, first_name=name)
    for _ in range(3):
        clock.shift(timedelta(minutes=61))
        client.submit("/2026/link", email=SHARED)
        client.submit("/2026-autumn/link", email=SHARED)
        answer_questions(app)
    assert letters_to(app, SHARED) == ["confirmation", "confirmation", *["not_registered"] * 3]
    assert [told for _, _, told in attempts(app)] == [True, True, True, False]
    clock.shift(timedelta(hours=24))
    send(EVA, first_name="Liv")
    assert last_letter(app).startswith("Liv Alm är inte anmäld")
    assert [told for _, _, told in attempts(app)] == [True] * 4


def test_who_could_not_be_told_is_told_of_at_the_next_try_whatever_the_hours_limit(
    app: Flask, send: Callable[..., CheckingClient], clock
) -> None:
    send(BO)
    for name in ("Eva", "Ida", "Kim", "Liv", "Max"):
        send(EVA, first_name=name)
    clock.shift(timedelta(hours=24))
    send(EVA, first_name="Siv"), send(EVA, first_name="Max")
    assert last_letter(app).startswith("Max Alm är inte anmäld")
    assert [told for _, _, told in attempts(app)] == [True] * 6


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_everybody_is_told_that_one_address_is_one_registration(
    app: Flask, client: CheckingClient, prefix: str
) -> None:
    assert {"": "en egen adress", "/en": "an address of their own"}[prefix] in client.page(
        f"{prefix}/2026/register"
    ).text
    texts = set()
    for name in ("Bo", "Eva"):  # unknown, then known
        other: CheckingClient = app.test_client()  # type: ignore[assignment]
        page = read(other.submit(f"{prefix}/2026/register", **{**BO, "first_name": name}))
        texts.add(page.text.replace(f"{name} Ek", "…"))
        assert f"{prefix}/2026/register" in page.links()
    (text,) = texts
    assert {"": "Anmälde du en kollega med din egen adress?", "/en": "Did you register a colleague"}[prefix] in text


def test_going_back_and_changing_only_the_name_is_a_colleague_and_not_a_double_click(
    app: Flask, client: CheckingClient
) -> None:
    form = client.page("/2026/register").form()
    for fields in (BO, EVA, EVA, BO):
        answer = client.send("/2026/register", form, **fields)
    assert "Bo Ek" in read(answer).text
    assert letters_to(app, SHARED) == ["confirmation", "not_registered"]
    assert attempts(app) == [("Eva Alm", "online", True)]


def test_going_back_and_changing_only_the_wish_is_told_of_too(app: Flask, client: CheckingClient) -> None:
    form = client.page("/2026/register").form()
    for wish in ("online", "on_site"):
        client.send("/2026/register", form, **{**BO, "attendance": wish})
    assert letters_to(app, SHARED) == ["confirmation", "not_registered"]
    assert attempts(app) == [("Bo Ek", "on_site", True)]


def test_correcting_an_address_to_one_that_somebody_else_has_is_told_of(
    app: Flask, client: CheckingClient, send: Callable[..., CheckingClient]
) -> None:
    send(BO)
    sent = client.submit("/2026/register", **{**EVA, "email": "mistyped@example.org"})
    client.submit(f"{sent.request.path}/correct-address", email=SHARED)
    assert last_letter(app).startswith("Eva Alm är inte anmäld")
    assert attempts(app) == [("Eva Alm", "online", True)]


def test_changing_ones_own_address_to_one_that_somebody_else_has_is_told_of(
    app: Flask, client: CheckingClient, send: Callable[..., CheckingClient]
) -> None:
    send(BO)
    mine = register(app, "eva@example.org", "online", first_name="Eva", last_name="Alm")
    client.submit(f"{mine}/address", email=SHARED)
    assert last_letter(app).startswith("Eva Alm är inte anmäld")
    assert attempts(app) == [("Eva Alm", "online", True)]


def test_a_place_given_to_somebody_with_anothers_address_is_told_of(
    app: Flask, client: CheckingClient, send: Callable[..., CheckingClient]
) -> None:
    send(BO)
    mine = register(app, "ida@example.org", "online", first_name="Ida")
    client.submit(f"{mine}/transfer", first_name="Eva", last_name="Alm", email=SHARED)
    assert last_letter(app).startswith("Eva Alm är inte anmäld")
    assert attempts(app) == [("Eva Alm", "online", True)]


@pytest.mark.parametrize(
    ("wish", "told"), [("online", "Du är redan anmäld"), ("on_site", "Din anmälan är inte ändrad")]
)
def test_who_is_registered_and_is_given_a_place_reads_that_a_colleague_did_it(
    app: Flask, client: CheckingClient, clock: time_machine.Traveller, wish: str, told: str
) -> None:
    register(app, SHARED, "online", first_name="Bo", last_name="Ek")
    mine = register(app, "ida@example.org", wish)
    clock.shift(60)
    client.submit(f"{mine}/transfer", first_name="Bo", last_name="Ek", email=SHARED)
    letter = last_letter(app)
    assert told in letter and "En kollega ville överlåta sin plats till dig" in letter
    assert "troligen du" not in letter


@pytest.mark.parametrize("how", ["address", "transfer"])
def test_ones_own_pages_bring_nobody_a_sixth_letter(
    app: Flask, client: CheckingClient, send: Callable[..., CheckingClient], how: str
) -> None:
    send(BO)
    for name in ("Eva", "Ida", "Kim", "Liv"):
        send(EVA, first_name=name)
    mine = register(app, "ida@example.org", "online")
    who = {"first_name": "Eva", "last_name": "Alm"} if how == "transfer" else {}
    answer = client.submit(f"{mine}/{how}", **who, email=SHARED)
    assert answer.status_code == 429
    assert "Det har blivit för många försök. Vänta 24 timmar" in read(answer).text
    assert len(letters_to(app, SHARED)) == 5
    assert find(app, "ida@example.org").status is Status.CONFIRMED


def test_whoever_has_a_seat_and_asks_for_the_line_has_what_they_wish(app: Flask, client: CheckingClient) -> None:
    for email in ("p0@example.org", "p1@example.org"):
        register(app, email)
    client.submit("/2026/register", **{**APPLICATION, "email": "p0@example.org", "attendance": "line"})
    assert attempts(app) == []


@pytest.mark.parametrize(("days", "kept"), [(29, 1), (30, 0)])
def test_attempts_are_forgotten_thirty_days_after_the_day(
    app: Flask, send: Callable[..., CheckingClient], days: int, kept: int
) -> None:
    send(BO), send(EVA)
    with app.app_context():
        ends_at = db.session.scalars(select(Registration)).one().event.ends_at
        with writing():
            forget_old(ends_at + timedelta(days=days))
    assert len(attempts(app)) == kept


def test_a_person_sees_what_they_tried_and_not_what_others_tried(
    app: Flask, client: CheckingClient, send: Callable[..., CheckingClient]
) -> None:
    mine = register(app, SHARED, "online", first_name="Bo", last_name="Ek")
    send(EVA), send(BO, attendance="on_site")
    data = client.get(f"{mine}/data.json").get_json()
    assert [row["wish"] for row in data["attempts"]] == ["on_site"]
