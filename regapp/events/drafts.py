"""All that an organiser writes about a day, as plain values that can be checked and compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from regapp.core.errors import RuleBroken
from regapp.core.i18n import Text, local
from regapp.events.models import Event

SLUG = re.compile(r"20[0-9]{2}(-[a-z0-9]+)*")
MAX_SLUG = 40
MAX_SEATS = 100_000

SLUG_SHAPE = Text(
    "Skriv dagens namn i adressen som ett årtal, till exempel 2027, eller årtal och ord: 2027-host.",
    "Write the day’s name in the address as a year, for example 2027, or a year and a word: 2027-autumn.",
)
ENDS_BEFORE_START = Text(
    "Dagen måste sluta efter att den börjar. Ändra sluttiden.",
    "The day must end after it starts. Change the end time.",
)
DOORS_TOO_LATE = Text(
    "Dörrarna måste öppna innan dagen börjar. Välj en tidigare tid.",
    "The doors must open before the day starts. Choose an earlier time.",
)
OPENS_TOO_LATE = Text(
    "Anmälan måste öppna före eller på sista anmälningsdagen. Ändra datumet.",
    "Registration must open on or before the last day to register. Change the date.",
)
LAST_DAY_TOO_LATE = Text(
    "Sista anmälningsdagen måste vara före själva dagen. Välj ett tidigare datum.",
    "The last day to register must be before the day itself. Choose an earlier date.",
)
CHANGES_CLOSE_TOO_LATE = Text(
    "Sista dagen att ändra specialkost måste vara före själva dagen. Välj ett tidigare datum.",
    "The last day to change special diets must be before the day itself. Choose an earlier date.",
)
LINE_ENDS_TOO_LATE = Text(
    "Kön måste stänga innan dagen börjar. Välj en tidigare tid.",
    "The line must close before the day starts. Choose an earlier time.",
)
MEETING_ADDRESS = Text(
    "Mötets adress måste börja med https://. Kopiera hela länken ur inbjudan till mötet.",
    "The meeting’s address must start with https://. Copy the whole link from the meeting’s invitation.",
)

SOUND_TEST_ADDRESS = Text(
    "Adressen för att prova ljudet måste börja med https://. Kopiera hela länken.",
    "The address to try the sound at must start with https://. Copy the whole link.",
)


@dataclass(frozen=True)
class Session:
    """One row of the programme; `starts` is the clock on the wall of the venue."""

    starts: time
    title_sv: str
    title_en: str = ""
    speaker: str = ""
    place: str = ""


@dataclass(frozen=True)
class Draft:
    """A day as somebody wants it; the fields are the columns of Event with the same names."""

    slug: str
    title_sv: str
    title_en: str
    description_sv: str
    description_en: str
    audience_sv: str
    audience_en: str
    language_note_sv: str
    language_note_en: str
    starts_at: datetime
    ends_at: datetime
    venue: str
    address: str
    directions_sv: str
    directions_en: str
    contact_email: str
    opens_at: datetime
    closes_at: datetime
    changes_close_at: datetime
    promote_until: datetime
    offer_days: int
    seats_on_site: int | None
    seats_online: int | None
    meeting_url: str
    sound_test_url: str
    join_minutes_before: int
    doors_open: time | None = None
    programme: tuple[Session, ...] = ()

    @classmethod
    def of(cls, event: Event) -> Draft:
        """The day as it is saved."""
        programme = tuple(
            Session(item.starts, item.title_sv, item.title_en, item.speaker, item.place) for item in event.programme
        )
        return cls(**{name: _evened(getattr(event, name)) for name in COLUMNS}, programme=programme)

    def differs_from(self, other: Draft) -> list[str]:
        """The names of the fields that aren't the same, in their order."""
        names = [field.name for field in fields(Draft)]
        return [name for name in names if getattr(self, name) != getattr(other, name)]

    def problems(self) -> Iterator[RuleBroken]:
        """What stands in the way of saving, each with the field of the editor that it belongs to."""
        if not SLUG.fullmatch(self.slug) or len(self.slug) > MAX_SLUG:
            yield RuleBroken(SLUG_SHAPE, "slug")
        if self.ends_at <= self.starts_at:
            yield RuleBroken(ENDS_BEFORE_START, "ends")
        if self.doors_open and self.doors_open >= local(self.starts_at).time():
            yield RuleBroken(DOORS_TOO_LATE, "doors_open")
        if self.closes_at > self.starts_at:
            yield RuleBroken(LAST_DAY_TOO_LATE, "last_day")
        if self.opens_at >= self.closes_at:
            yield RuleBroken(OPENS_TOO_LATE, "opens_on")
        if self.changes_close_at > self.starts_at:
            yield RuleBroken(CHANGES_CLOSE_TOO_LATE, "last_change_day")
        if self.promote_until > self.starts_at:
            yield RuleBroken(LINE_ENDS_TOO_LATE, "line_ends_on")
        yield from self._problems_of_addresses()

    def _problems_of_addresses(self) -> Iterator[RuleBroken]:
        if self.meeting_url and not _is_https(self.meeting_url):
            yield RuleBroken(MEETING_ADDRESS, "meeting_url")
        if self.sound_test_url and not _is_https(self.sound_test_url):
            yield RuleBroken(SOUND_TEST_ADDRESS, "sound_test_url")


COLUMNS = [field.name for field in fields(Draft) if field.name != "programme"]


def _evened(value: Any) -> Any:
    """A text without the space around it that a form takes away: that is no change."""
    return value.strip() if isinstance(value, str) else value


def _is_https(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme == "https" and bool(parts.hostname) and parts.port != 0 and " " not in address
    except ValueError:
        return False


NOT_THAT_NIGHT = Text(
    "Den tiden finns inte: klockan ställs om den natten. Välj en annan tid.",
    "That time doesn’t exist: the clock changes that night. Choose another time.",
)
TWICE_THAT_NIGHT = Text(
    "Den tiden finns två gånger: klockan ställs om den natten. Välj en annan tid.",
    "That time comes twice: the clock changes that night. Choose another time.",
)


def instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The one instant of that clock on that day; raises RuleBroken when there is none, or two."""
    first = datetime.combine(day, clock, zone)
    second = first.replace(fold=1)
    if first.utcoffset() != second.utcoffset():
        # PEP 495: in a gap the offset before (fold=0) is the smaller one, in a fold the larger one.
        gap = (first.utcoffset() or timedelta()) < (second.utcoffset() or timedelta())
        raise RuleBroken(NOT_THAT_NIGHT if gap else TWICE_THAT_NIGHT)
    return first


def end_of(last_day: date, zone: ZoneInfo) -> datetime:
    """The exclusive instant after the last day: its next midnight, on nights when the clock changes too."""
    return datetime.combine(last_day + timedelta(days=1), time(), zone)
