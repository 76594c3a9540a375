"""The day's editor as a form: local dates and clocks, the last day as a date, the programme as rows."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Any, Final

from wtforms import Form as Part
from wtforms import FormField, HiddenField
from wtforms.widgets import URLInput

from regapp.core.errors import RuleBroken
from regapp.core.forms import AddressLine, Form, TextArea, TextLine, address_like, needed
from regapp.core.i18n import SWEDISH_TIME, Text
from regapp.events import drafts
from regapp.events.drafts import COLUMNS, MAX_SEATS, MAX_SLUG, Draft, Session
from regapp.events.models import Event
from regapp.organising.days.fields import (
    COUNT_SHAPE,
    DAYS_SHAPE,
    MINUTES_SHAPE,
    ClockField,
    DayField,
    NumberField,
    Rows,
    unmarked,
)

MAX_ROWS: Final = 60
MAX_TEXT: Final = 10_000
MAX_OFFER_DAYS: Final = 365

ROW_NEEDS_CLOCK = Text("Fyll i när programpunkten börjar.", "Enter when the session starts.")
ROW_NEEDS_TITLE = Text("Fyll i programpunktens titel på svenska.", "Enter the session’s title in Swedish.")
TOO_MANY_ROWS = Text(
    "Programmet kan ha högst {most} punkter. Ta bort {over}.",
    "The programme can have at most {most} sessions. Remove {over}.",
)

_COLUMNS_IN_FORM = [name for name in COLUMNS if not name.endswith(("_at", "_until"))]


def _places(label: Text) -> NumberField:
    return NumberField(label, MAX_SEATS, COUNT_SHAPE.format(most=MAX_SEATS), may_be_empty=True)


class SessionForm(Part):
    """One row of the programme; an empty one counts as none."""

    starts = ClockField(Text("Börjar kl.", "Starts at"), ROW_NEEDS_CLOCK)
    title_sv = TextLine(Text("Titel på svenska", "Title in Swedish"), 200, needed(ROW_NEEDS_TITLE))
    title_en = TextLine(Text("Titel på engelska", "Title in English"), 200, unmarked)
    speaker = TextLine(Text("Föreläsare", "Speaker"), 200, unmarked)
    place = TextLine(Text("Lokal", "Room"), 200, unmarked)

    @property
    def is_blank(self) -> bool:
        return not any((field.data or "").strip() for field in self)

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        return self.is_blank or bool(super().validate(*args, **kwargs))

    def to_session(self) -> Session:
        clock = self.starts.value
        assert clock is not None  # noqa: S101  # validated
        return Session(clock, self.title_sv.data, self.title_en.data, self.speaker.data, self.place.data)


class EventForm(Form):
    """All fields of a day. Dates and clocks are those of Stockholm."""

    slug = TextLine(
        Text("Namn i adressen", "Name in the address"),
        MAX_SLUG,
        needed(
            Text(
                "Fyll i dagens namn i adressen, till exempel 2027.",
                "Enter the day’s name in the address, for example 2027.",
            )
        ),
    )
    title_sv = TextLine(
        Text("Titel på svenska", "Title in Swedish"),
        200,
        needed(Text("Fyll i titeln på svenska.", "Enter the title in Swedish.")),
    )
    title_en = TextLine(Text("Titel på engelska", "Title in English"), 200)
    description_sv = TextArea(Text("Beskrivning på svenska", "Description in Swedish"), MAX_TEXT)
    description_en = TextArea(Text("Beskrivning på engelska", "Description in English"), MAX_TEXT)
    audience_sv = TextLine(Text("Målgrupp på svenska", "Audience in Swedish"), 500)
    audience_en = TextLine(Text("Målgrupp på engelska", "Audience in English"), 500)
    language_note_sv = TextLine(Text("Om dagens språk, på svenska", "On the day’s language, in Swedish"), 200)
    language_note_en = TextLine(Text("Om dagens språk, på engelska", "On the day’s language, in English"), 200)
    day = DayField(Text("Dag", "Day"))
    starts = ClockField(Text("Börjar kl.", "Starts at"))
    ends = ClockField(Text("Slutar kl.", "Ends at"))
    doors_open = ClockField(Text("Dörrarna öppnar kl.", "Doors open at"), may_be_empty=True)
    venue = TextLine(Text("Lokal", "Venue"), 200)
    address = TextLine(Text("Adress", "Address"), 300)
    directions_sv = TextArea(Text("Hitta hit, på svenska", "Directions in Swedish"), MAX_TEXT)
    directions_en = TextArea(Text("Hitta hit, på engelska", "Directions in English"), MAX_TEXT)
    contact_email = AddressLine(
        Text("Kontaktadress (e-post)", "Contact address (e-mail)"),
        address_like(
            Text(
                "Fyll i en kontaktadress, till exempel namn@ki.se.", "Enter a contact address, for example name@ki.se."
            )
        ),
    )
    opens_on = DayField(Text("Anmälan öppnar", "Registration opens"))
    opens = ClockField(Text("Öppnar kl.", "Opens at"))
    last_day = DayField(Text("Sista anmälningsdag", "Last day to register"))
    last_change_day = DayField(Text("Sista dag att ändra specialkost", "Last day to change special diets"))
    line_ends_on = DayField(Text("Kön stänger", "The line closes"))
    line_ends = ClockField(Text("Kön stänger kl.", "The line closes at"))
    offer_days = NumberField(
        Text("Platser erbjuds från så många dagar före", "Places are offered from this many days before"),
        MAX_OFFER_DAYS,
        DAYS_SHAPE.format(most=MAX_OFFER_DAYS),
        may_be_empty=False,
    )
    seats_on_site = _places(Text("Antal platser på plats", "Places on site"))
    seats_online = _places(Text("Antal platser digitalt", "Places online"))
    meeting_url = TextLine(Text("Det digitala mötets adress", "The online meeting’s address"), 2000, widget=URLInput())
    sound_test_url = TextLine(
        Text("Adress där deltagarna kan prova ljudet", "Address where participants can try the sound"),
        2000,
        widget=URLInput(),
    )
    join_minutes_before = NumberField(
        Text("Mötet öppnar så här många minuter före start", "The meeting opens this many minutes before the start"),
        1440,
        MINUTES_SHAPE,
        may_be_empty=False,
    )
    programme = Rows(FormField(SessionForm), label=Text("Program", "Programme"))
    version = HiddenField()

    draft: Draft | None = None

    @classmethod
    def of(cls, event: Event) -> EventForm:
        """The form for a saved day; what is being sent goes before what is saved."""
        return cls(data=_as_typed(event))

    @property
    def opened_version(self) -> int:
        """The version that the form was opened with; 0 when it says none."""
        typed = self.version.data or ""
        return int(typed) if re.fullmatch("[0-9]{1,9}", typed) else 0

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        """Whether the whole is a day that can be saved; then it stands in `draft`."""
        is_valid = super().validate(*args, **kwargs)
        if (over := len(self.programme.entries) - MAX_ROWS) > 0:
            self.form_errors.append(TOO_MANY_ROWS.format(most=MAX_ROWS, over=over))
        if not is_valid or self.form_errors:
            return False
        self.draft = self._to_draft()
        for problem in self.draft.problems() if self.draft else ():
            self.refuse(problem)
        return not self.errors

    def add_row(self) -> None:
        if len(self.programme.entries) < MAX_ROWS:
            self.programme.append_entry()

    def remove_row(self, position: str) -> None:
        """Take away the row at `position`, counted from 0; anything else changes nothing."""
        self.programme.entries[:] = [
            row for number, row in enumerate(self.programme.entries) if str(number) != position
        ]

    def _to_draft(self) -> Draft | None:
        starts_at = self._instant("starts", self.day.value, self.starts.value)
        ends_at = self._instant("ends", self.day.value, self.ends.value)
        opens_at = self._instant("opens", self.opens_on.value, self.opens.value)
        promote_until = self._instant("line_ends_on", self.line_ends_on.value, self.line_ends.value)
        last_day, last_change_day = self.last_day.value, self.last_change_day.value
        if not (starts_at and ends_at and opens_at and promote_until and last_day and last_change_day):
            return None
        columns = {name: self[name].data for name in _COLUMNS_IN_FORM}
        for name in ("seats_on_site", "seats_online", "join_minutes_before", "offer_days", "doors_open"):
            columns[name] = self[name].value
        rows = [row.form.to_session() for row in self.programme if not row.form.is_blank]
        return Draft(
            **columns,
            starts_at=starts_at,
            ends_at=ends_at,
            opens_at=opens_at,
            closes_at=drafts.end_of(last_day, SWEDISH_TIME),
            changes_close_at=drafts.end_of(last_change_day, SWEDISH_TIME),
            promote_until=promote_until,
            programme=tuple(sorted(rows, key=lambda row: row.starts)),
        )

    def _instant(self, field: str, day: date | None, clock: time | None) -> datetime | None:
        """The instant, or None with the reason at the field: that night the clock changes."""
        if day is None or clock is None:
            return None
        try:
            return drafts.instant(day, clock, SWEDISH_TIME)
        except RuleBroken as error:
            self.refuse(RuleBroken(error.message, field))
            return None


def _as_typed(event: Event) -> dict[str, Any]:
    starts, ends, opens = (at.astimezone(SWEDISH_TIME) for at in (event.starts_at, event.ends_at, event.opens_at))
    line_ends = event.promote_until.astimezone(SWEDISH_TIME)
    values = {name: getattr(event, name) for name in _COLUMNS_IN_FORM}
    return {
        **{name: "" if value is None else str(value) for name, value in values.items()},
        "day": starts.date().isoformat(),
        "starts": f"{starts:%H:%M}",
        "ends": f"{ends:%H:%M}",
        "doors_open": f"{event.doors_open:%H:%M}" if event.doors_open else "",
        "opens_on": opens.date().isoformat(),
        "opens": f"{opens:%H:%M}",
        "last_day": event.last_day.isoformat(),
        "last_change_day": event.last_change_day.isoformat(),
        "line_ends_on": line_ends.date().isoformat(),
        "line_ends": f"{line_ends:%H:%M}",
        "programme": [
            {
                "starts": f"{item.starts:%H:%M}",
                "title_sv": item.title_sv,
                "title_en": item.title_en,
                "speaker": item.speaker,
                "place": item.place,
            }
            for item in event.programme
        ],
        "version": str(event.version),
    }


class StateForm(Form):
    """A button that moves a day to another state, if it is still as the page showed it."""

    version = HiddenField()

    @property
    def opened_version(self) -> int:
        typed = str(self.version.data or "")
        return int(typed) if re.fullmatch("[0-9]{1,9}", typed) else 0
