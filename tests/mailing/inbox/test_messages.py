"""What an incoming message is taken for: the reports, answers and automatic replies of real servers, and bad ones."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import Settings
from regapp.mailing import message
from regapp.mailing.inbox import messages
from regapp.mailing.inbox.bounces import Report
from regapp.mailing.inbox.calendar_replies import Reply
from regapp.mailing.inbox.messages import AutoReply
from regapp.mailing.inbox.returns import Unclear
from tests.support.mail.incoming import FOLDER, filled, sample

SETTINGS = Settings(
    mail_default_sender="utbildningsdag@example.org",
    mail_domain="example.org",
    mail_bounce_address="studs@studs.example.org",
)
LETTER = "0123456789abcdef0123456789abcdef"
UID = "5d0c1f8e-2b7a-4c3d-9e10-aabbccddeeff@example.org"
VALUES = {
    "recipient": "asa@example.org",
    "sender": SETTINGS.mail_default_sender,
    "bounce": message.envelope_sender(LETTER, SETTINGS),
    "message-id": f"<{LETTER}@example.org>",
    "uid": UID,
    "sequence": "3",
}


def understood(name: str, **changes: str) -> object:
    found = messages.understand(sample(name, {**VALUES, **changes}), SETTINGS)
    return found.meaning if found else None


BOUNCES = {
    "bounce-postfix-unknown": ("5.1.1", "550 5.1.1 <asa@example.org>: Recipient address rejected: User unknown"),
    "bounce-postfix-expired": ("4.4.1", "connect to mail.hospital.example.org[192.0.2.10]:25: Connection timed out"),
    "bounce-exim": ("5.0.0", "550 Mailbox closed"),
    "bounce-exchange-online": (
        "5.1.10",
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient asa@example.org not found by SMTP address lookup",
    ),
    "bounce-gmail-full": (
        "5.2.2",
        "552-5.2.2 The recipient's inbox is out of storage space and inactive. Please "
        "552-5.2.2 direct the recipient to the help pages. 552 5.2.2 overquota - example",
    ),
}


@pytest.mark.parametrize("name", BOUNCES)
def test_a_bounce_tells_the_letter_the_code_and_the_reason(name: str) -> None:
    report = understood(name)
    assert isinstance(report, Report)
    assert report.has_failed
    assert (report.status, report.reason) == BOUNCES[name]
    assert VALUES["message-id"] in report.message_ids


@pytest.mark.parametrize("name", ["bounce-postfix-unknown", "bounce-gmail-full", "delay-postfix"])
def test_the_envelope_sender_names_the_letter_whatever_else_is_returned(name: str) -> None:
    report = understood(name, **{"message-id": "<unknown@elsewhere.example.org>"})
    assert isinstance(report, Report)
    assert report.letter_ids == (LETTER,)


def test_a_report_that_returns_nothing_names_the_letter_that_it_answers() -> None:
    whole = sample("bounce-exchange-online", VALUES)
    bare = whole.replace(b"Content-Type: message/rfc822", b"Content-Type: text/plain")
    found = messages.understand(bare, SETTINGS)
    assert found is not None
    assert isinstance(found.meaning, Report)
    assert found.meaning.message_ids == (VALUES["message-id"],)


def test_a_bounce_of_somebody_s_answer_to_our_letter_is_not_our_letter_s() -> None:
    text = (FOLDER / "bounce-exchange-online.eml").read_text(encoding="utf-8")
    head, returned = text.split("Content-Type: message/rfc822")
    returned = returned.replace("{{message-id}}", "<answer@hospital.example.org>")
    found = messages.understand(filled(f"{head}Content-Type: message/rfc822{returned}", VALUES), SETTINGS)
    assert found is not None
    assert isinstance(found.meaning, Report)
    assert VALUES["message-id"] not in found.meaning.message_ids


@pytest.mark.parametrize("name", ["delay-postfix", "success-postfix"])
def test_a_delay_and_a_success_are_no_failures(name: str) -> None:
    report = understood(name)
    assert isinstance(report, Report)
    assert not report.has_failed


_ABOUT_MESSAGE = "Reporting-MTA: dns; mx.example.org"
_ABOUT_RECIPIENT = "Final-Recipient: rfc822; asa@example.org\nAction: failed\nStatus: 5.1.1"
_BLOCKS = f"{_ABOUT_MESSAGE}\n\n{_ABOUT_RECIPIENT}\n"
_BASE64 = "\nContent-Transfer-Encoding: base64"


def reported(kind: str, blocks: str) -> object:
    """What a report with these blocks to the letter's own address is."""
    octets = f"To: {VALUES['bounce']}\n".encode() + _multipart(
        b"report", [f"Content-Type: message/{kind}\n\n{blocks}\n".encode()]
    )
    found = messages.understand(octets, SETTINGS)
    return found.meaning if found else None


