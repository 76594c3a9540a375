"""Whatever people do, in whatever order: no seat twice, none empty while someone waits, and every calendar is right."""

from __future__ import annotations

import dataclasses
import re
import uuid
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import icalendar
import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select

from regapp.core.db import db, writing
from regapp.core.errors import RuleBroken
from regapp.events.drafts import Draft
from regapp.events.models import RESTORABLE_FOR, Attendance, Event, Publication
from regapp.mailing import orders
from regapp.mailing.models import Bounce, CalendarMethod, MailState, OutgoingMail, TryOutcome
from regapp.mailing.sending import claiming
from regapp.mailing.sending.claiming import Answer
from regapp.registrations import cancelling, changing, filling, moving, on_behalf, places, registering, transferring
from regapp.registrations.application import Application, Details, Needs
from regapp.registrations.choices import Diet, Profession, Wish
from regapp.registrations.day import changes as day_changes
from regapp.registrations.day.changes import NotAgreed
from regapp.registrations.finding import without_offer
from regapp.registrations.letters import links, told
from regapp.registrations.models import HealthNote, Registration, Status
from regapp.registrations.transferring import Colleague
from tests.support.days import STOCKHOLM, new_day
from tests.support.mail.fates import made

ORGANISER = "organiser:1"
START = datetime(2026, 10, 20, 10, 0, tzinfo=STOCKHOLM)
people = st.integers(0, 6)


class Entry(NamedTuple):
    """One entry in a calendar."""

    uid: str
    place: str
    starts_at: datetime
    ends_at: datetime
    summary: str


