"""The message as bytes: headers that nothing can be smuggled into, and the tree that calendars understand."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage, MIMEPart
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any

from markupsafe import escape

from config import Settings
from regapp.core import addresses
from regapp.mailing import calendar_text, marks
from regapp.mailing.sending.claiming import Claimed

SENDER_NAME = "SWECARNET"
"""The name before the From address, and the calendar's ORGANIZER."""

_LINE = 76
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,253}")
_ONE_LINE = re.compile("[\x20-\x7e]*")


class UnwritableLetter(Exception):
    """The letter can't be made into a message that a server would deliver."""


class _Policy(EmailPolicy):
    """SMTP's policy, but headers are written as they were made here.

    The standard library parses and folds them anew, which takes longer than all the rest of a letter; it drops blanks
    between encoded words, and turns a long Message-ID into encoded words (Python 3.11 to 3.13).
    """

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        if any(character in value for character in "\r\n\0"):
            raise UnwritableLetter(f"a line end in {name}")
        return name, value

    def header_max_count(self, name: str) -> int:
        return 1

    def header_fetch_parse(self, name: str, value: Any) -> Any:
        return value

    def fold(self, name: str, value: Any) -> str:
        column = len(name) + len(": ")
        written: str = encoded_words(value, column) if name.lower() == "subject" else folded(value, column)
        if not written.isascii():
            raise UnwritableLetter(f"{name} has other letters than ASCII")
        return f"{name}: {written}{self.linesep}"

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("ascii")


POLICY = _Policy(linesep="\r\n", max_line_length=_LINE, cte_type="7bit", raise_on_defect=False)


def folded(value: str, column: int) -> str:
    """The value in lines of at most 76 characters where its blanks allow it."""
    if column + len(value) <= _LINE:
        return value
    words = value.split(" ")
    lines = [words[0]]
    for word in words[1:]:
        room = _LINE - (column if len(lines) == 1 else 1)
        if len(lines[-1]) + 1 + len(word) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return "\r\n ".join(lines)


def encoded_words(value: str, column: int) -> str:
    """The value as it is when it is short ASCII, otherwise in encoded words of at most 75 characters (RFC 2047)."""
    if _ONE_LINE.fullmatch(value) and column + len(value) <= _LINE and "=?" not in value:
        return value
    pieces: list[bytes] = [b""]
    for character in value:
        octets = character.encode()
        room = _LINE - (column if len(pieces) == 1 else 1) - len("=?utf-8?b??=")
        if len(pieces[-1]) + len(octets) > room // 4 * 3:
            pieces.append(b"")
        pieces[-1] += octets
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(piece).decode()}?=" for piece in pieces)


@dataclass(frozen=True)
class FilledLetter:
    """A letter with its links filled in, free of the database: what a message is made of.

    It lives in memory only, between the claim and the server's answer.
    """

    id: str
    kind: str
    recipient: str
    language: str
    message_id: str
    in_reply_to: str | None
    dated_at: datetime
    subject: str
    text: str
    html: str
    calendar: bytes | None
    method: str | None


def fill(mail: Claimed, links: Mapping[str, str]) -> FilledLetter:
    """The stored letter with its links; raises KeyError for a mark that has none."""
    return FilledLetter(
        id=mail.id,
        kind=mail.kind,
        recipient=addresses.on_the_wire(mail.recipient),
        language=mail.language,
        message_id=mail.message_id,
        in_reply_to=mail.in_reply_to,
        dated_at=mail.dated_at,
        subject=mail.subject or "",
        text=marks.fill(mail.text or "", links),
        html=marks.fill(mail.html or "", links, escape=lambda link: str(escape(link))),
        calendar=calendar_text.sendable(mail.calendar, links) if mail.calendar else None,
        method=mail.method.value if mail.method else None,
    )


def to_bytes(letter: FilledLetter, settings: Settings) -> bytes:
    """The letter's message; raises UnwritableLetter."""
    return build(letter, settings).as_bytes()


def is_writable(address: str) -> bool:
    """Whether the address is one bare ASCII mailbox that splits into no second one in a header."""
    return _ADDRESS.fullmatch(address) is not None and len(address) <= 254


def build(letter: FilledLetter, settings: Settings) -> EmailMessage:
    """The whole message; raises UnwritableLetter."""
    if not is_writable(letter.recipient):
        raise UnwritableLetter("the address can't be written in a header")
    message = EmailMessage(policy=POLICY)
    message["From"] = f"{SENDER_NAME} <{settings.mail_default_sender}>"
    message["To"] = letter.recipient
    if settings.contact != settings.mail_default_sender:
        message["Reply-To"] = settings.contact
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.dated_at.replace(microsecond=0))
    message["Message-ID"] = letter.message_id
    if letter.in_reply_to:
        message["In-Reply-To"] = letter.in_reply_to
        message["References"] = letter.in_reply_to
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    message["MIME-Version"] = "1.0"
    _add_tree(message, letter)
    message["Content-Language"] = letter.language
    return message


def _add_tree(message: EmailMessage, letter: FilledLetter) -> None:
    bodies = [_text(letter.text, "plain"), _text(letter.html, "html")]
    if not (letter.calendar and letter.method):
        _join(message, "alternative", bodies, letter.id)
        return
    bodies.append(_text(letter.calendar.decode(), "calendar", method=letter.method))
    alternative = MIMEPart(policy=POLICY)
    _join(alternative, "alternative", bodies, letter.id)
    _join(message, "mixed", [alternative, _invite_file(letter.calendar)], letter.id)


def _join(whole: MIMEPart, subtype: str, parts: list[MIMEPart], identity: str) -> None:
    # "=_" stands in no quoted-printable and no base64, so the boundary can't occur in a part.
    whole["Content-Type"] = f'multipart/{subtype}; boundary="=_{subtype}_{identity}"'
    for part in parts:
        whole.attach(part)


def _text(text: str, subtype: str, **params: str) -> MIMEPart:
    part = MIMEPart(policy=POLICY)
    part.set_content(text, subtype=subtype, charset="utf-8", cte="quoted-printable", params=params)
    return part


def _invite_file(calendar: bytes) -> MIMEPart:
    part = MIMEPart(policy=POLICY)
    part.set_content(
        calendar, "application", "ics", filename="invite.ics", disposition="attachment", params={"name": "invite.ics"}
    )
    return part


def envelope_sender(letter_id: str, settings: Settings) -> str:
    """Who gets what comes back; `letter_id` stands behind a plus, which a mailbox or a whole domain takes."""
    if not settings.mail_bounce_address:
        return settings.mail_default_sender
    name, _, domain = settings.mail_bounce_address.partition("@")
    return f"{name}+{letter_id}@{domain}"


def letters_in(recipients: str, settings: Settings) -> list[str]:
    """The ids of the letters whose envelope sender stands in the text of a header."""
    if not settings.mail_bounce_address:
        return []
    name, _, domain = map(re.escape, settings.mail_bounce_address.lower().partition("@"))
    return re.findall(rf"(?<![^\s<,;:\"]){name}\+([0-9a-f]{{32}})@{domain}(?![a-z0-9.-])", recipients.lower())