@pytest.mark.parametrize(
    ("kind", "blocks"),
    [
        ("delivery-status", _BLOCKS.replace("failed", "failed (permanent)")),
        ("delivery-status", f"{_ABOUT_MESSAGE}\n{_ABOUT_RECIPIENT}\n\n\n\n"),
        (f"delivery-status{_BASE64}", base64.encodebytes(_BLOCKS.encode()).decode()),
        (f"delivery-status{_BASE64}", base64.encodebytes(_BLOCKS.replace("\n", "\r\n").encode()).decode()),
        ("global-delivery-status", _BLOCKS.replace("asa@", "åsa@")),
        (f"global-delivery-status{_BASE64}", base64.encodebytes(_BLOCKS.replace("asa@", "åsa@").encode()).decode()),
    ],
)
def test_a_report_is_read_however_its_server_sets_it_out(kind: str, blocks: str) -> None:
    report = reported(kind, blocks)
    assert isinstance(report, Report)
    assert (report.has_failed, report.status, report.letter_ids) == (True, "5.1.1", (LETTER,))


@pytest.mark.parametrize("blocks", [_ABOUT_MESSAGE, f"{_ABOUT_MESSAGE}\n\nFinal-Recipient: rfc822; asa@example.org"])
def test_a_report_that_tells_neither_action_nor_status_is_unclear(blocks: str) -> None:
    assert isinstance(reported("delivery-status", blocks), Unclear)


REPLIES = {
    "reply-outlook-declined": "DECLINED",
    "reply-google-declined": "DECLINED",
    "reply-apple-declined": "DECLINED",
    "reply-old-exchange-declined": "DECLINED",
    "reply-thunderbird-accepted": "ACCEPTED",
}


@pytest.mark.parametrize("name", REPLIES)
def test_a_calendar_s_answer_tells_whose_it_is_and_to_what(name: str) -> None:
    assert understood(name) == Reply("asa@example.org", UID, 3, REPLIES[name])


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "iso-8859-15", "x-unknown", "unicode_escape", "zlib"])
def test_an_answer_is_read_in_whatever_charset_it_says(charset: str) -> None:
    written = charset if charset in {"utf-16", "iso-8859-15"} else "utf-8"
    text = (FOLDER / "reply-outlook-declined.eml").read_text(encoding="utf-8")
    head, calendar = text.split("text/calendar; ")
    calendar = calendar.replace('"utf-8"', f'"{charset}"').replace("base64 utf-8", f"base64 {written}")
    found = messages.understand(filled(f"{head}text/calendar; {calendar}", VALUES), SETTINGS)
    assert found is not None
    assert found.meaning == Reply("asa@example.org", UID, 3, "DECLINED")


def test_an_answer_in_somebody_else_s_name_tells_who_gave_it() -> None:
    forged = sample("reply-google-declined", VALUES).replace(b"\r\nFrom: asa@", b"\r\nFrom: eva@")
    found = messages.understand(forged, SETTINGS)
    assert found is not None
    assert found.meaning == Reply("eva@example.org", UID, 3, "DECLINED", "asa@example.org")


OTHERS = {
    "reply-exchange-alias-declined": ("asa.berg@hospital.example.org", ""),
    "reply-exchange-delegate-declined": ("eva.alm@hospital.example.org", "asa@example.org"),
    "reply-outlook-forwarded-declined": ("bo.ek@university.example.org", ""),
}


@pytest.mark.parametrize("name", OTHERS)
def test_an_alias_a_delegate_and_a_colleague_answer_in_their_own_name(name: str) -> None:
    sender, attendee = OTHERS[name]
    assert understood(name) == Reply(sender, UID, 3, "DECLINED", attendee)


@pytest.mark.parametrize(
    ("by", "sender", "attendee"),
    [
        ("mailto:Eva@example.org", "eva@example.org", "asa@example.org"),
        ("MAILTO:asa@example.org", "asa@example.org", ""),
    ],
)
def test_a_delegate_who_writes_in_the_attendee_s_name_is_who_answered(by: str, sender: str, attendee: str) -> None:
    found = changed("reply-google-declined", b"DECLINED;CN=", f'DECLINED;SENT-BY="{by}";CN='.encode())
    assert found == Reply(sender, UID, 3, "DECLINED", attendee)


