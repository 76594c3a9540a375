"""What organisers do on somebody's behalf, and the line as they see it."""

import re
from collections.abc import Callable
from datetime import datetime

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from regapp.accounts.roles import Role
from regapp.core import clock
from regapp.core.audit import AuditEntry
from regapp.core.db import db, writing
from regapp.events.models import Attendance
from regapp.mailing.models import OutgoingMail
from regapp.registrations import changing
from regapp.registrations.models import Registration, Status
from tests.registrations.people import register
from tests.support.client import CheckingClient, read
from tests.support.days import APPLICATION, STOCKHOLM
from tests.support.mail.fates import all_go
from tests.support.organisers import sign_in, signed_in
from tests.support.pages import words

ME = "organiser@example.org"
LIST = "/organiser/2026/attendees"
LINE = "/organiser/2026/line"
REGISTER = "/organiser/2026/register"
EDIT = "/organiser/2026/edit"
SOMEBODY = {
    "first_name": "Eva", "last_name": "Åberg", "email": "eva@example.org", "profession": "nurse",
    "workplace": "Skånes universitetssjukhus", "attendance": "on_site",
}  # fmt: skip
LATE = datetime(2026, 11, 20, 12, tzinfo=STOCKHOLM)


@pytest.fixture
def person(app: Flask) -> Callable[[str], Registration]:
    """The registration of whoever has this last name, as it is now."""

    def find(last_name: str) -> Registration:
        with app.app_context():
            return db.session.scalars(select(Registration).filter_by(last_name=last_name)).one()

    return find


@pytest.fixture
def page_of(person: Callable[[str], Registration]) -> Callable[[str], str]:
    return lambda last_name: f"{LIST}/{person(last_name).public_id}"


@pytest.fixture
def full(app: Flask, organiser: CheckingClient) -> CheckingClient:
    """One seat, Åsa's; then Cia is online and in line, and Dan only in line."""
    organiser.submit(EDIT, seats_on_site="1")
    visitor = app.test_client()
    for name, wish in (("Cia", "online_and_line"), ("Dan", "line")):
        wanted = {**APPLICATION, "first_name": name, "last_name": name, "email": f"{name}@example.org"}
        visitor.submit("/2026/register", **{**wanted, "attendance": wish})
    return organiser


def entries(app: Flask, action: str) -> list[AuditEntry]:
    with app.app_context():
        return list(db.session.scalars(select(AuditEntry).filter_by(action=action)))


def letters_to(app: Flask, email: str) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(OutgoingMail.kind).filter_by(recipient=email)))


def test_organisers_type_no_address_for_a_name_either(organiser: CheckingClient, page_of: Callable[[str], str]) -> None:
    pages = {REGISTER: SOMEBODY, f"{page_of('Ek')}/correct": {}}
    for path, fields in pages.items():
        answer = organiser.submit(path, **{**fields, "last_name": "åsa.se"})
        assert answer.status_code == 422
        assert "ingen webbadress eller e-postadress" in read(answer).text


def test_somebody_is_registered_with_a_letter_in_their_language(
    app: Flask, organiser: CheckingClient, person: Callable[[str], Registration]
) -> None:
    page = read(organiser.submit(REGISTER, **SOMEBODY, language="en", health_consent=True, diet_other="no onions"))
    assert page.h1 == "Eva Åberg" and "Personen är anmäld." in page.text
    eva = person("Åberg")
    assert (eva.attendance, eva.language, eva.has_entry) == (Attendance.ON_SITE, "en", True)
    assert letters_to(app, "eva@example.org") == ["confirmation"]
    (entry,) = entries(app, "registration.made")
    assert entry.actor.startswith("organiser:")


def said_to(app: Flask, email: str) -> str:
    """The last letter to this address, in one line."""
    with app.app_context():
        mails = select(OutgoingMail.text).filter_by(recipient=email).order_by(OutgoingMail.dated_at.desc())
        return " ".join((db.session.scalars(mails).first() or "").split())


SOURCE = "Arrangören har skrivit in dina uppgifter."


def test_the_letter_says_who_registered_them_and_where_the_data_came_from(
    app: Flask, organiser: CheckingClient
) -> None:
    organiser.submit(REGISTER, **SOMEBODY)
    said = said_to(app, "eva@example.org")
    assert "Det är arrangören som har anmält dig. Stämmer det inte? Skriv till fraga@example.org." in said
    assert SOURCE in said and "https://anmalan.example.org/privacy" in said
    assert "Tack för din anmälan" not in said


