"""Organisers change their minds: a cancelled person comes back, and a cancelled day."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import icalendar
import pytest
import time_machine
from flask import Flask

from regapp.accounts.roles import Role
from regapp.campaigns import sending
from regapp.core import clock as the_clock
from regapp.core.audit import AuditEntry
from regapp.core.db import db, writing
from regapp.core.errors import RuleBroken
from regapp.events.models import RESTORABLE_FOR, Event, Publication
from regapp.mailing.models import MailState, OutgoingMail
from regapp.registrations import cancelling, changing, filling
from regapp.registrations.day import changes
from regapp.registrations.letters import calendar_answers
from regapp.registrations.models import UNDO_FOR, Registration, Status
from tests.campaigns.reminders import remind
from tests.registrations.people import find, letters_to, register
from tests.support.cancelled import time_is_up
from tests.support.client import CheckingClient, read
from tests.support.days import APPLICATION, STOCKHOLM, new_day
from tests.support.mail.fates import all_go, answer_questions, letters
from tests.support.mail.letters import plain
from tests.support.organisers import sign_in, signed_in

ASA, BO, EVA = "asa@example.org", "bo@example.org", "eva@example.org"
DAY = "/organiser/2026/"
CANCEL = "/organiser/2026/cancel"
MINUTE = timedelta(minutes=1)
NEAR = datetime(2026, 11, 16, 10, 0, tzinfo=STOCKHOLM)


@pytest.fixture
def organiser(app: Flask, clock: time_machine.Traveller) -> CheckingClient:
    """On a day with two seats and nobody registered yet."""
    with app.app_context():
        new_day()
    return signed_in(app)


def person(app: Flask, email: str) -> str:
    return f"/organiser/2026/attendees/{find(app, email).public_id}"


def keep_house(app: Flask) -> None:
    """What the worker does every minute."""
    with app.app_context():
        for chore in app.extensions["regapp-chores"]:
            with writing():
                chore(the_clock.now())


def publication(app: Flask) -> Publication:
    with app.app_context():
        return db.session.query(Event).one().publication


def entries_of(app: Flask, email: str) -> list[tuple[str, int, str]]:
    """METHOD, SEQUENCE and UID of each calendar part that was written to this address."""
    calendars = [icalendar.Calendar.from_ical(mail.calendar) for mail in letters(app, email) if mail.calendar]
    entries = [(calendar, calendar.walk("VEVENT")[0]) for calendar in calendars]
    return [(str(c["METHOD"]), int(e["SEQUENCE"]), str(e["UID"])) for c, e in entries]


def test_whom_an_organiser_cancelled_comes_back_with_the_same_entry_and_is_told_who_did_it(
    app: Flask, organiser: CheckingClient, clock: time_machine.Traveller
) -> None:
    register(app, ASA)
    organiser.submit(person(app, ASA) + "/cancel")
    clock.shift(9 * MINUTE)
    page = organiser.page(person(app, ASA))
    assert "Avanmälan kan ångras till kl. 10.10." in page.text
    done = read(organiser.submit(person(app, ASA), action="/undo"))
    assert "Avanmälan är ångrad." in done.text
    assert find(app, ASA).has_seat
    ((_, _, uid), *_) = found = entries_of(app, ASA)
    assert found == [("REQUEST", 0, uid), ("CANCEL", 1, uid), ("REQUEST", 2, uid)]
    said = letters(app, ASA)[-1].text or ""
    assert "arrangören som har tagit tillbaka avanmälan" in said and "Du ångrade" not in said
    assert "Avanmälan kan ångras" not in organiser.page(person(app, ASA)).text


def test_after_ten_minutes_it_is_too_late_and_the_page_says_what_to_do(
    app: Flask, organiser: CheckingClient, clock: time_machine.Traveller
) -> None:
    register(app, ASA)
    organiser.submit(person(app, ASA) + "/cancel")
    form = organiser.page(person(app, ASA)).form("/undo")
    clock.shift(UNDO_FOR)
    refused = organiser.send(person(app, ASA), form)
    assert refused.status_code == 422 and "Anmäl personen på nytt" in read(refused).text
    assert "Avanmälan kan ångras" not in organiser.page(person(app, ASA)).text
    assert (
        "Det går inte längre att ångra avanmälan. Anmäl personen på nytt."
        in organiser.page(person(app, ASA) + "/undo").text
    )


def test_a_place_that_has_gone_on_comes_back_beyond_the_number_with_a_reason(
    app: Flask, organiser: CheckingClient
) -> None:
    for email, wish in ((ASA, "on_site"), (BO, "on_site"), (EVA, "line")):
        register(app, email, wish)
    organiser.submit(person(app, ASA) + "/cancel")
    assert find(app, EVA).has_seat
    assert "Platsen har redan gått till någon annan" in organiser.page(person(app, ASA)).text
    path = person(app, ASA) + "/undo"
    assert "Platsen har gått till någon annan" in organiser.page(path).text
    refused = organiser.submit(path, reason=" ")
    assert refused.status_code == 422 and "Skriv varför" in read(refused).text
    assert not find(app, ASA).is_active
    organiser.submit(path, reason="Fel person")
    assert all(find(app, email).has_seat for email in (ASA, BO, EVA))
    with app.app_context():
        entry = db.session.query(AuditEntry).filter_by(action="registration.cancellation_undone").one()
        assert (entry.reason, entry.details) == ("Fel person", {}) and entry.actor.startswith("organiser:")


def test_the_seat_that_goes_on_between_page_and_button_is_asked_about(app: Flask, organiser: CheckingClient) -> None:
    register(app, ASA)
    register(app, BO)
    organiser.submit(person(app, ASA) + "/cancel")
    form = organiser.page(person(app, ASA)).form("/undo")
    register(app, EVA)
    asked = organiser.send(person(app, ASA), form)
    assert asked.status_code == 422 and "Platsen har gått till någon annan" in read(asked).text
    assert read(asked).find(name="reason").get("aria-invalid") == "true"


def test_who_has_registered_again_meanwhile_is_left_alone(app: Flask, organiser: CheckingClient) -> None:
    register(app, ASA)
    path = person(app, ASA)
    organiser.submit(path + "/cancel")
    form = organiser.page(path).form("/undo")
    register(app, ASA, "online")
    assert organiser.send(path, form).status_code == 422
    assert not find(app, ASA).has_seat


def test_who_was_cancelled_without_a_letter_hears_nothing_of_the_undoing_and_the_calendar_is_right(
    app: Flask, organiser: CheckingClient
) -> None:
    register(app, ASA)
    organiser.submit(person(app, ASA) + "/cancel", tell=None)
    assert "fick inget mejl om avanmälan" in organiser.page(person(app, ASA) + "/undo").text
    organiser.submit(person(app, ASA), action="/undo")
    assert find(app, ASA).has_seat
    assert letters_to(app, ASA) == ["confirmation"]


def test_a_calendar_that_missed_a_change_while_its_owner_was_cancelled_in_silence_gets_it(
    app: Flask, organiser: CheckingClient
) -> None:
    register(app, ASA)
    organiser.submit(person(app, ASA) + "/cancel", tell=None)
    organiser.submit("/organiser/2026/edit", venue="Aulan")
    organiser.submit(person(app, ASA), action="/undo")
    ((_, _, uid), *_) = found = entries_of(app, ASA)
    assert found == [("REQUEST", 0, uid), ("REQUEST", 1, uid)]
    assert "Aulan" in (letters(app, ASA)[-1].calendar or "")


def test_for_five_minutes_a_cancelled_day_is_taken_back_and_nobody_notices(
    app: Flask, organiser: CheckingClient, clock: time_machine.Traveller
) -> None:
    register(app, ASA)
    register(app, BO, "online")
    all_go(app)
    told = read(organiser.submit(CANCEL))
    assert "Ingen har fått mejl om det än." in told.text
    clock.shift(RESTORABLE_FOR - timedelta(seconds=1))
    keep_house(app)
    page = organiser.page(DAY)
    assert "2 personer får mejl om det efter kl. 10.05." in page.text
    assert page.find(data_countdown="2026-10-01T08:05:00+00:00").get("data-left") == "{left} kvar."
    assert "Ångra" not in signed_in(app, Role.VIEWER).page(DAY).text
    done = read(organiser.submit(DAY, action="/restore"))
    assert "Dagen blir av igen." in done.text
    assert publication(app) is Publication.PUBLISHED
    clock.shift(30 * MINUTE)
    keep_house(app)
    assert letters_to(app, ASA) == letters_to(app, BO) == ["confirmation"]
    assert find(app, ASA).has_entry and find(app, ASA).calendar_sequence == 0


def test_after_five_minutes_everybody_is_told_and_the_page_says_what_is_left_to_do_by_hand(
    app: Flask, organiser: CheckingClient, clock: time_machine.Traveller
) -> None:
    register(app, ASA)
    organiser.submit(CANCEL)
    button = organiser.page(DAY).form("/restore")
    clock.shift(RESTORABLE_FOR)
    assert "Mejlen skrivs inom någon minut." in organiser.page(DAY).text
    keep_house(app)
    keep_house(app)
    all_go(app)
    assert [(method, sequence) for method, sequence, _ in entries_of(app, ASA)] == [("REQUEST", 0), ("CANCEL", 1)]
    refused = read(organiser.send(DAY, button))
    assert "Det går inte längre att ångra: mejlen" in refused.text
    assert "göra för hand" in refused.text and "Skapa en ny dag" in refused.text
    assert "Ångra: dagen blir av" not in refused.text
    assert publication(app) is Publication.CANCELLED


def test_who_cancels_a_day_that_a_colleague_just_cancelled_learns_who_did_it_and_when(
    app: Flask, organiser: CheckingClient, clock: time_machine.Traveller
) -> None:
    colleague = signed_in(app, Role.ADMIN)
    organiser.submit(CANCEL)
    clock.shift(MINUTE)
    again = read(colleague.submit(CANCEL))
    assert "Dagen är redan inställd: organiser@example.org gjorde det torsdag 1 oktober 2026 kl. 10.00." in again.text
    assert "Du kan ångra till kl. 10.05." in again.text


def test_meanwhile_participants_see_that_the_day_is_cancelled(app: Flask, organiser: CheckingClient) -> None:
    mine = register(app, ASA)
    organiser.submit(CANCEL)
    visitor = app.test_client()
    assert "Dagen är inställd" in visitor.page(mine).text  # type: ignore[attr-defined]
    assert "Dagen är inställd" in visitor.page("/2026/register").text  # type: ignore[attr-defined]
    assert visitor.get(mine + "/event.ics").status_code == 404
    organiser.submit(DAY, action="/restore")
    assert "Dagen är inställd" not in visitor.page(mine).text  # type: ignore[attr-defined]
    assert visitor.get(mine + "/event.ics").status_code == 200


def test_no_page_promises_a_letter_that_a_cancelled_day_holds_back(app: Flask, organiser: CheckingClient) -> None:
    visitor = app.test_client()
    assert isinstance(visitor, CheckingClient)
    answer = visitor.submit("/2026/register", **{**APPLICATION, "email": BO})
    register(app, ASA)
    told = [(visitor, "/2026/received"), (visitor, answer.request.path)]
    told += [(visitor, answer.request.path + "/correct-address")]
    told += [(organiser, person(app, ASA) + "/correct"), (organiser, person(app, ASA) + "/address")]
    for browser, path in told:
        assert "inställd" not in browser.page(path).text
    organiser.submit(CANCEL)
    for browser, path in told:
        assert "så mejlet väntar några minuter" in browser.page(path).text, path
    assert "kalenderinbjudan" not in visitor.page(answer.request.path).text
    corrected = organiser.submit(person(app, ASA) + "/address", email=EVA)
    assert "Brevet dit väntar" in read(corrected).text and "nytt brev är på väg" not in read(corrected).text
    assert letters_to(app, EVA) == []
    time_is_up(app)
    for browser, path in told:
        assert "det är vad mejlet säger" in browser.page(path).text, path


def test_the_link_that_is_asked_for_meanwhile_says_that_the_day_is_cancelled(
    app: Flask, organiser: CheckingClient, clock: time_machine.Traveller
) -> None:
    register(app, ASA)
    clock.shift(timedelta(hours=2))
    organiser = sign_in(app.test_client(), "organiser@example.org")  # type: ignore[arg-type]
    organiser.submit(CANCEL)
    app.test_client().submit("/2026/link", email=ASA)  # type: ignore[attr-defined]
    answer_questions(app)
    (mail,) = [mail for mail in letters(app, ASA) if mail.kind == "link"]
    assert "Dagen är nyss inställd. Det kan ändras" in " ".join((mail.text or "").split())


def test_letters_that_wait_go_on_waiting_and_leave_when_the_day_is_taken_back(
    app: Flask, organiser: CheckingClient, clock: time_machine.Traveller
) -> None:
    """Also a reminder's, which would be of no use for a cancelled day."""
    register(app, ASA)
    all_go(app)
    with app.app_context():
        remind(db.session.query(Event).one())
        clock.move_to(datetime(2026, 11, 18, 9, 0, tzinfo=STOCKHOLM))
        with writing():
            sending.write_due(the_clock.now())
    sign_in(organiser, "organiser@example.org")
    organiser.submit(CANCEL)
    clock.shift(4 * MINUTE)
    keep_house(app)
    all_go(app)
    assert [mail.state for mail in letters(app, ASA)] == [MailState.SENT, MailState.QUEUED]
    organiser.submit(DAY, action="/restore")
    all_go(app)
    assert [(mail.kind, mail.state) for mail in letters(app, ASA)] == [
        ("confirmation", MailState.SENT), ("reminder", MailState.SENT),
    ]  # fmt: skip


