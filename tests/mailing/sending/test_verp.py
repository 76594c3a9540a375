"""With a bounce address each letter has an envelope sender of its own; its headers stay the same."""

from __future__ import annotations

from pathlib import Path

import pytest

import config
from regapp.mailing import message
from regapp.mailing.sending import delivery
from regapp.mailing.sending.transport import SmtpTransport
from tests.support.machine.server import SENDER, environment
from tests.support.mail.letters import put
from tests.support.mail.smtp import SmtpServer


@pytest.mark.usefixtures("context")
def test_without_a_bounce_address_what_comes_back_goes_to_the_sender(route: SmtpTransport, server: SmtpServer) -> None:
    put()
    delivery.deliver_due(route)
    assert [received.sender for received in server.received] == [SENDER]


@pytest.mark.usefixtures("context")
def test_each_letter_has_an_envelope_sender_of_its_own(
    settings: config.Settings, server: SmtpServer, database_url: str, tmp_path: Path
) -> None:
    address = f"{'b' * config.MAX_BOUNCE_NAME}@studs.example.org"
    here = config.load(environment(database_url, tmp_path, MAIL_PORT=str(server.port), MAIL_BOUNCE_ADDRESS=address))
    letters = [put("letter:1"), put("letter:2")]
    delivery.deliver_due(SmtpTransport(here))
    for received, letter in zip(server.received, letters, strict=True):
        name, _, domain = received.sender.partition("@")
        assert (name, domain) == (f"{'b' * 31}+{letter}", "studs.example.org")
        assert len(name) <= 64
        assert received.message["From"].addresses[0].addr_spec == SENDER
        assert received.message["Message-ID"] == f"<{letter}@swecarnet.example.org>"
        assert b"studs.example.org" not in received.octets
        assert message.letters_in(f"Bounces <{received.sender.upper()}>, x", here) == [letter]


@pytest.mark.parametrize(
    "recipient",
    [
        "studs+0123@example.org",
        "other+{id}@example.org",
        "x.studs+{id}@example.org",
        "studs+{id}@example.org.evil.test",
    ],
)
def test_what_only_resembles_one_is_none(recipient: str) -> None:
    here = config.Settings(mail_bounce_address="studs@example.org")
    assert message.letters_in(recipient.format(id="0" * 32), here) == []