@pytest.mark.parametrize("what", ["send", "cancel", "move"])
def test_who_was_registered_without_a_letter_is_told_in_the_first_one(
    app: Flask, organiser: CheckingClient, page_of: Callable[[str], str], what: str
) -> None:
    organiser.submit(REGISTER, **SOMEBODY, tell=None)
    organiser.submit(f"{page_of('Åberg')}/{what}", **({"attendance": "online"} if what == "move" else {}))
    said = said_to(app, "eva@example.org")
    assert SOURCE in said and "Tack för din anmälan" not in said
    assert ("Du ser dem på din sida" in said) is (what != "cancel"), "who is cancelled is led to no page"


@pytest.mark.parametrize(
    ("what", "done"),
    [
        ("cancel", "Det är arrangören som har avanmält dig."),
        ("move", "Det är arrangören som har ändrat hur du deltar."),
    ],
)
def test_what_was_done_without_a_letter_is_told_as_the_organiser_s_in_the_one_that_comes_later(
    app: Flask,
    organiser: CheckingClient,
    clock: time_machine.Traveller,
    page_of: Callable[[str], str],
    what: str,
    done: str,
) -> None:
    register(app, "eva@example.org", last_name="Åberg")
    all_go(app)
    clock.shift(60)
    person = page_of("Åberg")
    organiser.submit(f"{person}/{what}", tell=None, **({"attendance": "online"} if what == "move" else {}))
    organiser.submit(f"{person}/send")
    assert f"{done} Stämmer det inte? Skriv till fraga@example.org." in said_to(app, "eva@example.org")


def test_who_has_been_told_where_the_data_came_from_is_not_told_each_time(
    app: Flask, organiser: CheckingClient, clock: time_machine.Traveller, page_of: Callable[[str], str]
) -> None:
    organiser.submit(REGISTER, **SOMEBODY)
    clock.shift(60)
    organiser.submit(page_of("Åberg") + "/cancel")
    said = said_to(app, "eva@example.org")
    assert "Det är arrangören som har avanmält dig." in said and SOURCE not in said


def test_somebody_is_registered_without_a_letter(app: Flask, organiser: CheckingClient) -> None:
    organiser.submit(REGISTER, **SOMEBODY, tell=None)
    assert letters_to(app, "eva@example.org") == []


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("first_name", "", "Fyll i personens förnamn."),
        ("profession", "", "Välj personens yrke."),
        ("attendance", None, "Välj om personen deltar på plats eller digitalt."),
        ("attendance", "line", "Välj om personen deltar på plats eller digitalt."),
        ("access_needs", "hörslinga", "Fråga om personen samtycker"),
        ("email", "person1", "E-postadressen saknar @."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    app: Flask, organiser: CheckingClient, field: str, typed: str | None, words: str
) -> None:
    response = organiser.submit(REGISTER, **{**SOMEBODY, field: typed})
    assert response.status_code == 422
    page = read(response)
    assert words in page.text
    assert page.find(name="last_name").get("value") == "Åberg"


@pytest.mark.usefixtures("organiser")
@pytest.mark.parametrize("typed", ["", "www.example.org"])
@pytest.mark.parametrize(("language", "whose"), [("sv", r"\b(din|ditt)\b"), ("en", r"\byour\b")])
def test_what_is_missing_is_the_person_s_and_not_the_organiser_s(
    app: Flask, language: str, whose: str, typed: str
) -> None:
    colleague = signed_in(app, Role.ADMIN, language=language)
    colleague.submit(REGISTER, **SOMEBODY)
    with app.app_context():
        (mine,) = db.session.scalars(select(Registration.public_id).filter_by(email="eva@example.org"))
    for path in (REGISTER, f"{LIST}/{mine}/correct", f"{LIST}/{mine}/address"):
        names = [name for name in ("first_name", "email") if name in colleague.page(path).form().values]
        page = read(colleague.submit(path, **dict.fromkeys(names, typed)))
        told = " ".join(words(page.find(id=f"{name}-error")) for name in names)
        assert told and not re.search(whose, told), told


def test_nobody_is_registered_twice(organiser: CheckingClient) -> None:
    organiser.submit(REGISTER, **SOMEBODY)
    response = organiser.submit(REGISTER, **SOMEBODY)
    assert response.status_code == 422
    assert "redan anmäld" in read(response).text


def test_a_late_registration_takes_a_reason(
    app: Flask, organiser: CheckingClient, clock: time_machine.Traveller
) -> None:
    clock.move_to(LATE)
    sign_in(organiser, ME)
    assert "Sista anmälningsdagen har varit" in organiser.page(REGISTER).text
    refused = organiser.submit(REGISTER, **SOMEBODY)
    assert refused.status_code == 422
    assert read(refused).find(name="reason").get("aria-invalid") == "true"
    organiser.submit(REGISTER, **SOMEBODY, reason="Föreläsare")
    (entry,) = entries(app, "registration.made")
    assert (entry.reason, entry.details) == ("Föreläsare", {"told": True})