def test_a_reminder_that_waits_when_the_day_stays_cancelled_never_leaves(
    app: Flask, organiser: CheckingClient, clock: time_machine.Traveller
) -> None:
    register(app, ASA)
    all_go(app)
    with app.app_context():
        remind(db.session.query(Event).one())
        clock.move_to(datetime(2026, 11, 18, 9, 0, tzinfo=STOCKHOLM))
        with writing():
            sending.write_due(the_clock.now())
    sign_in(organiser, "organiser@example.org")
    organiser.submit(CANCEL)
    clock.shift(RESTORABLE_FOR)
    keep_house(app)
    all_go(app)
    gone = [mail.kind for mail in letters(app, ASA) if mail.state is MailState.SENT]
    assert gone == ["confirmation", "day_cancelled"]


@pytest.mark.parametrize("in_time", [True, False])
def test_an_offer_stands_as_it_was_unless_its_time_ran_out_meanwhile(
    app: Flask, organiser: CheckingClient, clock: time_machine.Traveller, in_time: bool
) -> None:
    for email, wish in ((ASA, "on_site"), (BO, "on_site"), (EVA, "line")):
        register(app, email, wish)
    clock.move_to(NEAR)
    with app.app_context(), writing():
        cancelling.cancel(find(app, ASA).id, NEAR)
    answer_by = find(app, EVA).answer_by
    assert answer_by is not None
    clock.move_to(answer_by - (10 * MINUTE if in_time else MINUTE))
    sign_in(organiser, "organiser@example.org")
    organiser.submit(CANCEL)
    clock.shift(2 * MINUTE)
    keep_house(app)
    with app.app_context(), pytest.raises(RuleBroken), writing():
        filling.accept(find(app, EVA).id, the_clock.now())
    organiser.submit(DAY, action="/restore")
    assert find(app, EVA).answer_by == (answer_by if in_time else None)
    assert letters_to(app, EVA) == ["waiting", "offer"] + ([] if in_time else ["offer_passed"])


