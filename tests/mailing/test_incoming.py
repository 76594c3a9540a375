"""What an incoming message is taken for: the reports, answers and automatic replies of real servers, and bad ones."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import Settings
from regapp.mailing import incoming, verp
from regapp.mailing.incoming import AutoReply
from regapp.mailing.replies import Reply
from regapp.mailing.reports import Report
from tests.support.incoming import FOLDER, filled, sample

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
    "bounce": verp.envelope_sender(LETTER, SETTINGS),
    "message-id": f"<{LETTER}@example.org>",
    "uid": UID,
    "sequence": "3",
}


def understood(name: str, **changes: str) -> object:
    found = incoming.understand(sample(name, {**VALUES, **changes}), SETTINGS)
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
    found = incoming.understand(bare, SETTINGS)
    assert found is not None
    assert isinstance(found.meaning, Report)
    assert found.meaning.message_ids == (VALUES["message-id"],)


def test_a_bounce_of_somebody_s_answer_to_our_letter_is_not_our_letter_s() -> None:
    text = (FOLDER / "bounce-exchange-online.eml").read_text(encoding="utf-8")
    head, returned = text.split("Content-Type: message/rfc822")
    returned = returned.replace("{{message-id}}", "<answer@hospital.example.org>")
    found = incoming.understand(filled(f"{head}Content-Type: message/rfc822{returned}", VALUES), SETTINGS)
    assert found is not None
    assert isinstance(found.meaning, Report)
    assert VALUES["message-id"] not in found.meaning.message_ids


@pytest.mark.parametrize("name", ["delay-postfix", "success-postfix"])
def test_a_delay_and_a_success_are_no_failures(name: str) -> None:
    report = understood(name)
    assert isinstance(report, Report)
    assert not report.has_failed


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
    found = incoming.understand(filled(f"{head}text/calendar; {calendar}", VALUES), SETTINGS)
    assert found is not None
    assert found.meaning == Reply("asa@example.org", UID, 3, "DECLINED")


def test_an_answer_in_somebody_else_s_name_is_none() -> None:
    forged = sample("reply-google-declined", VALUES).replace(b"\r\nFrom: asa@", b"\r\nFrom: eva@")
    assert incoming.understand(forged, SETTINGS) is None


def test_an_invitation_is_no_answer() -> None:
    request = sample("reply-google-declined", VALUES).replace(b"METHOD:REPLY", b"METHOD:REQUEST")
    assert incoming.understand(request, SETTINGS) is None


@pytest.mark.parametrize("name", ["auto-exchange-away", "auto-vacation"])
def test_an_automatic_reply_is_known_for_one(name: str) -> None:
    assert understood(name) == AutoReply()


def test_a_person_s_question_is_nothing_that_is_known() -> None:
    assert understood("left-question") is None


def test_the_same_message_has_the_same_key_and_another_one_another() -> None:
    names = [*BOUNCES, *REPLIES, "delay-postfix", "success-postfix", "auto-vacation", "auto-exchange-away"]
    keys = [found.key for name in names for found in [incoming.understand(sample(name, VALUES), SETTINGS)] if found]
    again = [found.key for name in names for found in [incoming.understand(sample(name, VALUES), SETTINGS)] if found]
    assert keys == again
    assert len(set(keys)) == len(names)
    later = incoming.understand(sample("reply-google-declined", {**VALUES, "sequence": "4"}), SETTINGS)
    assert later is not None
    assert later.key not in keys


def test_words_of_a_report_are_one_line_that_any_database_keeps() -> None:
    octets = sample("bounce-exim", VALUES).replace(
        b"smtp; 550 Mailbox", b"smtp; 550 \0\x1b\xff\xfe Mail\tbox" + b"x" * 3000
    )
    found = incoming.understand(octets, SETTINGS)
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
    yield "a negative sequence", sample("reply-google-declined", {**VALUES, "sequence": "-1"})


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
    found = incoming.understand(HOSTILE[name], SETTINGS)
    assert time.monotonic() - began < 5
    assert found is None or not getattr(found.meaning, "has_failed", False)


@given(st.binary(max_size=400), st.sampled_from([*BOUNCES, *REPLIES]), st.integers(0, 4000))
def test_no_octet_anywhere_trips_the_reader(octets: bytes, name: str, place: int) -> None:
    whole = sample(name, VALUES)
    incoming.understand(whole[:place] + octets + whole[place:], SETTINGS)
    incoming.understand(whole[:place] + octets, SETTINGS)
