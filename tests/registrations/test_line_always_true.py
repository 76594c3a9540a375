"""Whatever people do, in whatever order: no seat twice, none empty while someone waits, and every calendar is right."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import delete, select

from regapp.core.db import db, writing
from regapp.core.errors import RuleBroken
from regapp.events.models import Event
from regapp.mailing.models import MailState, OutgoingMail
from regapp.registrations import (
    arranging,
    cancelling,
    changing,
    line,
    moving,
    places,
    promoting,
    registering,
    transferring,
)
from regapp.registrations.applying import Application
from regapp.registrations.choices import Attendance, Profession, Wish
from regapp.registrations.models import Registration, Status
from regapp.registrations.transferring import Colleague
from tests.support.days import STOCKHOLM, new_day

START = datetime(2026, 10, 20, 10, 0, tzinfo=STOCKHOLM)
people = st.integers(0, 6)


class Day(RuleBasedStateMachine):
    """A small day with few seats and a few people who change their minds."""

    app: Flask

    def __init__(self) -> None:
        super().__init__()
        self.context = self.app.app_context()
        self.context.push()
        with writing():
            for table in reversed(db.metadata.sorted_tables):
                db.session.execute(delete(table))
        self.event_id = new_day(seats_on_site=2, seats_online=4).id
        self.now = START.astimezone(UTC)
        self.beyond = 0

    def teardown(self) -> None:
        db.session.remove()
        self.context.pop()

    def act(self, rule: Any, *values: Any, **named: Any) -> None:
        """One transaction; what a rule refuses leaves nothing behind."""
        try:
            with writing():
                rule(*values, **named)
        except RuleBroken:
            db.session.rollback()

    def ids(self, person: int) -> int:
        found = db.session.scalars(select(Registration.id).order_by(Registration.id)).all()
        return found[person % len(found)] if found else 0

    @property
    def someone(self) -> bool:
        return db.session.scalar(select(Registration.id).limit(1)) is not None

    @rule(person=people, wish=st.sampled_from(Wish))
    def register(self, person: int, wish: Wish) -> None:
        application = Application("F", "E", f"p{person}@example.org", Profession.NURSE, "W", wish, "sv")
        self.act(registering.submit, self.event_id, application, uuid.uuid4().hex, self.now)

    @rule(person=people)
    def an_organiser_registers_beyond_the_number(self, person: int) -> None:
        application = Application("F", "E", f"p{person}@example.org", Profession.NURSE, "W", Wish.ON_SITE, "sv")
        self.act(arranging.register_for, self.event_id, application, self.now, actor="organiser:1", reason="Föreläsare")
        event = db.session.get_one(Event, self.event_id)
        self.beyond = max(0, places.count(event).on_site.taken - (event.seats_on_site or 0))

    @precondition(lambda self: self.someone)
    @rule(person=people)
    def cancel(self, person: int) -> None:
        self.act(cancelling.cancel, self.ids(person), self.now)

    @precondition(lambda self: self.someone)
    @rule(person=people)
    def undo(self, person: int) -> None:
        self.act(cancelling.undo, self.ids(person), self.now)

    @precondition(lambda self: self.someone)
    @rule(person=people)
    def undo_into_line(self, person: int) -> None:
        self.act(cancelling.undo_into_line, self.ids(person), self.now)

    @precondition(lambda self: self.someone)
    @rule(
        person=people,
        move=st.sampled_from([moving.move_online, moving.move_on_site, moving.join_line, moving.leave_line]),
    )
    def move(self, person: int, move: Any) -> None:
        self.act(move, self.ids(person), self.now)

    @precondition(lambda self: self.someone)
    @rule(person=people, answer=st.sampled_from([promoting.accept, promoting.decline]))
    def answer(self, person: int, answer: Any) -> None:
        self.act(answer, self.ids(person), self.now)

    @precondition(lambda self: self.someone)
    @rule(person=people, other=people)
    def transfer(self, person: int, other: int) -> None:
        self.act(transferring.transfer, self.ids(person), Colleague("K", "K", f"p{other}@example.org"), self.now)

    @precondition(lambda self: self.someone)
    @rule(person=people, other=people)
    def correct_address(self, person: int, other: int) -> None:
        self.act(self._change_address, self.ids(person), f"p{other}@example.org")

    def _change_address(self, registration_id: int, email: str) -> None:
        if line.get_locked(registration_id).is_active:
            changing.change_address(registration_id, email, self.now)
            promoting.settle(db.session.get_one(Event, self.event_id), self.now)

    @precondition(lambda self: self.someone)
    @rule(person=people, language=st.sampled_from(["sv", "en"]))
    def speak(self, person: int, language: str) -> None:
        self.act(changing.change_language, self.ids(person), language, self.now)

    @rule(seats=st.integers(0, 4))
    def change_seats(self, seats: int) -> None:
        self.act(self._set_seats, seats)

    def _set_seats(self, seats: int) -> None:
        event = db.session.get_one(Event, self.event_id)
        event.seats_on_site = seats
        promoting.settle(event, self.now)
        self.beyond = max(0, places.count(event).on_site.taken - seats)

    @rule(hours=st.sampled_from([0.1, 1, 5, 30, 24 * 9]))
    def time_passes(self, hours: float) -> None:
        self.now += timedelta(hours=hours)
        self.act(promoting.settle_all, self.now)

    @rule()
    def letters_are_sent(self) -> None:
        with writing():
            for mail in db.session.scalars(select(OutgoingMail).where(OutgoingMail.state == MailState.QUEUED)):
                mail.state, mail.sent_at = MailState.SENT, self.now

    @invariant()
    def seats_are_given_once_and_none_stays_empty(self) -> None:
        db.session.expire_all()
        event = db.session.get_one(Event, self.event_id)
        on_site = places.count(event).on_site
        assert event.seats_on_site is not None
        if on_site.taken > event.seats_on_site:
            assert on_site.taken - event.seats_on_site <= self.beyond
        else:
            self.beyond = 0
        if event.fills_seats(self.now):
            waiting = db.session.scalars(line.without_offer(event.id)).all()
            assert not (waiting and on_site.left)

    @invariant()
    def every_calendar_equals_the_registration(self) -> None:
        for registration in db.session.scalars(select(Registration)):
            mails = db.session.scalars(
                select(OutgoingMail).where(
                    OutgoingMail.registration_id == registration.id,
                    OutgoingMail.calendar.is_not(None),
                    OutgoingMail.state != MailState.WITHDRAWN,
                )
            ).all()
            shown = replay([m for m in mails if m.recipient == registration.email])
            if registration.has_place:
                online = registration.attendance is Attendance.ONLINE
                place = "\x02join\x03" if online else "Provsalen, Exempelvägen 1, Stockholm"
                assert shown == [(f"{registration.calendar_uid}@{registration.calendar_domain}", place)]
            else:
                assert shown == []
            assert replay([m for m in mails if m.recipient != registration.email]) == []

    @invariant()
    def offers_are_for_seats_and_have_an_end(self) -> None:
        for registration in db.session.scalars(select(Registration).where(Registration.answer_by.is_not(None))):
            assert registration.status is not Status.CANCELLED
            assert registration.answer_by is not None and registration.answer_by > self.now


def replay(mails: list[OutgoingMail]) -> list[tuple[str, str]]:
    """What a calendar shows after these letters, in any order: UID and place of each entry that stands."""
    entries: dict[str, tuple[int, str | None]] = {}
    for mail in mails:
        (event,) = icalendar.Calendar.from_ical(mail.calendar or "").walk("VEVENT")
        uid, sequence = str(event["UID"]), int(event["SEQUENCE"])
        known = entries.get(uid)
        assert known is None or known[0] != sequence, "one SEQUENCE, two letters"
        if known is None or sequence > known[0]:
            entries[uid] = (sequence, None if str(event["STATUS"]) == "CANCELLED" else str(event["LOCATION"]))
    return sorted((uid, place) for uid, (_, place) in entries.items() if place is not None)


@pytest.mark.both_databases
def test_seats_line_and_calendars_are_true_after_every_step(app: Flask) -> None:
    machine = type("DayHere", (Day,), {"app": app})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=[Phase.generate],
        ),
    )