def test_beyond_the_number_takes_a_reason_and_is_said_plainly(
    full: CheckingClient, person: Callable[[str], Registration]
) -> None:
    assert "Alla 1 platser är tagna: personen blir en utöver antalet." in full.page(REGISTER).text
    assert full.submit(REGISTER, **SOMEBODY).status_code == 422
    full.submit(REGISTER, **SOMEBODY, reason="Föreläsare")
    assert person("Åberg").has_seat
    assert person("Cia").is_in_line


def test_an_organiser_puts_somebody_in_line(full: CheckingClient, person: Callable[[str], Registration]) -> None:
    full.submit(REGISTER, **{**SOMEBODY, "attendance": "line"})
    assert person("Åberg").status is Status.WAITING


def test_no_one_is_registered_for_a_day_that_is_over(organiser: CheckingClient, clock: time_machine.Traveller) -> None:
    clock.move_to(datetime(2026, 11, 26, 12, tzinfo=STOCKHOLM))
    sign_in(organiser, ME)
    response = organiser.submit(REGISTER, **SOMEBODY, reason="Sen")
    assert response.status_code == 422
    assert "tar inte emot anmälningar" in read(response).text


def test_the_line_stands_in_order_and_somebody_goes_first_with_a_reason(
    app: Flask, full: CheckingClient, viewer: CheckingClient, person: Callable[[str], Registration]
) -> None:
    page = full.page(LINE)
    assert page.text.index("Cia") < page.text.index("Dan, Dan")
    assert "digital plats" in page.text and "ingen plats" in page.text
    assert "Flytta först" not in viewer.page(LINE).text
    path = f"{LINE}/{person('Dan').public_id}/first"
    assert full.submit(path, reason=" ").status_code == 422
    page = read(full.submit(path, reason="Föreläsare"))
    assert "Personen står nu först i kön." in page.text
    assert page.text.index("Dan, Dan") < page.text.index("Cia, Cia")
    (entry,) = entries(app, "registration.moved_up")
    assert (entry.reason, entry.details) == ("Föreläsare", {})


def test_the_list_shows_the_line(full: CheckingClient) -> None:
    assert "plats 2 i kön" in full.page(LIST).text
    assert "2 anmälningar" in full.page(f"{LIST}?line=any").text
    assert "1 anmälan" in full.page(f"{LIST}?status=waiting").text
    assert "Ingen anmälan stämmer" in full.page(f"{LIST}?line=offered").text
    overview = full.page("/organiser/2026/").text
    assert "1 av dem digitalt så länge" in overview
    assert "1 på plats, 2 digitalt" in overview


def test_more_seats_are_filled_from_the_line_at_once(
    full: CheckingClient, person: Callable[[str], Registration]
) -> None:
    full.submit(EDIT, seats_on_site="2")
    assert person("Cia").has_seat
    assert person("Dan").is_in_line


def test_fewer_seats_than_are_taken_take_nobodys(full: CheckingClient, person: Callable[[str], Registration]) -> None:
    page = read(full.submit(EDIT, seats_on_site="0"))
    assert "1 platser på plats är tagna, fler än dagens 0. Ingen förlorar sin plats" in page.text
    assert person("Öberg").has_seat


def test_near_the_day_a_seat_is_offered_and_the_list_says_so(
    full: CheckingClient, clock: time_machine.Traveller, person: Callable[[str], Registration]
) -> None:
    clock.move_to(LATE)
    sign_in(full, ME)
    full.submit(EDIT, seats_on_site="2")
    assert person("Cia").is_offered
    assert "svarar senast" in full.page(LINE).text
    assert "erbjuden plats" in full.page(f"{LIST}?line=offered").text
    assert "1 erbjuden en plats" in full.page("/organiser/").text


def test_who_is_offered_a_seat_reads_that_the_organiser_changed_the_address(
    app: Flask,
    full: CheckingClient,
    clock: time_machine.Traveller,
    page_of: Callable[[str], str],
    person: Callable[[str], Registration],
) -> None:
    clock.move_to(LATE)
    sign_in(full, ME)
    full.submit(EDIT, seats_on_site="3")
    assert person("Dan").is_offered
    clock.shift(60)
    full.submit(page_of("Dan") + "/address", email="dan.new@example.org")
    said = said_to(app, "dan.new@example.org")
    assert "Tacka ja eller nej" in said and "Det är arrangören som har ändrat e‑postadressen." in said


