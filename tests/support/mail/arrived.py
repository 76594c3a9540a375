"""A letter as its bytes came over the wire, and what is true of every letter."""

from __future__ import annotations

import re
from base64 import b64decode
from email.message import EmailMessage
from functools import cached_property
from typing import Any

import icalendar
import vobject

from tests.support.mail.smtp import Received
from tests.support.pages import Page

HEADERS = """From To Reply-To Subject Date Message-ID Auto-Submitted X-Auto-Response-Suppress MIME-Version Content-Type
Content-Language""".split()
"""What every letter has, once; letters after the confirmation have In-Reply-To and References as well."""

BODIES = ("multipart/alternative", ["text/plain", "text/html"])
INVITED = ("multipart/mixed", [("multipart/alternative", [*BODIES[1], "text/calendar"]), "application/ics"])

PROPERTIES = """ATTENDEE CREATED DESCRIPTION DTEND DTSTAMP DTSTART LAST-MODIFIED LOCATION ORGANIZER SEQUENCE STATUS
SUMMARY TRANSP UID URL X-MICROSOFT-DISALLOW-COUNTER""".split()
"""What an entry has, each once; an online one has CONFERENCE as well. Nothing else: no alarm, no zone, no HTML."""

ATTENDEE = {"CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT", "PARTSTAT": "ACCEPTED", "RSVP": "FALSE"}

TAGS = set("html head meta title style body table tbody tr td h1 h2 p span dl dt dd a br".split())


class Arrived:
    """One received letter, taken apart."""

    def __init__(self, received: Received) -> None:
        self.received = received
        self.octets = received.octets
        self.message = received.message
        self.parts = {part.get_content_type(): part for part in self.message.walk()}

    def _words(self, kind: str) -> str:
        content: str = self.parts[kind].get_content()
        return content.replace("\r\n", "\n")

    @property
    def text(self) -> str:
        return self._words("text/plain")

    @cached_property
    def html(self) -> Page:
        return Page(self._words("text/html"))

    @property
    def calendar(self) -> bytes | None:
        part = self.parts.get("text/calendar")
        return part.get_payload(decode=True) if part else None  # type: ignore[return-value]

    @cached_property
    def entry(self) -> Entry:
        assert self.calendar is not None
        return Entry(self.calendar)


class Entry:
    """The calendar entry as two libraries that know nothing of each other read it."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        self.calendar = icalendar.Calendar.from_ical(octets)
        (self.event,) = self.calendar.walk("VEVENT")
        self.other = vobject.readOne(octets.decode())

    def lines(self) -> list[str]:
        return re.sub("\r\n ", "", self.octets.decode()).split("\r\n")

    def property_names(self) -> list[str]:
        """Of the event, as they stand in it."""
        lines = self.lines()
        inside = lines[lines.index("BEGIN:VEVENT") + 1 : lines.index("END:VEVENT")]
        return sorted(re.split("[:;]", line)[0] for line in inside)

    def values(self) -> dict[str, str]:
        return {name: _as_words(getattr(value, "dt", value)) for name, value in self.event.items()}

    def others_values(self) -> dict[str, str]:
        children = self.other.vevent.getChildren()
        return {child.name.upper(): _as_words(child.value) for child in children}

    def parameters(self, name: str) -> dict[str, str]:
        return {key: str(value) for key, value in self.event[name].params.items()}

    def others_parameters(self, name: str) -> dict[str, str]:
        child = getattr(self.other.vevent, name.lower())
        return {key: ",".join(values) for key, values in child.params.items()}


def _as_words(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def tree(part: EmailMessage) -> object:
    if not part.is_multipart():
        return part.get_content_type()
    return (part.get_content_type(), [tree(child) for child in part.iter_parts()])


def check_bytes(letter: Arrived) -> None:
    """Seven bits, CRLF, short lines: no server on the way has anything to change."""
    assert letter.octets.isascii()
    assert not re.search(rb"[^\r]\n|\r[^\n]|\0", letter.octets)
    assert max(len(line) for line in letter.octets.split(b"\r\n")) <= 78


def check_headers(letter: Arrived, *, to: str, answers: bool) -> None:
    expected = [*HEADERS, *(["In-Reply-To", "References"] if answers else [])]
    assert sorted(letter.message.keys()) == sorted(expected)
    assert letter.received.recipients == [to]
    assert letter.message["To"] == to
    assert b"\r\nTo: " + to.encode() + b"\r\n" in letter.octets
    for word in re.findall(rb"=\?utf-8\?b\?([^?]*)\?=", letter.octets.partition(b"\r\n\r\n")[0]):
        b64decode(word, validate=True).decode()  # a cut character would fail
    assert letter.message["MIME-Version"] == "1.0"
    assert letter.message["Auto-Submitted"] == "auto-generated"
    assert letter.message["X-Auto-Response-Suppress"] == "OOF, AutoReply"


def check_tree(letter: Arrived, method: str | None) -> None:
    """The tree that calendars understand, and the encodings that keep it whole."""
    assert tree(letter.message) == (INVITED if method else BODIES)
    for kind, part in letter.parts.items():
        if kind.startswith("text/"):
            assert part.get_content_charset() == "utf-8"
            assert part["Content-Transfer-Encoding"] == "quoted-printable"
            assert part["Content-Disposition"] is None
            part.get_payload(decode=True).decode()  # type: ignore[union-attr]
    if not method:
        return
    file = letter.parts["application/ics"]
    assert letter.parts["text/calendar"].get_param("method") == method
    assert file["Content-Transfer-Encoding"] == "base64"
    assert file.get_content_disposition() == "attachment"
    assert file.get_filename() == file.get_param("name") == "invite.ics"
    assert file.get_payload(decode=True) == letter.calendar


def check_html(letter: Arrived, base_url: str) -> None:
    """It is well made, loads nothing, runs nothing, and leads only to our own pages."""
    assert not letter.html.parse_errors
    assert {element.tag for element in letter.html.all()} <= TAGS
    names = {name for element in letter.html.all() for name in element.attrib}
    assert not [name for name in names if name.startswith("on") or name in {"src", "background", "srcset"}]
    assert "url(" not in letter.html.html and "@import" not in letter.html.html
    assert all(link.startswith(f"{base_url}/") for link in letter.html.links())


def check_same_words(letter: Arrived) -> None:
    """The text and the HTML say the same, links and all, in the same order."""
    shown = " ".join(_shown(next(letter.html.all("body"))))
    assert re.findall(r"\w+", letter.text) == re.findall(r"\w+", shown)


def _shown(element: Any) -> list[str]:
    """The words of the HTML in the order in which they are read; a link's address comes after its words."""
    found = [element.text or ""]
    for child in element:
        found += _shown(child)
        found.append(child.tail or "")
    if element.tag == "a":
        found.append(element.get("href"))
    return found


