"""The words of a calendar: what may stand in it, and its lines as they are sent (RFC 5545 §3.1)."""

import re
from collections.abc import Mapping

from regapp.mailing import marks

MAX_LINE_UNITS = 255
"""UTF-16 units of SUMMARY and LOCATION: what Outlook keeps of them."""

_FOLD_AT = 75
"""Octets in a line without its CRLF, RFC 5545 §3.1."""

_MARK = re.compile("(\x02[a-z_]+\x03)")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_UNQUOTABLE = re.compile(r'["^\\\n]')


def clean(value: str, *, keep_marks: bool = False) -> str:
    """The value without control characters, of writing direction and byte order too; `\\n` is its only line end."""
    lines = re.sub("\r\n|[\r\x85\u2028\u2029]", "\n", value).replace("\t", " ")
    if keep_marks:
        parts = _MARK.split(lines)
        kept = "".join(part if _MARK.fullmatch(part) else _CONTROL.sub("", part) for part in parts)
    else:
        kept = _CONTROL.sub("", lines)
    # icalendar takes a backslash before N for a line end.
    return kept.replace("\\N", "\\n")


def one_line(value: str, *, keep_marks: bool = False) -> str:
    """One line of at most 255 UTF-16 units; a longer one ends in an ellipsis."""
    line = " ".join(clean(value, keep_marks=keep_marks).split())
    units = line.encode("utf-16-le")
    if len(units) <= 2 * MAX_LINE_UNITS:
        return line
    return units[: 2 * (MAX_LINE_UNITS - 1)].decode("utf-16-le", "ignore").rstrip() + "…"


def quotable(value: str) -> str:
    """A parameter's value: RFC 5545 §3.2 has no escape for a quote, and few read RFC 6868's for a caret.

    It has none for a backslash either, which some read as one: a name that ends in it would swallow what follows.
    """
    return " ".join(_UNQUOTABLE.sub(" ", clean(value)).split())


def sendable(stored: str, links: Mapping[str, str]) -> bytes:
    """A stored calendar with its links filled in, folded anew."""
    filled = marks.fill(stored, links, escape=_escape_link)
    return b"".join(fold(line) for line in filled.removesuffix("\r\n").split("\r\n"))


def fold(line: str) -> bytes:
    """The line in pieces of at most 75 octets that cut no character, RFC 5545 §3.1."""
    rest, pieces, room = line.encode(), [], _FOLD_AT
    while len(rest) > room:
        end = room
        while rest[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(rest[:end])
        rest, room = rest[end:], _FOLD_AT - 1
    return b"\r\n ".join([*pieces, rest]) + b"\r\n"


def _escape_link(link: str) -> str:
    # A link stands in TEXT and in URI values, which escape differently: what needs it is percent-encoded.
    return re.sub(r"[\\;,\s\"]", lambda found: f"%{ord(found[0]):02X}", link)
