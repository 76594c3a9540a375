"""Dates, clocks and numbers as they are typed; what was typed stays when it can't be read."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from flask_wtf import FlaskForm
from wtforms import FieldList
from wtforms.validators import StopValidation
from wtforms.widgets import DateInput, TextInput, TimeInput

from regapp.core.forms import Check, TextLine, needed
from regapp.core.i18n import Text

DAY_SHAPE = Text("Skriv datumet som 2027-11-25.", "Write the date as 2027-11-25.")
CLOCK_SHAPE = Text("Skriv klockslaget som 09:00.", "Write the time as 09:00.")
COUNT_SHAPE = Text(
    "Skriv antalet platser med siffror, högst {most}, eller lämna tomt.",
    "Write the number of places in digits, at most {most}, or leave it empty.",
)
DAYS_SHAPE = Text("Skriv antalet dagar, 0 till {most}.", "Write the number of days, 0 to {most}.")
MINUTES_SHAPE = Text("Skriv antalet minuter, 0 till 1440.", "Write the number of minutes, 0 to 1440.")
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3])[.:]([0-5][0-9])")


def unmarked(_form: FlaskForm, _field: Any) -> None:
    """Says only that it goes without saying that the field may be empty."""


unmarked.field_flags = {"conditional": True}  # type: ignore[attr-defined]


class DayField(TextLine):
    """A date; `value` is what was read."""

    widget = DateInput()
    value: date | None = None

    def __init__(self, label: Text, **options: Any) -> None:
        super().__init__(label, 10, needed(DAY_SHAPE), _read_day, **options)


def _read_day(_form: FlaskForm, field: Any) -> None:
    try:
        read = datetime.strptime(field.data, "%Y-%m-%d").date()  # noqa: DTZ007  # a date has no zone
    except ValueError:
        raise StopValidation(DAY_SHAPE) from None
    if not 2000 <= read.year < 2100:
        raise StopValidation(DAY_SHAPE)
    field.value = read


class ClockField(TextLine):
    """A clock on a Swedish wall, 9.00 or 09:00, or nothing where it `may_be_empty`; `value` is what was read."""

    widget = TimeInput()
    value: time | None = None

    def __init__(
        self, label: Text, when_missing: Text = CLOCK_SHAPE, *, may_be_empty: bool = False, **options: Any
    ) -> None:
        needs = () if may_be_empty else (needed(when_missing),)
        super().__init__(label, 8, *needs, _read_clock, **options)


def _read_clock(_form: FlaskForm, field: Any) -> None:
    if not field.data:
        return
    found = _CLOCK.fullmatch(field.data.removesuffix(":00") if field.data.count(":") == 2 else field.data)
    if found is None:
        raise StopValidation(CLOCK_SHAPE)
    field.value = time(int(found[1]), int(found[2]))


class NumberField(TextLine):
    """A whole number from 0 to `top`, or nothing where `may_be_empty`."""

    widget = TextInput()
    value: int | None = None

    def __init__(self, label: Text, top: int, message: Text, *, may_be_empty: bool, **options: Any) -> None:
        needs = () if may_be_empty else (needed(message),)
        options = {"render_kw": {"inputmode": "numeric"}, **options}
        super().__init__(label, 10, *needs, _read_number(top, message), **options)


def _read_number(top: int, message: Text) -> Check:
    def check(_form: FlaskForm, field: Any) -> None:
        if not field.data:
            return
        if not re.fullmatch("[0-9]{1,9}", field.data) or int(field.data) > top:
            raise StopValidation(message)
        field.value = int(field.data)

    return check


class Rows(FieldList):
    """Rows of fields, numbered in their names; a name with a number that is none is nobody's."""

    def _extract_indices(self, prefix: str, formdata: Any) -> Iterator[int]:
        number = re.compile(re.escape(prefix) + r"-([0-9]{1,4})(?:-|$)")
        return (int(found[1]) for name in formdata if (found := number.match(name)))
