"""Who has which letter, when it is tried again, and how fast letters may go."""

import threading
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from regapp.core import clock
from regapp.core.db import db, writing
from regapp.mailing.models import DeliveryTry, MailState, OutgoingMail, TryOutcome
from regapp.mailing.sending import claiming, holding
from regapp.mailing.sending.claiming import Answer
from tests.support.mail.letters import WRITTEN_AT, put

RETRY = Answer(TryOutcome.RETRY, "450 later")
SENT = Answer(TryOutcome.SENT, "250 ok")


def _get(identity: str) -> OutgoingMail:
    mail = db.session.get(OutgoingMail, identity, populate_existing=True)
    assert mail is not None
    return mail


def _claim(now: datetime) -> str | None:
    with writing():
        mail = claiming.claim(now)
        return mail.id if mail else None


def _settle(identity: str, answer: Answer, now: datetime) -> MailState:
    with writing():
        return claiming.note_answer(identity, answer, now)


def test_the_pauses_grow_to_an_hour_and_end_after_48() -> None:
    pauses = [pause for attempts in range(1, 60) if (pause := claiming.pause_after(attempts))]
    minutes = [int(pause.total_seconds() // 60) for pause in pauses]
    assert minutes[:7] == [1, 2, 5, 15, 60, 60, 60]
    assert 47 * 60 < sum(minutes) <= 48 * 60
    assert claiming.pause_after(len(pauses) + 1) is None


@pytest.mark.usefixtures("context")
def test_a_letter_that_is_never_taken_fails_after_48_hours() -> None:
    identity, now = put(at=WRITTEN_AT), WRITTEN_AT
    while _get(identity).state is MailState.QUEUED:
        now = _get(identity).due_at
        assert _claim(now) == identity
        _settle(identity, RETRY, now)
    mail = _get(identity)
    assert mail.state is MailState.FAILED
    assert timedelta(hours=47) < now - WRITTEN_AT <= timedelta(hours=48)
    assert len(mail.tries) == mail.attempts
    assert mail.last_answer == "450 later"


@pytest.mark.both_databases("the claim is one statement")
@pytest.mark.usefixtures("context")
def test_the_longest_due_letter_comes_first_and_none_before_its_time() -> None:
    later = put("later", at=WRITTEN_AT + timedelta(seconds=1))
    first = put("first", at=WRITTEN_AT)
    put("future", at=WRITTEN_AT + timedelta(hours=1))
    now = WRITTEN_AT + timedelta(minutes=1)
    assert [_claim(now), _claim(now), _claim(now)] == [first, later, None]


@pytest.mark.both_databases("the end of a lease is an instant that is compared")
@pytest.mark.usefixtures("context")
def test_a_vanished_workers_letter_goes_back_when_the_lease_runs_out() -> None:
    identity = put(at=WRITTEN_AT)
    assert _claim(WRITTEN_AT) == identity
    after = WRITTEN_AT + claiming.LEASE + timedelta(seconds=1)
    with writing():
        assert claiming.take_back_expired(WRITTEN_AT + claiming.LEASE) == 0
        assert claiming.take_back_expired(after) == 1
    assert _claim(after) == identity
    assert [attempt.outcome for attempt in _get(identity).tries] == [TryOutcome.INTERRUPTED]


@pytest.mark.usefixtures("context")
def test_a_letter_that_kills_its_worker_again_and_again_waits_longer_each_time() -> None:
    identity, now, waits = put(at=WRITTEN_AT), WRITTEN_AT, []
    for _ in range(4):
        assert _claim(now) == identity
        now += claiming.LEASE + timedelta(seconds=1)
        with writing():
            claiming.take_back_expired(now)
        waits.append(_get(identity).due_at - now)
        now = _get(identity).due_at
    assert waits == [timedelta(), timedelta(minutes=2), timedelta(minutes=5), timedelta(minutes=15)]


@pytest.mark.usefixtures("context")
def test_nor_without_end_where_its_death_is_known_at_once() -> None:
    identity, now, waits = put(at=WRITTEN_AT), WRITTEN_AT, []
    for number in range(3):
        with writing():
            assert claiming.claim(now, f"worker{number}") is not None
            assert claiming.take_back_from(f"worker{number}", now)
        waits.append(_get(identity).due_at - now)
        now = _get(identity).due_at
    assert waits == [timedelta(), timedelta(minutes=2), timedelta(minutes=5)]


@pytest.mark.usefixtures("context")
def test_what_was_sent_is_sent_even_after_the_lease() -> None:
    identity = put(at=WRITTEN_AT)
    _claim(WRITTEN_AT)
    after = WRITTEN_AT + claiming.LEASE * 2
    with writing():
        claiming.take_back_expired(after)
    assert _settle(identity, SENT, after) is MailState.SENT
    assert _claim(after + timedelta(days=1)) is None


@pytest.mark.usefixtures("context")
def test_a_late_refusal_doesnt_disturb_the_worker_that_has_the_letter_now() -> None:
    identity = put(at=WRITTEN_AT)
    _claim(WRITTEN_AT)
    with writing():
        claiming.release(identity)
    assert _settle(identity, Answer(TryOutcome.FAILED, "550 no"), WRITTEN_AT) is MailState.QUEUED


@pytest.mark.both_databases("several claim at once")
def test_workers_that_claim_at_once_never_get_the_same_letter(app: Flask) -> None:
    with app.app_context():
        for number in range(40):
            put(f"letter:{number}", at=WRITTEN_AT)
    got: list[str] = []

    def work() -> None:
        with app.app_context():
            while identity := _claim(clock.now()):
                got.append(identity)
                _settle(identity, SENT, clock.now())
            db.session.remove()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert len(got) == len(set(got)) == 40
    with app.app_context():
        assert len(db.session.scalars(select(DeliveryTry)).all()) == 40


@pytest.mark.both_databases("SQL counts within a minute")
@pytest.mark.usefixtures("context")
def test_the_rate_counts_every_workers_letters_of_the_last_minute() -> None:
    for number in range(3):
        put(f"letter:{number}", at=WRITTEN_AT)
    now = WRITTEN_AT
    for _ in range(2):
        assert holding.room_at(now, 2) is None
        _settle(_claim(now) or "", SENT, now)
        now += timedelta(seconds=10)
    assert holding.room_at(now, 2) == WRITTEN_AT + timedelta(minutes=1)
    assert holding.room_at(WRITTEN_AT + timedelta(seconds=61), 2) is None
    assert holding.room_at(now, 0) is None


@pytest.mark.usefixtures("context")
def test_letters_in_hand_count_towards_the_rate() -> None:
    put("a", at=WRITTEN_AT)
    _claim(WRITTEN_AT)
    assert holding.room_at(WRITTEN_AT, 1) == WRITTEN_AT + timedelta(seconds=1)


@pytest.mark.usefixtures("context")
def test_the_next_wake_is_the_first_due_letter_or_lease() -> None:
    assert claiming.next_wake(WRITTEN_AT) is None
    put("a", at=WRITTEN_AT)
    assert claiming.next_wake(WRITTEN_AT) == WRITTEN_AT
    _claim(WRITTEN_AT)
    assert claiming.next_wake(WRITTEN_AT) == WRITTEN_AT + claiming.LEASE
