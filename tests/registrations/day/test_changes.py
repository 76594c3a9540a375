"""The day changes, and the calendars follow: who is written to, once each, whatever breaks in between."""

from __future__ import annotations

import dataclasses
import signal
import sys
from datetime import datetime, time, timedelta
from typing import Any

import icalendar
import pytest
from sqlalchemy import select

from regapp.core import migrating
from regapp.core.audit import AuditEntry
from regapp.core.db import db, writing
from regapp.events.drafts import Draft
from regapp.events.models import Attendance, Event, Publication
from regapp.mailing import orders, outbox
from regapp.mailing.models import Bounce, CalendarMethod, MailState, OutgoingMail
from regapp.mailing.sending import claiming
from regapp.registrations import cancelling, changing, moving, on_behalf, registering
from regapp.registrations.application import Application
from regapp.registrations.choices import Profession, Wish
from regapp.registrations.day import changes as day_changes
from regapp.registrations.day.changes import NotAgreed, Saved
from regapp.registrations.letters import told
from regapp.registrations.models import Registration
from tests.support.cancelled import cancel_day_and_tell
from tests.support.days import STOCKHOLM, WHILE_OPEN, new_day
from tests.support.machine.forks import run
from tests.support.mail.letters import plain

pytestmark = pytest.mark.usefixtures("context")

MINUTE = timedelta(minutes=1)
ORGANISER = "organiser:1"
LATER = datetime(2026, 11, 25, 10, 0, tzinfo=STOCKHOLM)


@pytest.fixture
def day(context: None) -> int:
    """A day with a seat's holder, an online participant of each language, and somebody only in line; nothing waits."""
    event_id = new_day(seats_on_site=1).id
    join("seat", Wish.ON_SITE)
    join("online", Wish.ONLINE)
    join("english", Wish.ONLINE, "en")
    join("waiting", Wish.LINE)
    send_all()
    return event_id


def join(name: str, wish: Wish, language: str = "sv") -> None:
    application = Application("Åsa", "Ek", f"{name}@example.org", Profession.NURSE, "W", wish, language)
    with writing():
        registering.submit(1, application, name, WHILE_OPEN)


def person(name: str) -> Registration:
    db.session.expire_all()
    return db.session.scalars(select(Registration).filter_by(email=f"{name}@example.org")).one()


def send_all() -> None:
    with writing():
        for mail in db.session.scalars(select(OutgoingMail).filter_by(state=MailState.QUEUED)):
            if mail.is_order and not orders.render(mail):
                mail.state = MailState.WITHDRAWN
            else:
                mail.state, mail.sent_at = MailState.SENT, WHILE_OPEN


def attempt(draft: Draft, version: int, agreed: str, at: datetime, **changes: Any) -> Saved:
    """An organiser who opened this version presses "save", having agreed to what they saw."""
    wanted = dataclasses.replace(draft, **changes)
    return day_changes.save_day(1, version, wanted, at, actor=ORGANISER, agreed=agreed)


def signature(draft: Draft, version: int, at: datetime = WHILE_OPEN, **changes: Any) -> str:
    """What the organiser would be asked to agree to; "" when nobody is written to. Nothing is saved."""
    try:
        attempt(draft, version, "", at, **changes)
    except NotAgreed as asked:
        return asked.change.signature
    finally:
        db.session.rollback()
    return ""


def save(at: datetime = WHILE_OPEN, *, agreed: str | None = None, **changes: Any) -> Saved:
    """Save the day with these changes, agreed to as they are unless told otherwise; the caller commits."""
    event = db.session.get_one(Event, 1)
    version, draft = event.version, Draft.of(event)
    if agreed is None:
        agreed = signature(draft, version, at, **changes)
    return attempt(draft, version, agreed, at, **changes)


def change(at: datetime = WHILE_OPEN, **changes: Any) -> int:
    """The same, committed; how many letters were ordered."""
    with writing():
        return save(at, **changes).letters


def waiting() -> list[OutgoingMail]:
    """The orders and letters that wait, by their readers."""
    db.session.expire_all()
    return list(
        db.session.scalars(select(OutgoingMail).filter_by(state=MailState.QUEUED).order_by(OutgoingMail.recipient))
    )


