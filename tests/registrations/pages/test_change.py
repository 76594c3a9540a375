"""What a participant changes behind their own link, and what the pages say meanwhile."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from regapp.attendees import filtering
from regapp.attendees.filtering import Filter, words_of
from regapp.core import audit
from regapp.core.db import db, writing
from regapp.events.models import Attendance, Event
from regapp.mailing.models import CalendarMethod
from regapp.registrations import on_behalf
from regapp.registrations.choices import Profession, Wish
from regapp.registrations.models import HealthNote, Registration, Status
from tests.registrations.people import find, letters_to, path_of, register
from tests.support.client import CheckingClient, read
from tests.support.days import STOCKHOLM, WHILE_OPEN
from tests.support.mail.fates import letters
from tests.support.mail.letters import plain

pytestmark = pytest.mark.usefixtures("day")

LANGUAGES = pytest.mark.parametrize("language", ["sv", "en"])
LATE = datetime(2026, 11, 19, 10, 0, tzinfo=STOCKHOLM)
"""After the last day to change diets, before the day."""

STARTS = datetime(2026, 11, 25, 9, 0, tzinfo=STOCKHOLM)
SUBPAGES = (
    "cancel undo wait accept decline leave-line attendance details needs withdraw-consent language address transfer"
)


@LANGUAGES
def test_moving_online_frees_the_seat_and_deletes_the_diet(app: Flask, client: CheckingClient, language: str) -> None:
    mine = register(app, "asa@example.org", language=language, diets=["vegan"], health_consent=True)
    page = client.page(mine + "/attendance")
    assert {"sv": "raderas", "en": "is deleted"}[language] in page.text
    answer = client.submit(mine + "/attendance", attendance="online")
    assert {"sv": "Digitalt", "en": "Online"}[language] in read(answer).text
    person = find(app, "asa@example.org")
    assert person.attendance is Attendance.ONLINE and person.health is None
    assert letters_to(app, "asa@example.org") == ["confirmation", "update"]


def test_moving_on_site_takes_a_free_seat_until_the_kitchen_has_its_numbers(
    app: Flask, client: CheckingClient, clock
) -> None:
    mine = register(app, "asa@example.org", "online")
    form = client.page(mine + "/attendance").form()
    clock.move_to(LATE)
    page = client.page(mine)
    assert "Byt deltagandeform" in page.text
    assert client.page(mine + "/attendance").find(value="on_site").get("disabled") is not None
    answer = client.send(mine + "/attendance", form, attendance="on_site")
    assert answer.status_code == 422
    assert "Det går inte längre att byta" in read(answer).text
    clock.move_to(LATE - timedelta(days=3))
    client.submit(mine + "/attendance", attendance="on_site")
    assert find(app, "asa@example.org").attendance is Attendance.ON_SITE


def test_a_move_that_is_not_among_the_choices_is_refused_in_words(app: Flask, client: CheckingClient) -> None:
    mine = register(app, "asa@example.org", "online")
    for value in ("online", "line", "moon", None):
        answer = client.submit(mine + "/attendance", attendance=value)
        assert answer.status_code == 422
        assert "Välj vad du vill ändra till." in read(answer).text


@LANGUAGES
def test_details_are_corrected(app: Flask, client: CheckingClient, language: str) -> None:
    mine = register(app, "asa@example.org", language=language)
    answer = client.submit(
        mine + "/details", first_name="Bo", profession="other", profession_other="Präst", wants_news=True
    )
    assert {"sv": "Ändringen är sparad.", "en": "The change is saved."}[language] in read(answer).text
    person = find(app, "asa@example.org")
    assert (person.first_name, person.profession, person.wants_news) == ("Bo", Profession.OTHER, True)
    assert person.email == "asa@example.org"
    with app.app_context():
        assert filtering.count(person.event_id, Filter(words_of("präst bo"))) == 1


def test_a_wrong_detail_is_told_at_its_field_and_the_rest_stays(app: Flask, client: CheckingClient) -> None:
    mine = register(app, "asa@example.org")
    answer = client.submit(mine + "/details", last_name="", workplace="Nytt sjukhus")
    assert answer.status_code == 422
    page = read(answer)
    assert page.find(id="last_name-error") is not None
    assert page.find(name="workplace").get("value") == "Nytt sjukhus"
    assert find(app, "asa@example.org").workplace != "Nytt sjukhus"


@LANGUAGES
def test_needs_take_an_explicit_consent_and_can_be_withdrawn(app: Flask, client: CheckingClient, language: str) -> None:
    mine = register(app, "asa@example.org", language=language)
    needs = {"diets": ["vegan"], "access_needs": "Hörslinga"}
    answer = client.submit(mine + "/needs", **needs)
    assert answer.status_code == 422 and read(answer).find(id="health_consent-error") is not None
    client.submit(mine + "/needs", **needs, health_consent=True)
    note = find(app, "asa@example.org").health
    assert note is not None and (note.diets, note.access_needs) == (["vegan"], "Hörslinga")
    assert "Hörslinga" in client.page(mine).text
    client.submit(mine + "/withdraw-consent")
    assert find(app, "asa@example.org").health is None
    with app.app_context():
        assert db.session.query(HealthNote).count() == 0


def test_needs_told_twice_are_the_last_ones(app: Flask, client: CheckingClient) -> None:
    mine = register(app, "asa@example.org", diets=["vegan"], health_consent=True)
    client.submit(mine + "/needs", diets=["halal"])
    note = find(app, "asa@example.org").health
    assert note is not None and note.diets == ["halal"]


def test_after_the_last_day_needs_can_only_be_deleted(app: Flask, client: CheckingClient, clock) -> None:
    mine = register(app, "asa@example.org", diets=["vegan"], health_consent=True)
    form = client.page(mine + "/needs").form()
    clock.move_to(LATE)
    page = client.page(mine + "/needs")
    assert "onsdag 18 november 2026" in page.text and not list(page.all("form"))
    answer = client.send(mine + "/needs", form, diets=["halal"])
    assert answer.status_code == 422
    client.submit(mine + "/withdraw-consent")
    assert find(app, "asa@example.org").health is None


@pytest.mark.parametrize(("language", "other", "words"), [("sv", "en", "From now on"), ("en", "sv", "Nu skriver vi")])
def test_the_language_of_everything_is_changed(
    app: Flask, client: CheckingClient, language: str, other: str, words: str
) -> None:
    mine = register(app, "asa@example.org", language=language)
    answer = client.submit(mine + "/language", language=other)
    page = read(answer)
    assert page.lang == other and words in page.text
    assert find(app, "asa@example.org").language == other
    assert client.submit(mine + "/language", language="de").status_code == 422


@pytest.mark.parametrize(
    ("situation", "form", "method"),
    [
        ("nothing else", "Form of attendance: On site", CalendarMethod.REQUEST),
        ("one title", "Form of attendance: On site", None),
        ("only in line", "Form of attendance: In line", None),
        ("moved without a letter", "Form of attendance: Online", CalendarMethod.REQUEST),
        ("moved into the line without a letter", "Form of attendance: In line", CalendarMethod.CANCEL),
    ],
)
def test_a_letter_in_the_new_language_says_so_and_what_holds_with_the_entry_where_that_changes(
    app: Flask, client: CheckingClient, situation: str, form: str, method: CalendarMethod | None
) -> None:
    wish = "line" if situation == "only in line" else "on_site"
    for email in ("p1@example.org", "p2@example.org") if wish == "line" else ():
        register(app, email)
    mine = register(app, "asa@example.org", wish)
    asa = find(app, "asa@example.org").id
    with app.app_context(), writing():
        if situation == "one title":
            db.session.query(Event).update({"title_en": Event.title_sv})
        elif situation == "moved without a letter":
            on_behalf.move(asa, Wish.ONLINE, WHILE_OPEN, actor="organiser:1", tell=False)
        elif situation == "moved into the line without a letter":
            registration = db.session.get_one(Registration, asa)
            registration.status, registration.in_line_since = Status.WAITING, WHILE_OPEN
    client.submit(mine + "/language", language="en")
    client.submit(mine + "/language", language="en")
    *_, last = sent = letters(app, "asa@example.org")
    said = " ".join((last.text or "").split())
    assert len(sent) == 2 and (last.language, last.method) == ("en", method)
    assert "We now write to you in English" in said and form in said and "as before" not in said
    assert ("This e-mail" in plain(said)) is (method is not None)


@LANGUAGES
def test_another_address_gets_new_links_and_the_old_ones_die(app: Flask, client: CheckingClient, language: str) -> None:
    mine = register(app, "asa@example.org", language=language)
    answer = client.submit(mine + "/address", email="ny@example.org")
    page = read(answer)
    assert page.lang == language
    assert {"sv": "Adressen är bytt", "en": "The address is changed"}[language] == page.h1
    assert not any("/my/" in link for link in page.links())
    assert client.get(mine).status_code == 404
    assert client.page(path_of(app, "ny@example.org")).lang == language
    assert letters_to(app, "ny@example.org") == ["confirmation"]


def test_an_address_that_is_registered_already_is_answered_the_same(app: Flask, client: CheckingClient) -> None:
    mine, other = register(app, "asa@example.org"), register(app, "bo@example.org")
    answer = client.submit(mine + "/address", email="bo@example.org")
    assert read(answer).h1 == "Adressen är bytt"
    assert client.get(mine).status_code == 404
    assert client.get(other).status_code == 200
    assert find(app, "asa@example.org").status is Status.CANCELLED


def test_an_address_is_changed_five_times_a_day_at_most(app: Flask, client: CheckingClient) -> None:
    register(app, "p0@example.org")
    for number in range(5):
        mine = path_of(app, f"p{number}@example.org")
        client.submit(mine + "/address", email=f"p{number + 1}@example.org")
    answer = client.submit(path_of(app, "p5@example.org") + "/address", email="p6@example.org")
    assert answer.status_code == 429
    assert "för många försök" in read(answer).text


@LANGUAGES
def test_a_place_goes_to_a_colleague_and_nothing_of_health_with_it(
    app: Flask, client: CheckingClient, language: str
) -> None:
    mine = register(app, "asa@example.org", language=language, diets=["vegan"], health_consent=True)
    answer = client.submit(mine + "/transfer", first_name="Bo", last_name="Ek", email="bo@example.org")
    assert {"sv": "överlåten till en kollega", "en": "given to a colleague"}[language] in read(answer).text
    assert not list(read(answer).all("form"))
    bo = find(app, "bo@example.org")
    assert bo.has_seat and bo.health is None and bo.language == language
    assert letters_to(app, "asa@example.org") == ["confirmation", "transfer"]


def test_a_colleague_is_somebody_else_with_a_name(app: Flask, client: CheckingClient) -> None:
    mine = register(app, "asa@example.org")
    answer = client.submit(mine + "/transfer", first_name="", last_name="Ek", email="asa@example.org")
    assert "Fyll i din kollegas förnamn." in read(answer).text
    answer = client.submit(mine + "/transfer", first_name="Bo", last_name="Ek", email="")
    assert "Fyll i din kollegas e-postadress" in read(answer).text
    answer = client.submit(mine + "/transfer", first_name="Bo", last_name="Ek", email="asa@example.org")
    assert answer.status_code == 422 and read(answer).find(id="email-error") is not None
    assert find(app, "asa@example.org").is_active


@LANGUAGES
def test_a_cancellation_is_undone_within_ten_minutes(app: Flask, client: CheckingClient, clock, language: str) -> None:
    mine = register(app, "asa@example.org", language=language)
    client.submit(mine + "/cancel")
    clock.shift(9 * 60 + 59)
    answer = client.submit(mine, action="/undo")
    assert {"sv": "Du är anmäld igen", "en": "You are registered again"}[language] in read(answer).text
    assert find(app, "asa@example.org").status is Status.CONFIRMED
    assert letters_to(app, "asa@example.org") == ["confirmation", "cancellation", "undo"]


@LANGUAGES
def test_a_late_press_is_told_so_and_offered_to_register_again(
    app: Flask, client: CheckingClient, clock, language: str
) -> None:
    mine = register(app, "asa@example.org", language=language)
    client.submit(mine + "/cancel")
    form = client.page(mine).form("/undo")
    clock.shift(10 * 60)
    assert not list(client.page(mine).all("form"))
    answer = client.send(mine, form)
    assert answer.status_code == 422
    page = read(answer)
    assert {"sv": "Det går inte längre att ångra", "en": "can no longer be undone"}[language] in page.text
    assert any(link.endswith("/2026/register") for link in page.links())


def test_whose_seat_is_gone_is_offered_the_line(app: Flask, client: CheckingClient) -> None:
    mine = register(app, "asa@example.org")
    register(app, "bo@example.org")
    client.submit(mine + "/cancel")
    form = client.page(mine).form("/undo")
    register(app, "eva@example.org")
    answer = client.send(mine, form)
    assert answer.status_code == 422
    assert "har gått till någon annan" in read(answer).text
    waiting = read(client.submit(mine, action="/wait"))
    assert "Du har plats 1 i kön" in waiting.text
    assert letters_to(app, "asa@example.org") == ["confirmation", "cancellation", "waiting"]


def test_all_data_come_as_a_file(app: Flask, client: CheckingClient) -> None:
    mine = register(app, "asa@example.org", diets=["vegan"], health_consent=True, message="Hej!")
    with app.app_context(), writing():
        number = db.session.scalars(select(Registration.id)).one()
        audit.record("registration.moved_up", actor="organiser:1", at=STARTS, registration_id=number, reason="Bad oss")
    answer = client.get(mine + "/data.json")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Cache-Control"] == "no-store"
    held = json.loads(answer.data)
    assert held["registration"]["email"] == "asa@example.org" and held["registration"]["message"] == "Hej!"
    assert held["diet_and_access"][0]["diets"] == ["vegan"]
    assert [letter["kind"] for letter in held["letters"]] == ["confirmation"]
    assert [entry["action"] for entry in held["log"]] == ["registration.made", "registration.moved_up"]
    assert [reason["text"] for reason in held["reasons"]] == ["Bad oss"]
    assert set(held["registration"]) == {column.key for column in Registration.__mapper__.column_attrs}
    assert mine not in answer.text


@pytest.mark.parametrize("wish", ["on_site", "online"])
def test_the_three_clocks_are_on_the_page(app: Flask, client: CheckingClient, clock, wish: str) -> None:
    mine = register(app, "asa@example.org", wish)
    page = client.page(mine)
    assert "onsdag 18 november 2026" in page.text
    assert "onsdag 25 november 2026 kl. 9.00" in page.text
    assert "onsdag 11 november 2026" in client.page(mine + "/cancel").text
    clock.move_to(STARTS)
    assert mine + "/cancel" not in client.page(mine).links()
    assert client.get(mine + "/attendance").location == mine


def test_no_address_of_the_page_changes_anything_by_being_opened(app: Flask, client: CheckingClient) -> None:
    mine = register(app, "asa@example.org", diets=["vegan"], health_consent=True)
    before = vars(find(app, "asa@example.org"))
    for page in ("", *(f"/{name}" for name in SUBPAGES.split()), "/data.json", "/event.ics"):
        for method in ("GET", "HEAD") * 10:
            answer = client.open(mine + page, method=method, headers={"Sec-Purpose": "prefetch", "Purpose": "prefetch"})
            assert answer.status_code in {200, 303}, f"{method} {page}: {answer.status}"
    after = vars(find(app, "asa@example.org"))
    ours = set(before) - {"_sa_instance_state", "event", "health"}
    assert {name: before[name] for name in ours} == {name: after[name] for name in ours}
    assert letters_to(app, "asa@example.org") == ["confirmation"]


def test_a_press_without_the_pages_token_changes_nothing_and_says_so(app: Flask, client: CheckingClient) -> None:
    mine = register(app, "asa@example.org", diets=["vegan"], health_consent=True)
    for name in SUBPAGES.split():
        answer = client.post(f"{mine}/{name}", data={"attendance": "online", "email": "x@example.org"})
        assert answer.status_code in {303, 422}, name
        if answer.status_code == 422:
            assert read(answer).title.startswith("Fel: ")
    person = find(app, "asa@example.org")
    assert person.has_seat and person.health is not None


def test_tokens_of_other_purposes_open_no_page(app: Flask, client: CheckingClient) -> None:
    from regapp.registrations.letters.links import personal_links

    register(app, "asa@example.org")
    with app.app_context():
        join = personal_links(db.session.query(Registration).one())["join"].rpartition("/")[2]
    for name in ("data.json", "event.ics", *SUBPAGES.split()):
        assert client.get(f"/my/{join}/{name}").status_code == 404
        assert client.post(f"/my/{join}/{name}").status_code in {404, 405}


def test_a_cancelled_registration_has_nothing_to_change(app: Flask, client: CheckingClient) -> None:
    mine = register(app, "asa@example.org")
    client.submit(mine + "/cancel")
    for name in "attendance details needs language address transfer leave-line".split():
        assert client.get(f"{mine}/{name}").location == mine