def check_calendar(letter: Arrived, *, method: str, is_online: bool) -> None:
    """One entry, written as RFC 5545 and 5546 want it, and nothing that a calendar program misreads."""
    entry = letter.entry
    lines = entry.octets.split(b"\r\n")
    assert lines[-1] == b"" and not re.search(rb"[^\r]\n|\r[^\n]", entry.octets)
    assert max(map(len, lines)) <= 75
    for line in lines:
        line.decode()  # a cut character would fail
    around = {"VERSION": "2.0", "PRODID": "-//SWECARNET//regapp//SV", "CALSCALE": "GREGORIAN", "METHOD": method}
    assert {name: str(value) for name, value in entry.calendar.items()} == around
    assert [component.name for component in entry.calendar.walk()] == ["VCALENDAR", "VEVENT"]
    assert entry.property_names() == sorted([*PROPERTIES, *(["CONFERENCE"] if is_online else [])])
    for name in ("DTSTART", "DTEND", "DTSTAMP", "CREATED", "LAST-MODIFIED"):
        assert any(re.fullmatch(rf"{name}:\d{{8}}T\d{{6}}Z", line) for line in entry.lines()), name
    for name in ("SUMMARY", "LOCATION"):
        value = str(entry.event[name])
        assert "\n" not in value and len(value.encode("utf-16-le")) <= 2 * 255
    assert entry.event["STATUS"] == ("CANCELLED" if method == "CANCEL" else "CONFIRMED")
    assert entry.event["TRANSP"] == "OPAQUE"
    assert entry.event["X-MICROSOFT-DISALLOW-COUNTER"] == "TRUE"
    assert not re.search(r"://[^/\s]+/my/", "\n".join(entry.lines())), "a link to manage"
    _check_people(letter, entry)


def _check_people(letter: Arrived, entry: Entry) -> None:
    sender = letter.message["From"].addresses[0].addr_spec
    assert str(entry.event["ORGANIZER"]) == f"mailto:{sender}"
    assert str(entry.event["ATTENDEE"]) == f"mailto:{letter.message['To']}"
    assert entry.parameters("ATTENDEE") == {"CN": entry.parameters("ATTENDEE")["CN"], **ATTENDEE}
    for name in ("ORGANIZER", "ATTENDEE"):
        assert not re.search('["\n]', entry.parameters(name)["CN"])


def check_read_alike(entry: Entry) -> None:
    """Both libraries find the same values and parameters."""
    assert entry.values() == entry.others_values()
    for name in ("ORGANIZER", "ATTENDEE"):
        assert entry.parameters(name) == entry.others_parameters(name)
