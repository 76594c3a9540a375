"""From the letter in the mailbox to what comes back of it, over real parts: SMTP out, IMAP in."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest
from flask import Flask

from regapp.core.db import db
from regapp.mailing.models import Bounce, OutgoingMail
from regapp.registrations.models import Registration, Status
from tests.support.days import APPLICATION
from tests.support.machine.server import System
from tests.support.machine.waiting import wait_until
from tests.support.mail.dovecot import Dovecot
from tests.support.mail.incoming import coming_back
from tests.support.mail.smtp import SmtpServer
from tests.support.visitors import Visitor
from tests.whole.test_whole_way import letter_to, own_link

# Shorter than its own: how long a worker waits at its end for the message in hand.
HURRY = "from regapp.mailing.inbox import reading; reading._LAST_WORDS_S = 0.1"


@pytest.mark.dovecot
def test_a_bounce_and_a_calendar_s_no_come_back_the_whole_way(
    app: Flask,
    start_system: Callable[..., System],
    open_day: Callable[..., None],
    mail: SmtpServer,
    dovecot: Dovecot,
) -> None:
    open_day()
    theirs = dovecot.new_user()
    system = start_system(mail_port=mail.port, MAIL_BOUNCE_ADDRESS="studs@studs.example.org", **theirs.settings)
    for name in ("asa", "bo"):
        visitor = Visitor(system.base_url)
        answer = visitor.submit("/2026/register", **{**APPLICATION, "email": f"{name}@example.org"})
        assert answer.path.startswith("/2026/received/")
        letter_to(mail, f"{name}@example.org", 1)
    senders = {address: mail.to(address)[0].sender for address in ("asa@example.org", "bo@example.org")}
    assert len(set(senders.values())) == 2
    with app.app_context():
        letters = {letter.recipient: letter.id for letter in db.session.query(OutgoingMail)}
        unknown = {"message-id": "<unknown@elsewhere.example.org>", "bounce": senders["bo@example.org"]}
        theirs.put(coming_back("bounce-postfix-unknown", letters["bo@example.org"], **unknown))
        theirs.put(coming_back("reply-outlook-declined", letters["asa@example.org"]))
        theirs.put(coming_back("left-question", letters["asa@example.org"]))
    # It reads when it starts, and then once a minute.
    system.crash("worker")
    system.start_worker()

    letter = letter_to(mail, "asa@example.org", 2)
    assert letter["Subject"].startswith("Du är fortfarande anmäld")
    assert Visitor(system.base_url).get(own_link(letter, "my")).status == 200
    wait_until(lambda: len(theirs.messages()) == 1, what="the move of what was handled")
    assert len(theirs.messages("Handled")) == 2
    with app.app_context():
        (bounce,) = db.session.query(Bounce)
        assert (bounce.mail_id, bounce.status) == (letters["bo@example.org"], "5.1.1")
        people = {person.email: person for person in db.session.query(Registration)}
        assert {person.status for person in people.values()} == {Status.CONFIRMED}
        assert people["asa@example.org"].declined_at is not None
        assert people["bo@example.org"].declined_at is None


def test_a_mail_server_that_hangs_on_the_way_in_holds_no_letter_on_the_way_out(
    start_system: Callable[..., System], open_day: Callable[..., None], mail: SmtpServer
) -> None:
    open_day()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = str(silent.getsockname()[1])
        named = {"INBOX_USERNAME": "studs", "INBOX_PASSWORD": "of-nobody", "INBOX_PORT": port}
        system = start_system(mail_port=mail.port, INBOX_SERVER="127.0.0.1", **named)
        system.crash("worker")
        system.start_worker(HURRY)
        Visitor(system.base_url).submit("/2026/register", **APPLICATION)
        wait_until(lambda: mail.to("asa@example.org"), seconds=10, what="the letter")
        system.stop()
