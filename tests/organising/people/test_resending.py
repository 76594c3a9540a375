"""“Send again”, “send what holds now” and “correct the address and send”."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage

import icalendar
import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

import config
from regapp.core.audit import AuditEntry
from regapp.core.db import db, writing
from regapp.events.models import Event
from regapp.mailing.models import CalendarMethod, MailState, OutgoingMail, TryOutcome
from regapp.mailing.sending.delivery import deliver_due
from regapp.mailing.sending.transport import SmtpTransport
from regapp.registrations import on_behalf
from regapp.registrations.choices import Wish
from regapp.registrations.models import Registration
from tests.registrations import people
from tests.registrations.people import find, letters_to, register
from tests.support.client import CheckingClient, read
from tests.support.days import STOCKHOLM, WHILE_OPEN
from tests.support.mail.fates import all_go, bounce, change, letters, refuse
from tests.support.mail.smtp import SmtpServer
from tests.support.organisers import sign_in

MAIL = "/organiser/2026/mail"
LIST = "/organiser/2026/attendees"
ASA, BO = "asa@example.org", "bo@example.org"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def later(clock: time_machine.Traveller) -> Callable[[], None]:
    """A minute passes."""
    instants = iter(WHILE_OPEN + number * MINUTE for number in range(1, 100))
    return lambda: clock.move_to(next(instants))


def path_of(mail: OutgoingMail) -> str:
    return f"{MAIL}/{mail.id}"


def pages_of(app: Flask, email: str) -> str:
    return f"{LIST}/{find(app, email).public_id}"


def move_silently(app: Flask, email: str, wish: Wish = Wish.ONLINE) -> None:
    """An organiser moves the person without a letter."""
    with app.app_context(), writing():
        on_behalf.move(find(app, email).id, wish, WHILE_OPEN, actor="organiser:1", tell=False)


def entry(mail: OutgoingMail) -> icalendar.Event:
    assert mail.calendar is not None
    (event,) = icalendar.Calendar.from_ical(mail.calendar).walk("VEVENT")
    return event


@pytest.mark.both_databases("a lock and the letter's unique key let one press through")
def test_a_refused_letter_is_sent_again_once_however_often_the_button_is_pressed(
    app: Flask, organiser: CheckingClient, later: Callable[[], None]
) -> None:
    register(app, ASA)
    refuse(app)
    (first,) = letters(app, ASA)
    later()
    form = organiser.page(path_of(first)).form("/again")
    for _ in range(12):
        again = read(organiser.send(path_of(first), form))
        assert "Brevet är skickat igen." in again.text and ASA in again.text
        all_go(app)
    found = letters(app, ASA)
    assert len(found) == 2
    again = found[1]
    assert (again.again_of, again.kind, again.sequence, again.state) == (first.id, "confirmation", 0, MailState.SENT)
    assert (again.subject, again.text, again.html) == (first.subject, first.text, first.html)
    with app.app_context():
        (noted,) = db.session.scalars(select(AuditEntry).filter_by(action="mail.sent_again"))
        assert noted.details == {"kind": "confirmation"} and noted.actor.startswith("organiser:")
    assert "ett tidigare brev" in organiser.page(path_of(again)).text
    assert "Skickat igen" in organiser.page(path_of(first)).text


def received_parts(message: EmailMessage) -> tuple[icalendar.Calendar, icalendar.Event]:
    (part,) = (part for part in message.walk() if part.get_content_type() == "text/calendar")
    calendar = icalendar.Calendar.from_ical(part.get_payload(decode=True))  # type: ignore[arg-type]
    return calendar, calendar.walk("VEVENT")[0]


def deliver(app: Flask, route: SmtpTransport) -> None:
    with app.app_context():
        deliver_due(route)


def test_what_arrives_again_is_the_same_entry_under_another_message_id(
    app: Flask,
    organiser: CheckingClient,
    later: Callable[[], None],
    settings: config.Settings,
    server: SmtpServer,
) -> None:
    route = SmtpTransport(replace(settings, mail_port=server.port))
    register(app, ASA, "online")
    deliver(app, route)
    later()
    organiser.submit(path_of(letters(app, ASA)[0]), action="/again")
    deliver(app, route)
    first, again = (received.message for received in server.to(ASA))
    assert again["To"] == first["To"] == ASA
    assert again["Message-ID"] != first["Message-ID"]
    assert again["Date"].datetime - first["Date"].datetime == MINUTE
    (_, before), (calendar, after) = received_parts(first), received_parts(again)
    assert calendar["METHOD"] == "REQUEST"
    for name in ("UID", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "LOCATION", "ATTENDEE", "CREATED", "LAST-MODIFIED"):
        assert after[name] == before[name], name
    assert after["DTSTAMP"].dt - before["DTSTAMP"].dt == MINUTE
    bodies = [message.get_body(("html",)) for message in (first, again)]
    assert bodies[0] is not None and bodies[1] is not None
    assert bodies[0].get_content() == bodies[1].get_content()


def test_a_letter_that_waits_is_not_sent_twice(app: Flask, organiser: CheckingClient) -> None:
    register(app, ASA)
    (waiting,) = letters(app, ASA)
    page = organiser.page(path_of(waiting))
    assert "Brevet är redan på väg." in page.text
    assert not [form for form in page.all("form") if (form.get("action") or "").endswith("/again")]
    assert "redan på väg" in organiser.page(pages_of(app, ASA) + "/send").text


def test_a_repeat_that_waits_is_not_repeated(app: Flask, organiser: CheckingClient, later: Callable[[], None]) -> None:
    register(app, ASA)
    all_go(app)
    (first,) = letters(app, ASA)
    later()
    organiser.submit(path_of(first), action="/again")
    later()
    assert "väntar på sin tur" in organiser.page(path_of(first)).text


@pytest.mark.parametrize("how", ["moved", "day", "cancelled", "address", "name", "silently"])
def test_a_letter_that_is_no_longer_true_is_refused_in_words(
    app: Flask, organiser: CheckingClient, later: Callable[[], None], how: str
) -> None:
    mine = register(app, ASA)
    all_go(app)
    (first,) = letters(app, ASA)
    form = organiser.page(path_of(first)).form("/again")
    later()
    person = pages_of(app, ASA)
    match how:
        case "moved":
            app.test_client().submit(mine + "/attendance", attendance="online")
        case "day":
            change(app, Event, lambda event: setattr(event, "venue", "Nya salen"))
        case "cancelled":
            organiser.submit(person + "/cancel", tell=None)
        case "address":
            organiser.submit(person + "/address", email="ny@example.org")
        case "name":
            organiser.submit(person + "/correct", first_name="Åse")
        case "silently":
            move_silently(app, ASA)
    all_go(app)
    before = len(letters(app))
    answer = organiser.send(path_of(first), form)
    assert answer.status_code == 422
    page = read(answer)
    words = {"address": "Brevet gick till en annan adress", "moved": "Ett senare brev säger något annat."}
    assert words.get(how, "Det som står i brevet gäller inte längre.") in page.text
    assert len(letters(app)) == before
    assert pages_of(app, "ny@example.org" if how == "address" else ASA) + "/send" in page.links()


def test_what_holds_now_is_sent_with_the_sequence_that_it_has(
    app: Flask, organiser: CheckingClient, later: Callable[[], None]
) -> None:
    mine = register(app, ASA)
    later()
    app.test_client().submit(mine + "/attendance", attendance="online")
    all_go(app)
    later()
    organiser.submit(pages_of(app, ASA) + "/send")
    told = letters(app, ASA)[-1]
    assert (told.kind, told.method, told.sequence) == ("confirmation", CalendarMethod.REQUEST, 1)
    assert entry(told)["UID"] == entry(letters(app, ASA)[0])["UID"]
    assert find(app, ASA).calendar_sequence == 1


def test_pressed_twelve_times_what_holds_now_is_sent_once(
    app: Flask, organiser: CheckingClient, later: Callable[[], None]
) -> None:
    register(app, ASA)
    all_go(app)
    later()
    path = pages_of(app, ASA) + "/send"
    form = organiser.page(path).form("/send")
    for _ in range(12):
        assert "Ett nytt brev är på väg" in read(organiser.send(path, form)).text
        all_go(app)
        later()
    assert letters_to(app, ASA) == ["confirmation", "confirmation"]


def test_a_change_that_nobody_was_told_of_raises_the_sequence_when_it_is_told(
    app: Flask, organiser: CheckingClient, later: Callable[[], None]
) -> None:
    register(app, ASA)
    all_go(app)
    move_silently(app, ASA)
    later()
    organiser.submit(pages_of(app, ASA) + "/send")
    told = letters(app, ASA)[-1]
    assert (told.kind, told.sequence) == ("update", 1)
    assert "join" in str(entry(told)["LOCATION"])


def test_of_a_cancelled_registration_the_end_is_sent_again(
    app: Flask, organiser: CheckingClient, later: Callable[[], None]
) -> None:
    mine = register(app, ASA)
    later()
    app.test_client().submit(mine + "/cancel")
    refuse(app)
    later()
    organiser.submit(pages_of(app, ASA) + "/send")
    told = letters(app, ASA)[-1]
    assert (told.kind, told.method, told.sequence) == ("cancellation", CalendarMethod.CANCEL, 1)
    assert find(app, ASA).calendar_sequence == 1


def test_of_a_cancelled_registration_nothing_is_sent_to_who_is_registered_again(
    app: Flask, organiser: CheckingClient, later: Callable[[], None]
) -> None:
    mine = register(app, ASA)
    earlier = pages_of(app, ASA)
    later()
    app.test_client().submit(mine + "/cancel")
    refuse(app)
    (end,) = [mail for mail in letters(app, ASA) if mail.kind == "cancellation"]
    organiser.page(earlier + "/send").form("/send")
    later()
    register(app, ASA)
    all_go(app)
    told = letters_to(app, ASA)
    assert "Personen är anmäld igen. Skicka från den nya anmälan." in organiser.page(earlier + "/send").text
    assert "Det som står i brevet gäller inte längre." in organiser.page(path_of(end)).text
    assert letters_to(app, ASA) == told
    organiser.page(pages_of(app, ASA) + "/send").form("/send")


def test_the_place_in_line_is_told_as_it_is_now(
    app: Flask, organiser: CheckingClient, later: Callable[[], None]
) -> None:
    change(app, Event, lambda event: setattr(event, "seats_on_site", 1))
    for number, email in enumerate((ASA, BO)):
        register(app, email, ["line", "online_and_line"][number])
    all_go(app)
    later()
    (waiting,) = letters(app, BO)
    page = organiser.page(path_of(waiting))
    assert "Platsen i kön kan ha ändrats" in page.text
    app.test_client().submit(people.path_of(app, ASA) + "/leave-line")
    all_go(app)
    organiser.submit(pages_of(app, BO) + "/send")
    told = letters(app, BO)[-1]
    assert (told.kind, told.sequence, told.again_of) == ("waiting", 0, None)
    assert "plats 1 i kön" in " ".join((told.text or "").split())


def test_what_an_organiser_sends_is_in_the_readers_language_to_the_last_word(
    app: Flask, organiser: CheckingClient
) -> None:
    change(app, Event, lambda event: setattr(event, "seats_on_site", 1))
    register(app, ASA, "online_and_line", language="en")
    all_go(app)
    organiser.submit(pages_of(app, ASA) + "/send")
    said = " ".join((letters(app, ASA)[-1].text or "").split())
    assert "You are number" in said and "The calendar invitation comes with" in said


def test_nobody_gets_more_than_five_letters_again_in_an_hour(
    app: Flask, organiser: CheckingClient, clock: time_machine.Traveller
) -> None:
    register(app, ASA)
    all_go(app)
    (first,) = letters(app, ASA)
    for number in range(5):
        clock.move_to(WHILE_OPEN + number * MINUTE)
        organiser.submit(path_of(first), action="/again")
        all_go(app)
    assert "5 brev på nytt den senaste timmen" in organiser.page(path_of(first)).text
    assert "5 brev på nytt" in organiser.page(pages_of(app, ASA) + "/send").text
    assert len(letters(app, ASA)) == 6
    clock.move_to(WHILE_OPEN + 70 * MINUTE)
    organiser.submit(path_of(first), action="/again")
    assert len(letters(app, ASA)) == 7


@pytest.mark.both_databases("LIKE finds what the old mailbox was sent")
def test_an_address_is_corrected_and_the_letter_goes_there(
    app: Flask, organiser: CheckingClient, later: Callable[[], None]
) -> None:
    old = register(app, "assa@example.org")
    refuse(app)
    later()
    person = pages_of(app, "assa@example.org")
    page = read(organiser.submit(person + "/address", email=ASA))
    assert "Adressen är rättad, och ett nytt brev är på väg dit." in page.text
    assert page.h1 == "Mejl till deltagarna"
    (sent,) = letters(app, ASA)
    assert (sent.kind, sent.sequence) == ("confirmation", 0)
    assert [mail.kind for mail in letters(app, "assa@example.org")] == ["confirmation"], "nothing to a refused address"
    assert app.test_client().get(old).status_code == 404


def test_an_earlier_mailbox_that_got_the_entry_loses_it_and_one_it_came_back_from_gets_nothing(
    app: Flask, organiser: CheckingClient, later: Callable[[], None]
) -> None:
    for email in (ASA, BO):
        register(app, email)
    all_go(app)
    bounce(app, BO)
    later()
    for email in (ASA, BO):
        organiser.submit(pages_of(app, email) + "/address", email=f"new.{email}")
    assert [mail.method for mail in letters(app, ASA)] == [CalendarMethod.REQUEST, CalendarMethod.CANCEL]
    assert [mail.method for mail in letters(app, BO)] == [CalendarMethod.REQUEST]


def test_a_letter_whose_worker_vanished_may_have_arrived(
    app: Flask, organiser: CheckingClient, later: Callable[[], None]
) -> None:
    register(app, ASA)
    all_go(app, TryOutcome.INTERRUPTED, "the worker vanished")
    change(app, OutgoingMail, lambda mail: setattr(mail, "due_at", WHILE_OPEN), recipient=ASA)
    refuse(app)
    later()
    organiser.submit(pages_of(app, ASA) + "/address", email=BO)
    assert letters(app, ASA)[-1].method is CalendarMethod.CANCEL


def test_a_waiting_repeat_is_taken_back_when_the_address_is_corrected(
    app: Flask, organiser: CheckingClient, later: Callable[[], None]
) -> None:
    register(app, ASA)
    refuse(app)
    later()
    organiser.submit(path_of(letters(app, ASA)[0]), action="/again")
    organiser.submit(pages_of(app, ASA) + "/address", email=BO)
    assert [mail.state for mail in letters(app, ASA)] == [MailState.FAILED, MailState.WITHDRAWN]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Fyll i personens e-postadress"),
        ("asa", "E-postadressen saknar @."),
        ("åsa@example.org", "Delen före @ får bara ha"),
        (ASA, "Det är adressen som personen har nu."),
        ("person2@taken.example.org", "Den e-postadressen är redan anmäld till dagen."),
        ("a@b\r\nBcc: x@example.org", "Skriv allt på en rad."),
    ],
)
def test_what_is_wrong_with_an_address_is_said_beside_it_and_what_was_typed_stays(
    app: Flask, organiser: CheckingClient, typed: str, words: str
) -> None:
    register(app, ASA)
    register(app, "person2@taken.example.org", "online")
    answer = organiser.submit(pages_of(app, ASA) + "/address", email=typed)
    assert answer.status_code == 422
    page = read(answer)
    assert words in page.text
    field = page.find(name="email")
    assert field.get("aria-invalid") == "true"
    assert "\n" in typed or field.get("value") == typed
    assert find(app, ASA).email == ASA


def test_who_cancelled_has_no_address_to_correct(app: Flask, organiser: CheckingClient) -> None:
    mine = register(app, ASA)
    person = pages_of(app, ASA)
    form = organiser.page(person + "/address").form("/address")
    app.test_client().submit(mine + "/cancel")
    answer = organiser.send(person + "/address", form, email=BO)
    assert answer.status_code == 422 and "Personen är avanmäld." in read(answer).text


def test_a_letter_without_a_calendar_entry_is_sent_again_while_it_holds(
    app: Flask, client: CheckingClient, organiser: CheckingClient, clock: time_machine.Traveller
) -> None:
    register(app, ASA)
    clock.move_to(WHILE_OPEN + 61 * MINUTE)
    client.submit("/2026/link", email=ASA)
    all_go(app)
    clock.move_to(WHILE_OPEN + 62 * MINUTE)
    link = next(mail for mail in letters(app, ASA) if mail.kind == "link")
    organiser.submit(path_of(link), action="/again")
    again = letters(app, ASA)[-1]
    assert (again.kind, again.calendar, again.again_of) == ("link", None, link.id)


def test_nothing_is_sent_again_after_the_day(
    app: Flask, organiser: CheckingClient, clock: time_machine.Traveller
) -> None:
    register(app, ASA)
    all_go(app)
    (first,) = letters(app, ASA)

    clock.move_to(datetime(2026, 11, 26, 12, tzinfo=STOCKHOLM))
    sign_in(organiser, "organiser@example.org")
    assert "Dagen har varit." in organiser.page(path_of(first)).text
    assert "Dagen har varit." in organiser.page(pages_of(app, ASA) + "/send").text


def test_a_button_without_its_token_sends_nothing(app: Flask, organiser: CheckingClient) -> None:
    register(app, ASA)
    all_go(app)
    person = pages_of(app, ASA)
    for path in (path_of(letters(app, ASA)[0]) + "/again", person + "/send", person + "/address"):
        assert organiser.post(path, data={"email": BO, "times": "0"}).status_code == 422
    assert letters_to(app, ASA) == ["confirmation"] and find(app, ASA).email == ASA


def test_an_erased_persons_letters_go_with_them(app: Flask, organiser: CheckingClient) -> None:
    register(app, ASA)
    path = path_of(letters(app, ASA)[0])
    with app.app_context(), writing():
        db.session.delete(db.session.scalars(select(Registration).filter_by(email=ASA)).one())
    assert organiser.get(path).status_code == 404