class Mailbox(NamedTuple):
    """What its calendar shows when all that waits has left, and how many letters on what its owner has came there."""

    shown: list[Entry]
    letters: int


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
        self.steps = 0
        self.silence: dict[str, Mailbox] = {}

    def teardown(self) -> None:
        db.session.remove()
        self.context.pop()

    @initialize(has_people=st.booleans(), have_heard=st.booleans())
    def some_are_registered(self, has_people: bool, have_heard: bool) -> None:
        wishes = [Wish.ON_SITE, Wish.ON_SITE, Wish.ONLINE_AND_LINE, Wish.LINE, Wish.ONLINE] if has_people else []
        for person, wish in enumerate(wishes):
            self.register(person, wish)
        if have_heard:
            self.letters_leave(len(wishes))

    def act(self, rule: Any, *values: Any, **named: Any) -> None:
        """One transaction; what a rule refuses leaves nothing behind."""
        self.steps += 1
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
        language = "en" if person % 2 else "sv"
        application = Application("F", "E", f"p{person}@example.org", Profession.NURSE, "W", wish, language)
        self.act(registering.submit, self.event_id, application, uuid.uuid4().hex, self.now)

    @rule(person=people)
    def an_organiser_registers_beyond_the_number(self, person: int) -> None:
        application = Application("F", "E", f"p{person}@example.org", Profession.NURSE, "W", Wish.ON_SITE, "sv")
        self._register_for(application)

    @rule(person=people, wish=st.sampled_from(Wish))
    def an_organiser_registers_without_a_letter(self, person: int, wish: Wish) -> None:
        application = Application("F", "E", f"p{person}@example.org", Profession.NURSE, "W", wish, "sv")
        self._register_for(application, tell=False)

    def _register_for(self, application: Application, **named: Any) -> None:
        named = {"actor": "organiser:1", "reason": "Föreläsare", **named}
        self.act(on_behalf.register_for, self.event_id, application, self.now, **named)
        self._note_silence(application.email, **named)
        event = db.session.get_one(Event, self.event_id)
        self.beyond = max(0, places.count(event).on_site.taken - (event.seats_on_site or 0))

    def _note_beyond(self) -> None:
        event = db.session.get_one(Event, self.event_id)
        self.beyond = max(self.beyond, places.count(event).on_site.taken - (event.seats_on_site or 0))

    @precondition(lambda self: self.someone)
    @rule(person=people, tell=st.booleans())
    def an_organiser_cancels(self, person: int, tell: bool) -> None:
        email = db.session.get_one(Registration, self.ids(person)).email
        self.act(cancelling.cancel, self.ids(person), self.now, actor=ORGANISER, tell=tell)
        self._note_silence(email, tell=tell)

    @precondition(lambda self: self.someone)
    @rule(person=people, wish=st.sampled_from(Wish), tell=st.booleans())
    def an_organiser_moves(self, person: int, wish: Wish, tell: bool) -> None:
        named = {"actor": "organiser:1", "reason": "Föreläsare", "tell": tell}
        email = db.session.get_one(Registration, self.ids(person)).email
        self.act(on_behalf.move, self.ids(person), wish, self.now, **named)
        self._note_silence(email, **named)
        event = db.session.get_one(Event, self.event_id)
        self.beyond = max(self.beyond, places.count(event).on_site.taken - (event.seats_on_site or 0))

    def _note_silence(self, email: str, *, tell: bool = True, **_named: Any) -> None:
        """Something was changed without a letter: the calendar stays as it is until the next one."""
        if not tell:
            self.silence[email] = self._arriving()[email]
            db.session.rollback()

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
    def an_organiser_undoes(self, person: int) -> None:
        """Beyond the number where the seat has gone on."""
        self.act(on_behalf.undo, self.ids(person), self.now, actor=ORGANISER, reason="Fel person")
        self._note_beyond()

    @precondition(lambda self: self.someone)
    @rule(person=people)
    def an_organiser_cancels_without_a_letter_and_undoes(self, person: int) -> None:
        self.act(self._cancel_in_silence, self.ids(person))
        self._note_beyond()

    def _cancel_in_silence(self, registration_id: int) -> None:
        cancelling.cancel(registration_id, self.now, actor=ORGANISER, tell=False)
        on_behalf.undo(registration_id, self.now, actor=ORGANISER, reason="Fel person")

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
    @rule(person=people, answer=st.sampled_from([filling.accept, filling.decline]))
    def answer(self, person: int, answer: Any) -> None:
        self.act(answer, self.ids(person), self.now)

    @precondition(lambda self: self.someone)
    @rule(person=people, other=people)
    def transfer(self, person: int, other: int) -> None:
        self.act(transferring.transfer, self.ids(person), Colleague("K", "K", f"p{other}@example.org"), self.now)

    @precondition(lambda self: self.someone)
    @rule(person=people, other=people)
    def correct_address(self, person: int, other: int) -> None:
        self.act(changing.change_own_address, self.ids(person), f"p{other}@example.org", self.now)

    @precondition(lambda self: self.someone)
    @rule(person=people, other=people)
    def an_organiser_corrects_the_address(self, person: int, other: int) -> None:
        self.act(on_behalf.correct_address, self.ids(person), f"p{other}@example.org", self.now, actor=ORGANISER)

    @precondition(lambda self: self.someone)
    @rule(person=people, tell=st.booleans())
    def an_organiser_corrects_the_name(self, person: int, tell: bool) -> None:
        email = db.session.get_one(Registration, self.ids(person)).email
        details = Details("K", f"E{person}", Profession.NURSE, "", "W", "", wants_news=False)
        self.act(on_behalf.correct, self.ids(person), details, email, self.now, actor=ORGANISER, tell=tell)

    @precondition(lambda self: self.someone)
    @rule(person=people, has_diet=st.booleans())
    def correct_details_and_needs(self, person: int, has_diet: bool) -> None:
        details = Details("F", "E", Profession.NURSE, "", "W", "", False)
        needs = Needs((Diet.VEGAN,)) if has_diet else Needs()
        self.act(changing.change_details, self.ids(person), details, self.now)
        self.act(changing.change_needs, self.ids(person), needs, self.now)

    @precondition(lambda self: self.someone)
    @rule(person=people)
    def go_first_and_go_to_the_meeting(self, person: int) -> None:
        self.act(on_behalf.move_to_front, self.ids(person), "Föreläsare", self.now, actor=ORGANISER)
        self.act(links.join, self.ids(person), self.now)

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
        filling.settle(event, self.now)
        self.beyond = max(0, places.count(event).on_site.taken - seats)

    @rule(hours=st.sampled_from([0.03, 0.1, 1, 5, 30, 24 * 9]))
    def time_passes(self, hours: float) -> None:
        self.now += timedelta(hours=hours)
        self.act(day_changes.tell_cancelled_days, self.now)
        self.act(filling.settle_all, self.now)

    @rule(
        place=st.sampled_from(["Provsalen", "Aulan", "Stora salen"]),
        hours=st.integers(-1, 1),
        title=st.sampled_from(["Dagen", "Utbildningsdag"]),
        seats=st.integers(0, 4),
    )
    def the_day_changes(self, place: str, hours: int, title: str, seats: int) -> None:
        """Up to four things at once: what is not another value is no change."""
        at = datetime(2026, 11, 25, 9 + hours, 0, tzinfo=STOCKHOLM)
        self.act(self._save, venue=place, starts_at=at, title_en=title, seats_on_site=seats)

    def _save(self, **changes: Any) -> None:
        event = db.session.get_one(Event, self.event_id)
        version, draft = event.version, dataclasses.replace(Draft.of(event), **changes)

        def save(agreed: str) -> None:
            day_changes.save_day(self.event_id, version, draft, self.now, actor="organiser:1", agreed=agreed)

        try:
            save("")
        except NotAgreed as asked:
            db.session.rollback()
            save(asked.change.signature)
        self.beyond = max(0, places.count(db.session.get_one(Event, self.event_id)).on_site.taken - draft.seats_on_site)

    @precondition(lambda self: self.steps > 10)
    @rule()
    def the_day_is_cancelled(self) -> None:
        version = db.session.get_one(Event, self.event_id).version
        self.act(day_changes.cancel_day, self.event_id, version, self.now, actor="organiser:1")

    @rule()
    def the_day_is_taken_back(self) -> None:
        self.act(self._restore)

    def _restore(self) -> None:
        event = db.session.get_one(Event, self.event_id)
        day_changes.restore_day(event.id, event.version, self.now, actor=ORGANISER)

    @property
    def is_untold(self) -> bool:
        return db.session.get_one(Event, self.event_id).is_cancellation_untold

    @rule(most=st.integers(1, 30))
    def letters_leave(self, most: int) -> None:
        """A worker claims a few, as they come: an order is made a letter then, or dropped."""
        for _ in range(most):
            with writing():
                if (claimed := claiming.claim(self.now)) is None:
                    return
                if made(claimed.id):
                    claiming.note_answer(claimed.id, Answer(TryOutcome.SENT, "250 OK"), self.now)

    @rule(was_taken=st.booleans())
    def a_letter_that_takes_an_entry_does_not_arrive(self, was_taken: bool) -> None:
        """The mail server refuses it, or takes it and another sends it back: the mailbox still shows the entry."""
        takes = OutgoingMail.kind.in_(("cancellation", "transfer")) & (OutgoingMail.method == CalendarMethod.CANCEL)
        with writing():
            letters = select(OutgoingMail).where(takes, OutgoingMail.state == MailState.QUEUED)
            mail = db.session.scalars(letters.order_by(OutgoingMail.dated_at.desc())).first()
            if mail is None:
                return
            if was_taken:
                mail.state, mail.sent_at = MailState.SENT, self.now
                mail.bounce = Bounce(at=self.now, status="5.2.2", reason="full")
            else:
                mail.state = MailState.FAILED
            email = mail.recipient
        self._note_silence(email, tell=False)

    @rule()
    def a_letter_is_refused(self) -> None:
        with writing():
            if mail := claiming.claim(self.now):
                claiming.release(mail.id)

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
            waiting = db.session.scalars(without_offer(event.id)).all()
            assert not (waiting and on_site.left)

    @invariant()
    def every_calendar_equals_the_registration(self) -> None:
        """As it will be when all that waits has left, whether a day that was just cancelled is taken back or not.

        After a change without a letter it stays as it was until one.
        """
        if self.is_untold:
            day_changes.tell_cancelled_days(self.now + RESTORABLE_FOR)
            self._right_calendars()
            self._restore()
        for email in self._right_calendars():
            self.silence.pop(email, None)

    def _right_calendars(self) -> list[str]:
        """The mailboxes whose calendar is right; fails for a wrong one. What led here is rolled back."""
        event = db.session.get_one(Event, self.event_id)
        expected: defaultdict[str, list[Entry]] = defaultdict(list)
        for registration in db.session.scalars(select(Registration)):
            if registration.has_place and event.publication is Publication.PUBLISHED:
                expected[registration.email].append(self.expected(event, registration))
        arriving = self._arriving()
        right = [email for email, mailbox in arriving.items() if mailbox.shown == expected[email]]
        for email in arriving.keys() - set(right):
            assert arriving[email] == self.silence.get(email)
        assert not expected.keys() - self.silence.keys() - arriving.keys()
        db.session.rollback()
        return right

    def _arriving(self) -> defaultdict[str, Mailbox]:
        """What each mailbox gets; to be rolled back."""
        waiting = select(OutgoingMail).where(OutgoingMail.text.is_(None), OutgoingMail.state == MailState.QUEUED)
        for order in db.session.scalars(waiting.order_by(OutgoingMail.due_at)).all():
            if not orders.render(order):
                order.state = MailState.WITHDRAWN
        mails = db.session.scalars(select(OutgoingMail).where(OutgoingMail.state != MailState.WITHDRAWN)).all()
        to: defaultdict[str, list[OutgoingMail]] = defaultdict(list)
        for mail in mails:
            to[mail.recipient].append(mail)
        mailboxes = defaultdict(lambda: Mailbox([], 0))
        uids = [{entry for mail in letters for entry in _uids(mail)} for letters in to.values()]
        assert sum(map(len, uids)) == len(set().union(*uids)), "one entry, two mailboxes"
        for email, letters in to.items():
            entries = replay([mail for mail in letters if mail.calendar and mail.may_have_arrived])
            mailboxes[email] = Mailbox(entries, sum(mail.kind not in told.INDEPENDENT for mail in letters))
        return mailboxes

    def expected(self, event: Event, registration: Registration) -> Entry:
        online = registration.attendance is Attendance.ONLINE
        return Entry(
            uid=f"{registration.calendar_uid}@{registration.calendar_domain}",
            place="\x02join\x03" if online else f"{event.venue}, Exempelvägen 1, Stockholm",
            starts_at=event.starts_at,
            ends_at=event.ends_at,
            summary=event.title_en if registration.language == "en" else event.title_sv,
        )

    @invariant()
    def nothing_of_health_is_kept_of_who_does_not_come(self) -> None:
        for registration in db.session.scalars(select(Registration).join(HealthNote)):
            assert registration.wants_seat or not registration.is_active

    @invariant()
    def offers_are_for_seats_and_have_an_end(self) -> None:
        for registration in db.session.scalars(select(Registration).where(Registration.answer_by.is_not(None))):
            assert registration.status is not Status.CANCELLED
            assert registration.answer_by is not None
            assert registration.answer_by > self.now or self.is_untold