def test_an_answer_for_several_others_at_once_is_nobody_s() -> None:
    two = "ATTENDEE;PARTSTAT=DECLINED:mailto:bo@example.org\nATTENDEE;PARTSTAT=ACCEPTED:mailto:eva@example.org\nUID:"
    text = (FOLDER / "reply-outlook-forwarded-declined.eml").read_text(encoding="utf-8").replace("UID:", two)
    assert messages.understand(filled(text, VALUES), SETTINGS) is not None
    assert messages.understand(filled(text.replace("Bo.Ek@", "Dan@"), VALUES), SETTINGS) is None


PLAIN_BOUNCES = {
    "bounce-exim-plain": ("5.1.1", "SMTP error from remote mail server after RCPT TO:<asa@example.org>: 550 5.1.1"),
    "bounce-qmail": ("5.1.1", "Remote host said: 550 5.1.1 unknown user"),
    "bounce-postfix-plain": ("5.7.1", "host mail.clinic.example.org[192.0.2.20] said: 550 5.7.1 Message refused"),
}


@pytest.mark.parametrize("name", PLAIN_BOUNCES)
def test_a_bounce_in_plain_words_tells_the_same(name: str) -> None:
    report = understood(name)
    assert isinstance(report, Report)
    assert report.has_failed
    status, reason = PLAIN_BOUNCES[name]
    assert report.status == status
    assert reason in report.reason
    assert (report.letter_ids, report.message_ids) == ((LETTER,), (VALUES["message-id"],))


@pytest.mark.parametrize("name", PLAIN_BOUNCES)
def test_without_an_address_of_the_letter_s_own_it_is_named_by_the_copy(name: str) -> None:
    report = understood(name, bounce=VALUES["sender"])
    assert isinstance(report, Report)
    assert (report.letter_ids, report.message_ids) == ((), (VALUES["message-id"],))
    assert report.only_for == ("asa@example.org",)


def test_a_name_with_a_sign_that_no_letter_of_ours_has_names_none() -> None:
    unclear = come_back("From: asa@example.org", "Hej\r\n\r\nMessage-ID: <a\0b@example.org>\r\nMessage-ID: <å@x>")
    assert isinstance(unclear, Unclear)
    assert (unclear.message_ids, unclear.letter_ids) == ((), (LETTER,))


@pytest.mark.parametrize("name", ["delay-exim", "delay-postfix-plain"])
def test_a_delay_in_plain_words_is_no_failure(name: str) -> None:
    report = understood(name)
    assert isinstance(report, Report)
    assert not report.has_failed


def changed(name: str, old: bytes, new: bytes) -> object:
    """What the message is with some of its words changed."""
    octets = sample(name, VALUES)
    assert octets.count(old)
    found = messages.understand(octets.replace(old, new), SETTINGS)
    return found.meaning if found else None


def test_failed_recipients_without_final_words_are_no_bounce() -> None:
    first, last = b"A message that you sent could not", b"address(es) failed:"
    octets = sample("bounce-exim-plain", VALUES)
    bare = octets[: octets.index(first)] + b"Hej." + octets[octets.index(last) + len(last) :]
    found = messages.understand(bare.replace(b"Mail delivery failed: returning message to sender", b"Hej"), SETTINGS)
    assert found is not None
    assert isinstance(found.meaning, Unclear)


def test_words_of_a_delay_outweigh_those_of_a_format() -> None:
    delayed = b"We have not yet been delivered of it. It will be retried.\r\n\r\n<asa@"
    report = changed("bounce-qmail", b"This is a permanent error; I've given up. Sorry it didn't work out.", b"Hej.")
    assert isinstance(report, Report) and report.has_failed
    octets = sample("bounce-qmail", VALUES).replace(b"This is a permanent error; I've given up.", b"Hej.")
    found = messages.understand(octets.replace(b"<asa@", delayed, 1).replace(b"Giving up on", b"At"), SETTINGS)
    assert found is not None
    assert isinstance(found.meaning, Report) and not found.meaning.has_failed


def test_our_own_subject_quoted_in_a_bounce_s_makes_no_delay_of_it() -> None:
    report = changed("bounce-qmail", b"failure notice", b"failure notice: Delayed start of the day, a warning")
    assert isinstance(report, Report) and report.has_failed