def test_a_person_is_moved_beyond_the_number_with_a_reason(
    app: Flask, full: CheckingClient, page_of: Callable[[str], str], person: Callable[[str], Registration]
) -> None:
    path = page_of("Dan") + "/move"
    assert full.submit(path, attendance="on_site").status_code == 422
    assert not person("Dan").has_seat
    full.submit(path, attendance="on_site", reason="Föreläsare", tell=None)
    assert person("Dan").has_seat
    assert letters_to(app, "Dan@example.org") == ["waiting"]
    (entry,) = entries(app, "registration.moved_on_site")
    assert (entry.reason, entry.details) == ("Föreläsare", {})


def test_who_is_moved_online_leaves_the_seat_to_the_first_in_line(
    full: CheckingClient, page_of: Callable[[str], str], person: Callable[[str], Registration]
) -> None:
    full.submit(page_of("Öberg") + "/move", attendance="online")
    assert person("Öberg").attendance is Attendance.ONLINE
    assert person("Cia").has_seat


def test_who_is_online_and_in_line_stays_online_only(
    full: CheckingClient, page_of: Callable[[str], str], person: Callable[[str], Registration]
) -> None:
    full.submit(page_of("Cia") + "/move", attendance="online")
    assert person("Cia").has_place
    assert not person("Cia").is_in_line


@pytest.mark.parametrize(("tell", "kinds"), [(True, ["cancellation"]), (None, [])])
def test_a_person_is_cancelled_with_a_letter_or_without(
    app: Flask,
    organiser: CheckingClient,
    page_of: Callable[[str], str],
    person: Callable[[str], Registration],
    tell: bool | None,
    kinds: list[str],
) -> None:
    page = read(organiser.submit(page_of("Öberg") + "/cancel", tell=tell))
    assert "Personen är avanmäld." in page.text
    assert person("Öberg").status is Status.CANCELLED
    assert letters_to(app, person("Öberg").email) == kinds


def test_details_and_address_are_corrected(
    app: Flask, organiser: CheckingClient, page_of: Callable[[str], str], person: Callable[[str], Registration]
) -> None:
    path = page_of("Öberg") + "/correct"
    organiser.submit(path, first_name="Åse")
    assert letters_to(app, person("Öberg").email) == []
    assert "Åse Öberg" in organiser.page(f"{LIST}?words=åse").html or "Öberg, Åse" in organiser.page(LIST).text
    organiser.submit(path, email="ny@example.org")
    assert letters_to(app, "ny@example.org") == ["confirmation"]
    refused = organiser.submit(path, email=person("Ek").email)
    assert refused.status_code == 422
    assert "redan anmäld" in read(refused).text


def test_diets_are_corrected_where_they_are_shown(organiser: CheckingClient, page_of: Callable[[str], str]) -> None:
    path = page_of("Öberg")
    shown = read(organiser.submit(path, action="/health"))
    refused = organiser.send(path, shown.form("/needs"), diet_other="inte lök", health_consent=None)
    assert refused.status_code == 422
    done = organiser.send(path, shown.form("/needs"), diet_other="inte lök")
    assert "är rättade" in read(done).text
    assert "inte lök" in read(organiser.submit(path, action="/health")).text


def test_a_button_without_its_token_changes_nothing(
    full: CheckingClient, page_of: Callable[[str], str], person: Callable[[str], Registration]
) -> None:
    for path in (f"{page_of('Öberg')}/cancel", f"{page_of('Öberg')}/move", f"{LINE}/{person('Dan').public_id}/first"):
        assert full.post(path, data={"attendance": "online", "reason": "x"}).status_code == 422
    assert person("Öberg").has_seat


@pytest.mark.parametrize("name", ["Cia", "Dan"])
def test_whoever_is_moved_out_of_the_line_learns_it_by_one_letter(
    app: Flask, full: CheckingClient, page_of: Callable[[str], str], name: str
) -> None:
    full.submit(f"{page_of(name)}/move", attendance="online")
    with app.app_context():
        letters = db.session.query(OutgoingMail).filter_by(recipient=f"{name}@example.org")
        told = [" ".join((mail.text or "").split()) for mail in letters if mail.kind != "waiting"]
    (words,) = told
    assert "Det är arrangören som har ändrat hur du deltar. Du står inte längre i kön. Stämmer det inte?" in words
    assert "Deltagandeform: Digitalt Deltagare:" in words


def test_a_language_chosen_after_a_cancellation_without_a_letter_brings_no_entry(
    app: Flask, full: CheckingClient, page_of: Callable[[str], str], person: Callable[[str], Registration]
) -> None:
    full.submit(f"{page_of('Cia')}/cancel", tell=None)
    cia = person("Cia").id
    with app.app_context(), writing():
        before = db.session.query(OutgoingMail).count()
        changing.change_language(cia, "en", clock.now())
        assert db.session.query(OutgoingMail).count() == before
