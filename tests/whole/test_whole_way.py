"""From the form to the bytes in the mailbox and back, over real parts."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.message import EmailMessage

import icalendar
import pytest
import vobject

from tests.support.days import APPLICATION
from tests.support.machine.server import SENDER, System
from tests.support.machine.waiting import wait_until
from tests.support.mail.smtp import SmtpServer
from tests.support.visitors import Visitor

EACH_WAKES = "each has a bell of its own that wakes the worker"


def letter_to(mail: SmtpServer, address: str, number: int) -> EmailMessage:
    """The `number`th letter that arrives for the address, counted from 1."""
    wait_until(lambda: len(mail.to(address)) >= number, what=f"letter {number} to {address}")
    return mail.to(address)[number - 1].message


def calendar_part(letter: EmailMessage) -> bytes:
    (part,) = (part for part in letter.walk() if part.get_content_type() == "text/calendar")
    content: bytes = part.get_payload(decode=True)  # type: ignore[assignment]
    return content


def own_link(letter: EmailMessage, kind: str) -> str:
    text = letter.get_body(("plain",))
    assert text is not None
    found = re.search(rf"http://127\.0\.0\.1:\d+(/{kind}/\S+)", text.get_content())
    assert found, text.get_content()
    return found[1]


@pytest.mark.both_databases(EACH_WAKES)
def test_a_confirmation_and_a_cancellation_go_the_whole_way(
    start_system: Callable[..., System], open_day: Callable[..., None], mail: SmtpServer
) -> None:
    open_day()
    system = start_system(mail_port=mail.port, from_nothing=True)
    visitor = Visitor(system.base_url)
    answer = visitor.submit("/2026/register", **{**APPLICATION, "attendance": "online"})
    assert answer.status == 200 and answer.path.startswith("/2026/received/")

    confirmation = letter_to(mail, "asa@example.org", 1)
    check_invitation(confirmation, "REQUEST", sequence=0)
    entry = icalendar.Calendar.from_ical(calendar_part(confirmation)).walk("VEVENT")[0]
    assert str(entry["LOCATION"]) == system.base_url + own_link(confirmation, "join")
    assert visitor.get(own_link(confirmation, "join")).status == 200

    manage = own_link(confirmation, "my")
    assert "Åsa-Märta" in visitor.get(manage).body
    assert visitor.submit(manage + "/cancel").status == 200

    cancellation = letter_to(mail, "asa@example.org", 2)
    check_invitation(cancellation, "CANCEL", sequence=1)
    assert cancellation["In-Reply-To"] == confirmation["Message-ID"]
    gone = icalendar.Calendar.from_ical(calendar_part(cancellation)).walk("VEVENT")[0]
    assert gone["UID"] == entry["UID"]
    assert gone["STATUS"] == "CANCELLED"


def check_invitation(letter: EmailMessage, method: str, *, sequence: int) -> None:
    """The bytes are an invitation to one person, and two libraries read the same in it."""
    assert letter["To"] == "asa@example.org"
    assert letter["From"].addresses[0].addr_spec == SENDER
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Content-Language"] == "sv"
    assert [part.get_content_type() for part in letter.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    content = calendar_part(letter)
    (attached,) = letter.iter_attachments()
    assert attached.get_payload(decode=True) == content
    assert max(len(line) for line in content.split(b"\r\n")) <= 75
    first = icalendar.Calendar.from_ical(content)
    second = vobject.readOne(content.decode())
    event = first.walk("VEVENT")[0]
    assert first["METHOD"] == second.method.value == method
    assert int(event["SEQUENCE"]) == int(second.vevent.sequence.value) == sequence
    assert str(event["UID"]) == second.vevent.uid.value
    assert event["DTSTART"].dt == second.vevent.dtstart.value
    assert event["ATTENDEE"] == second.vevent.attendee.value == "mailto:asa@example.org"
    assert event["ORGANIZER"] == f"mailto:{SENDER}"


def test_a_letter_written_while_the_mail_server_is_away_arrives_when_it_is_back(
    system: System, mail: SmtpServer
) -> None:
    system.crash("worker")
    system.start_worker("from regapp.mailing.sending import holding; holding._PAUSES_S = (0.2,)")
    mail.faults.greeting += ["421 closed for a moment"]
    Visitor(system.base_url).submit("/en/2026/register", **APPLICATION)
    assert letter_to(mail, "asa@example.org", 1)["Content-Language"] == "en"


@pytest.mark.both_databases("what is committed survives a crash of the process")
def test_a_killed_web_server_loses_no_letter(system: System, mail: SmtpServer) -> None:
    system.crash("worker")
    answer = Visitor(system.base_url).submit("/2026/register", **APPLICATION)
    assert answer.path.startswith("/2026/received/")
    system.crash("web")
    assert mail.to("asa@example.org") == []
    system.start_worker()
    letter_to(mail, "asa@example.org", 1)
    system.start_web()
