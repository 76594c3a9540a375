"""The calendar object, read by two libraries that know nothing of each other."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import icalendar
import pytest
import vobject
from hypothesis import example, given
from hypothesis import strategies as st

from regapp.mailing import calendar_text, invites
from regapp.mailing.invites import Invitation
from tests.support.mail.letters import LINKS, an_invitation

HOSTILE = st.text(max_size=400) | st.sampled_from(
    [
        "a\r\nATTENDEE:mailto:x@y.se",
        "a\nDTSTART:1",
        "a\x85b",
        "a\u2028END:VEVENT",
        '"x";CN=y:z',
        "\0",
        "🎉" * 300,
        "a,b;c\\n",
    ]
)


def _sent(calendar: str) -> bytes:
    return calendar_text.sendable(calendar, LINKS)


def _lines(calendar: str | bytes) -> list[str]:
    text = calendar if isinstance(calendar, str) else calendar.decode()
    return re.sub("\r\n ", "", text).split("\r\n")


def _names(calendar: str | bytes) -> list[str]:
    return sorted(re.split("[:;]", line)[0] for line in _lines(calendar) if line)


def test_a_request_says_what_calendars_need_and_nothing_that_they_misread() -> None:
    lines = _lines(_sent(an_invitation().request()))
    for line in (
        "METHOD:REQUEST", "VERSION:2.0", "CALSCALE:GREGORIAN", f"PRODID:{invites.PRODID}", "UID:5d0c@example.org",
        "SEQUENCE:0", "STATUS:CONFIRMED", "TRANSP:OPAQUE", "X-MICROSOFT-DISALLOW-COUNTER:TRUE",
        "DTSTART:20261125T080000Z", "DTEND:20261125T153000Z", "DTSTAMP:20261001T080000Z", "CREATED:20261001T080000Z",
        "LAST-MODIFIED:20261001T080000Z", f"LOCATION:{LINKS['join']}", "URL:https://anmalan.example.org/2026/",
        'ORGANIZER;CN="SWECARNET, Karolinska Institutet":mailto:utbildningsdag@swecarnet.example.org',
    ):  # fmt: skip
        assert lines.count(line) == 1, line
    for name in ("VALARM", "VTIMEZONE", "X-ALT-DESC", "X-WR-CALNAME", "NAME"):
        assert not any(line.startswith((name, f"BEGIN:{name}")) for line in lines)
    assert LINKS["manage"] not in "".join(lines)


def test_the_attendee_has_accepted_and_is_asked_nothing() -> None:
    event = icalendar.Calendar.from_ical(_sent(an_invitation().request())).walk("VEVENT")[0]
    attendee = event["ATTENDEE"]
    assert str(attendee) == "mailto:asa@example.org"
    assert {name: str(value) for name, value in attendee.params.items()} == {
        "CN": "Åsa-Märta O’Brien Öberg", "CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT",
        "PARTSTAT": "ACCEPTED", "RSVP": "FALSE",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("o'neil+car.t_x@example.org", "o'neil+car.t_x@example.org"),
        ("a%b/c#d?e&f@example.org", "a%25b%2Fc%23d%3Fe%26f@example.org"),
    ],
)
def test_an_odd_address_is_still_one_whole_address(address: str, written: str) -> None:
    (event,) = icalendar.Calendar.from_ical(an_invitation(attendee_address=address).request()).walk("VEVENT")
    assert str(event["ATTENDEE"]) == f"mailto:{written}"


def test_an_online_entry_leads_to_the_join_page_in_three_places() -> None:
    event = icalendar.Calendar.from_ical(_sent(an_invitation().request())).walk("VEVENT")[0]
    assert str(event["LOCATION"]) == str(event["CONFERENCE"]) == LINKS["join"]
    assert LINKS["join"] in str(event["DESCRIPTION"])
    assert event["CONFERENCE"].params["FEATURE"] == "VIDEO"


def test_a_cancellation_says_so_twice_and_keeps_the_uid() -> None:
    lines = _lines(an_invitation(sequence=3).cancel())
    assert {"METHOD:CANCEL", "STATUS:CANCELLED", "UID:5d0c@example.org", "SEQUENCE:3"} <= set(lines)


def test_the_file_to_download_invites_nobody() -> None:
    octets = an_invitation(location="Provsalen", description="", conference="").publish()
    assert "METHOD:PUBLISH" in _lines(octets)
    assert "ATTENDEE" not in _names(octets)
    assert "CONFERENCE" not in _names(octets)


def published(invitation: Invitation) -> str:
    return re.sub("\r\n ", "", invitation.publish().decode())


@pytest.mark.parametrize("write", [Invitation.request, Invitation.cancel, published])
def test_another_library_reads_the_same(write: Any) -> None:
    event = vobject.readOne(_sent(write(an_invitation())).decode()).vevent
    assert event.summary.value == "Utbildningsdag om CAR T 2026"
    assert event.dtstart.value == datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
    assert event.dtend.value - event.dtstart.value == timedelta(hours=7, minutes=30)
    assert event.location.value == LINKS["join"]
    assert event.description.value.endswith("\nFrågor: fraga@example.org")


def test_instants_of_any_zone_become_utc() -> None:
    starts_at = datetime(2026, 11, 25, 9, 0, 30, 999, tzinfo=timezone(timedelta(hours=1)))
    assert "DTSTART:20261125T080030Z" in _lines(an_invitation(starts_at=starts_at).request())


def test_a_long_title_is_cut_at_255_utf16_units_without_half_a_character() -> None:
    line = next(line for line in _lines(an_invitation(summary="🎉" * 300).request()) if line.startswith("SUMMARY:"))
    title = line.removeprefix("SUMMARY:")
    assert len(title.encode("utf-16-le")) // 2 <= calendar_text.MAX_LINE_UNITS
    assert title == "🎉" * 127 + "…"


@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_no_value_adds_a_line_or_breaks_one(summary: str, place: str, name: str, words: str) -> None:
    entry = an_invitation(summary=summary, location=place, attendee_name=name, description=words, conference_label=name)
    octets = _sent(entry.request())
    assert _names(octets) == _names(_sent(an_invitation().request()))
    assert octets.endswith(b"END:VCALENDAR\r\n")
    assert not re.search(rb"[^\r]\n|\r[^\n]", octets)
    assert all(len(line) <= 75 for line in octets.split(b"\r\n"))
    assert not re.search("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]", octets.decode())
    for piece in octets.split(b"\r\n"):
        piece.decode()
    event = icalendar.Calendar.from_ical(octets).walk("VEVENT")[0]
    assert str(event["ATTENDEE"]) == "mailto:asa@example.org"
    assert vobject.readOne(octets.decode()).vevent.uid.value == "5d0c@example.org"


@given(HOSTILE, HOSTILE)
@example("\ufeff", "Hall\ufeff")
@example("C:\\New, \\\\N; \\n", "Hall\\\x00N 2")
def test_what_is_read_of_an_entry_is_what_was_written(summary: str, place: str) -> None:
    entry = invites.read(an_invitation(summary=summary, location=place).request())
    assert (entry.summary, entry.location) == (calendar_text.one_line(summary), calendar_text.one_line(place))
    assert "\n" not in entry.summary + entry.location


def test_only_a_link_of_ours_is_filled_in() -> None:
    octets = an_invitation(summary="\x02manage\x03", attendee_name="\x02manage\x03").request()
    assert LINKS["manage"] not in _sent(octets).decode()


def test_a_mark_across_a_fold_is_still_filled_in() -> None:
    for filling in range(60, 80):
        octets = an_invitation(description="x" * filling + "\x02join\x03").request()
        assert f"DESCRIPTION:{'x' * filling}{LINKS['join']}" in _lines(_sent(octets))