@pytest.mark.parametrize("is_restored", [True, False])
def test_an_address_corrected_meanwhile_is_told_in_the_end_what_holds(
    app: Flask, organiser: CheckingClient, clock: time_machine.Traveller, is_restored: bool
) -> None:
    register(app, ASA)
    all_go(app)
    organiser.submit(CANCEL)
    clock.shift(MINUTE)
    with app.app_context(), writing():
        changing.change_address(find(app, ASA).id, EVA, the_clock.now())
    assert letters_to(app, EVA) == []
    if is_restored:
        organiser.submit(DAY, action="/restore")
    else:
        time_is_up(app)
    all_go(app)
    assert letters_to(app, EVA) == ["confirmation" if is_restored else "day_cancelled"]
    assert [(method, sequence) for method, sequence, _ in entries_of(app, ASA)] == [("REQUEST", 0), ("CANCEL", 1)]


@pytest.mark.parametrize("actor", ["organiser:1", "participant"])
def test_the_letter_after_a_day_is_taken_back_says_who_corrected_the_address_meanwhile(
    app: Flask, organiser: CheckingClient, clock: time_machine.Traveller, actor: str
) -> None:
    register(app, ASA)
    all_go(app)
    organiser.submit(CANCEL)
    clock.shift(MINUTE)
    asa = find(app, ASA).id
    with app.app_context(), writing():
        changing.change_address(asa, BO, the_clock.now(), actor="organiser:1")
        changing.change_address(asa, EVA, the_clock.now(), actor=actor)
    organiser.submit(DAY, action="/restore")
    said = plain(" ".join((letters(app, EVA)[-1].text or "").split()))
    is_organiser = actor == "organiser:1"
    assert ("Det är arrangören som har ändrat e-postadressen." in said) is is_organiser
    assert ("Tack för din anmälan" in said) is not is_organiser


