"""A day's title, whatever stands in it, is words in a letter to organisers and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update

import config
from regapp.accounts.models import Organiser
from regapp.core.db import db, writing
from regapp.events.models import Event
from regapp.mailing.sending.delivery import deliver_due
from regapp.mailing.sending.transport import SmtpTransport
from regapp.organising.alarms.conditions import raise_alarms
from regapp.organising.alarms.mornings import write_digests
from regapp.registrations.choices import Wish
from tests.support.days import WHILE_OPEN, new_day
from tests.support.machine.server import environment
from tests.support.mail.smtp import SmtpServer
from tests.support.mail.telling import do, miss_a_reminder, register
from tests.support.organisers import add_organiser

T = WHILE_OPEN.replace(hour=5)
EVIL = {
    "line ends": "Dag\r\nBcc: evil@example.org\r\n\r\nBody",
    "other line ends": "Dag\u2028Bcc: evil@example.org\u2029X\x85Y\x0bZ",
    "quotes": "\"Dag\" 'dag' ; , \\ ` $(x) %0d%0a",
    "formats": "{x} {0.__class__} {title:>1000} %s %(x)s ${x} {{ 7*7 }} {% raw %}",
    "html": "<script>alert(1)</script><img src=x onerror=y>&amp;</td></table>",
    "emoji and direction": "\U0001f9ec\u202eevil\u202c \u200f\u200e\u2067x\u2069 e\u0301",
    "long": "Å" * 200,
    "marks": "\x02manage\x03 \x02nothing\x03",
    "encoded words": "=?utf-8?q?evil?= =?utf-8?b?ZXZpbA==?=",
}

HEADERS = {
    "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress",
    "MIME-Version", "Content-Type", "Content-Language",
}  # fmt: skip


@pytest.fixture
def environ(database_url: str, instance: Path, server: SmtpServer) -> dict[str, str]:
    return environment(database_url, instance, MAIL_PORT=str(server.port))


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("name", EVIL)
def test_a_title_changes_no_header_no_recipient_and_no_other_words(
    app: Flask, settings: config.Settings, server: SmtpServer, name: str
) -> None:
    add_organiser(app, email="anna@example.org")
    event = new_day(seats_on_site=1).id
    do(write_digests, T.replace(day=1, hour=4))
    register(event, 1, Wish.ON_SITE, T)
    miss_a_reminder(event, 7, T)
    with writing():
        db.session.execute(update(Organiser).values(wants_digest=True))
        db.session.execute(update(Event).values(title_sv=EVIL[name], title_en=""))
    at = T.replace(minute=10)
    do(raise_alarms, at)
    do(write_digests, at)
    with time_machine.travel(at, tick=False):
        deliver_due(SmtpTransport(settings))
    assert len(server.received) == 3
    for received in server.received:
        letter = received.message
        assert received.recipients == ["anna@example.org"]
        assert len(letter.keys()) == len(set(letter.keys()))
        assert set(letter.keys()) <= HEADERS
        assert received.octets.isascii()
        assert max(len(line) for line in received.octets.splitlines()) <= 998
        text, html = (part.get_content() for part in letter.iter_parts())
        for words in (text, html):
            assert not set("\x02\x03\x0b\x85\u2028\u202e") & set(words)
        assert "<script" not in html
        assert "<img" not in html
        if name in {"formats", "quotes", "html", "encoded words"}:
            assert EVIL[name] in " ".join(f"{letter['Subject']} {text}".split())
