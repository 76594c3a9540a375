"""Real dialogues in which the server itself is the trouble: the queue stands still, no letter loses a try."""

import dataclasses
import os
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

import config
from regapp.core import clock
from regapp.core.db import db
from regapp.mailing import outbox
from regapp.mailing.models import MailState, OutgoingMail
from regapp.mailing.sending.delivery import deliver_due
from regapp.mailing.sending.holding import QueueTrouble
from regapp.mailing.sending.smtp import Patience
from regapp.mailing.sending.transport import SmtpTransport
from tests.support.machine.server import free_port
from tests.support.mail.letters import count_letters, put
from tests.support.mail.smtp import DROP, ELSEWHERE, HANG, HERE, PASSWORD, USER, SmtpServer

pytestmark = [
    pytest.mark.usefixtures("context"),
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning"),
]


def _get(identity: str) -> OutgoingMail:
    mail = db.session.get(OutgoingMail, identity, populate_existing=True)
    assert mail is not None
    return mail


def _reason() -> str:
    trouble = outbox.queue_trouble()
    assert trouble is not None
    return trouble.reason


def test_a_server_that_says_one_byte_a_second_cant_hold_a_letter(settings: config.Settings, server: SmtpServer) -> None:
    server.faults.seconds_per_byte = 0.1
    put()
    before = clock.now()
    deliver_due(SmtpTransport(settings, Patience(connect=0.2, answer=0.3)))
    assert clock.now() - before < timedelta(seconds=10)
    assert "timed out" in _reason()


def _other(settings: config.Settings, server: SmtpServer, **changes: object) -> SmtpTransport:
    values: dict[str, object] = {"mail_port": server.port, **changes}
    return SmtpTransport(dataclasses.replace(settings, **values))  # type: ignore[arg-type]


def _stops_the_queue(route: SmtpTransport) -> str:
    identity = put()
    assert deliver_due(route).handled == 0
    assert (_get(identity).state, _get(identity).attempts, _get(identity).tries) == (MailState.QUEUED, 0, [])
    return _reason()


def test_an_unreachable_server_stops_the_queue(settings: config.Settings, server: SmtpServer) -> None:
    reason = _stops_the_queue(_other(settings, server, mail_port=free_port()))
    assert reason == "the server can't be reached: Connection refused"


@pytest.mark.parametrize("greeting", ["421 4.3.2 not now", "554 go away", DROP, HANG])
def test_a_server_that_doesnt_greet_stops_the_queue(hurried: SmtpTransport, server: SmtpServer, greeting: str) -> None:
    server.faults.greeting = [greeting]
    _stops_the_queue(hurried)


def test_a_refused_sender_stops_the_queue(route: SmtpTransport, server: SmtpServer) -> None:
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
def guarded(settings: config.Settings) -> Callable[[SmtpServer, str], SmtpTransport]:
    def make(server: SmtpServer, password: str) -> SmtpTransport:
        return _other(settings, server, mail_username=USER, mail_password=password)

    return make


def test_a_refused_sign_in_stops_the_queue_and_tells_no_password(
    guarded: Callable[[SmtpServer, str], SmtpTransport], caplog: pytest.LogCaptureFixture
) -> None:
    with SmtpServer(wants_sign_in=True) as server:
        reason = _stops_the_queue(guarded(server, "wrong-password"))
    assert reason.startswith("the sign-in is refused: 535")
    assert "wrong-password" not in reason + caplog.text


def test_a_missing_sign_in_stops_the_queue(settings: config.Settings) -> None:
    with SmtpServer(wants_sign_in=True) as server:
        assert "530" in _stops_the_queue(_other(settings, server))


def test_the_right_password_is_let_in(guarded: Callable[[SmtpServer, str], SmtpTransport]) -> None:
    with SmtpServer(wants_sign_in=True) as server:
        put()
        assert deliver_due(guarded(server, PASSWORD)).handled == 1


def test_a_server_that_is_gone_for_two_hours_gets_every_letter_when_it_is_back(settings: config.Settings) -> None:
    identities = [put(f"letter:{number}") for number in range(3)]
    port = free_port()
    route = SmtpTransport(dataclasses.replace(settings, mail_port=port))
    with time_machine.travel(clock.now(), tick=False) as traveller:
        until = clock.now() + timedelta(hours=2)
        while clock.now() < until:
            again_at = deliver_due(route).again_at
            assert again_at is not None
            assert timedelta() < again_at - clock.now() <= timedelta(minutes=1)
            traveller.move_to(again_at)
        assert "Connection refused" in _reason()
        with SmtpServer(port=port) as server:
            assert deliver_due(route).handled == 3
    assert [received.message["Message-ID"] for received in server.received] == [
        _get(identity).message_id for identity in identities
    ]
    assert outbox.queue_trouble() is None
    assert [_get(identity).attempts for identity in identities] == [1, 1, 1]


@pytest.mark.both_databases("the stop is a row, and what was claimed is given back")
def test_a_server_that_goes_away_in_a_round_costs_no_letter_a_try(route: SmtpTransport, server: SmtpServer) -> None:
    identities = [put(f"letter:{number}") for number in range(5)]
    server.faults.mail_later = ["421 4.3.2 going down"]
    server.when_received = lambda _received: server.faults.greeting.append("421 4.3.2 not now")
    deliver_due(route)
    assert len(server.received) == 1
    assert [_get(identity).attempts for identity in identities] == [1, 0, 0, 0, 0]
    assert count_letters()[MailState.QUEUED] == 4
    assert _reason() == "the server doesn't want us now: 421 4.3.2 not now"


@pytest.mark.both_databases("the stop's end is an instant that is compared")
def test_a_stopped_queue_isnt_tried_before_its_time(route: SmtpTransport, server: SmtpServer) -> None:
    server.faults.greeting = ["421 down"]
    put()
    with time_machine.travel(clock.now(), tick=False):
        assert deliver_due(route).again_at == clock.now() + timedelta(seconds=5)
        assert deliver_due(route).handled == 0
        assert server.connections == 1
        assert deliver_due(route, ignore_stop=True).handled == 1


def test_the_doctor_says_what_was_agreed_or_what_is_wrong(settings: config.Settings, server: SmtpServer) -> None:
    assert _other(settings, server).probe() == f"127.0.0.1:{server.port} answers; no TLS, no sign-in"
    with pytest.raises(QueueTrouble, match="Connection refused"):
        _other(settings, server, mail_port=free_port()).probe()