def readers() -> list[str]:
    return [mail.recipient.partition("@")[0] for mail in waiting()]


def rendered(mail: OutgoingMail) -> OutgoingMail | None:
    """The letter that a worker makes of the order, or None when it drops it."""
    with writing():
        if orders.render(mail):
            return mail
        mail.state = MailState.WITHDRAWN
        return None


@pytest.mark.both_databases("the databases write a UUID differently")
def test_an_order_that_waits_while_the_program_is_updated_is_a_letter_afterwards(day: int, database_url: str) -> None:
    change(venue="Aulan")
    uid = person("seat").calendar_uid
    db.session.remove()
    db.engine.dispose()
    migrating.downgrade(database_url, "012")
    migrating.upgrade(database_url)
    (order,) = waiting()
    assert (order.entry_uid, order.sequence) == (uid, 1)
    letter = rendered(order)
    assert letter is not None and "Aulan" in plain(letter.text)
    assert told.may_show(person("online")), "its letter is found as well"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"venue": "Aulan"}, ["seat"]),
        ({"address": "Exempelvägen 2"}, ["seat"]),
        ({"starts_at": LATER}, ["english", "online", "seat"]),
        ({"ends_at": LATER + timedelta(hours=5)}, ["english", "online", "seat"]),
        ({"title_sv": "Dagen"}, ["online", "seat"]),
        ({"title_en": "The day"}, ["english"]),
        ({"venue": "Aulan", "title_en": "The day"}, ["english", "seat"]),
    ],
)
def test_those_are_written_to_whose_own_entry_differs(day: int, changes: dict[str, Any], expected: list[str]) -> None:
    sequences = {name: person(name).calendar_sequence for name in ("seat", "online", "english", "waiting")}
    assert change(**changes) == len(expected)
    assert readers() == expected
    for name, before in sequences.items():
        assert person(name).calendar_sequence == before + (name in expected)
    for mail in waiting():
        assert mail.is_order and mail.kind == "day_changed" and mail.sequence == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"meeting_url": "https://meeting.example.org/another"},
        {"sound_test_url": "https://meeting.example.org/sound"},
        {"description_sv": "Nytt", "audience_sv": "Alla", "directions_sv": "Till vänster"},
        {"programme": ()},
        {"seats_on_site": 1, "seats_online": 100, "join_minutes_before": 10},
        {"changes_close_at": LATER - timedelta(days=9), "offer_days": 3},
        {"venue": "Provsalen, Exempelvägen 1, Stockholm", "address": ""},
        {"title_sv": "Utbildningsdag om CAR T  2026"},
        {"contact_email": "ny@example.org"},
        {"doors_open": time(8, 30)},
    ],
)
def test_a_change_that_no_calendar_shows_writes_nothing(day: int, changes: dict[str, Any]) -> None:
    assert change(**changes) == 0
    assert waiting() == []
    assert {person(name).calendar_sequence for name in ("seat", "online", "english", "waiting")} == {0}


@pytest.mark.parametrize("publication", [Publication.DRAFT, Publication.CANCELLED])
def test_a_day_that_is_not_published_writes_nothing(day: int, publication: Publication) -> None:
    with writing():
        db.session.get_one(Event, day).publication = publication
    assert change(venue="Aulan") == 0
    assert waiting() == []


def test_a_day_that_is_over_writes_nothing_unless_it_is_moved_ahead(day: int) -> None:
    over = LATER + timedelta(days=1)
    assert change(over, venue="Aulan") == 0
    assert person("seat").calendar_sequence == 0
    moved = {"starts_at": LATER + timedelta(days=9), "ends_at": LATER + timedelta(days=9, hours=5)}
    assert change(over, **moved) == 3


@pytest.mark.both_databases("INSERT … SELECT and UPDATE mean the same people")
def test_who_has_no_entry_or_has_cancelled_is_not_written_to(day: int) -> None:
    with writing():
        application = Application("Bo", "Ek", "untold@example.org", Profession.NURSE, "W", Wish.ONLINE, "sv")
        on_behalf.register_for(1, application, WHILE_OPEN, actor=ORGANISER, tell=False)
        cancelling.cancel(person("online").id, WHILE_OPEN, tell=False, actor=ORGANISER)
    change(starts_at=LATER)
    assert readers() == ["english", "seat"]