@pytest.mark.parametrize("has_entry", [True, False])
def test_details_corrected_of_a_cancelled_day_bring_no_place_and_meanwhile_leave_calendars_alone(
    app: Flask, organiser: CheckingClient, clock: time_machine.Traveller, has_entry: bool
) -> None:
    register(app, ASA)
    all_go(app)
    if not has_entry:
        with app.app_context(), writing():
            db.session.query(Registration).one().has_entry = False
    organiser.submit(CANCEL)
    clock.shift(MINUTE)
    organiser.submit(person(app, ASA) + "/correct", first_name="Åse", tell=True)
    assert letters_to(app, ASA) == ["confirmation", "corrected"]
    assert [method for method, _, _ in entries_of(app, ASA)] == ["REQUEST"]
    time_is_up(app)
    all_go(app)
    clock.shift(MINUTE)
    organiser.submit(person(app, ASA) + "/correct", first_name="Åsa", tell=True)
    assert letters_to(app, ASA) == ["confirmation", "corrected", "day_cancelled", "day_cancelled"]
    assert [method for method, _, _ in entries_of(app, ASA)] == ["REQUEST"] + ["CANCEL"] * has_entry


def test_anothers_no_in_the_calendar_is_noted_meanwhile_and_not_written_about(
    app: Flask, organiser: CheckingClient
) -> None:
    register(app, ASA)
    organiser.submit(CANCEL)
    with app.app_context(), writing():
        registration = db.session.query(Registration).one()
        calendar_answers.note_other(registration, BO, "DECLINED", the_clock.now())
        assert len(calendar_answers.others_of(registration)) == 1
    assert letters_to(app, ASA) == ["confirmation"]