def come_back(head: str, body: str) -> object:
    """What a message to the letter's own address is."""
    found = messages.understand(f"To: {VALUES['bounce']}\r\n{head}\r\n\r\n{body}".encode(), SETTINGS)
    return found.meaning if found else None


_FAILED_RECIPIENT = "From: postmaster@mx.example.org\r\nX-Failed-Recipients: asa@example.org"
_DAEMON = "From: MAILER-DAEMON@mx.example.org"


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (_FAILED_RECIPIENT, "Your message could not be delivered and has been delayed. This is not a permanent error."),
        (_FAILED_RECIPIENT, "It has not yet been delivered. Another notice comes if it becomes a permanent failure."),
        (
            f"{_FAILED_RECIPIENT}\r\nSubject: Leveransen är fördröjd",
            "Mejlet kunde inte levereras. Vi försöker igen i 3 dagar.",
        ),
        (_FAILED_RECIPIENT, "Mejlet kunde inte levereras ännu. Servern försöker igen senare."),
        (_FAILED_RECIPIENT, "It could not be delivered yet. The server will keep trying for 2 days before giving up."),
        (_FAILED_RECIPIENT, "It could not be delivered within 4 hours. Further attempts will be made."),
        (_FAILED_RECIPIENT, "Delivery failed. Die Nachricht konnte noch nicht zugestellt werden."),
        (f"{_DAEMON}\r\nSubject: [EXTERN] Warning: message still undelivered", "Delivery failed: asa@example.org"),
        (
            _DAEMON,
            "----- The following addresses had transient non-fatal errors -----\r\n<asa@example.org>\r\n\r\n"
            "----- Transcript of session follows -----\r\n<asa@example.org>... Deferred: Connection timed out\r\n"
            "Will keep trying until message is 5 days old",
        ),
    ],
)
def test_words_of_a_delay_outweigh_final_ones(head: str, body: str) -> None:
    report = come_back(head, body)
    assert isinstance(report, Report) and not report.has_failed


@pytest.mark.parametrize("last", ["I'm giving up.", "I have given up.", "This is a permanent error."])
def test_who_has_given_up_delays_nothing_though_it_tells_of_its_tries(last: str) -> None:
    report = come_back(_FAILED_RECIPIENT, f"It was deferred, and could not be delivered yet. {last}")
    assert isinstance(report, Report) and report.has_failed


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("unclear-gateway", "Ditt meddelande till asa@example.org hålls kvar för granskning."),
        ("unclear-person", "Hej! Min kollega Eva, asa@example.org, undrar om det finns parkering."),
    ],
)
def test_anything_else_that_came_to_a_letter_s_own_address_is_unclear(name: str, first: str) -> None:
    found = understood(name)
    assert isinstance(found, Unclear)
    assert found.letter_ids == (LETTER,)
    assert found.lines.splitlines()[0] == first
    assert "color" not in found.lines and "alert" not in found.lines and "&" not in found.lines
    assert len(found.lines) <= 1000


def test_what_a_person_writes_to_the_sender_is_left_though_it_answers_our_letter() -> None:
    assert understood("unclear-person", bounce=VALUES["sender"]) is None


def test_a_mail_server_s_words_are_nobody_s_absence() -> None:
    assert isinstance(understood("unclear-gateway"), Unclear)
    assert understood("unclear-gateway", bounce=VALUES["sender"]) is None


@pytest.mark.parametrize("subject", [b"Autosvar: Du", b"Automatic reply: Du", b"=?utf-8?q?Fr=C3=A5nvarande?=: Du"])
def test_an_absence_is_known_by_its_subject_where_nothing_else_tells(subject: bytes) -> None:
    assert changed("unclear-person", b"Subject: Sv: Du", b"Subject: " + subject) == AutoReply()


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("From: administrator@example.org\r\nSubject: Undeliverable: Du", "Hej."),
        ("From: noreply@example.org\r\nSubject: Du", "Delivery to asa@example.org failed permanently."),
        ("From: noreply@example.org\r\nSubject: Du", "Your message is delayed. The server keeps trying."),
    ],
)
def test_a_bounce_marked_as_an_automatic_reply_is_nobody_s_absence(head: str, body: str) -> None:
    assert isinstance(come_back(f"{head}\r\nAuto-Submitted: auto-replied", body), Unclear)