def test_nothing_is_saved_before_the_organiser_has_agreed_to_this_change_and_this_number(day: int) -> None:
    with pytest.raises(NotAgreed) as asked, writing():
        save(agreed="", starts_at=LATER)
    seen = asked.value.change
    assert (seen.number, seen.to(Attendance.ON_SITE), seen.to(Attendance.ONLINE)) == (3, 1, 2)
    assert seen.without_entry == (1, 0)
    join("one more", Wish.ONLINE)
    for other in ({"starts_at": LATER + MINUTE}, {"starts_at": LATER}):
        with pytest.raises(NotAgreed), writing():
            save(agreed=seen.signature, **other)
    assert db.session.get_one(Event, day).version == 1
    assert [mail.recipient for mail in waiting()] == ["one more@example.org"]


def test_the_audit_log_tells_how_many_were_written_to_and_nothing_about_them(day: int) -> None:
    change(venue="Aulan")
    entry = db.session.scalars(select(AuditEntry).filter_by(action="event.change_told")).one()
    assert (entry.details, entry.actor) == ({"letters": 1}, ORGANISER)


def test_the_letter_tells_what_it_was_and_what_it_is(day: int) -> None:
    change(venue="Aulan", starts_at=LATER)
    letter = rendered(waiting()[-1])
    assert letter is not None and letter.text is not None and letter.calendar is not None
    words = plain(" ".join(letter.text.split()))
    assert "ändrat tid och plats för dagen" in words
    assert "onsdag 25 november 2026 kl. 10.00–16.30 svensk tid" in words
    assert "onsdag 25 november 2026 kl. 9.00–16.30 svensk tid" in words
    assert "Aulan, Exempelvägen 1" in words and "Provsalen, Exempelvägen 1" in words
    (entry,) = icalendar.Calendar.from_ical(letter.calendar).walk("VEVENT")
    assert entry["DTSTAMP"].dt == entry["LAST-MODIFIED"].dt == WHILE_OPEN
    assert entry["CREATED"].dt == WHILE_OPEN


def test_who_was_moved_without_a_letter_is_not_told_that_the_day_has_another_place(day: int) -> None:
    with writing():
        on_behalf.move(person("seat").id, Wish.ONLINE, WHILE_OPEN, actor=ORGANISER, tell=False)
    send_all()
    change(starts_at=LATER)
    letter = rendered(next(mail for mail in waiting() if mail.recipient == "seat@example.org"))
    words = " ".join((letter.text or "").split()) if letter else ""
    assert "ändrat tid för dagen" in words
    assert "Var, tidigare: Provsalen, Exempelvägen 1, Stockholm" in words


def test_an_order_overtaken_by_a_newer_change_is_dropped_and_the_newer_tells_of_all_that_differs(day: int) -> None:
    change(venue="Aulan")
    (first,) = waiting()
    change(WHILE_OPEN + MINUTE, starts_at=LATER)
    assert rendered(first) is None
    newer = rendered(waiting()[-1])
    assert newer is not None and newer.sequence == 2
    assert "ändrat tid och plats" in " ".join((newer.text or "").split())


def test_a_change_taken_back_before_anybody_heard_of_it_is_told_to_nobody(day: int) -> None:
    change(venue="Aulan")
    change(WHILE_OPEN + MINUTE, venue="Provsalen")
    first, second = sorted(waiting(), key=lambda mail: mail.sequence or 0)
    assert rendered(first) is None
    assert rendered(second) is None


@pytest.mark.parametrize("state", [MailState.QUEUED, MailState.SENDING])
def test_a_change_taken_back_is_told_while_an_earlier_letter_is_still_on_its_way(day: int, state: MailState) -> None:
    """That one may be dropped for the newer order: between them both must not vanish."""
    change(venue="Aulan")
    change(WHILE_OPEN + MINUTE, venue="Provsalen")
    first, second = sorted(waiting(), key=lambda mail: mail.sequence or 0)
    assert rendered(first) is None
    with writing():
        confirmation = db.session.scalars(
            select(OutgoingMail).filter_by(recipient="seat@example.org", sequence=0)
        ).one()
        confirmation.state, confirmation.sent_at = state, None
        confirmation.leased_until = WHILE_OPEN if state is MailState.SENDING else None
    letter = rendered(second)
    assert letter is not None and "ändrat dagen som du är anmäld till" in " ".join((letter.text or "").split())


