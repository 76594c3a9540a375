"""What stands in an export: the columns, their headers in the organiser's language, and where they come from."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, String, Subquery, case, func, literal, select, type_coerce

from regapp.attendees import filtering
from regapp.attendees.filtering import Filter
from regapp.attendees.seeing import HEALTH, Detail
from regapp.core.db import db
from regapp.core.i18n import LANGUAGES, Text
from regapp.events.models import Attendance
from regapp.registrations.choices import Diet, Profession
from regapp.registrations.models import HealthNote, Registration, Status


class Kind(enum.Enum):
    """How a value comes from the database: as it is written, as a number, a word to look up, a time, a list.

    A spreadsheet gets numbers and times as such, and everything else as text.
    """

    TEXT = enum.auto()
    NUMBER = enum.auto()
    WORD = enum.auto()
    INSTANT = enum.auto()
    WORDS = enum.auto()


@dataclass(frozen=True)
class Column:
    """`key` names it in JSON, `label` heads it in a table, `width` is in characters, for spreadsheets."""

    key: str
    label: Text
    width: int
    kind: Kind
    words: Mapping[str, Text] | None = None

    def labels(self) -> dict[str, str]:
        """The words by stored value, in the current language."""
        return {value: str(label) for value, label in (self.words or {}).items()}


def _labels(values: type[Attendance | Status | Profession | Diet]) -> dict[str, Text]:
    return {value.value: value.label for value in values}


YES_NO = {"yes": Text("Ja", "Yes"), "no": Text("Nej", "No")}

COLUMNS = (
    Column("first_name", Text("Förnamn", "First name"), 18, Kind.TEXT),
    Column("last_name", Text("Efternamn", "Last name"), 22, Kind.TEXT),
    Column("email", Text("E-post", "E-mail"), 32, Kind.TEXT),
    Column("profession", Text("Yrke", "Profession"), 28, Kind.WORD, _labels(Profession)),
    Column("workplace", Text("Arbetsplats", "Workplace"), 34, Kind.TEXT),
    Column("department", Text("Klinik/enhet", "Department"), 28, Kind.TEXT),
    Column("attendance", Text("Deltagandeform", "Form of attendance"), 18, Kind.WORD, _labels(Attendance)),
    Column("status", Text("Status", "Status"), 12, Kind.WORD, _labels(Status)),
    Column(
        "language",
        Text("Språk", "Language"),
        10,
        Kind.WORD,
        {value: Text(name, name) for value, name in LANGUAGES.items()},
    ),
    Column("message", Text("Meddelande", "Message"), 40, Kind.TEXT),
    Column("wants_news", Text("Vill ha utskick", "Wants news"), 16, Kind.WORD, YES_NO),
    Column("received_at", Text("Anmäld (svensk tid)", "Registered (Swedish time)"), 22, Kind.INSTANT),
    Column("place_in_line", Text("Plats i kön", "Place in line"), 12, Kind.NUMBER),
    Column("in_line_since", Text("I kö sedan (svensk tid)", "In line since (Swedish time)"), 22, Kind.INSTANT),
    Column(
        "answer_by", Text("Erbjuden plats till (svensk tid)", "Place offered until (Swedish time)"), 22, Kind.INSTANT
    ),
    Column(
        "declined_at",
        Text("Tackat nej i kalendern (svensk tid)", "Declined in the calendar (Swedish time)"),
        22,
        Kind.INSTANT,
    ),
    Column("joined_at", Text("Anslöt (svensk tid)", "Joined (Swedish time)"), 22, Kind.INSTANT),
    Column("cancelled_at", Text("Avanmäld (svensk tid)", "Cancelled (Swedish time)"), 22, Kind.INSTANT),
)
HEALTH_COLUMNS = (
    Column("diets", Text("Specialkost", "Special diet"), 28, Kind.WORDS, _labels(Diet)),
    Column("diet_other", Text("Annan kost", "Other diet"), 28, Kind.TEXT),
    Column("access_needs", Text("Tillgänglighetsbehov", "Access needs"), 34, Kind.TEXT),
)


def columns(seen: frozenset[Detail]) -> tuple[Column, ...]:
    return tuple(column for column in COLUMNS + HEALTH_COLUMNS if column.key in seen)


def statement(event_id: int, chosen: Filter, seen: frozenset[Detail]) -> Select[Any]:
    """The rows to export, as the plain values that the writers need: making objects would take most of the time.

    Instants come as text in UTC to the minute, `2026-11-11 22:59`.
    """
    line = _line(event_id)
    expressions = [
        line.c.place if column.key == "place_in_line" else _expression(column) for column in columns(seen - HEALTH)
    ]
    found = select(*expressions).select_from(Registration).outerjoin(line, line.c.id == Registration.id)
    if seen >= HEALTH:
        found = found.add_columns(
            HealthNote.diets,
            func.coalesce(HealthNote.diet_other, ""),
            func.coalesce(HealthNote.access_needs, ""),
        ).outerjoin(HealthNote, HealthNote.registration_id == Registration.id)
    return filtering.narrowed(found, event_id, chosen)


def _line(event_id: int) -> Subquery:
    """Everybody in line who has no offer, numbered from 1."""
    order = (Registration.in_line_since, Registration.id)
    return (
        select(Registration.id, func.row_number().over(order_by=order).label("place"))
        .where(
            Registration.event_id == event_id,
            Registration.is_in_line,
            ~Registration.is_offered,
        )
        .subquery()
    )


def _expression(column: Column) -> ColumnElement[Any]:
    if column.key == "profession":
        return func.coalesce(
            func.nullif(Registration.profession_other, ""), type_coerce(Registration.profession, String)
        )
    if column.key == "wants_news":
        return case((Registration.wants_news, literal("yes")), else_=literal("no"))
    stored = getattr(Registration, column.key)
    if column.key == "in_line_since":
        # Whoever cancelled keeps it for undoing, but stands in line no more.
        stored = case((Registration.is_active, stored))
    if column.kind is Kind.WORD:
        return type_coerce(stored, String)
    return _to_the_minute(stored) if column.kind is Kind.INSTANT else stored


def _to_the_minute(column: Any) -> ColumnElement[str]:
    if db.session.get_bind().dialect.name == "sqlite":
        return func.coalesce(func.substr(type_coerce(column, String), 1, 16), "")
    return func.coalesce(func.to_char(func.timezone("UTC", column), "YYYY-MM-DD HH24:MI"), "")
