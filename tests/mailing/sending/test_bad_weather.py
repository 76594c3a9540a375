"""Real dialogues about a letter that go wrong: it is tried again or fails, and spoils no other."""

from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
import time_machine

from regapp.core import clock
from regapp.core.db import db
from regapp.mailing import outbox
from regapp.mailing.letters import Letter, Paragraph
from regapp.mailing.marks import mark
from regapp.mailing.models import MailState, OutgoingMail, TryOutcome
from regapp.mailing.sending import claiming, smtp
from regapp.mailing.sending.delivery import deliver_due
from regapp.mailing.sending.transport import SmtpTransport
from tests.support.mail.letters import a_letter, put, put_invited
from tests.support.mail.smtp import DROP, HANG, SmtpServer

pytestmark = pytest.mark.usefixtures("context")


def _get(identity: str) -> OutgoingMail:
    mail = db.session.get(OutgoingMail, identity, populate_existing=True)
    assert mail is not None
    return mail


def test_a_delivered_letter_keeps_the_servers_answer(route: SmtpTransport, server: SmtpServer) -> None:
    mail = _get(put())
    assert deliver_due(route).handled == 1
    mail = _get(mail.id)
    assert mail.state is MailState.SENT
    assert mail.sent_at is not None
    assert mail.last_answer == "250 2.0.0 accepted as number 1"
    assert [(attempt.outcome, attempt.answer) for attempt in mail.tries] == [(TryOutcome.SENT, mail.last_answer)]


def test_one_connection_carries_many_letters(route: SmtpTransport, server: SmtpServer) -> None:
    for number in range(20):
        put(f"letter:{number}")
    assert deliver_due(route).handled == 20
    assert server.connections == 1


@pytest.mark.both_databases("a note and the next claim share a transaction")
def test_one_refused_recipient_among_many_fails_alone(route: SmtpTransport, server: SmtpServer) -> None:
    server.faults.recipients["gone@example.org"] = ["550 5.1.1 no such user"]
    identities = [put(f"letter:{number}") for number in range(10)]
    gone = put("gone", to="gone@example.org")
    identities += [put(f"later:{number}") for number in range(10)]
    assert deliver_due(route).handled == 21
    assert [received.message["Message-ID"] for received in server.received] == [
        _get(identity).message_id for identity in identities
    ]
    assert _get(gone).state is MailState.FAILED
    assert _get(gone).last_answer == "550 5.1.1 no such user"
    assert server.connections == 1


def _tries_until_sent(route: SmtpTransport, identity: str) -> list[timedelta]:
    """The pauses between the tries, with the clock moved over them."""
    pauses = []
    with time_machine.travel(clock.now(), tick=False) as traveller:
        while deliver_due(route).again_at and (pause := _get(identity).due_at - clock.now()):
            assert _get(identity).state is MailState.QUEUED
            pauses.append(pause)
            traveller.shift(pause)
    assert _get(identity).state is MailState.SENT
    return pauses


@pytest.mark.both_databases("when a letter is due is an instant that is compared")
def test_greylisting_twice_is_waited_out(route: SmtpTransport, server: SmtpServer) -> None:
    server.faults.recipients["asa@example.org"] = ["450 4.2.0 greylisted"] * 2
    identity = put()
    assert _tries_until_sent(route, identity) == [timedelta(minutes=1), timedelta(minutes=2)]
    assert (len(server.received), _get(identity).attempts) == (1, 3)


def test_every_try_is_the_same_message_with_its_first_date(route: SmtpTransport, server: SmtpServer) -> None:
    server.faults.data = ["451 4.3.0 later"] * 3
    identity = put_invited(at=clock.now() - timedelta(hours=1))
    _tries_until_sent(route, identity)
    tries = [*server.refused, *server.received]
    assert len(tries) == 4
    assert len({received.octets for received in tries}) == 1
    letter = tries[0].message
    assert letter["Message-ID"] == _get(identity).message_id
    assert parsedate_to_datetime(letter["Date"]) == _get(identity).dated_at.replace(microsecond=0)