@pytest.mark.parametrize(
    "head",
    [
        "Subject: Automatic reply: Undeliverable: Du",
        "Subject: Automatic reply: Du\r\nX-Failed-Recipients: asa@example.org",
        'Subject: Autosvar: Du\r\nContent-Type: multipart/report; report-type="delivery-status"; boundary=b',
    ],
)
def test_what_reports_a_delivery_is_nobody_s_absence_whatever_its_subject_begins_with(head: str) -> None:
    assert isinstance(come_back(f"From: it@example.org\r\nAuto-Submitted: auto-replied\r\n{head}", "Hej."), Unclear)


def test_the_verdict_of_a_report_goes_before_the_subject() -> None:
    head = "From: it@example.org\r\nSubject: Automatic reply: Du\r\nX-Failed-Recipients: asa@example.org"
    assert isinstance(come_back(head, "Delivery failed permanently."), Report)
    bounce = changed("bounce-exim", b"Subject: ", b"Subject: Automatic reply: ")
    assert isinstance(bounce, Report) and bounce.has_failed


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("Subject: Out of office that day, can I still join?", Unclear),
        ("Subject: Out of office that day\r\nAuto-Submitted: auto-generated", AutoReply),
        ("Subject: Out of office", AutoReply),
        ("Subject: Automatic reply: Du\r\nAuto-Submitted: auto-replied", AutoReply),
    ],
)
def test_an_absence_is_told_from_a_person_s_question_about_one(head: str, kind: type) -> None:
    assert isinstance(come_back(f"From: asa@example.org\r\n{head}", "My answer will be delayed."), kind)


def test_an_invitation_is_no_answer() -> None:
    request = sample("reply-google-declined", VALUES).replace(b"METHOD:REPLY", b"METHOD:REQUEST")
    assert messages.understand(request, SETTINGS) is None


@pytest.mark.parametrize("name", ["auto-exchange-away", "auto-vacation"])
def test_an_automatic_reply_is_known_for_one(name: str) -> None:
    assert understood(name) == AutoReply()


def test_a_person_s_question_is_nothing_that_is_known() -> None:
    assert understood("left-question") is None


def test_the_same_message_has_the_same_key_and_another_one_another() -> None:
    names = [*BOUNCES, *REPLIES, "delay-postfix", "success-postfix", "auto-vacation", "auto-exchange-away"]
    names += [*PLAIN_BOUNCES, *OTHERS, "delay-exim", "delay-postfix-plain", "unclear-gateway", "unclear-person"]
    keys = [found.key for name in names for found in [messages.understand(sample(name, VALUES), SETTINGS)] if found]
    again = [found.key for name in names for found in [messages.understand(sample(name, VALUES), SETTINGS)] if found]
    assert keys == again
    assert len(set(keys)) == len(names)
    later = messages.understand(sample("reply-google-declined", {**VALUES, "sequence": "4"}), SETTINGS)
    assert later is not None
    assert later.key not in keys


def test_words_of_a_report_are_one_line_that_any_database_keeps() -> None:
    octets = sample("bounce-exim", VALUES).replace(
        b"smtp; 550 Mailbox", b"smtp; 550 \0\x1b\xff\xfe Mail\tbox" + b"x" * 3000
    )
    found = messages.understand(octets, SETTINGS)
    assert found is not None
    assert isinstance(found.meaning, Report)
    assert found.meaning.reason.startswith("550")
    assert found.meaning.reason.isprintable()
    assert len(found.meaning.reason) <= 500