def test_a_change_taken_back_after_somebody_heard_of_it_is_told(day: int) -> None:
    change(venue="Aulan")
    send_all()
    change(WHILE_OPEN + MINUTE, venue="Provsalen")
    letter = rendered(waiting()[0])
    assert letter is not None and "Aulan" in (letter.text or "")


@pytest.mark.both_databases("UPDATE … RETURNING claims and withdraws")
def test_a_change_taken_back_is_told_to_who_may_have_heard_of_it_from_a_worker_that_vanished(day: int) -> None:
    change(venue="Aulan")
    vanished = WHILE_OPEN + timedelta(hours=1)
    with writing():
        claimed = claiming.claim(WHILE_OPEN)
        assert claimed is not None and orders.render(db.session.get_one(OutgoingMail, claimed.id))
        claiming.take_back_expired(vanished)
    change(vanished, venue="Provsalen")
    letter_to_drop, order = sorted(waiting(), key=lambda mail: mail.sequence or 0)
    with writing():
        outbox.withdraw_all(OutgoingMail.id == letter_to_drop.id)
    letter = rendered(order)
    assert letter is not None and "Aulan" in (letter.text or "")


@pytest.mark.parametrize("happens", ["moves", "cancels", "cancels unheard", "another address", "promoted"])
def test_an_order_gives_way_to_what_happened_since(day: int, happens: str) -> None:
    change(starts_at=LATER)
    order = next(mail for mail in waiting() if mail.recipient == "seat@example.org")
    seat, at = person("seat").id, WHILE_OPEN + MINUTE
    with writing():
        if happens == "moves":
            moving.move_online(seat, at)
        elif happens == "another address":
            changing.change_address(seat, "new@example.org", at)
        else:
            cancelling.cancel(seat, at, tell=happens == "cancels")
    assert order.state is MailState.WITHDRAWN or rendered(order) is None


def test_more_seats_in_the_same_save_tell_the_promoted_once_with_the_new_time(day: int) -> None:
    with writing():
        moving.join_line(person("online").id, WHILE_OPEN + MINUTE)
        cancelling.cancel(person("waiting").id, WHILE_OPEN + MINUTE)
    send_all()
    change(WHILE_OPEN + 2 * MINUTE, starts_at=LATER, seats_on_site=2)
    order, letter = sorted(
        (mail for mail in waiting() if mail.recipient == "online@example.org"), key=lambda mail: mail.sequence or 0
    )
    assert order.is_order and rendered(order) is None
    assert (letter.kind, letter.sequence) == ("update", 2)
    assert "DTSTART:20261125T090000Z" in (letter.calendar or "")
    assert person("online").has_seat


@pytest.mark.both_databases("INSERT … SELECT means those of one language")
def test_a_letter_follows_the_language_that_its_reader_has_chosen_since(day: int) -> None:
    change(title_en="Utbildningsdag om CAR T 2026")
    send_all()
    change(venue="Aulan")
    with writing():
        changing.change_language(person("seat").id, "en", WHILE_OPEN)
    told, order = sorted(waiting(), key=lambda mail: mail.is_order)
    assert (told.kind, told.language, told.calendar) == ("update", "en", None), "the order brings the entry"
    letter = rendered(order)
    assert letter is not None and letter.language == "en"
    assert letter.subject == "The day has changed: Utbildningsdag om CAR T 2026"


