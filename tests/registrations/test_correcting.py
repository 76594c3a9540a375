"""A mistyped address is corrected by who sent the form, for that person, and only while nobody else has acted."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from regapp.core import clock as now
from regapp.core.db import db, writing
from regapp.registrations import cancelling, on_behalf
from regapp.registrations.models import HealthNote, Registration
from regapp.registrations.submissions import Submission
from tests.registrations.people import find, letters_to, path_of
from tests.support.client import CheckingClient, read
from tests.support.days import APPLICATION

pytestmark = pytest.mark.usefixtures("day")

DIETS: dict[str, object] = {"diets": ["vegan"], "diet_other": "Inte koriander", "health_consent": True}
BO: dict[str, object] = {**APPLICATION, "first_name": "Bo", "last_name": "Ek", "email": "bo@exmple.org"}
EVY: dict[str, object] = {**APPLICATION, "first_name": "Evy", "last_name": "Alm", "email": "evy@example.org"}
RIGHT = "bo@example.org"


def sent(client: CheckingClient, fields: dict[str, object], prefix: str = "") -> str:
    """Send a form; the path of the page that answers it."""
    answer = client.submit(f"{prefix}/2026/register", **fields)
    assert answer.status_code == 200
    return urlsplit(answer.request.path).path


def correct(client: CheckingClient, answer: str, **fields: object) -> TestResponse:
    return client.submit(f"{answer}/correct-address", **fields)


def active(app: Flask) -> list[tuple[str, str]]:
    with app.app_context():
        people = db.session.scalars(select(Registration).order_by(Registration.id))
        return [(person.first_name, person.email) for person in people if person.is_active]


def needs(app: Flask) -> list[HealthNote]:
    with app.app_context():
        return list(db.session.scalars(select(HealthNote)))


@pytest.fixture
def other(app: Flask) -> CheckingClient:
    """Another browser."""
    client = app.test_client()
    assert isinstance(client, CheckingClient)
    return client


@pytest.mark.both_databases("the correction locks the day and takes a limit for two mailboxes")
def test_each_answer_page_corrects_its_own_person(app: Flask, client: CheckingClient) -> None:
    to_bo, to_evy = sent(client, BO), sent(client, EVY)
    assert "Anmälan för Bo Ek" in client.page(to_bo).text
    assert "Anmälan för Evy Alm" in client.page(to_evy).text
    assert "Anmälan för Bo Ek" in client.page(f"{to_bo}/correct-address").text
    correct(client, to_bo, email=RIGHT)
    assert active(app) == [("Bo", RIGHT), ("Evy", "evy@example.org")]
    assert letters_to(app, "evy@example.org") == ["confirmation"]


def test_a_page_that_was_open_before_the_next_person_registered_corrects_its_own(
    app: Flask, client: CheckingClient
) -> None:
    to_bo = f"{sent(client, BO)}/correct-address"
    form = client.page(to_bo).form()
    sent(client, EVY)
    client.send(to_bo, form, email=RIGHT)
    assert active(app) == [("Bo", RIGHT), ("Evy", "evy@example.org")]


def test_a_page_is_no_good_for_another_person(app: Flask, client: CheckingClient) -> None:
    to_bo, to_evy = sent(client, BO), sent(client, EVY)
    form = client.page(f"{to_bo}/correct-address").form()
    for proof in (form.values["proof"][0], "", "ImEi.aaaa"):
        answer = client.submit(f"{to_evy}/correct-address", email=RIGHT, proof=proof)
        assert answer.status_code == 422
        assert "Sidan hör till en annan anmälan" in read(answer).text
    assert active(app) == [("Bo", "bo@exmple.org"), ("Evy", "evy@example.org")]


def test_the_bare_answer_and_a_foreign_one_show_no_address(client: CheckingClient, other: CheckingClient) -> None:
    answer = sent(client, BO)
    for browser, path in ((client, "/2026/received"), (other, answer), (other, f"{answer}/correct-address")):
        page = read(browser.get(path, follow_redirects=True))
        assert "@exmple.org" not in page.text and "Bo Ek" not in page.text
        assert not [link for link in page.links() if "correct-address" in link]
    assert client.get(answer).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_another_browser_that_knows_the_page_corrects_nothing(
    app: Flask, client: CheckingClient, other: CheckingClient, prefix: str
) -> None:
    path = f"{sent(client, BO, prefix)}/correct-address"
    form = client.page(path).form()
    fresh = other.page("/2026/register").form()
    stolen = {"proof": form.values["proof"][0], "csrf_token": fresh.values["csrf_token"][0]}
    assert other.post(path, data={**stolen, "email": RIGHT}).location == f"{prefix}/2026/received"
    assert active(app) == [("Bo", "bo@exmple.org")]


ACTS: dict[str, dict[str, object]] = {
    "address": {"email": "new@example.org"},
    "attendance": {"attendance": "online"},
    "cancel": {},
    "details": {"workplace": "Annat sjukhus"},
    "language": {"language": "en"},
    "needs": {"diets": ["halal"], "health_consent": True},
    "transfer": {"first_name": "Ida", "last_name": "Ås", "email": "ida@example.org"},
    "withdraw-consent": {},
}
"""What one does through a personal link."""


@pytest.mark.parametrize("act", ACTS)
def test_whoever_acted_through_the_link_has_the_registration(
    app: Flask, client: CheckingClient, other: CheckingClient, act: str
) -> None:
    answer = sent(client, {**BO, **DIETS})
    form = client.page(f"{answer}/correct-address").form()
    mine = path_of(app, "bo@exmple.org")
    assert other.submit(f"{mine}/{act}", **ACTS[act]).status_code == 200
    before = active(app)
    refused = client.send(f"{answer}/correct-address", form, email="thief@example.org")
    assert refused.status_code == 422
    assert "Anmäl dig igen med rätt adress" in read(refused).text
    assert active(app) == before
    assert letters_to(app, "thief@example.org") == []


@pytest.mark.parametrize("act", [*ACTS, "", "event.ics", "data.json"])
def test_opening_a_link_is_nothing_since_scanners_do(
    app: Flask, client: CheckingClient, other: CheckingClient, act: str
) -> None:
    answer = sent(client, {**BO, **DIETS})
    other.get("/".join(filter(None, [path_of(app, "bo@exmple.org"), act])), follow_redirects=True)
    correct(client, answer, email=RIGHT)
    assert active(app) == [("Bo", RIGHT)]


@pytest.mark.parametrize("rule", ["cancelled", "moved to another address"])
def test_what_an_organiser_did_stands(app: Flask, client: CheckingClient, rule: str) -> None:
    answer = sent(client, BO)
    with app.app_context(), writing():
        person = db.session.scalars(select(Registration.id)).one()
        if rule == "cancelled":
            cancelling.cancel(person, now.now(), actor="organiser:1")
        else:
            on_behalf.correct_address(person, "by.organiser@example.org", now.now(), actor="organiser:1")
    assert "Anmäl dig igen med rätt adress" in client.page(f"{answer}/correct-address").text
    assert ("Bo", RIGHT) not in active(app)


def test_diets_never_follow_to_a_corrected_address(app: Flask, client: CheckingClient) -> None:
    answer = sent(client, {**BO, **DIETS})
    assert "Skriv det igen" in client.page(f"{answer}/correct-address").text
    correct(client, answer, email=RIGHT)
    assert needs(app) == []
    assert active(app) == [("Bo", RIGHT)]


def test_diets_that_the_correction_states_are_kept(app: Flask, client: CheckingClient) -> None:
    answer = sent(client, {**BO, **DIETS})
    stated = {"diets": ["halal"], "access_needs": "Hörslinga"}
    refused = correct(client, answer, email=RIGHT, **stated)
    assert refused.status_code == 422
    assert "Kryssa i att vi får spara" in read(refused).text
    correct(client, answer, email=RIGHT, **stated, health_consent=True)
    (note,) = needs(app)
    assert (note.diets, note.diet_other, note.access_needs) == (["halal"], "", "Hörslinga")


def test_who_takes_part_online_is_asked_for_no_diets(app: Flask, client: CheckingClient) -> None:
    answer = sent(client, {**BO, "attendance": "online"})
    assert "Specialkost" not in client.page(f"{answer}/correct-address").text
    correct(client, answer, email=RIGHT, **DIETS)
    assert active(app) == [("Bo", RIGHT)]
    assert needs(app) == []


def test_diets_of_a_form_from_a_known_address_are_kept_nowhere(
    app: Flask, client: CheckingClient, other: CheckingClient
) -> None:
    sent(other, {**EVY, "email": "bo@exmple.org"})
    answer = sent(client, {**BO, **DIETS})
    with app.app_context():
        kept = [str(row.application) for row in db.session.scalars(select(Submission))]
    assert not [text for text in kept if "vegan" in text or "koriander" in text]
    correct(client, answer, email=RIGHT)
    assert ("Bo", RIGHT) in active(app)
    assert needs(app) == []


def test_going_back_to_correct_the_address_keeps_what_that_form_says_of_diets(
    app: Flask, client: CheckingClient
) -> None:
    form = client.page("/2026/register").form()
    client.send("/2026/register", form, **{**BO, **DIETS})
    client.send("/2026/register", form, **{**BO, "email": RIGHT, "diets": ["halal"], "health_consent": True})
    assert active(app) == [("Bo", RIGHT)]
    (note,) = needs(app)
    assert (note.diets, note.diet_other) == (["halal"], "")
    client.send("/2026/register", form, **{**BO, "email": "bo.ek@example.org"})
    assert active(app) == [("Bo", "bo.ek@example.org")]
    assert needs(app) == []


def test_going_back_to_correct_the_address_keeps_all_that_the_form_says_then(
    app: Flask, client: CheckingClient
) -> None:
    form = client.page("/2026/register").form()
    client.send("/2026/register", form, **BO)
    said: dict[str, object] = {
        "profession": "other",
        "profession_other": "Koordinator",
        "workplace": "Sahlgrenska",
        "department": "Hematologi",
        "message": "Kommer efter lunch",
        "wants_news": True,
    }
    client.send("/en/2026/register", form, **{**BO, **said, "email": RIGHT, "last_name": "EK"})
    assert active(app) == [("Bo", RIGHT)]
    person = find(app, RIGHT)
    assert {name: getattr(person, name) for name in said} == said
    assert (person.last_name, person.language) == ("EK", "en")


def test_going_back_after_somebody_acted_takes_nothing_over(
    app: Flask, client: CheckingClient, other: CheckingClient
) -> None:
    form = client.page("/2026/register").form()
    client.send("/2026/register", form, **{**BO, **DIETS})
    other.submit(f"{path_of(app, 'bo@exmple.org')}/details", workplace="Annat sjukhus")
    client.send("/2026/register", form, **{**BO, "email": RIGHT})
    assert active(app) == [("Bo", "bo@exmple.org"), ("Bo", RIGHT)]
    (note,) = needs(app)
    assert note.registration_id == find(app, "bo@exmple.org").id


def test_going_back_between_two_people_corrects_the_one_whose_name_it_is(app: Flask, client: CheckingClient) -> None:
    form = client.page("/2026/register").form()
    for fields in (BO, EVY, {**BO, "email": RIGHT}):
        client.send("/2026/register", form, **fields)
    assert active(app) == [("Bo", RIGHT), ("Evy", "evy@example.org")]


def test_a_form_from_another_browser_corrects_nothing(
    app: Flask, client: CheckingClient, other: CheckingClient
) -> None:
    form = client.page("/2026/register").form()
    client.send("/2026/register", form, **BO)
    theirs = other.page("/2026/register").form()
    key = {"form_key": form.values["form_key"][0]}
    other.send("/2026/register", theirs, **{**BO, **key, "email": "thief@example.org"})
    assert ("Bo", "bo@exmple.org") in active(app)


def test_going_back_with_another_address_and_another_wish_corrects_the_one_and_tells_of_the_other(
    app: Flask, client: CheckingClient
) -> None:
    form = client.page("/2026/register").form()
    client.send("/2026/register", form, **BO)
    client.send("/2026/register", form, **{**BO, "email": RIGHT, "attendance": "online"})
    assert active(app) == [("Bo", RIGHT)]
    assert find(app, RIGHT).has_seat
    assert letters_to(app, RIGHT) == ["confirmation", "not_registered"]


def test_sending_the_correction_twice_is_once(app: Flask, client: CheckingClient) -> None:
    path = f"{sent(client, BO)}/correct-address"
    form = client.page(path).form()
    for _ in range(2):
        assert client.send(path, form, email=RIGHT).status_code == 200
    assert active(app) == [("Bo", RIGHT)]
    assert letters_to(app, RIGHT) == ["confirmation"]


def test_the_address_that_there_is_corrects_nothing_and_says_so(app: Flask, client: CheckingClient) -> None:
    answer = sent(client, {**BO, **DIETS})
    refused = correct(client, answer, email=BO["email"], diets=["halal"], access_needs="Hörslinga", health_consent=True)
    assert refused.status_code == 422
    assert "Det är adressen som anmälan redan har. Skriv den rätta." in read(refused).text
    assert "Hörslinga" in read(refused).text


def test_a_page_from_before_a_correction_does_not_undo_it(app: Flask, client: CheckingClient) -> None:
    path = f"{sent(client, BO)}/correct-address"
    form = client.page(path).form()
    client.send(path, form, email=RIGHT)
    assert client.send(path, form, email="third@example.org").status_code == 422
    assert active(app) == [("Bo", RIGHT)]


def test_a_session_remembers_the_latest_forms_and_no_more(client: CheckingClient, clock) -> None:
    first, *_others, last = [
        sent(client, {**BO, "email": f"p{n}@example.org", "attendance": "online"}) for n in range(21)
    ]
    assert client.get(first).location == "/2026/received"
    assert "p20@example.org" in client.page(last).text


def test_the_mistyped_mailbox_loses_what_it_got(app: Flask, client: CheckingClient, clock) -> None:
    answer = sent(client, BO)
    clock.shift(timedelta(minutes=29))
    first = path_of(app, "bo@exmple.org")
    correct(client, answer, email=RIGHT)
    assert client.get(first).status_code == 404


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_a_correction_that_comes_too_late_is_not_thanked_for_but_told_so(
    app: Flask, client: CheckingClient, clock, prefix: str
) -> None:
    path = f"{sent(client, BO, prefix)}/correct-address"
    form = client.page(path).form()
    clock.shift(timedelta(minutes=30))
    said = {"": "Adressen är inte rättad.", "/en": "The address is not corrected."}[prefix]
    for answer in (client.send(path, form, email=RIGHT), client.get(path, follow_redirects=True)):
        page = read(answer)
        assert said in page.text and "@exmple.org" not in page.text
        assert f"{prefix}/2026/register" in page.links()
    assert said not in client.page(f"{prefix}/2026/received").text
    assert active(app) == [("Bo", "bo@exmple.org")]