def hostile() -> Iterator[tuple[str, bytes]]:
    """Each a million octets or so, made to take long, to go deep, or to trip the reader."""
    million = 1_000_000
    yield "nothing", b""
    yield "one line", b"x" * million
    yield "NULs", b"\0" * million
    yield "a thousand parts", _multipart(b"report", [b"Content-Type: text/plain\r\n\r\nx"] * 1000)
    yield "a thousand calendars", _multipart(b"mixed", [b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR"] * 1000)
    yield "a thousand levels", _nested(1000)
    yield "fifty levels and many lines", _nested(50) + b"\r\n-" * (million // 3)
    yield "messages in messages", b"Content-Type: message/rfc822\r\n\r\n" * 20_000
    yield "messages in a report", _multipart(b"report", [b"Content-Type: message/rfc822\r\n\r\n" * 20_000])
    yield "semicolons", b"Content-Type: multipart/report" + b";" * million + b"\r\n\r\nx"
    yield "quotes", b'Content-Type: multipart/report; x="' + b";" * million + b"\r\n\r\nx"
    yield "folded semicolons", b"Content-Type: multipart/report" + b";\r\n ;" * (million // 5) + b"\r\n\r\nx"
    yield "semicolons in a part", _multipart(b"mixed", [b"Content-Type: text/calendar" + b";" * million + b"\r\n\r\nx"])
    yield "headers", b"X: y\r\n" * (million // 6) + b"\r\nx"
    yield "a long From", b"From: " + b'"<(' * (million // 3) + b"\r\nContent-Type: text/calendar\r\n\r\nx"
    yield "8-bit headers", b"From: " + b"\xff" * million + b"\r\nTo: " + b"\xe5" * 1000 + b"\r\n\r\nx"
    yield (
        "statuses",
        _multipart(b"report", [b"Content-Type: message/delivery-status\r\n\r\n" + b"Action: x\r\n\r\n" * 70_000]),
    )
    yield "a calendar's lines", b"Content-Type: text/calendar\r\n\r\n" + b"BEGIN:VEVENT\r\n" * 4_000
    yield "a calendar's folds", b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR" + b"\r\n x" * 14_000
    yield "a calendar's parameters", b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nX" + b';A="' * 14_000
    yield "a charset that is slow", b"Content-Type: text/calendar; charset=punycode\r\n\r\n" + b"a-" + b"9" * 59_000
    yield "a charset that is none", b"Content-Type: text/calendar; charset*=%00''x\r\n\r\nx"
    yield "broken base64", b"Content-Type: text/calendar\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"=" * million
    yield "a huge sequence", sample("reply-google-declined", {**VALUES, "sequence": "9" * 50_000})
    yield "a line without an end from a mail server", _from_daemon(b"Hi. This is the\r\n\r\n" + b"x" * million)
    yield "lines that formats look for", _from_daemon(_TAGS + b"".join(b"x" * 900 + b"\r\n" for _ in range(1000)))
    yield "HTML without an end", _from_daemon(b"<" * million, b"text/html")
    yield "scripts without an end", _from_daemon(b"<script>" * (million // 8), b"text/html")
    yield "many failed recipients", b"X-Failed-Recipients: " + b"a@b.example," * 80_000 + _from_daemon(b"failed")
    yield "ten thousand parts", _multipart(b"mixed", [b"Content-Type: text/plain\r\n\r\nx"] * 10_000)
    yield (
        "ten million octets",
        _from_daemon(b"Hello.\r\n\r\n" + (b"<x@example.org>: y" * 50 + b"\r\n") * 10_000),
    )
    yield "a subject that is no base64", b"Subject: =?utf-8?b?a?=\r\n" + _from_daemon(b"\xff\xfe\r\n" * 1000)
    yield "a negative sequence", sample("reply-google-declined", {**VALUES, "sequence": "-1"})


_TAGS = (
    b"A message that you sent could not be delivered\r\nYour message could not be delivered to\r\n"
    b"Did not reach the following recipient\r\nthis is the email server at\r\nFailed addresses follow:\r\n"
    b"Message not delivered to the following addresses\r\nA message that you sent was rejected\r\n"
)


def _from_daemon(body: bytes, kind: bytes = b"text/plain") -> bytes:
    """To the letter's own address, so that it is looked at from all sides."""
    head = f"From: MAILER-DAEMON@mx.example.org\r\nTo: {VALUES['bounce']}\r\nContent-Type: ".encode()
    return head + kind + b"\r\n\r\n" + body


def _multipart(kind: bytes, parts: list[bytes]) -> bytes:
    head = b"Content-Type: multipart/" + kind + b"; report-type=delivery-status; boundary=b\r\n\r\n"
    return head + b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"


def _nested(levels: int) -> bytes:
    return b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level) for level in range(levels)
    )


HOSTILE = dict(hostile())


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_message_is_left_within_seconds(name: str) -> None:
    began = time.monotonic()
    found = messages.understand(HOSTILE[name], SETTINGS)
    assert time.monotonic() - began < 5
    assert found is None or not getattr(found.meaning, "has_failed", False)


@given(
    st.binary(max_size=400), st.sampled_from(sorted(path.stem for path in FOLDER.glob("*.eml"))), st.integers(0, 4000)
)
def test_no_octet_anywhere_trips_the_reader(octets: bytes, name: str, place: int) -> None:
    whole = sample(name, VALUES)
    messages.understand(whole[:place] + octets + whole[place:], SETTINGS)
    messages.understand(whole[:place] + octets, SETTINGS)
