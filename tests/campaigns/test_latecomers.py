"""Who gets a place after a reminder went out gets its words with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from regapp.campaigns.models import Audience
from regapp.core import clock as the_clock
from regapp.core.db import db, writing
from regapp.events.models import Event
from regapp.mailing.models import Bounce, CalendarMethod, MailState, OutgoingMail, TryOutcome
from tests.campaigns.reminders import get, keep_house, remind
from tests.registrations.people import find, path_of, register
from tests.support.client import CheckingClient
from tests.support.days import APPLICATION, new_day
from tests.support.mail.fates import REFUSAL, all_go, letters
from tests.support.organisers import signed_in

ASA, BO, EVA = "asa@example.org", "bo@example.org", "eva@example.org"
DUE = datetime(2026, 11, 4, 8, 0, tzinfo=UTC)
"""Three weeks before the day at nine, while registration is open."""
MINUTE = timedelta(minutes=1)
CARD, SOUND, FOOD = "Ta med legitimation.", "Prova ljudet i god tid.", "Lunch serveras kl. 12."


@pytest.fixture
def clock() -> object:
    with time_machine.travel(DUE - timedelta(days=1), tick=False) as traveller:
        yield traveller


@pytest.fixture
def goes_out(app: Flask, clock: time_machine.Traveller) -> Callable[..., int]:
    """A reminder with these words falls due now; the clock stands a minute later."""

    def go(message_sv: str, audience: Audience = Audience.ON_SITE, **more: str) -> int:
        with app.app_context():
            day = db.session.query(Event).one()
            before = DUE - timedelta(hours=1)
            reminder = remind(day, before, days_before=21, audience=audience, message_sv=message_sv, **more)
            keep_house(DUE)
        clock.move_to(DUE + MINUTE)
        return reminder

    with app.app_context():
        new_day(seats_on_site=1)
    return go


def last_words(app: Flask, email: str) -> str:
    """The latest letter to them, in one line; text and HTML say the same by another test."""
    return " ".join((letters(app, email)[-1].text or "").split())


def person(app: Flask, email: str) -> str:
    return f"/organiser/2026/attendees/{find(app, email).public_id}"


def test_who_registers_later_gets_them_in_the_confirmation_under_a_heading(
    app: Flask, goes_out: Callable[..., int]
) -> None:
    goes_out(CARD, message_en="Bring an identity card.")
    register(app, ASA)
    assert f"Från arrangörerna {CARD} Din plats Vad:" in last_words(app, ASA)
    with app.app_context(), writing():
        db.session.query(Event).one().seats_on_site = None
    register(app, BO, language="en")
    assert "From the organisers Bring an identity card. Your place What:" in last_words(app, BO)


def test_words_for_another_form_of_attendance_are_not_for_them(app: Flask, goes_out: Callable[..., int]) -> None:
    goes_out(CARD, Audience.ON_SITE)
    goes_out(SOUND, Audience.ONLINE)
    goes_out(FOOD, Audience.EVERYBODY)
    register(app, ASA, "online")
    said = last_words(app, ASA)
    assert SOUND in said and FOOD in said and CARD not in said


def test_who_is_promoted_gets_them_with_the_seat(
    app: Flask, clock: time_machine.Traveller, goes_out: Callable[..., int]
) -> None:
    register(app, ASA)
    register(app, EVA, "online_and_line")
    goes_out(CARD)
    CheckingClient.submit(app.test_client(), path_of(app, ASA) + "/cancel")  # type: ignore[arg-type]
    assert find(app, EVA).has_seat
    assert CARD in last_words(app, EVA)


def test_who_changes_form_gets_those_of_the_new_one_and_who_has_them_not_again(
    app: Flask, clock: time_machine.Traveller, goes_out: Callable[..., int]
) -> None:
    register(app, ASA)
    goes_out(CARD)
    all_go(app)
    client: CheckingClient = app.test_client()  # type: ignore[assignment]
    client.submit(path_of(app, ASA) + "/attendance", attendance="online")
    assert CARD not in last_words(app, ASA)
    clock.shift(MINUTE)
    client.submit(path_of(app, ASA) + "/attendance", attendance="on_site")
    assert "Du deltar på plats" in last_words(app, ASA) and CARD not in last_words(app, ASA)
    client.submit(path_of(app, ASA) + "/cancel")
    register(app, BO, "online")
    clock.shift(MINUTE)
    client.submit(path_of(app, BO) + "/attendance", attendance="on_site")
    assert CARD in last_words(app, BO)


def test_who_is_registered_moved_or_given_a_place_by_others_gets_them_too(
    app: Flask, clock: time_machine.Traveller, goes_out: Callable[..., int]
) -> None:
    register(app, ASA)
    register(app, BO, "online")
    goes_out(CARD)
    organiser = signed_in(app)
    clock.shift(MINUTE)
    organiser.submit(person(app, BO) + "/move", attendance="on_site", reason="Föreläsare")
    assert CARD in last_words(app, BO)
    client: CheckingClient = app.test_client()  # type: ignore[assignment]
    client.submit(path_of(app, ASA) + "/transfer", first_name="Eva", last_name="Ek", email=EVA)
    assert CARD in last_words(app, EVA)


def test_a_letter_without_a_place_has_none_of_them(app: Flask, goes_out: Callable[..., int]) -> None:
    register(app, ASA)
    goes_out(CARD, Audience.EVERYBODY)
    register(app, EVA, "line")
    assert "Du står i kö" in last_words(app, EVA) and CARD not in last_words(app, EVA)


def test_what_was_missed_or_is_ahead_is_not_told(app: Flask, goes_out: Callable[..., int]) -> None:
    missed = goes_out(CARD)
    with app.app_context():
        with writing():
            reminder = get(missed)
            reminder.missed_at, reminder.written_at = reminder.written_at, None
        remind(db.session.query(Event).one(), DUE + MINUTE, days_before=7, message_sv=SOUND)
    register(app, ASA)
    assert CARD not in last_words(app, ASA) and SOUND not in last_words(app, ASA)


def test_who_registers_after_it_fell_due_and_before_the_worker_writes_it_gets_them(
    app: Flask, clock: time_machine.Traveller, goes_out: Callable[..., int]
) -> None:
    """The reminder itself goes to those who were registered when it fell due."""
    with app.app_context():
        remind(db.session.query(Event).one(), DUE - MINUTE, days_before=21, message_sv=CARD)
    clock.move_to(DUE + timedelta(seconds=20))
    register(app, ASA)
    assert CARD in last_words(app, ASA)
    with app.app_context():
        keep_house(DUE + MINUTE)
    assert [mail.kind for mail in letters(app, ASA)] == ["confirmation"]


@pytest.mark.parametrize("fate", ["failed", "came back", "another address"])
def test_whom_the_reminder_did_not_reach_gets_its_words_with_the_next_letter_about_the_place(
    app: Flask, clock: time_machine.Traveller, goes_out: Callable[..., int], fate: str
) -> None:
    register(app, ASA)
    goes_out(CARD)
    all_go(app)
    with app.app_context(), writing():
        mail = db.session.query(OutgoingMail).filter_by(kind="reminder").one()
        if fate == "failed":
            mail.state, mail.sent_at = MailState.FAILED, None
        elif fate == "came back":
            mail.bounce = Bounce(at=DUE, status="5.1.1", reason="unknown")
    to = EVA if fate == "another address" else ASA
    organiser = signed_in(app)
    clock.shift(MINUTE)
    organiser.submit(person(app, ASA) + "/correct", email=to)
    if fate != "another address":
        organiser.submit(person(app, ASA) + "/send")
    assert CARD in last_words(app, to)


def test_the_same_words_stand_there_once_and_different_ones_in_order(app: Flask, goes_out: Callable[..., int]) -> None:
    goes_out(CARD)
    goes_out(FOOD, Audience.EVERYBODY)
    with app.app_context(), writing():
        other = remind(db.session.query(Event).one(), DUE - 2 * MINUTE, days_before=20, message_sv=CARD)
        get(other).written_at = DUE
    register(app, ASA)
    said = last_words(app, ASA)
    assert said.count(CARD) == 1
    assert f"Från arrangörerna {CARD} {FOOD} Din plats" in said


@pytest.mark.parametrize("then", ["moves", "cancels and undoes", "is told anew", "gets it again"])
def test_who_got_them_in_the_confirmation_is_not_told_again(
    app: Flask, clock: time_machine.Traveller, goes_out: Callable[..., int], then: str
) -> None:
    goes_out(FOOD, Audience.EVERYBODY)
    register(app, ASA)
    assert FOOD in last_words(app, ASA)
    if then == "gets it again":
        all_go(app, TryOutcome.FAILED, REFUSAL)
        signed_in(app).submit(f"/organiser/2026/mail/{letters(app, ASA)[-1].id}", action="/again")
    all_go(app)
    clock.shift(MINUTE)
    client: CheckingClient = app.test_client()  # type: ignore[assignment]
    if then == "is told anew":
        signed_in(app).submit(person(app, ASA) + "/send")
    elif then == "cancels and undoes":
        client.submit(path_of(app, ASA) + "/cancel")
        client.submit(path_of(app, ASA), action="/undo")
    else:
        client.submit(path_of(app, ASA) + "/attendance", attendance="online")
    assert letters(app, ASA)[-1].method is CalendarMethod.REQUEST and FOOD not in last_words(app, ASA)
    with app.app_context():
        keep_house(DUE + 2 * MINUTE)
    assert "reminder" not in [mail.kind for mail in letters(app, ASA)]


@pytest.mark.parametrize("does", ["registers", "moves", "cancels and restores", "cancels after it was written"])
def test_whom_an_organiser_gives_a_place_without_a_letter_gets_the_reminder_itself_once(
    app: Flask, clock: time_machine.Traveller, goes_out: Callable[..., int], does: str
) -> None:
    if does != "registers":
        register(app, ASA, "online" if does == "moves" else "on_site")
    all_go(app)
    clock.move_to(DUE - MINUTE)
    organiser = signed_in(app)
    if does == "cancels and restores":
        organiser.submit(person(app, ASA) + "/cancel", tell=None)
    goes_out(CARD)
    goes_out("", Audience.EVERYBODY)
    if does == "registers":
        fields = {**APPLICATION, "email": ASA, "attendance": "on_site"}
        organiser.submit("/organiser/2026/register", **fields, tell=None)
    elif does == "moves":
        organiser.submit(person(app, ASA) + "/move", attendance="on_site", tell=None)
    else:
        if does == "cancels after it was written":
            organiser.submit(person(app, ASA) + "/cancel", tell=None)
            all_go(app)
        organiser.submit(person(app, ASA), action="/undo")
    for _ in range(2):
        clock.shift(MINUTE)
        with app.app_context():
            keep_house(the_clock.now())
        all_go(app)
    said = [mail for mail in letters(app, ASA) if CARD in (mail.text or "")]
    assert [(mail.kind, mail.state) for mail in said] == [("reminder", MailState.SENT)]
    clock.shift(MINUTE)
    organiser.submit(person(app, ASA) + "/send")
    assert CARD not in last_words(app, ASA)


def test_a_reminder_to_a_late_comer_that_was_dropped_is_written_anew(
    app: Flask, clock: time_machine.Traveller, goes_out: Callable[..., int]
) -> None:
    """Cancelled before it went, and restored."""
    goes_out(CARD)
    organiser = signed_in(app)

    def a_minute_goes_by() -> None:
        clock.shift(MINUTE)
        with app.app_context():
            keep_house(the_clock.now())

    organiser.submit("/organiser/2026/register", **APPLICATION, tell=None)
    a_minute_goes_by()
    organiser.submit(person(app, ASA) + "/cancel", tell=None)
    all_go(app)
    organiser.submit(person(app, ASA), action="/undo")
    a_minute_goes_by()
    all_go(app)
    found = [(mail.kind, mail.state) for mail in letters(app, ASA)]
    assert found == [("reminder", MailState.WITHDRAWN), ("reminder", MailState.SENT)]


def test_who_was_cancelled_and_restored_again_before_it_left_gets_it_all_the_same(
    app: Flask, clock: time_machine.Traveller, goes_out: Callable[..., int]
) -> None:
    """All without a letter: what waited each time was dropped."""
    register(app, ASA)
    all_go(app)
    goes_out(CARD)
    organiser = signed_in(app)
    for _ in range(2):
        organiser.submit(person(app, ASA) + "/cancel", tell=None)
        all_go(app)
        organiser.submit(person(app, ASA), action="/undo")
        clock.shift(MINUTE)
        with app.app_context():
            keep_house(the_clock.now())
    all_go(app)
    said = [mail.state for mail in letters(app, ASA) if CARD in (mail.text or "")]
    assert said == [MailState.SENT]


def test_a_reminder_speaks_the_language_that_was_chosen_while_it_waited(
    app: Flask, goes_out: Callable[..., int]
) -> None:
    register(app, ASA)
    goes_out(CARD, message_en="Bring an identity card.")
    client: CheckingClient = app.test_client()  # type: ignore[assignment]
    client.submit(path_of(app, ASA) + "/language", language="en")
    all_go(app)
    (mail,) = [mail for mail in letters(app, ASA) if mail.kind == "reminder"]
    assert (mail.language, mail.subject) == ("en", "Reminder: CAR T training day 2026")
    assert "Bring an identity card." in (mail.text or "")