@pytest.mark.both_databases("CASE decides who loses an entry")
def test_cancelling_the_day_writes_to_everybody_and_takes_the_entry_from_those_who_have_one(day: int) -> None:
    with writing():
        cancel_day_and_tell(day, 1, WHILE_OPEN, actor=ORGANISER)
    assert readers() == ["english", "online", "seat", "waiting"]
    for mail in waiting():
        letter = rendered(mail)
        assert letter is not None and letter.kind == "day_cancelled"
        is_waiting = letter.recipient == "waiting@example.org"
        assert letter.method is (None if is_waiting else CalendarMethod.CANCEL)
        if letter.calendar:
            (entry,) = icalendar.Calendar.from_ical(letter.calendar).walk("VEVENT")
            assert (int(entry["SEQUENCE"]), str(entry["STATUS"])) == (1, "CANCELLED")
        assert ("Kalenderposten" in (letter.text or "")) == (letter.language == "sv" and not is_waiting)
    assert not any(person(name).has_entry for name in ("seat", "online", "english", "waiting"))


@pytest.mark.both_databases("the entries that are left are found by an outer join")
@pytest.mark.parametrize("fate", ["no letter", "failed", "came back", "arrived", "never had it"])
def test_the_entry_of_a_cancelled_day_is_taken_also_from_who_was_cancelled_before_and_shows_it_still(
    day: int, fate: str
) -> None:
    silently = fate in {"no letter", "never had it"}
    if fate == "never had it":
        come_back("confirmation")
    with writing():
        cancelling.cancel(person("seat").id, WHILE_OPEN, actor=ORGANISER, tell=not silently)
    send_all()
    if fate == "came back":
        come_back("cancellation")
    if fate == "failed":
        with writing():
            failed = {"state": MailState.FAILED, "sent_at": None}
            db.session.query(OutgoingMail).filter_by(kind="cancellation").update(failed)
    with writing():
        cancel_day_and_tell(day, 1, WHILE_OPEN + MINUTE, actor=ORGANISER)
    letters = [rendered(mail) for mail in waiting() if mail.recipient == "seat@example.org"]
    found = [(mail.method, mail.sequence, "anmäld till" in (mail.text or "")) for mail in letters if mail]
    sequence = 1 if fate == "no letter" else 2
    is_left = fate not in {"arrived", "never had it"}
    assert found == ([(CalendarMethod.CANCEL, sequence, False)] if is_left else [])


def come_back(kind: str) -> None:
    with writing():
        mail = db.session.query(OutgoingMail).filter_by(recipient="seat@example.org", kind=kind).one()
        db.session.add(Bounce(mail_id=mail.id, at=WHILE_OPEN, status="5.2.2", reason="full"))


def test_a_change_that_waits_when_the_day_is_cancelled_is_dropped(day: int) -> None:
    change(venue="Aulan")
    (order,) = waiting()
    with writing():
        cancel_day_and_tell(day, 2, WHILE_OPEN + MINUTE, actor=ORGANISER)
    assert rendered(order) is None


def test_the_entry_of_a_cancelled_day_is_taken_also_from_who_is_cancelled_before_the_letter_leaves(day: int) -> None:
    with writing():
        cancel_day_and_tell(day, 1, WHILE_OPEN, actor=ORGANISER)
        cancelling.cancel(person("seat").id, WHILE_OPEN + MINUTE, actor=ORGANISER)
    order = next(mail for mail in waiting() if mail.is_order and mail.recipient == "seat@example.org")
    letter = rendered(order)
    assert letter is not None and letter.method is CalendarMethod.CANCEL


def test_a_transaction_that_ends_midway_leaves_nothing_and_another_try_doubles_nothing(day: int) -> None:
    with pytest.raises(RuntimeError), writing():
        assert save(venue="Aulan").letters == 1
        raise RuntimeError("the disk is full")
    assert waiting() == [] and person("seat").calendar_sequence == 0
    assert db.session.get_one(Event, day).venue == "Provsalen"
    assert change(venue="Aulan") == 1
    assert change(venue="Aulan") == 0
    assert readers() == ["seat"]


KILLED = """
import os, signal
import config
from regapp import create_app
from regapp.core.db import writing
from tests.registrations.day import test_changes
with create_app(config.load()).app_context(), writing():
    assert test_changes.save(venue="Aulan").letters == 1
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.both_databases("the database undoes what wasn't committed")
def test_a_web_process_killed_before_its_commit_leaves_nothing_half_done(day: int, environ: dict[str, str]) -> None:
    db.session.remove()
    killed = run([sys.executable, "-c", KILLED], environ)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert waiting() == [] and person("seat").calendar_sequence == 0
    assert change(venue="Aulan") == 1