@pytest.mark.parametrize("fault", ["451 4.7.1 rate limit", "452 full", DROP, HANG])
def test_a_letter_that_isnt_taken_now_is_tried_again_and_arrives(
    hurried: SmtpTransport, server: SmtpServer, fault: str
) -> None:
    server.faults.data = [fault]
    troubled, other = put("a"), put("b")
    deliver_due(hurried)
    assert (_get(troubled).state, _get(troubled).attempts) == (MailState.QUEUED, 1)
    assert _get(other).state is MailState.SENT
    assert outbox.queue_trouble() is None
    with time_machine.travel(_get(troubled).due_at):
        assert deliver_due(hurried).handled == 1
    assert [received.message["Message-ID"] for received in server.received] == [
        _get(other).message_id,
        _get(troubled).message_id,
    ]


def test_a_connection_that_drops_in_the_middle_of_a_letter_leaves_no_copy(
    route: SmtpTransport, server: SmtpServer
) -> None:
    server.faults.amid_data = [DROP]
    troubled, other = put_invited("a"), put("b")
    deliver_due(route)
    assert (_get(troubled).state, _get(troubled).attempts) == (MailState.QUEUED, 1)
    with time_machine.travel(_get(troubled).due_at):
        deliver_due(route)
    assert len(server.received) == 2
    assert {_get(identity).state for identity in (troubled, other)} == {MailState.SENT}


@pytest.mark.parametrize("fault", ["552 5.3.4 too big", "554 5.7.1 spam"])
def test_a_letter_that_is_never_taken_fails_at_once(route: SmtpTransport, server: SmtpServer, fault: str) -> None:
    server.faults.data = [fault]
    identity, other = put("a"), put("b")
    deliver_due(route)
    assert (_get(identity).state, _get(identity).last_answer) == (MailState.FAILED, fault)
    assert _get(other).state is MailState.SENT


def test_a_server_that_ends_long_connections_gets_a_new_one(route: SmtpTransport, server: SmtpServer) -> None:
    server.faults.letters_per_connection = 3
    identities = [put(f"letter:{number}") for number in range(10)]
    deliver_due(route)
    assert [_get(identity).attempts for identity in identities] == [1] * 10
    assert len(server.received) == 10
    assert server.connections == 4


def test_a_connection_dropped_between_letters_costs_no_attempt(route: SmtpTransport, server: SmtpServer) -> None:
    put("a")
    second = put("b")
    server.faults.mail_later = [DROP]
    deliver_due(route)
    assert (_get(second).state, _get(second).attempts) == (MailState.SENT, 1)


@pytest.mark.parametrize("fault", ["500 what?", DROP, HANG])
def test_an_error_at_goodbye_fails_no_letter(hurried: SmtpTransport, server: SmtpServer, fault: str) -> None:
    server.faults.quit = [fault]
    identity = put()
    deliver_due(hurried)
    assert _get(identity).state is MailState.SENT


def test_two_letters_have_less_time_than_a_lease() -> None:
    patience = smtp.Patience()
    longest = 4 * (patience.connect + patience.answer + patience.letter) + patience.goodbye
    assert timedelta(seconds=longest) < claiming.LEASE


@pytest.mark.both_databases("what is refused of one letter is undone alone")
def test_a_letter_that_cant_be_made_ready_spoils_no_other(route: SmtpTransport, server: SmtpServer) -> None:
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


@pytest.mark.both_databases("the rate is counted under a lock of each one's own")
def test_the_rate_limit_makes_letters_wait(route: SmtpTransport, server: SmtpServer) -> None:
    for number in range(5):
        put(f"letter:{number}")
    with time_machine.travel(clock.now(), tick=False):
        done = deliver_due(route, per_minute=2)
        assert done.handled == 2
        assert done.again_at == clock.now() + timedelta(minutes=1)


@pytest.mark.both_databases("what was claimed is given back")
def test_being_told_to_stop_finishes_the_letter_in_hand_and_gives_the_one_made_ready_back(
    route: SmtpTransport, server: SmtpServer
) -> None:
    identities = [put(f"letter:{number}") for number in range(5)]
    assert deliver_due(route, is_stopping=lambda: len(server.received) >= 2).handled == 2
    states = [_get(identity).state for identity in identities]
    assert states == [MailState.SENT] * 2 + [MailState.QUEUED] * 3
    assert [_get(identity).attempts for identity in identities] == [1, 1, 0, 0, 0]


def test_no_address_stands_in_the_log(
    route: SmtpTransport, server: SmtpServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    server.faults.recipients["gone@example.org"] = ["550 <gone@example.org> unknown"]
    identity = put(to="gone@example.org")
    deliver_due(route)
    assert _get(identity).last_answer == "550 <gone@example.org> unknown"
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("regapp")]
    assert ours
    assert not any("gone@" in line for line in ours)
