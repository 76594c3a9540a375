"""What a calendar answers: a no is noted and written about, and cancels nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from regapp.core import clock as the_clock
from regapp.core.audit import AuditEntry
from regapp.core.db import db, writing
from regapp.mailing.inbox import reading
from regapp.mailing.models import Bounce, InboxOutcome, OtherAnswer, OutgoingMail
from regapp.registrations import cancelling, changing, moving
from regapp.registrations.letters.links import links_of
from regapp.registrations.models import Registration, Status
from tests.registrations.people import find, letters_to, register
from tests.support.cancelled import cancel_day_and_tell
from tests.support.client import CheckingClient
from tests.support.mail.incoming import about, sample

pytestmark = pytest.mark.usefixtures("day")

ASA = "asa@example.org"
BRINGS_ENTRY = ("confirmation", "update", "undo")

Answering = Callable[..., InboxOutcome | None]


@pytest.fixture
def answer(app: Flask) -> Answering:
    """A calendar answers to the latest entry that the person was sent; what the message was taken for."""

    def give(name: str = "reply-google-declined", email: str = ASA, message_id: str = "", **values: str) -> object:
        with app.app_context():
            sent = db.session.query(OutgoingMail).filter(
                OutgoingMail.recipient == email, OutgoingMail.kind.in_(BRINGS_ENTRY)
            )
            mail = sent.order_by(OutgoingMail.dated_at.desc(), OutgoingMail.sequence.desc()).first()
            octets = sample(name, about(mail, **values))
            return reading.handle(octets + message_id.encode(), the_clock.now())

    return give


@contextmanager
def changing_of(app: Flask) -> Iterator[Registration]:
    with app.app_context(), writing():
        yield db.session.query(Registration).filter_by(email=ASA).order_by(Registration.id.desc()).first()


@pytest.mark.parametrize("name", ["reply-outlook-declined", "reply-google-declined", "reply-apple-declined"])
def test_a_no_is_noted_and_written_about_and_the_place_stands(app: Flask, answer: Answering, name: str) -> None:
    register(app, ASA)
    assert answer(name) is InboxOutcome.DECLINED
    asa = find(app, ASA)
    assert (asa.declined_at, asa.status) == (the_clock.now(), Status.CONFIRMED)
    assert letters_to(app, ASA) == ["confirmation", "declined"]


def test_the_letter_leads_to_the_page_that_cancels_and_cancels_only_when_a_button_is_pressed(
    app: Flask, answer: Answering, client: CheckingClient
) -> None:
    register(app, ASA)
    answer()
    with app.app_context():
        mail = db.session.query(OutgoingMail).filter_by(kind="declined").one()
        assert "\x02cancel\x03" in (mail.text or "")
        assert mail.calendar is None
        assert mail.in_reply_to == db.session.query(OutgoingMail).filter_by(kind="confirmation").one().message_id
        way = links_of(mail)["cancel"].removeprefix("https://anmalan.example.org")
    client.page(way)
    assert find(app, ASA).is_active
    client.submit(way)
    assert not find(app, ASA).is_active


@pytest.mark.both_databases("the letter's unique key keeps the others out")
def test_the_same_no_by_several_ways_is_one_letter(
    app: Flask, answer: Answering, clock: time_machine.Traveller
) -> None:
    register(app, ASA)
    first = clock.shift(60) or the_clock.now()
    for name in ("reply-google-declined", "reply-google-declined", "reply-outlook-declined", "reply-apple-declined"):
        assert answer(name) is InboxOutcome.DECLINED
        clock.shift(60)
    assert find(app, ASA).declined_at == first
    assert letters_to(app, ASA) == ["confirmation", "declined"]


def test_a_new_entry_that_is_declined_is_written_about_anew(app: Flask, answer: Answering, clock) -> None:
    register(app, ASA)
    answer()
    clock.shift(60)
    with changing_of(app) as asa:
        moving.move_online(asa.id, the_clock.now())
    assert find(app, ASA).declined_at is None
    clock.shift(60)
    answer("reply-outlook-declined")
    assert letters_to(app, ASA) == ["confirmation", "declined", "update", "declined"]
    assert find(app, ASA).declined_at == the_clock.now()


@pytest.mark.parametrize("said", ["ACCEPTED", "TENTATIVE"])
def test_a_later_yes_or_perhaps_takes_the_note_away(app: Flask, answer: Answering, said: str) -> None:
    register(app, ASA)
    answer()
    with app.app_context():
        mail = db.session.query(OutgoingMail).filter_by(kind="confirmation").one()
        octets = sample("reply-thunderbird-accepted", about(mail)).replace(b"=ACCEPTED", b"=" + said.encode())
        assert reading.handle(octets, the_clock.now()) is InboxOutcome.IGNORED
        actions = [entry.action for entry in db.session.query(AuditEntry).order_by(AuditEntry.id)]
    assert find(app, ASA).declined_at is None
    assert letters_to(app, ASA) == ["confirmation", "declined"]
    assert actions[1:] == ["registration.declined_in_calendar", "registration.accepted_in_calendar"]


def test_a_yes_alone_does_nothing(app: Flask, answer: Answering) -> None:
    register(app, ASA)
    assert answer("reply-thunderbird-accepted") is InboxOutcome.IGNORED
    assert find(app, ASA).declined_at is None
    assert letters_to(app, ASA) == ["confirmation"]


FORGED = {
    "another domain": {"uid": "5d0c1f8e-2b7a-4c3d-9e10-aabbccddeeff@elsewhere.example.org"},
    "an unknown entry": {"uid": "5d0c1f8e-2b7a-4c3d-9e10-aabbccddeeff@swecarnet.example.org"},
    "no entry": {"uid": ""},
    "NULs and quotes": {"uid": "\0'\";--@swecarnet.example.org"},
    "an endless name": {"uid": "x" * 30_000},
    "a version that we never wrote": {"sequence": "7"},
    "a version below all": {"sequence": "-1"},
    "a version without an end": {"sequence": "9" * 4000},
}


@pytest.mark.both_databases("SQL is asked for whatever stands in the message")
def test_an_answer_that_isnt_the_participant_s_to_what_we_wrote_is_left(app: Flask, answer: Answering) -> None:
    register(app, ASA)
    for what, forged in FORGED.items():
        assert answer(**forged) is None, what
        assert find(app, ASA).declined_at is None, what
        assert letters_to(app, ASA) == ["confirmation"], what


OTHERS = {
    "reply-exchange-alias-declined": "asa.berg@hospital.example.org",
    "reply-exchange-delegate-declined": "eva.alm@hospital.example.org",
    "reply-outlook-forwarded-declined": "bo.ek@university.example.org",
}


def others(app: Flask) -> list[tuple[str, str]]:
    with app.app_context():
        return [(one.address, one.answer.value) for one in db.session.query(OtherAnswer).order_by(OtherAnswer.id)]


@pytest.mark.parametrize("name", OTHERS)
def test_a_no_from_another_address_is_noted_and_told_and_never_counts_as_theirs(
    app: Flask, answer: Answering, name: str
) -> None:
    register(app, ASA)
    assert answer(name) is InboxOutcome.ANSWERED_BY_OTHER
    asa = find(app, ASA)
    assert (asa.declined_at, asa.status) == (None, Status.CONFIRMED)
    assert others(app) == [(OTHERS[name], "declined")]
    assert letters_to(app, ASA) == ["confirmation", "declined_by_other"]
    with app.app_context():
        mail = db.session.query(OutgoingMail).filter_by(kind="declined_by_other").one()
        assert OTHERS[name] in mail.text and ASA in mail.text
        assert "\x02cancel\x03" in mail.text
        assert mail.calendar is None
        assert not db.session.query(OutgoingMail).filter_by(recipient=OTHERS[name]).count()
        entries = db.session.query(AuditEntry).filter_by(action="registration.answered_by_other").all()
        assert [entry.details for entry in entries] == [{"answer": "declined"}]


def test_for_another_attendee_it_is_another_s_answer_though_it_comes_from_the_participant(
    app: Flask, answer: Answering
) -> None:
    register(app, ASA)
    with app.app_context():
        mail = db.session.query(OutgoingMail).filter_by(kind="confirmation").one()
        octets = sample("reply-outlook-forwarded-declined", about(mail)).replace(
            b"From: Bo Ek <bo.ek@university.", b"From: <asa@"
        )
        assert reading.handle(octets, the_clock.now()) is InboxOutcome.ANSWERED_BY_OTHER
    assert others(app) == [("bo.ek@university.example.org", "declined")]


@pytest.mark.both_databases("a unique key keeps the second note out")
def test_the_same_address_is_written_about_once_for_each_version_of_the_entry(
    app: Flask, answer: Answering, clock: time_machine.Traveller
) -> None:
    register(app, ASA)
    for message in ("a", "b", "c"):
        answer("reply-outlook-forwarded-declined", message_id=message)
        clock.shift(60)
    assert letters_to(app, ASA) == ["confirmation", "declined_by_other"]
    with changing_of(app) as asa:
        moving.move_online(asa.id, the_clock.now())
    clock.shift(60)
    answer("reply-outlook-forwarded-declined")
    assert letters_to(app, ASA) == ["confirmation", "declined_by_other", "update", "declined_by_other"]
    assert len(others(app)) == 2


def test_a_flood_of_others_ends_in_three_letters_and_twenty_notes(app: Flask, answer: Answering) -> None:
    register(app, ASA)
    taken = [answer(recipient=f"p{number}@elsewhere.example.org") for number in range(25)]
    assert taken == [InboxOutcome.ANSWERED_BY_OTHER] * 20 + [InboxOutcome.IGNORED] * 5
    assert letters_to(app, ASA).count("declined_by_other") == 3
    assert len(others(app)) == 20
    assert find(app, ASA).declined_at is None
    answer()
    assert find(app, ASA).declined_at is not None


def test_a_later_yes_from_the_other_address_is_noted_and_written_about_to_nobody(app: Flask, answer: Answering) -> None:
    register(app, ASA)
    answer(recipient="eva@example.org")
    assert answer("reply-thunderbird-accepted", recipient="eva@example.org") is InboxOutcome.ANSWERED_BY_OTHER
    assert others(app) == [("eva@example.org", "accepted")]
    assert letters_to(app, ASA) == ["confirmation", "declined_by_other"]


def test_a_yes_from_another_address_leaves_the_participant_s_own_no(app: Flask, answer: Answering) -> None:
    register(app, ASA)
    answer()
    answer("reply-thunderbird-accepted", recipient="eva@example.org")
    assert find(app, ASA).declined_at is not None


@pytest.mark.parametrize("address", ["no-address", "åsa@example.org", "x" * 300 + "@example.org"])
def test_an_answer_from_what_is_no_address_is_left(app: Flask, answer: Answering, address: str) -> None:
    register(app, ASA)
    assert answer(recipient=address) is None
    assert others(app) == []


def test_my_data_tells_of_the_answers_of_others(app: Flask, answer: Answering, client: CheckingClient) -> None:
    mine = register(app, ASA)
    answer("reply-exchange-delegate-declined")
    held = json.loads(client.get(mine + "/data.json").data)
    assert [one["address"] for one in held["answers_from_other_addresses"]] == ["eva.alm@hospital.example.org"]


def test_the_address_is_compared_as_everywhere_else(app: Flask, answer: Answering) -> None:
    register(app, ASA)
    assert answer(recipient="Asa@Example.ORG") is InboxOutcome.DECLINED


def test_a_no_to_a_cancelled_place_says_nothing_new(app: Flask, answer: Answering) -> None:
    register(app, ASA)
    with changing_of(app) as asa:
        cancelling.cancel(asa.id, the_clock.now())
    assert answer() is InboxOutcome.IGNORED
    assert find(app, ASA).declined_at is None
    assert letters_to(app, ASA) == ["confirmation", "cancellation"]


def test_a_no_to_a_cancelled_day_says_nothing_new(app: Flask, answer: Answering) -> None:
    register(app, ASA)
    with changing_of(app) as asa:
        cancel_day_and_tell(asa.event_id, 1, the_clock.now(), actor="organiser:1")
    assert answer() is InboxOutcome.IGNORED
    assert "declined" not in letters_to(app, ASA)


def test_a_no_after_the_day_has_begun_is_not_written_about(
    app: Flask, answer: Answering, clock: time_machine.Traveller
) -> None:
    register(app, ASA)
    clock.move_to(find(app, ASA).event.starts_at)
    assert answer() is InboxOutcome.IGNORED
    assert letters_to(app, ASA) == ["confirmation"]


def test_a_no_from_an_earlier_mailbox_is_left(app: Flask, answer: Answering) -> None:
    register(app, ASA)
    with app.app_context():
        earlier = about(db.session.query(OutgoingMail).filter_by(kind="confirmation").one())
    answer()
    with changing_of(app) as asa:
        changing.change_address(asa.id, "ny@example.org", the_clock.now())
    assert find(app, "ny@example.org").declined_at is None
    with app.app_context():
        assert reading.handle(sample("reply-outlook-declined", earlier), the_clock.now()) is None
    assert find(app, "ny@example.org").declined_at is None
    assert "declined" not in letters_to(app, "ny@example.org")


def test_a_move_to_a_seat_takes_the_note_away(app: Flask, answer: Answering, clock: time_machine.Traveller) -> None:
    register(app, ASA, "online")
    answer()
    clock.shift(60)
    with changing_of(app) as asa:
        moving.move_on_site(asa.id, the_clock.now())
    assert find(app, ASA).declined_at is None


def test_undoing_a_cancellation_takes_the_note_away(app: Flask, answer: Answering, clock) -> None:
    register(app, ASA)
    answer()
    with changing_of(app) as asa:
        cancelling.cancel(asa.id, the_clock.now())
    assert find(app, ASA).declined_at is not None
    clock.shift(timedelta(minutes=1))
    with changing_of(app) as asa:
        cancelling.undo(asa.id, the_clock.now())
    assert find(app, ASA).declined_at is None


def test_my_data_tells_of_the_letters_that_came_back(app: Flask, client: CheckingClient) -> None:
    mine = register(app, ASA)
    register(app, "eva@example.org")
    with app.app_context(), writing():
        for mail in db.session.query(OutgoingMail):
            db.session.add(Bounce(mail_id=mail.id, at=the_clock.now(), status="5.1.1", reason=f"no {mail.recipient}"))
    held = json.loads(client.get(mine + "/data.json").data)
    assert [(bounce["status"], bounce["reason"]) for bounce in held["bounces"]] == [("5.1.1", "no asa@example.org")]
    assert set(held["bounces"][0]) == {column.key for column in Bounce.__mapper__.column_attrs}
    assert held["registration"]["declined_at"] is None
