"""Real dialogues with a server that misbehaves: whose trouble it is, and what becomes of the letters."""

import dataclasses
import os
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

import config
from regapp.core import clock
from regapp.core.db import db
from regapp.mailing import claiming, outbox, smtp
from regapp.mailing.delivery import deliver_due
from regapp.mailing.letters import Letter, Paragraph
from regapp.mailing.marks import mark
from regapp.mailing.models import MailState, OutgoingMail, TryOutcome
from regapp.mailing.smtp import Patience
from regapp.mailing.stops import QueueTrouble
from regapp.mailing.transport import SmtpRoute
from tests.support.letters import a_letter, put
from tests.support.server import free_port
from tests.support.smtp import DROP, ELSEWHERE, HANG, HERE, PASSWORD, USER, SmtpServer

pytestmark = [
    pytest.mark.usefixtures("context"),
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning"),
]
HURRIED = Patience(connect=2, answer=1, letter=2, goodbye=0.5)


def _get(identity: str) -> OutgoingMail:
    mail = db.session.get(OutgoingMail, identity, populate_existing=True)
    assert mail is not None
    return mail


def _reason() -> str:
    trouble = outbox.queue_trouble()
    assert trouble is not None
    return trouble.reason


def test_a_delivered_letter_keeps_the_servers_answer(route: SmtpRoute, server: SmtpServer) -> None:
    mail = _get(put())
    assert deliver_due(route).handled == 1
    mail = _get(mail.id)
    assert mail.state is MailState.SENT
    assert mail.sent_at is not None
    assert mail.last_answer == "250 2.0.0 accepted as number 1"
    assert [(attempt.outcome, attempt.answer) for attempt in mail.tries] == [(TryOutcome.SENT, mail.last_answer)]


def test_one_connection_carries_many_letters(route: SmtpRoute, server: SmtpServer) -> None:
    for number in range(20):
        put(f"letter:{number}")
    assert deliver_due(route).handled == 20
    assert server.connections == 1


def test_one_refused_recipient_fails_alone(route: SmtpRoute, server: SmtpServer) -> None:
    server.faults.recipients["gone@example.org"] = ["550 5.1.1 no such user"]
    put("a")
    gone = put("b", to="gone@example.org")
    put("c")
    assert deliver_due(route).handled == 3
    assert len(server.received) == 2
    assert _get(gone).state is MailState.FAILED
    assert _get(gone).last_answer == "550 5.1.1 no such user"
    assert server.connections == 1


def test_greylisting_is_waited_out_with_the_same_message(route: SmtpRoute, server: SmtpServer) -> None:
    server.faults.recipients["asa@example.org"] = ["450 4.2.0 greylisted"] * 2
    identity = put()
    with time_machine.travel(clock.now(), tick=False) as traveller:
        for pause in (1, 2):
            assert deliver_due(route).again_at == clock.now() + timedelta(minutes=pause)
            assert _get(identity).state is MailState.QUEUED
            traveller.shift(timedelta(minutes=pause))
        deliver_due(route)
    mail = _get(identity)
    assert (mail.state, mail.attempts) == (MailState.SENT, 3)
    assert server.received[0].message["Message-ID"] == mail.message_id


@pytest.mark.parametrize("fault", ["451 4.7.1 rate limit", "452 full", DROP, HANG])
def test_a_letter_that_isnt_taken_now_is_tried_again(route: SmtpRoute, server: SmtpServer, fault: str) -> None:
    server.faults.data = [fault]
    troubled, other = put("a"), put("b")
    deliver_due(route)
    assert (_get(troubled).state, _get(troubled).attempts) == (MailState.QUEUED, 1)
    assert _get(other).state is MailState.SENT
    assert outbox.queue_trouble() is None


@pytest.mark.parametrize("fault", ["552 5.3.4 too big", "554 5.7.1 spam"])
def test_a_letter_that_is_never_taken_fails_at_once(route: SmtpRoute, server: SmtpServer, fault: str) -> None:
    server.faults.data = [fault]
    identity, other = put("a"), put("b")
    deliver_due(route)
    assert (_get(identity).state, _get(identity).last_answer) == (MailState.FAILED, fault)
    assert _get(other).state is MailState.SENT


