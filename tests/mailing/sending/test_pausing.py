"""A pause: participants' letters wait, the house's own go, and both ends of it are in the audit log."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from regapp.core import clock
from regapp.core.audit import AuditEntry
from regapp.core.db import db, writing
from regapp.mailing import heartbeat
from regapp.mailing.letters import Letter, Paragraph
from regapp.mailing.models import MailState, OutgoingMail
from regapp.mailing.sending import claiming, holding
from regapp.mailing.sending.delivery import deliver_due
from regapp.mailing.sending.transport import SmtpTransport
from tests.support.machine.server import System
from tests.support.machine.waiting import wait_until
from tests.support.mail.letters import WRITTEN_AT, count_letters, put
from tests.support.mail.smtp import SmtpServer

pytestmark = pytest.mark.usefixtures("context")

Register = Callable[..., str]
ANNA, BO = "organiser:1", "organiser:2"


def _pause(actor: str = ANNA) -> bool:
    with writing():
        return holding.pause(clock.now(), actor=actor)


def _resume(actor: str = ANNA) -> bool:
    with writing():
        return holding.resume(clock.now(), actor=actor)


def _log() -> list[tuple[str, str]]:
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.action.startswith("queue.")))
    return [(entry.action, entry.actor) for entry in entries]


def _queued() -> int:
    db.session.rollback()
    return count_letters()[MailState.QUEUED]


def test_a_pause_tells_since_when_and_by_whom_until_it_ends() -> None:
    assert holding.find() is None
    with writing():
        assert holding.pause(WRITTEN_AT, actor=ANNA)
    found = holding.find()
    assert found is not None
    assert (found.paused_at, found.paused_by) == (WRITTEN_AT, ANNA)
    assert _resume(BO)
    assert holding.find() is None
    assert _log() == [("queue.paused", ANNA), ("queue.resumed", BO)]


def test_who_presses_second_changes_nothing() -> None:
    assert (_pause(ANNA), _pause(BO)) == (True, False)
    found = holding.find()
    assert found is not None
    assert found.paused_by == ANNA
    assert (_resume(BO), _resume(ANNA)) == (True, False)
    assert _log() == [("queue.paused", ANNA), ("queue.resumed", BO)]


@pytest.mark.both_databases("two press at once")
@pytest.mark.parametrize(("press", "before"), [(_pause, False), (_resume, True)])
def test_of_those_who_press_at_once_one_counts(app: Flask, press: Callable[[str], bool], before: bool) -> None:
    if before:
        _pause()
    ready, pressed = threading.Barrier(6), []

    def person(number: int) -> None:
        with app.app_context():
            ready.wait(20)
            pressed.append(press(f"organiser:{number}"))
            db.session.remove()

    people = [threading.Thread(target=person, args=(number,)) for number in range(6)]
    for one in people:
        one.start()
    for one in people:
        one.join(30)
    assert sorted(pressed) == [False] * 5 + [True]
    assert (holding.find() is None) is before
    assert len(_log()) == 1 + before


@pytest.mark.both_databases("what may leave is part of the claim")
def test_nothing_of_participants_is_claimed_while_paused(
    register: Register, route: SmtpTransport, server: SmtpServer
) -> None:
    register()
    _pause()
    done = deliver_due(route)
    assert (done.handled, done.again_at, _queued(), server.connections) == (0, None, 1, 0)
    _resume()
    assert deliver_due(route).handled == 1
    assert server.received[0].recipients == ["p1@example.org"]


def test_the_houses_own_letters_go_while_paused(register: Register, route: SmtpTransport, server: SmtpServer) -> None:
    register()
    _pause()
    put("sign_in_link:1", kind="sign_in_link", to="organiser@example.org")
    assert deliver_due(route).handled == 1
    assert [received.recipients for received in server.received] == [["organiser@example.org"]]


@pytest.mark.both_databases("what may leave is part of the claim")
def test_a_letter_in_hand_is_finished_though_the_queue_is_paused(register: Register) -> None:
    register(1)
    with writing():
        mail = claiming.claim(clock.now())
        assert mail is not None
        in_hand = mail.id
    _pause()
    answer = claiming.Answer(claiming.TryOutcome.SENT, "250 ok")
    with writing():
        assert claiming.note_answer(in_hand, answer, clock.now()) is MailState.SENT
        assert claiming.claim(clock.now()) is None


def test_a_pause_in_the_middle_of_a_round_ends_it_after_the_letter_in_hand(
    app: Flask, route: SmtpTransport, server: SmtpServer, register: Register
) -> None:
    for number in range(5):
        register(number)

    def pause_at_the_second(_received: object) -> None:
        if len(server.received) == 2:
            with app.app_context():
                _pause()
                db.session.remove()

    server.when_received = pause_at_the_second
    assert deliver_due(route).handled == 2
    assert count_letters()[MailState.QUEUED] == 3


@pytest.mark.both_databases("each has a bell of its own that wakes the worker")
def test_resuming_wakes_the_worker(register: Register, start_system: Callable[..., System], server: SmtpServer) -> None:
    _pause()
    register()
    put("alarm:1", kind="alarm", to="organiser@example.org", letter=Letter("Hej", [Paragraph("Hej")]))
    start_system(mail_port=server.port, processes=1)
    wait_until(lambda: server.to("organiser@example.org"), what="the house's own letter")
    assert server.to("p1@example.org") == []
    _resume()
    # Without being woken the worker would look again only when it keeps house, a minute later.
    wait_until(lambda: server.to("p1@example.org"), what="the participant's letter")


def test_a_pause_makes_no_letter_late_but_is_told(app: Flask, register: Register) -> None:
    mail = db.session.get(OutgoingMail, register())
    assert mail is not None
    with writing():
        holding.pause(mail.due_at, actor=ANNA)
        heartbeat.beat(mail.due_at + timedelta(hours=3))
    with time_machine.travel(mail.due_at + timedelta(hours=3), tick=False):
        answer = app.test_client().get("/healthz/late")
        assert (answer.status_code, answer.get_json()["oldest_due_letter_s"]) == (200, None)
        assert answer.get_json()["letters_paused_s"] == 3 * 3600
        _resume()
        answer = app.test_client().get("/healthz/late")
        assert (answer.status_code, answer.get_json()["letters_paused_s"]) == (503, None)