def test_a_day_that_was_cancelled_just_now_is_neither_edited_nor_told_of_by_hand(
    app: Flask, organiser: CheckingClient
) -> None:
    register(app, ASA)
    organiser.submit(CANCEL)
    refused = organiser.submit("/organiser/2026/edit", venue="Aulan")
    assert refused.status_code == 422 and "Dagen är nyss inställd" in read(refused).text
    assert "Dagen är nyss inställd" in organiser.page(person(app, ASA) + "/send").text
    time_is_up(app)
    organiser.submit("/organiser/2026/edit", venue="Aulan")
    with app.app_context():
        assert db.session.query(Event).one().venue == "Aulan"


def test_who_was_cancelled_by_hand_meanwhile_stays_so(app: Flask, organiser: CheckingClient) -> None:
    register(app, ASA)
    register(app, BO)
    register(app, EVA, "line")
    organiser.submit(CANCEL)
    organiser.submit(person(app, ASA) + "/cancel")
    assert find(app, EVA).status is Status.WAITING
    organiser.submit(DAY, action="/restore")
    assert not find(app, ASA).is_active
    assert find(app, EVA).has_seat


def test_what_keeps_a_cancellation_from_being_undone_is_told_as_it_is(
    app: Flask, organiser: CheckingClient, clock: time_machine.Traveller
) -> None:
    for email in (ASA, BO):
        register(app, email)
        organiser.submit(person(app, email) + "/cancel")
    undo, undo_bo = person(app, ASA) + "/undo", person(app, BO) + "/undo"
    form = organiser.page(undo).form()
    register(app, BO)
    assert "Personen är anmäld igen" in organiser.page(undo_bo).text
    organiser.submit(CANCEL)
    for page in (organiser.page(undo), read(organiser.send(undo, form))):
        assert "Ångra först att dagen är inställd, senast kl. 10.05." in page.text
        assert "Anmäl personen på nytt" not in page.text
    time_is_up(app)
    clock.shift(MINUTE)
    assert "Dagen är inställd, så avanmälan går inte att ångra." in organiser.page(undo).text
    clock.shift(UNDO_FOR)
    assert "Det går inte längre att ångra avanmälan." in organiser.page(undo).text