def test_a_server_that_ends_long_connections_gets_a_new_one(route: SmtpRoute, server: SmtpServer) -> None:
    server.faults.letters_per_connection = 3
    identities = [put(f"letter:{number}") for number in range(10)]
    deliver_due(route)
    assert [_get(identity).attempts for identity in identities] == [1] * 10
    assert len(server.received) == 10
    assert server.connections == 4


def test_a_connection_dropped_between_letters_costs_no_attempt(route: SmtpRoute, server: SmtpServer) -> None:
    put("a")
    second = put("b")
    server.faults.mail_later = [DROP]
    deliver_due(route)
    assert (_get(second).state, _get(second).attempts) == (MailState.SENT, 1)


@pytest.mark.parametrize("fault", ["500 what?", DROP, HANG])
def test_an_error_at_goodbye_fails_no_letter(route: SmtpRoute, server: SmtpServer, fault: str) -> None:
    server.faults.quit = [fault]
    identity = put()
    deliver_due(route)
    assert _get(identity).state is MailState.SENT


def test_a_server_that_says_one_byte_a_second_cant_hold_a_letter(route: SmtpRoute, server: SmtpServer) -> None:
    server.faults.seconds_per_byte = 0.3
    put()
    before = clock.now()
    deliver_due(route)
    assert clock.now() - before < timedelta(seconds=10)
    assert "timed out" in _reason()


def test_a_letter_has_less_time_than_its_lease() -> None:
    patience = smtp.Patience()
    longest = 2 * (patience.connect + patience.answer + patience.letter) + patience.goodbye
    assert timedelta(seconds=longest) < claiming.LEASE


def test_a_letter_that_cant_be_made_ready_spoils_no_other(route: SmtpRoute, server: SmtpServer) -> None:
    poison = put("poison", letter=Letter("s", [Paragraph("x")]), to="a@b.se, c@d.se")
    unknown = put("unknown", letter=a_letter(blocks=[a_letter().blocks[-1]]), kind="link")
    mail = _get(unknown)
    mail.text = mark("nobody_knows")
    db.session.commit()
    others = [put(f"letter:{number}") for number in range(3)]
    deliver_due(route)
    assert _get(poison).state is MailState.FAILED
    assert (_get(unknown).state, _get(unknown).attempts) == (MailState.QUEUED, 1)
    assert {_get(identity).state for identity in others} == {MailState.SENT}


def _other(settings: config.Settings, server: SmtpServer, **changes: object) -> SmtpRoute:
    values: dict[str, object] = {"mail_port": server.port, **changes}
    return SmtpRoute(dataclasses.replace(settings, **values), HURRIED)  # type: ignore[arg-type]


def _stops_the_queue(route: SmtpRoute) -> str:
    identity = put()
    assert deliver_due(route).handled == 0
    assert (_get(identity).state, _get(identity).attempts, _get(identity).tries) == (MailState.QUEUED, 0, [])
    return _reason()


def test_an_unreachable_server_stops_the_queue(settings: config.Settings, server: SmtpServer) -> None:
    reason = _stops_the_queue(_other(settings, server, mail_port=free_port()))
    assert reason == "the server can't be reached: Connection refused"


@pytest.mark.parametrize("greeting", ["421 4.3.2 not now", "554 go away", DROP, HANG])
def test_a_server_that_doesnt_greet_stops_the_queue(route: SmtpRoute, server: SmtpServer, greeting: str) -> None:
    server.faults.greeting = [greeting]
    _stops_the_queue(route)


def test_a_refused_sender_stops_the_queue(route: SmtpRoute, server: SmtpServer) -> None:
    server.faults.mail = ["550 5.7.1 not your sender"]
    assert _stops_the_queue(route) == "the sender is refused: 550 5.7.1 not your sender"


def test_missing_starttls_stops_the_queue(settings: config.Settings, server: SmtpServer) -> None:
    reason = _stops_the_queue(_other(settings, server, mail_use_tls=True))
    assert "STARTTLS" in reason


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize(("certificate", "trusted"), [(HERE, True), (HERE, False), (ELSEWHERE, True)])
def test_only_the_right_certificate_is_spoken_to(
    settings: config.Settings, implicit: bool, certificate: os.PathLike[str], trusted: bool
) -> None:
    with SmtpServer(certificate=certificate, implicit_tls=implicit) as server:  # type: ignore[arg-type]
        route = _other(
            settings,
            server,
            mail_use_tls=not implicit,
            mail_use_ssl=implicit,
            mail_ca_file=str(certificate) if trusted else "",
        )
        if certificate == HERE and trusted:
            put()
            assert deliver_due(route).handled == 1
            assert server.received[0].over_tls or implicit
        else:
            assert _stops_the_queue(route).startswith("TLS failed: ")
            assert server.received == []


