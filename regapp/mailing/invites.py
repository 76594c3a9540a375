"""Calendar invitations: one VEVENT in the letter, the same entry for its whole life (RFC 5545, 5546, 7986)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from regapp.mailing.calendar_text import clean, one_line, quotable

if TYPE_CHECKING:
    from icalendar import Calendar, Event, vCalAddress

PRODID = "-//SWECARNET//regapp//SV"


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

    def request(self) -> str:
        """A place, or what became of it: RFC 5546 §3.2.2. Unfolded, so that no mark lies across two lines."""
        return _unfolded(self._calendar("REQUEST", "CONFIRMED", invited=True))

    def cancel(self) -> str:
        """No place any more: METHOD and STATUS both, RFC 5546 §3.2.5. Unfolded."""
        return _unfolded(self._calendar("CANCEL", "CANCELLED", invited=True))

    def publish(self) -> bytes:
        """A file to download: nobody is invited, so nobody answers (RFC 5546 §3.2.1)."""
        written: bytes = self._calendar("PUBLISH", "CONFIRMED", invited=False).to_ical()
        return written

    def _calendar(self, method: str, status: str, *, invited: bool) -> Calendar:
        # Imported late: it costs a process start that writes no invitation a tenth of a second.
        from icalendar import Calendar

        calendar = Calendar()
        calendar.add("prodid", PRODID)
        calendar.add("version", "2.0")
        calendar.add("calscale", "GREGORIAN")
        calendar.add("method", method)
        calendar.add_component(self._event(status, invited=invited))
        return calendar

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
        conference.params.update(VALUE="URI", FEATURE="VIDEO", LABEL=quotable(self.conference_label))
        return conference

    def _attendee(self) -> vCalAddress:
        attendee = _person(self.attendee_name, self.attendee_address)
        attendee.params.update(CUTYPE="INDIVIDUAL", ROLE="REQ-PARTICIPANT", PARTSTAT="ACCEPTED", RSVP="FALSE")
        return attendee


def _person(name: str, address: str) -> vCalAddress:
    from icalendar import vCalAddress

    # RFC 6068 §2: what has a meaning in an address of this kind is written as a code.
    person = vCalAddress("mailto:" + quote(clean(address), safe="@!$'*+"))
    person.params["CN"] = quotable(name) or clean(address)
    return person


def _unfolded(calendar: Calendar) -> str:
    return "".join(f"{line}\r\n" for line in calendar.content_lines() if line)


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