def test_a_day_without_people_is_taken_back_too(app: Flask, organiser: CheckingClient) -> None:
    assert "Ingen är anmäld, så inga mejl skickas." in read(organiser.submit(CANCEL)).text
    organiser.submit(DAY, action="/restore")
    organiser.submit(CANCEL)
    time_is_up(app)
    assert "Ingen var anmäld" in organiser.page(DAY).text


def test_a_button_without_its_token_changes_nothing(app: Flask, organiser: CheckingClient) -> None:
    register(app, ASA)
    organiser.submit(person(app, ASA) + "/cancel")
    assert organiser.post(person(app, ASA) + "/undo").status_code == 422
    organiser.submit(CANCEL)
    assert organiser.post(DAY + "restore").status_code == 422
    assert publication(app) is Publication.CANCELLED and not find(app, ASA).is_active


@pytest.mark.both_databases("the worker and the organiser wait for one lock")
@pytest.mark.parametrize("first", ["worker", "organiser"])
def test_of_a_worker_that_tells_and_an_organiser_who_takes_back_at_once_one_wins(
    app: Flask, clock: time_machine.Traveller, first: str
) -> None:
    """Neither waits for the other without end, and no letter says that a day is cancelled which takes place."""
    with app.app_context():
        event_id = new_day().id
    app.test_client().submit("/2026/register", **APPLICATION)  # type: ignore[attr-defined]
    cancelled_at = the_clock.now()
    with app.app_context(), writing():
        changes.cancel_day(event_id, 1, cancelled_at, actor="organiser:1")
    outcome: list[str] = []

    def tell() -> None:
        changes.tell_cancelled_days(cancelled_at + RESTORABLE_FOR)

    def restore() -> None:
        changes.restore_day(event_id, 2, cancelled_at + RESTORABLE_FOR - timedelta(milliseconds=1), actor="organiser:1")

    def beside() -> None:
        with app.app_context():
            try:
                with writing():
                    (restore if first == "worker" else tell)()
                outcome.append("done")
            except RuleBroken:
                outcome.append("refused")

    other = threading.Thread(target=beside)
    with app.app_context(), writing():
        (tell if first == "worker" else restore)()
        db.session.flush()
        other.start()
        other.join(0.3)
        assert other.is_alive()
    other.join(20)
    assert outcome == ["refused" if first == "worker" else "done"]
    with app.app_context():
        written = db.session.query(OutgoingMail).filter_by(kind="day_cancelled").count()
        is_on = db.session.get_one(Event, event_id).publication is Publication.PUBLISHED
    assert (written, is_on) == ((1, False) if first == "worker" else (0, True))