@pytest.fixture
def guarded(settings: config.Settings) -> Callable[[SmtpServer, str], SmtpRoute]:
    def make(server: SmtpServer, password: str) -> SmtpRoute:
        return _other(settings, server, mail_username=USER, mail_password=password)

    return make


def test_a_refused_sign_in_stops_the_queue_and_tells_no_password(
    guarded: Callable[[SmtpServer, str], SmtpRoute], caplog: pytest.LogCaptureFixture
) -> None:
    with SmtpServer(wants_sign_in=True) as server:
        reason = _stops_the_queue(guarded(server, "wrong-password"))
    assert reason.startswith("the sign-in is refused: 535")
    assert "wrong-password" not in reason + caplog.text


def test_a_missing_sign_in_stops_the_queue(settings: config.Settings) -> None:
    with SmtpServer(wants_sign_in=True) as server:
        assert "530" in _stops_the_queue(_other(settings, server))


def test_the_right_password_is_let_in(guarded: Callable[[SmtpServer, str], SmtpRoute]) -> None:
    with SmtpServer(wants_sign_in=True) as server:
        put()
        assert deliver_due(guarded(server, PASSWORD)).handled == 1


def test_the_queue_resumes_by_itself_after_two_hours(route: SmtpRoute, server: SmtpServer) -> None:
    identities = [put(f"letter:{number}") for number in range(3)]
    with time_machine.travel(clock.now(), tick=False) as traveller:
        until = clock.now() + timedelta(hours=2)
        while clock.now() < until:
            server.faults.greeting = ["421 down"]
            again_at = deliver_due(route).again_at
            assert again_at is not None
            traveller.move_to(again_at)
        server.faults.greeting = []
        assert deliver_due(route).handled == 3
    assert outbox.queue_trouble() is None
    assert [_get(identity).attempts for identity in identities] == [1, 1, 1]


def test_a_stopped_queue_isnt_tried_before_its_time(route: SmtpRoute, server: SmtpServer) -> None:
    server.faults.greeting = ["421 down"]
    put()
    with time_machine.travel(clock.now(), tick=False):
        assert deliver_due(route).again_at == clock.now() + timedelta(seconds=5)
        assert deliver_due(route).handled == 0
        assert server.connections == 1
        assert deliver_due(route, ignore_stop=True).handled == 1


def test_the_rate_limit_makes_letters_wait(route: SmtpRoute, server: SmtpServer) -> None:
    for number in range(5):
        put(f"letter:{number}")
    with time_machine.travel(clock.now(), tick=False):
        done = deliver_due(route, per_minute=2)
        assert done.handled == 2
        assert done.again_at == clock.now() + timedelta(minutes=1)


def test_being_told_to_stop_leaves_the_rest_in_the_queue(route: SmtpRoute, server: SmtpServer) -> None:
    for number in range(5):
        put(f"letter:{number}")
    assert deliver_due(route, is_stopping=lambda: len(server.received) >= 2).handled == 2
    assert outbox.counts()[MailState.QUEUED] == 3


def test_no_address_stands_in_the_log(route: SmtpRoute, server: SmtpServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    server.faults.recipients["gone@example.org"] = ["550 <gone@example.org> unknown"]
    identity = put(to="gone@example.org")
    deliver_due(route)
    assert _get(identity).last_answer == "550 <gone@example.org> unknown"
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("regapp")]
    assert ours
    assert not any("gone@" in line for line in ours)


def test_the_doctor_says_what_was_agreed_or_what_is_wrong(settings: config.Settings, server: SmtpServer) -> None:
    assert _other(settings, server).probe() == f"127.0.0.1:{server.port} answers; no TLS, no sign-in"
    with pytest.raises(QueueTrouble, match="Connection refused"):
        _other(settings, server, mail_port=free_port()).probe()
