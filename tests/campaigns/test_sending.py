"""A reminder that falls due: to whom, once, and what is done when it is late."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as with_settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from regapp.campaigns.models import Audience, Reminder
from regapp.core.audit import AuditEntry
from regapp.core.db import db, writing
from regapp.events.models import Event, Publication
from regapp.mailing.models import MailState, OutgoingMail
from regapp.registrations import filling
from regapp.registrations.choices import Wish
from regapp.registrations.models import Registration, Status
from tests.attendees.people import add
from tests.campaigns.reminders import get, keep_house, remind, written
from tests.support.days import STOCKHOLM, WHILE_OPEN, new_day

pytestmark = pytest.mark.usefixtures("context")

DUE = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
START = datetime(2026, 11, 25, 9, 0, tzinfo=STOCKHOLM)
SITE, ONLINE = "site@example.org", "online@example.org"


@pytest.fixture(autouse=True)
def people(day: Event) -> None:
    """One on site, one online, one only in line, one who has cancelled."""
    add(day, "På", "Plats", email=SITE)
    add(day, "Di", "Gital", email=ONLINE, wish=Wish.ONLINE, language="en")
    for email, status in (("line@example.org", Status.WAITING), ("gone@example.org", Status.CONFIRMED)):
        person = add(day, "I", "Kö", email=email)
        with writing():
            one = db.session.get_one(Registration, person.id)
            one.in_line_since, one.status = WHILE_OPEN if status is Status.WAITING else None, status
            if email.startswith("gone"):
                filling.give_up(one, WHILE_OPEN, actor="participant")


def ends() -> list[str]:
    db.session.rollback()
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.actor == "system"))
    return [entry.action for entry in entries if entry.action.startswith("reminder.")]


@pytest.mark.both_databases("INSERT … SELECT means the audience")
def test_a_reminder_goes_to_everybody_of_its_audience_who_has_a_place(day: Event) -> None:
    expected = {Audience.EVERYBODY: [ONLINE, SITE], Audience.ON_SITE: [SITE], Audience.ONLINE: [ONLINE]}
    reminders = {audience: remind(day, audience=audience) for audience in expected}
    keep_house(DUE - timedelta(seconds=1))
    assert written() == []
    keep_house(DUE)
    for audience, reached in expected.items():
        assert get(reminders[audience]).written_at == DUE
        of_it = select(OutgoingMail).filter_by(reminder_id=reminders[audience], kind="reminder")
        letters = db.session.scalars(of_it.order_by(OutgoingMail.recipient)).all()
        assert [letter.recipient for letter in letters] == reached
        for letter in letters:
            assert (letter.is_order, letter.sequence, letter.calendar, letter.dated_at) == (True, None, None, DUE)
    assert len(written()) == 4


def test_an_order_is_in_the_participants_language(day: Event) -> None:
    remind(day)
    keep_house(DUE)
    found = db.session.execute(select(OutgoingMail.recipient, OutgoingMail.language))
    assert dict(found.all()) == {SITE: "sv", ONLINE: "en"}


@pytest.mark.both_databases("SQL compares the instants")
def test_whoever_registered_after_it_fell_due_gets_none(day: Event) -> None:
    remind(day)
    add(day, "Just", "Itid", at=DUE, email="intime@example.org")
    add(day, "Strax", "Efter", at=DUE + timedelta(seconds=1), email="after@example.org")
    keep_house(DUE + timedelta(hours=2))
    assert written() == ["intime@example.org", ONLINE, SITE]


@pytest.mark.parametrize("hours", [0, 1, 23, 24])
def test_after_up_to_a_day_without_the_service_it_still_goes_out(day: Event, hours: int) -> None:
    reminder_id = remind(day)
    keep_house(DUE + timedelta(hours=hours))
    assert written() == [ONLINE, SITE]
    assert get(reminder_id).missed_at is None


def test_after_more_than_a_day_without_the_service_it_is_missed(day: Event) -> None:
    reminder_id = remind(day)
    keep_house(DUE + timedelta(hours=25))
    assert written() == []
    assert get(reminder_id).missed_at == DUE + timedelta(hours=25)
    keep_house(DUE + timedelta(hours=26))
    keep_house(DUE)
    assert written() == []
    assert ends() == ["reminder.missed"]


def test_once_the_day_has_started_it_is_missed_however_short_the_wait(day: Event) -> None:
    last = remind(day, days_before=1)
    keep_house(START - timedelta(seconds=1))
    assert get(last).written_at is not None
    other = new_day(slug="2026-other")
    add(other, "På", "Plats")
    late = remind(other, days_before=1)
    keep_house(START)
    assert get(late).missed_at == START


@pytest.mark.parametrize(
    ("publication", "moments"),
    [(Publication.CANCELLED, [DUE, DUE + timedelta(hours=30)]), (Publication.DRAFT, [DUE])],
)
def test_a_cancelled_day_and_a_draft_send_none(day: Event, publication: Publication, moments: list[datetime]) -> None:
    reminder_id = remind(day)
    with writing():
        db.session.get_one(Event, day.id).publication = publication
    for moment in moments:
        keep_house(moment)
    assert written() == []
    assert get(reminder_id).is_ahead


def test_no_reminder_goes_twice_or_is_skipped_when_the_clock_jumps_an_hour(day: Event) -> None:
    remind(day)
    half = timedelta(minutes=30)
    for moment in (DUE - half, DUE + half, DUE - half, DUE + half, DUE + 3 * half):
        keep_house(moment)
    assert written() == [ONLINE, SITE]
    assert ends() == ["reminder.written"]


def test_a_day_that_moves_after_its_reminder_went_gets_no_second_one(day: Event) -> None:
    remind(day)
    keep_house(DUE)
    with writing():
        event = db.session.get_one(Event, day.id)
        event.starts_at += timedelta(days=7)
        event.ends_at += timedelta(days=7)
    keep_house(DUE + timedelta(days=7))
    assert written() == [ONLINE, SITE]


def test_two_reminders_are_two_letters(day: Event) -> None:
    remind(day, days_before=7)
    remind(day, days_before=6)
    keep_house(DUE)
    keep_house(DUE + timedelta(days=1))
    assert written() == [ONLINE, ONLINE, SITE, SITE]


@pytest.mark.both_databases("a lock and the unique key of each letter")
def test_several_workers_at_once_write_it_once(app: Flask, day: Event) -> None:
    remind(day)
    barrier = threading.Barrier(4)
    troubles: list[Exception] = []

    def work() -> None:
        with app.app_context():
            barrier.wait()
            try:
                keep_house(DUE)
            except Exception as trouble:
                troubles.append(trouble)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not troubles
    assert written() == [ONLINE, SITE]
    assert ends() == ["reminder.written"]


@pytest.mark.both_databases("UPDATE looks for the days itself")
@pytest.mark.parametrize(
    "ends_it",
    [
        lambda event: setattr(event, "publication", Publication.CANCELLED),
        lambda event: setattr(event, "starts_at", DUE + timedelta(minutes=5)),
    ],
    ids=["cancelled", "started"],
)
def test_a_letter_that_no_server_took_in_time_is_taken_back(day: Event, ends_it: Callable[[Event], None]) -> None:
    remind(day)
    keep_house(DUE)
    keep_house(DUE + timedelta(hours=1))
    assert set(db.session.scalars(select(OutgoingMail.state))) == {MailState.QUEUED}
    with writing():
        event = db.session.get_one(Event, day.id)
        event.promote_until = event.closes_at = event.changes_close_at = event.opens_at + timedelta(days=1)
        ends_it(event)
    keep_house(DUE + timedelta(hours=2))
    db.session.rollback()
    assert set(db.session.scalars(select(OutgoingMail.state))) == {MailState.WITHDRAWN}


moments = st.lists(st.integers(min_value=-60, max_value=8 * 24 * 60), min_size=1, max_size=8)


@given(minutes=moments)
@with_settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whenever_the_worker_looks_a_reminder_has_one_end_and_nobody_two_letters(
    day: Event, minutes: list[int]
) -> None:
    with writing():
        db.session.execute(delete(OutgoingMail))
        db.session.execute(delete(Reminder))
    reminder_id = remind(day)
    looks = [DUE + timedelta(minutes=minute) for minute in minutes]
    for look in looks:
        keep_house(look)
    first = next((look for look in looks if look >= DUE), None)
    useful = first is not None and first - DUE <= timedelta(days=1)
    taken_back = any(look >= START for look in looks)
    states = list(db.session.scalars(select(OutgoingMail.state).where(OutgoingMail.reminder_id == reminder_id)))
    assert written() == ([ONLINE, SITE] if useful else [])
    assert set(states) <= ({MailState.WITHDRAWN} if taken_back else {MailState.QUEUED})
    reminder = get(reminder_id)
    assert reminder.written_at == (first if useful else None)
    assert reminder.missed_at == (None if useful else first)
