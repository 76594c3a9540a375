"""The bytes as a server on loopback got them."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import icalendar
import pytest
import vobject
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import config
from regapp.core.db import db
from regapp.mailing import message
from regapp.mailing.message import POLICY, FilledLetter, UnwritableLetter
from regapp.mailing.models import CalendarMethod, OutgoingMail
from regapp.mailing.sending.delivery import deliver_due
from regapp.mailing.sending.transport import SmtpTransport
from tests.support.machine.server import SENDER
from tests.support.mail.letters import LINKS, WRITTEN_AT, a_letter, put, put_invited
from tests.support.mail.smtp import Received, SmtpServer

pytestmark = pytest.mark.usefixtures("context")


def _delivered(route: SmtpTransport, server: SmtpServer) -> Received:
    assert deliver_due(route).handled == 1
    return server.received[-1]


def _tree(part: EmailMessage) -> object:
    children = [_tree(child) for child in part.iter_parts()] if part.is_multipart() else []
    return (part.get_content_type(), children) if children else part.get_content_type()


def _filled(**changes: object) -> FilledLetter:
    values: dict[str, object] = {
        "id": "ab" * 16, "kind": "link", "recipient": "asa@example.org", "language": "sv", "in_reply_to": None,
        "message_id": "<a@example.org>", "dated_at": WRITTEN_AT, "subject": "Din länk", "text": "Hej\n",
        "html": "<p>Hej</p>", "calendar": None, "method": None,
    }  # fmt: skip
    return FilledLetter(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("method", list(CalendarMethod))
def test_an_invited_letter_has_the_tree_that_calendars_understand(
    route: SmtpTransport, server: SmtpServer, method: CalendarMethod
) -> None:
    put_invited(method=method)
    received = _delivered(route, server)
    letter = received.message
    bodies = ("multipart/alternative", ["text/plain", "text/html", "text/calendar"])
    assert _tree(letter) == ("multipart/mixed", [bodies, "application/ics"])
    parts = {part.get_content_type(): part for part in letter.walk()}
    for kind in ("text/plain", "text/html", "text/calendar"):
        assert parts[kind]["Content-Transfer-Encoding"] == "quoted-printable"
        assert parts[kind]["Content-Disposition"] is None
        assert parts[kind].get_content_charset() == "utf-8"
    assert parts["text/calendar"].get_param("method") == method.value
    file = parts["application/ics"]
    assert file["Content-Transfer-Encoding"] == "base64"
    assert (file.get_filename(), file.get_param("name")) == ("invite.ics", "invite.ics")
    assert file.get_content_disposition() == "attachment"


def test_both_calendar_parts_are_the_same_bytes_with_the_links_in_them(
    route: SmtpTransport, server: SmtpServer
) -> None:
    put_invited()
    parts = {part.get_content_type(): part for part in _delivered(route, server).message.walk()}
    body, file = (parts[kind].get_payload(decode=True) for kind in ("text/calendar", "application/ics"))
    assert body == file
    assert isinstance(file, bytes)
    assert all(len(line) <= 75 for line in file.split(b"\r\n"))
    event = icalendar.Calendar.from_ical(file).walk("VEVENT")[0]
    assert str(event["LOCATION"]) == vobject.readOne(file.decode()).vevent.location.value == LINKS["join"]
    assert event["ATTENDEE"] == "mailto:asa@example.org"
    assert event["ORGANIZER"] == f"mailto:{SENDER}"


def test_other_letters_are_text_and_html(route: SmtpTransport, server: SmtpServer) -> None:
    put()
    assert _tree(_delivered(route, server).message) == ("multipart/alternative", ["text/plain", "text/html"])


def test_links_stand_only_in_what_is_sent(route: SmtpTransport, server: SmtpServer) -> None:
    identity = put_invited()
    letter = _delivered(route, server).message
    texts = [part.get_content() for part in letter.walk() if part.get_content_maintype() == "text"]
    assert LINKS["manage"] in texts[0]
    assert f'href="{LINKS["manage"]}"' in texts[1]
    assert LINKS["join"] not in texts[0]
    mail = db.session.get(OutgoingMail, identity)
    assert mail is not None
    assert "token" not in f"{mail.text}{mail.html}{mail.calendar}"


def test_the_headers_are_a_machines_letter_to_one_person(route: SmtpTransport, server: SmtpServer) -> None:
    first = put("confirmation:1", at=WRITTEN_AT)
    _delivered(route, server)
    second = put_invited("link:1", in_reply_to=f"<{first}@swecarnet.example.org>", language="en", at=WRITTEN_AT)
    received = _delivered(route, server)
    letter = received.message
    assert received.sender == SENDER
    assert received.recipients == ["asa@example.org"]
    assert letter["From"] == f"SWECARNET <{SENDER}>"
    assert letter["To"] == "asa@example.org"
    assert letter["Subject"] == "Du är anmäld: Utbildningsdag om CAR T 2026"
    assert letter["Message-ID"] == f"<{second}@swecarnet.example.org>"
    assert letter["In-Reply-To"] == letter["References"] == f"<{first}@swecarnet.example.org>"
    assert parsedate_to_datetime(letter["Date"]) == WRITTEN_AT
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert letter["Content-Language"] == "en"
    for name in ("Cc", "Bcc", "Sender", "List-Unsubscribe"):
        assert letter[name] is None
    assert all(len(letter.get_all(name, [])) == 1 for name in set(letter.keys()))


def test_the_bytes_are_seven_bit_with_crlf_and_short_lines(route: SmtpTransport, server: SmtpServer) -> None:
    put_invited(letter=a_letter(subject="Å" * 150))
    octets = _delivered(route, server).octets
    assert octets.isascii()
    assert not re.search(rb"[^\r]\n|\r[^\n]", octets)
    assert max(len(line) for line in octets.split(b"\r\n")) <= 78


def test_a_retry_sends_the_same_bytes(route: SmtpTransport, settings: config.Settings) -> None:
    parcel = _filled(calendar=b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", method="REQUEST")
    assert message.build(parcel, settings).as_bytes() == message.build(parcel, settings).as_bytes()


def test_replies_go_to_a_person_when_one_is_named(settings: config.Settings) -> None:
    assert message.build(_filled(), settings)["Reply-To"] is None
    named = config.Settings(mail_default_sender=SENDER, mail_reply_to="anna@example.org")
    assert message.build(_filled(), named)["Reply-To"] == "anna@example.org"


def test_a_long_message_id_stays_one_word(settings: config.Settings) -> None:
    identity = f"<{'ab' * 16}@{'utbildningsdagen' * 3}.example.org>"
    octets = message.build(_filled(message_id=identity, in_reply_to=identity), settings).as_bytes()
    assert octets.count(identity.encode()) == 3


@pytest.mark.parametrize(
    "address",
    ["", "asa", "a@b@c.se", "a@b.se\r\nBcc: x@y.se", "a@b.se, x@y.se", "A <a@b.se>", "å@b.se", "a@å.se", "a b@c.se",
     "a@b.se\0", "<a@b.se>", f"{'a' * 65}@b.se"],
)  # fmt: skip
def test_an_address_that_isnt_one_bare_mailbox_is_refused(settings: config.Settings, address: str) -> None:
    with pytest.raises(UnwritableLetter):
        message.build(_filled(recipient=address), settings)


@pytest.mark.parametrize("address", ["o'brien@example.org", "a+b.c_d=e@xn--exmpel-bua.se", "{x}@example.org"])
def test_odd_addresses_are_written_as_they_are(settings: config.Settings, address: str) -> None:
    assert f"To: {address}\r\n".encode() in message.build(_filled(recipient=address), settings).as_bytes()


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=300))
def test_every_subject_arrives_as_it_was_written(subject: str) -> None:
    written = " ".join(subject.split())
    letter = EmailMessage(policy=POLICY)
    letter["Subject"] = written
    octets = letter.as_bytes()
    assert octets.isascii()
    assert max(len(line) for line in octets.split(b"\r\n")) <= 76
    assert message_from_bytes(octets, policy=policy.SMTP)["Subject"] == written


@given(st.text(max_size=200) | st.sampled_from(["a\r\nBcc: x@y.se", "=?utf-8?q?a=0D=0ABcc:_x@y.se?=", "a\n\nbody"]))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_words_change_a_header_or_a_recipient(settings: config.Settings, words: str) -> None:
    from regapp.mailing import letters

    written = letters.write(a_letter(subject=words), "sv")
    built = message.build(_filled(subject=written.subject), settings)
    octets = built.as_bytes()
    names = [line.split(b":")[0] for line in octets.partition(b"\r\n\r\n")[0].split(b"\r\n") if line[:1] not in b" \t"]
    expected = message.build(_filled(subject="x"), settings)
    assert names == [name.encode() for name, _ in expected.items()]
    assert b"\r\nTo: asa@example.org\r\n" in octets
