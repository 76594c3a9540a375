"""The mail page, one letter, the queue, and who hasn't got their confirmation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from regapp.core import clock as core_clock
from regapp.core.audit import AuditEntry
from regapp.core.db import db, writing
from regapp.events.models import Event
from regapp.mailing import orders
from regapp.mailing.inbox import reading
from regapp.mailing.models import MailState, OutgoingMail, QueueStop, TryOutcome, UnclearReturn
from regapp.mailing.sending import holding
from regapp.registrations.models import Registration
from tests.registrations.people import register
from tests.support.cancelled import time_is_up
from tests.support.client import CheckingClient, read
from tests.support.days import WHILE_OPEN
from tests.support.mail.fates import REFUSAL, RETURN, all_go, bounce, change, letters, refuse
from tests.support.mail.incoming import about, sample
from tests.support.pages import Page

MAIL = "/organiser/2026/mail"
LIST = "/organiser/2026/attendees"
ASA, BO, EVA = "asa@example.org", "bo@example.org", "eva@example.org"
FIVE_MINUTES = timedelta(minutes=5)


@pytest.fixture
def letter_path(app: Flask) -> Callable[[str], str]:
    return lambda email: f"{MAIL}/{letters(app, email)[-1].id}"


@pytest.fixture
def empty(app: Flask, organiser: CheckingClient) -> CheckingClient:
    """A day without people, and an organiser."""
    with app.app_context(), writing():
        for registration in db.session.scalars(select(Registration)):
            db.session.delete(registration)
    return organiser


def missing(page: Page) -> str:
    """The part about who lacks a confirmation."""
    return page.text.split("Alla brev")[0]


def listed(page: Page) -> str:
    """The list of letters."""
    return page.text.split("TillBrevSkrivet")[1]


def people(page: Page) -> list[str]:
    """Where the people of the attendee list are."""
    return [link for link in page.links() if link.startswith(LIST + "/") and "/export" not in link]


@pytest.mark.both_databases("SQL groups by whether a return EXISTS")
def test_letters_are_counted_by_what_became_of_them(app: Flask, empty: CheckingClient) -> None:
    register(app, ASA)
    refuse(app)
    register(app, BO)
    all_go(app)
    bounce(app, BO)
    register(app, EVA, "online")
    all_go(app)
    register(app, "dan@example.org", "online")
    figures = "".join(empty.page(MAIL).find(class_="stats").itertext()).split()
    assert figures == "väntar 1 skickade 1 kunde inte levereras 1 kom tillbaka 1".split()
    for state, email in (("waiting", "dan@example.org"), ("sent", EVA), ("failed", ASA), ("bounced", BO)):
        found = listed(empty.page(f"{MAIL}?state={state}"))
        assert [e for e in (ASA, BO, EVA, "dan@example.org") if e in found] == [email]


@pytest.mark.both_databases("SQL looks for what does not EXIST, and compares instants")
def test_who_has_no_delivered_confirmation_stands_first_with_what_is_in_the_way(
    app: Flask, empty: CheckingClient, clock: time_machine.Traveller
) -> None:
    register(app, ASA)
    refuse(app)
    register(app, BO)
    all_go(app)
    bounce(app, BO)
    clock.move_to(WHILE_OPEN + FIVE_MINUTES)
    register(app, EVA, "online")
    found = missing(empty.page(MAIL))
    assert ASA in found and REFUSAL in found
    assert BO in found and RETURN in found
    assert EVA in found and "skrevs nyss" in found
    assert "2 behöver någons hjälp. Ett brev skrevs nyss och är på väg." in found
    clock.move_to(WHILE_OPEN + 2 * FIVE_MINUTES)
    assert "väntar länge sedan 2026-10-01 10:05" in missing(empty.page(MAIL))
    all_go(app)
    assert EVA not in missing(empty.page(MAIL))


def test_a_letter_that_an_organiser_left_out_is_never_written_and_can_be_sent(
    app: Flask, organiser: CheckingClient
) -> None:
    page = organiser.page(MAIL)
    assert missing(page).count("inget brev har skrivits") == 2
    send = next(link for link in page.links() if link.endswith("/send"))
    assert "Ett nytt brev är på väg" in read(organiser.submit(send)).text
    (sent,) = letters(app)
    assert (sent.kind, sent.sequence) == ("confirmation", 0)


@pytest.mark.both_databases("SQL looks for the letter of each one's own standing")
def test_in_line_the_letter_that_tells_the_place_in_line_counts(app: Flask, empty: CheckingClient) -> None:
    change(app, Event, lambda event: setattr(event, "seats_on_site", 1))
    register(app, ASA)
    all_go(app)
    for number, wish in enumerate(["line", "online_and_line"]):
        register(app, f"waits{number}@example.org", wish)
    assert "2 brev skrevs nyss" in missing(empty.page(MAIL))
    all_go(app)
    assert "Alla deltagare har fått ett brev" in missing(empty.page(MAIL))


def test_of_a_cancelled_day_its_end_is_what_must_arrive(app: Flask, empty: CheckingClient) -> None:
    register(app, ASA)
    all_go(app)
    empty.submit("/organiser/2026/cancel")
    assert "Alla deltagare har fått ett brev" in missing(empty.page(MAIL))
    time_is_up(app)
    assert "utan levererat besked om att dagen är inställd" in empty.page(MAIL).text
    assert ASA in missing(empty.page(MAIL))
    all_go(app)
    assert "Alla deltagare har fått beskedet." in empty.page(MAIL).text


def test_letters_are_found_by_name_and_address_and_signs_are_letters(app: Flask, empty: CheckingClient) -> None:
    register(app, ASA, first_name="Åsa", last_name="Ödman")
    register(app, "bo_100@example.org", first_name="Bo", last_name="Ek")
    for words, found in (("åSA", 1), ("ÖDMAN", 1), ("BO_100@", 1), ("_", 1), ("%25", 0), ("example", 2), ("åsa+ek", 0)):
        text = empty.page(f"{MAIL}?words={words}").text
        assert ("Inget brev stämmer" in text) if not found else (f"{found} brev" in text), words


def test_letters_are_found_by_kind_and_the_newest_comes_first(
    app: Flask, empty: CheckingClient, clock: time_machine.Traveller
) -> None:
    register(app, ASA)
    clock.move_to(WHILE_OPEN + FIVE_MINUTES)
    mine = register(app, BO)
    app.test_client().submit(mine + "/cancel")
    found = listed(empty.page(MAIL))
    assert found.index(BO) < found.index(ASA)
    assert "1 brev" in empty.page(f"{MAIL}?kind=cancellation").text
    for query in ("kind=nothing", "state=nothing", "words=" + "a+" * 11):
        assert empty.page(f"{MAIL}?{query}", 422).has_errors
    assert empty.get(f"{MAIL}?page=99999999999").status_code == 200


def test_a_letter_shows_its_tries_and_its_calendar_entry_in_words(
    app: Flask, organiser: CheckingClient, letter_path: Callable[[str], str], clock: time_machine.Traveller
) -> None:
    register(app, ASA)
    all_go(app, TryOutcome.RETRY, "450 4.2.0 Greylisted")
    clock.move_to(WHILE_OPEN + FIVE_MINUTES)
    all_go(app)
    text = organiser.page(letter_path(ASA)).text
    for words in (
        "bekräftelse", "450 4.2.0 Greylisted", "bad oss försöka igen senare", "tog emot brevet", "Ny inbjudan",
        "onsdag 25 november 2026 kl. 9.00–16.30, svensk tid", "Provsalen, Exempelvägen 1, Stockholm", "Version0",
    ):  # fmt: skip
        assert words in text, words


def test_a_try_without_an_answer_says_of_no_answer(
    app: Flask, organiser: CheckingClient, letter_path: Callable[[str], str]
) -> None:
    register(app, ASA)
    all_go(app, TryOutcome.RETRY, "timed out")
    text = organiser.page(letter_path(ASA)).text
    assert "innan e-postservern hade svarat" in text and "timed out" in text and "bad oss" not in text


def test_an_update_and_a_cancellation_are_named_so(
    app: Flask, organiser: CheckingClient, letter_path: Callable[[str], str]
) -> None:
    mine = register(app, ASA)
    app.test_client().submit(mine + "/attendance", attendance="online")
    path = f"{MAIL}/{next(mail.id for mail in letters(app, ASA) if mail.kind == 'update')}"
    page = organiser.page(path).text
    assert "Uppdatering av inbjudan" in page and "personens egen anslutningssida" in page and "Version1" in page
    app.test_client().submit(mine + "/cancel")
    path = f"{MAIL}/{next(mail.id for mail in letters(app, ASA) if mail.kind == 'cancellation')}"
    assert "Avbokning: posten tas bort" in organiser.page(path).text


def test_a_preview_runs_nothing_and_has_no_link_that_works(
    app: Flask, viewer: CheckingClient, letter_path: Callable[[str], str]
) -> None:
    mine = register(app, ASA, "online")
    path = letter_path(ASA)
    frame = viewer.get(path + "/html")
    assert frame.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert frame.headers["Cache-Control"] == "no-store"
    page = viewer.page(path)
    for shown in (frame.get_data(as_text=True), page.html):
        assert mine not in shown and "/join/" not in shown and "\x02" not in shown
    assert "[personlig länk]" in page.text
    assert page.find(src=path + "/html").get("sandbox") == ""


def test_an_order_says_that_it_is_written_when_it_is_sent(app: Flask, organiser: CheckingClient) -> None:
    with app.app_context(), writing():
        event = db.session.scalars(select(Event)).one()
        people = select(
            Registration.id.label("registration_id"), Registration.email.label("recipient"), Registration.language,
            Registration.public_id.label("key"), Registration.calendar_sequence.label("sequence"),
            Registration.calendar_uid.label("entry_uid"),
        )  # fmt: skip
        orders.write(people, kind="day_changed", at=WHILE_OPEN, event_id=event.id)
    order = letters(app)[0]
    page = organiser.page(f"{MAIL}/{order.id}")
    assert page.h1 == "Dagen har ändrats"
    assert "skrivs i samma stund som det skickas" in page.text
    assert organiser.get(f"{MAIL}/{order.id}/html").status_code == 404


def test_letters_of_another_day_or_of_nobodys_day_are_not_shown(app: Flask, organiser: CheckingClient) -> None:
    register(app, ASA)
    mail = letters(app, ASA)[0]
    change(app, OutgoingMail, lambda found: setattr(found, "event_id", None), id=mail.id)
    assert organiser.get(f"{MAIL}/{mail.id}").status_code == 404
    assert organiser.get(f"{MAIL}/{mail.id}/html").status_code == 404


def test_hostile_words_are_shown_as_they_are(
    app: Flask, organiser: CheckingClient, letter_path: Callable[[str], str]
) -> None:
    nasty = "<script>alert(1)</script>"
    register(app, "o'brien+<x>@example.org".replace("<x>", "x"), first_name="Åsa", last_name="&lt;Öberg")
    all_go(app, TryOutcome.FAILED, f"550 {nasty}")
    change(app, OutgoingMail, lambda mail: setattr(mail, "subject", f"{nasty} \u202e"), kind="confirmation")
    for path in (MAIL, letter_path("o'brien+x@example.org"), f"{LIST}?delivery=failing"):
        page = organiser.page(path)
        assert "<script>alert" not in page.html
        assert nasty in page.text or "&lt;Öberg" in page.text


def test_the_queue_is_paused_and_started_with_a_question_and_everybody_sees_it(
    app: Flask, organiser: CheckingClient, viewer: CheckingClient
) -> None:
    question = organiser.page(MAIL + "/pause").text
    assert "Den som anmäler sig under tiden får sin bekräftelse först då." in question
    page = read(organiser.submit(MAIL + "/pause"))
    assert "Breven är pausade" in page.text
    assert "organiser@example.org pausade dem torsdag 1 oktober 2026 kl. 10.00." in page.text
    for path in ("/organiser/", "/organiser/2026/", MAIL):
        assert "Breven är pausade" in viewer.page(path).text
    assert "Starta kön" not in viewer.page(MAIL).text
    organiser.submit(MAIL + "/resume")
    assert "Breven är pausade" not in viewer.page(MAIL).text
    with app.app_context():
        assert holding.find() is None
        actions = list(db.session.scalars(select(AuditEntry.action).where(AuditEntry.action.startswith("queue."))))
    assert actions == ["queue.paused", "queue.resumed"]


def test_pausing_twice_keeps_the_first_one_and_starting_twice_is_no_error(
    app: Flask, organiser: CheckingClient, clock: time_machine.Traveller
) -> None:
    form = organiser.page(MAIL + "/pause").form("/pause")
    organiser.send(MAIL + "/pause", form)
    clock.move_to(WHILE_OPEN + FIVE_MINUTES)
    assert "Kön var redan pausad." in read(organiser.send(MAIL + "/pause", form)).text
    with app.app_context():
        found = holding.find()
        assert found is not None and found.paused_at == WHILE_OPEN
    form = organiser.page(MAIL + "/resume").form("/resume")
    organiser.send(MAIL + "/resume", form)
    assert "Kön var redan i gång." in read(organiser.send(MAIL + "/resume", form)).text


def test_a_stopped_queue_says_why_and_is_tried_at_once(
    app: Flask, organiser: CheckingClient, viewer: CheckingClient
) -> None:
    with app.app_context(), writing():
        holding.stop("535 <b>wrong password</b>", core_clock.now())
    page = organiser.page(MAIL)
    assert (
        "Serverns svar" not in page.text
        and "Breven står still" in page.text
        and "535 <b>wrong password</b>" in page.text
    )
    assert "Nästa försök: torsdag 1 oktober 2026 kl. 10.00." in page.text
    assert not [form for form in viewer.page(MAIL).all("form") if (form.get("action") or "").endswith("/try-now")]
    assert "Vi försöker nå e-postservern nu." in read(organiser.submit(MAIL, action="/try-now")).text
    with app.app_context():
        assert holding.stopped_until(core_clock.now()) is None
        stop = db.session.get(QueueStop, 1)
        assert stop is not None and stop.reason.startswith("535")


def test_a_button_without_its_token_does_nothing(app: Flask, organiser: CheckingClient) -> None:
    for name in ("pause", "resume", "try-now"):
        assert organiser.post(f"{MAIL}/{name}").status_code == 422
    with app.app_context():
        assert holding.find() is None


@pytest.mark.both_databases("SQL looks for later letters within EXISTS")
def test_addresses_that_letters_dont_reach_stand_out_in_the_list(
    app: Flask, empty: CheckingClient, door: CheckingClient, clock: time_machine.Traveller
) -> None:
    register(app, ASA, last_name="Öberg")
    refuse(app)
    register(app, BO, last_name="Ek")
    all_go(app)
    assert empty.page(LIST).text.count("e-posten kommer inte fram") == 1
    found = empty.page(f"{LIST}?delivery=failing").text
    assert "1 anmälan" in found and "Öberg" in found
    assert "1 anmälan" in empty.page(f"{LIST}?delivery=undelivered").text
    for path in (LIST, f"{LIST}?delivery=failing"):
        page = door.page(path)
        assert "2 anmälningar" in page.text and "kommer inte fram" not in page.text
    person = people(empty.page(LIST))[0]
    clock.move_to(WHILE_OPEN + FIVE_MINUTES)
    failing = next(mail for mail in letters(app, ASA))
    empty.submit(f"{MAIL}/{failing.id}", action="/again")
    all_go(app)
    assert "e-posten kommer inte fram" not in empty.page(LIST).text
    bounce(app, BO)
    assert "1 anmälan" in empty.page(f"{LIST}?delivery=failing").text
    assert any(link.startswith(MAIL + "/") for link in empty.page(person).links())


@pytest.mark.both_databases("the figures are counted by SQL")
def test_what_came_back_and_wasnt_understood_is_counted_and_shown_and_undelivers_nothing(
    app: Flask, empty: CheckingClient, letter_path: Callable[[str], str]
) -> None:
    for email in (ASA, BO):
        register(app, email)
    all_go(app)
    before = missing(empty.page(MAIL))
    with app.app_context(), writing():
        letter = db.session.scalars(select(OutgoingMail).filter_by(recipient=ASA)).one()
        words = {
            "sender": "Gateway <gw@example.org>",
            "subject": "Hej <b>",
            "lines": "Rad ett\n<script>alert(1)</script>",
        }
        letter.unclear_returns.append(UnclearReturn(key="k", at=core_clock.now(), **words))
    page = empty.page(MAIL)
    figures = " ".join("".join(page.find(class_="stats").itertext()).split())
    assert figures.endswith("kom tillbaka 0 kom tillbaka, gick inte att tolka 1")
    assert "skickade 2" in figures
    assert "e-posten kommer inte fram" not in empty.page(LIST).text
    assert missing(page).split("skickade")[0] == before.split("skickade")[0]
    found = listed(empty.page(f"{MAIL}?state=unclear"))
    assert ASA in found and BO not in found
    shown = empty.page(letter_path(ASA))
    assert "Gateway <gw@example.org>: Hej <b>" in shown.text
    assert "Rad ett <script>alert(1)</script>" in shown.text
    assert not [script for script in shown.all("script") if "alert" in (script.text or "")]


def test_who_declined_in_the_calendar_is_seen_and_found(
    app: Flask, organiser: CheckingClient, door: CheckingClient
) -> None:
    change(app, Registration, lambda person: setattr(person, "declined_at", WHILE_OPEN), last_name="Öberg")
    found = organiser.page(f"{LIST}?answer=declined").text
    assert "1 anmälan" in found and "Öberg" in found and "tackat nej i kalendern" in found
    assert "tackat nej" not in door.page(f"{LIST}?answer=declined").text
    path = people(organiser.page(f"{LIST}?answer=declined"))[0]
    assert "torsdag 1 oktober 2026 kl. 10.00. Anmälan gäller ändå" in organiser.page(path).text
    file = organiser.submit(f"{LIST}/export?answer=declined", kind="semicolon").get_data(as_text=True)
    head, row = file.lstrip("\ufeff").split("\r\n")[:2]
    named = dict(zip(head.split(";"), row.split(";"), strict=True))
    assert named["Tackat nej i kalendern (svensk tid)"] == "2026-10-01 10:00"


def test_an_answer_from_another_address_is_seen_on_the_person_s_page(app: Flask, empty: CheckingClient) -> None:
    register(app, ASA)
    with app.app_context():
        mail = db.session.scalars(select(OutgoingMail)).one()
        reading.handle(sample("reply-exchange-delegate-declined", about(mail)), core_clock.now())
    (path,) = people(empty.page(LIST))
    page = empty.page(path).text
    assert "nej från eva.alm@hospital.example.org, torsdag 1 oktober 2026 kl. 10.00" in page
    assert "Tackat nej i kalendern" not in page
    assert "nej från en annan adress" in listed(empty.page(MAIL))
    assert "0 anmälningar" in empty.page(f"{LIST}?answer=declined").text


def test_viewers_see_the_letters_and_act_on_none(
    app: Flask, viewer: CheckingClient, letter_path: Callable[[str], str]
) -> None:
    register(app, ASA)
    refuse(app)
    for path in (MAIL, letter_path(ASA)):
        page = viewer.page(path)
        assert "Rätta adressen" not in page.text and "Skicka igen" not in page.text and "Pausa" not in page.text
    assert ASA in viewer.page(MAIL).text


def test_the_overview_leads_to_the_letters(app: Flask, organiser: CheckingClient) -> None:
    register(app, ASA)
    refuse(app)
    page = organiser.page("/organiser/2026/")
    assert "Kunde inte levereras1" in page.text
    assert f"{MAIL}?state=failed" in page.links()
    assert letters(app, ASA)[0].state is MailState.FAILED
