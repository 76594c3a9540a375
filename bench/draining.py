"""Letters to drain, and who drains them: `python -m bench.draining write NUMBER | again | floor | builder`.

The floors have the stored letters and their links at hand; they make a message of each and send it, over one
connection, and note nothing.
"""

from __future__ import annotations

import smtplib
import sys
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP

from sqlalchemy import delete, select, text

import config
from regapp import create_app
from regapp.core import clock
from regapp.core.context import settings
from regapp.core.db import db, writing
from regapp.mailing import message, outbox
from regapp.mailing.message import FilledLetter
from regapp.mailing.models import DeliveryTry, OutgoingMail
from regapp.mailing.sending.claiming import Claimed
from regapp.registrations.letters import writing as letters
from regapp.registrations.models import Registration, Status


def write(number: str) -> None:
    """As many confirmations with an invitation."""
    people = select(Registration.id).filter_by(status=Status.CONFIRMED).limit(int(number))
    with writing():
        for registration_id in db.session.scalars(people).all():
            letters.write_place(db.session.get_one(Registration, registration_id), clock.now() - timedelta(seconds=1))


def again() -> None:
    """All of them wait anew."""
    with writing():
        db.session.execute(delete(DeliveryTry))
        db.session.execute(text("UPDATE outgoing_mail SET state = 'queued', attempts = 0, sent_at = NULL"))


def floor() -> None:
    """As anybody would do it with Python's own email and smtplib."""
    _send(lambda filled: _plain(filled).as_bytes())


def builder() -> None:
    """The same with regapp's own messages, which are made faster."""
    _send(lambda filled: message.to_bytes(filled, settings()))


def _send(build: Callable[[FilledLetter], bytes]) -> None:
    stored = [Claimed.of(mail) for mail in db.session.scalars(select(OutgoingMail))]
    links = [outbox.links_of(letter) for letter in stored]
    with smtplib.SMTP(settings().mail_server, settings().mail_port) as server:
        for letter, its_links in zip(stored, links, strict=True):
            octets = build(message.fill(letter, its_links))
            server.sendmail(settings().mail_default_sender, [letter.recipient], octets)


def _plain(filled: FilledLetter) -> EmailMessage:
    letter = EmailMessage(policy=SMTP)
    letter["From"], letter["To"] = settings().mail_default_sender, filled.recipient
    letter["Subject"], letter["Message-ID"] = filled.subject, filled.message_id
    letter["Date"], letter["Auto-Submitted"] = filled.dated_at, "auto-generated"
    letter.set_content(filled.text)
    letter.add_alternative(filled.html, subtype="html")
    if filled.calendar:
        letter.add_alternative(filled.calendar.decode(), subtype="calendar", params={"method": filled.method})
        letter.add_attachment(filled.calendar, "application", "ics", filename="invite.ics")
    return letter


if __name__ == "__main__":
    with create_app(config.load()).app_context():
        {"write": write, "again": again, "floor": floor, "builder": builder}[sys.argv[1]](*sys.argv[2:])