def replay(mails: list[OutgoingMail]) -> list[Entry]:
    """What a calendar shows after these letters, in any order: each entry that stands."""
    entries: dict[str, tuple[int, Entry | None]] = {}
    for mail in mails:
        (event,) = icalendar.Calendar.from_ical(mail.calendar or "").walk("VEVENT")
        assert str(event["ATTENDEE"]) == f"mailto:{mail.recipient}"
        uid, sequence = str(event["UID"]), int(event["SEQUENCE"])
        known = entries.get(uid)
        assert known is None or known[0] != sequence, "one SEQUENCE, two letters"
        if known is None or sequence > known[0]:
            entries[uid] = (sequence, None if str(event["STATUS"]) == "CANCELLED" else _entry(event))
    return sorted(entry for _, entry in entries.values() if entry is not None)


def _uids(mail: OutgoingMail) -> list[str]:
    return re.findall("^UID:(.*)", mail.calendar or "", re.MULTILINE)


def _entry(event: icalendar.Event) -> Entry:
    names = ("UID", "LOCATION", "SUMMARY")
    uid, place, summary = (str(event[name]) for name in names)
    return Entry(uid, place, event["DTSTART"].dt, event["DTEND"].dt, summary)


@pytest.mark.both_databases("every rule locks, writes and undoes here")
@pytest.mark.hypothesis
def test_seats_line_and_calendars_are_true_after_every_step(app: Flask, database_url: str) -> None:
    machine = type("DayHere", (Day,), {"app": app})
    # They are long: of a hundred that another test takes, eight; on PostgreSQL each takes twice as long.
    of_a_hundred = 8 if database_url.startswith("sqlite") else 3
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=settings().max_examples * of_a_hundred // 100,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=[Phase.generate],
        ),
    )
