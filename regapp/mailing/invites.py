"""Calendar invitations: one VEVENT in the letter, the same entry for its whole life (RFC 5545, 5546, 7986)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from regapp.mailing import marks

if TYPE_CHECKING:
    from icalendar import Event, vCalAddress

PRODID = "-//SWECARNET//regapp//SV"
MAX_LINE_UNITS = 255
"""UTF-16 units of SUMMARY and LOCATION: what Outlook keeps of them."""

_FOLD_AT = 75
"""Octets in a line without its CRLF, RFC 5545 §3.1."""

_MARK = re.compile("(\x02[a-z_]+\x03)")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_UNQUOTABLE = re.compile(r'["^\\\n]')


@dataclass(frozen=True)
class Invitation:
    """One person's entry of one day; instants are aware.

    `location`, `description` and `conference` may hold marks (see mailing.marks). `uid`, the organiser's and the
    attendee's addresses equal the stored uid, From and To.
    """

    uid: str
    sequence: int
    written_at: datetime
    created_at: datetime
    changed_at: datetime
    starts_at: datetime
    ends_at: datetime
    summary: str
    location: str
    description: str
    url: str
    organiser_name: str
    organiser_address: str
    attendee_name: str = ""
    attendee_address: str = ""
    conference: str = ""
    conference_label: str = ""

    def request(self) -> bytes:
        """A place, or what became of it: RFC 5546 §3.2.2."""
        return self._serialised("REQUEST", "CONFIRMED", invited=True)

    def cancel(self) -> bytes:
        """No place any more: METHOD and STATUS both, RFC 5546 §3.2.5."""
        return self._serialised("CANCEL", "CANCELLED", invited=True)

    def publish(self) -> bytes:
        """A file to download: nobody is invited, so nobody answers (RFC 5546 §3.2.1)."""
        return self._serialised("PUBLISH", "CONFIRMED", invited=False)

    def _serialised(self, method: str, status: str, *, invited: bool) -> bytes:
        # Imported late: it costs a process start that writes no invitation a tenth of a second.
        from icalendar import Calendar

        calendar = Calendar()
        calendar.add("prodid", PRODID)
        calendar.add("version", "2.0")
        calendar.add("calscale", "GREGORIAN")
        calendar.add("method", method)
        calendar.add_component(self._event(status, invited=invited))
        written: bytes = calendar.to_ical()
        return written

    def _event(self, status: str, *, invited: bool) -> Event:
        from icalendar import Event

        event = Event()
        event.add("uid", clean(self.uid))
        event.add("sequence", self.sequence)
        self._add_instants(event)
        self._add_words(event)
        event.add("organizer", _person(self.organiser_name, self.organiser_address))
        if invited:
            event.add("attendee", self._attendee())
        event.add("status", status)
        event.add("transp", "OPAQUE")
        event.add("x-microsoft-disallow-counter", "TRUE")
        return event

    def _add_instants(self, event: Event) -> None:
        instants = {
            "dtstamp": self.written_at,
            "created": self.created_at,
            "last-modified": self.changed_at,
            "dtstart": self.starts_at,
            "dtend": self.ends_at,
        }
        for name, instant in instants.items():
            event.add(name, instant.astimezone(UTC).replace(microsecond=0))

    def _add_words(self, event: Event) -> None:
        event.add("summary", one_line(self.summary))
        event.add("location", one_line(self.location, keep_marks=True))
        event.add("description", clean(self.description, keep_marks=True))
        event.add("url", clean(self.url))
        if self.conference:
            event.add("conference", self._conference())

    def _conference(self) -> object:
        from icalendar import vUri

        conference = vUri(clean(self.conference, keep_marks=True))
        conference.params.update(VALUE="URI", FEATURE="VIDEO", LABEL=_quotable(self.conference_label))
        return conference

    def _attendee(self) -> vCalAddress:
        attendee = _person(self.attendee_name, self.attendee_address)
        attendee.params.update(CUTYPE="INDIVIDUAL", ROLE="REQ-PARTICIPANT", PARTSTAT="ACCEPTED", RSVP="FALSE")
        return attendee


def _person(name: str, address: str) -> vCalAddress:
    from icalendar import vCalAddress

    # RFC 6068 §2: what has a meaning in an address of this kind is written as a code.
    person = vCalAddress("mailto:" + quote(clean(address), safe="@!$'*+"))
    person.params["CN"] = _quotable(name) or clean(address)
    return person


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


def _quotable(value: str) -> str:
    """A parameter's value: RFC 5545 §3.2 has no escape for a quote, and few read RFC 6868's for a caret.

    It has none for a backslash either, which some read as one: a name that ends in it would swallow what follows.
    """
    return " ".join(_UNQUOTABLE.sub(" ", clean(value)).split())


def unfold(calendar: bytes) -> str:
    """The calendar as it is stored, so that a mark can't lie across two lines."""
    return re.sub("\r?\n[ \t]", "", calendar.decode())


@dataclass(frozen=True)
class Entry:
    """What a stored calendar says, marks and all; equal ones look the same: no calendar shows the attendee's name."""

    method: str
    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    summary: str
    location: str
    attendee_name: str = field(compare=False)


def read(stored: str) -> Entry:
    """The entry in a calendar that was stored unfolded."""
    from icalendar import Calendar

    calendar: Any = Calendar.from_ical(stored)
    (event,) = calendar.walk("VEVENT")
    return Entry(
        method=str(calendar["METHOD"]),
        uid=str(event["UID"]),
        sequence=int(event["SEQUENCE"]),
        starts_at=event["DTSTART"].dt,
        ends_at=event["DTEND"].dt,
        summary=str(event["SUMMARY"]),
        location=str(event["LOCATION"]),
        attendee_name=str(event["ATTENDEE"].params["CN"]),
    )


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


@dataclass(frozen=True)
class Answer:
    """What a calendar answered to an invitation: each ATTENDEE's PARTSTAT, addresses in lower case.

    `sent_by` has who answered in an attendee's name (SENT-BY, RFC 5545 §3.2.18).
    """

    uid: str
    sequence: int
    partstats: Mapping[str, str]
    sent_by: Mapping[str, str]


def read_answer(calendar: str) -> Answer | None:
    """The answer (METHOD:REPLY, RFC 5546 §3.2.3) in what somebody sent; None for anything else."""
    from icalendar import Calendar

    try:
        found = Calendar.from_ical(calendar)
        events = found.walk("VEVENT")
        if str(found["METHOD"]).upper() != "REPLY" or not events:
            return None
        attendees = events[0].get("ATTENDEE", [])
        persons = {
            _address(person): person.params for person in (attendees if isinstance(attendees, list) else [attendees])
        }
        return Answer(
            str(events[0]["UID"]).strip(),
            int(events[0].get("SEQUENCE", 0)),
            partstats={address: str(said.get("PARTSTAT", "")).upper() for address, said in persons.items()},
            sent_by={address: _address(said["SENT-BY"]) for address, said in persons.items() if "SENT-BY" in said},
        )
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return None


def _address(uri: object) -> str:
    return unquote(re.sub("^mailto:", "", str(uri).strip(), flags=re.IGNORECASE)).lower()


def _escape_link(link: str) -> str:
    # A link stands in TEXT and in URI values, which escape differently: what needs it is percent-encoded.
    return re.sub(r"[\\;,\s\"]", lambda found: f"%{ord(found[0]):02X}", link)
