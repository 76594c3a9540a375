"""An incoming message taken apart, whatever is in it, in little memory and little time.

The standard library's reader is quick for what mail programs write. What would make it slow is refused before.
"""

import codecs
import html
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message

MOST_PARTS = 100
_DEEPEST = 8
_MOST_BOUNDARIES = 60
_MOST_LINES = 40_000
"""Three times a million octets of base64."""

_LONGEST_FIELD = 2000
_LONGEST_HEADER = 4000
"""Characters of a header that are looked at."""

_BEGINNING = 20_000
_UNSEEN = re.compile(r"<(style|script|title)\b.*?(</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_LINE_END_MARK = re.compile(r"<(br|/p|/div|/tr|/li|/h[1-6])\b[^<>]*>", re.IGNORECASE)
_MARK = re.compile(r"<[^<>]*>")
_DESCRIPTION = re.compile(rb"^content-[a-z-]+:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
_LINE_END = re.compile(rb"\r\n?")
_CHARSETS = {"utf-8", "iso8859-1", "iso8859-15", "cp1252", "utf-16", "utf-16-le", "utf-16-be"}


class Unreadable(Exception):
    """Made to be slow to read: no mail program writes such a thing."""


def take_apart(octets: bytes) -> Message:
    """The message as a tree; raises Unreadable, or what the standard library raises where it has never been."""
    lines = _LINE_END.sub(b"\n", octets)
    if lines.lower().count(b"boundary") > _MOST_BOUNDARIES:
        raise Unreadable("too many parts within parts")
    if any(len(field[0]) > _LONGEST_FIELD for field in _DESCRIPTION.finditer(lines)):
        raise Unreadable("a field that describes a part is too long")
    if lines.count(b"\n") > _MOST_LINES:
        raise Unreadable("too many lines")
    return message_from_bytes(lines)


def take_as_text(octets: bytes) -> Message:
    """The message as its headers and one text, whatever parts it says that it has."""
    return message_from_bytes(_DESCRIPTION.sub(b"", _LINE_END.sub(b"\n", octets)))


def parts_of(message: Message, *, depth: int = 0) -> Iterator[Message]:
    """The message's own parts, those of a multipart too, but nothing of a message that it carries."""
    if depth > _DEEPEST:
        return
    if message.get_content_maintype() != "multipart" or not message.is_multipart():
        yield message
        return
    for part in _children(message):
        yield from parts_of(part, depth=depth + 1)


def _children(message: Message) -> list[Message]:
    children = message.get_payload()
    return [part for part in children if isinstance(part, Message)][:MOST_PARTS] if isinstance(children, list) else []


def carried(part: Message) -> list[Message]:
    """What a `message/…` part consists of: one message, or the blocks of a delivery status."""
    return _children(part)


def header(message: Message, name: str) -> str:
    """The field's values as one line of readable text, cut where nobody would write on."""
    values = message.get_all(name) or []
    return one_line(" ".join(str(value)[:_LONGEST_HEADER] for value in values[:5])[:_LONGEST_HEADER])


def shown_header(message: Message, name: str) -> str:
    """The same for a reader's eyes: its encoded words (RFC 2047) are made letters."""
    written = header(message, name)
    try:
        pieces = decode_header(written)
    except HeaderParseError:
        return written
    return one_line(
        "".join(_decoded(piece, charset) if isinstance(piece, bytes) else piece for piece, charset in pieces)
    )


def text_of(part: Message) -> str:
    """The part's text, whatever its transfer encoding and charset; what can't be read becomes U+FFFD."""
    payload = part.get_payload(decode=True)
    return _decoded(payload, part.get_content_charset()) if isinstance(payload, bytes) else ""


def beginning_of_text(message: Message) -> str:
    """The first characters of what a reader would see: the text, or the HTML without its marks."""
    parts = list(parts_of(message))
    for kind in ("text/plain", "text/html"):
        for part in parts:
            if part.get_content_type() == kind and (text := text_of(part)[:_BEGINNING].strip()):
                return text if kind == "text/plain" else _without_marks(text)
    return ""


def _without_marks(text: str) -> str:
    return html.unescape(_MARK.sub(" ", _LINE_END_MARK.sub("\n", _UNSEEN.sub(" ", text)))).strip()


def one_line(value: str) -> str:
    """The words in one line, without what can't be shown or stored."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in value).split())


def _decoded(octets: bytes, charset: str | None) -> str:
    try:
        name = codecs.lookup(charset or "utf-8").name
    except (LookupError, ValueError):
        name = "utf-8"
    # Others are as rare as they are slow (punycode) or no charset at all (unicode_escape).
    return octets.decode(name if name in _CHARSETS else "utf-8", "replace")
