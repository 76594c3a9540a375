"""Files: what is in them, what is not, and that no cell is a formula."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select

from regapp.attendees import columns, exporting
from regapp.attendees.exporting import Export, Format
from regapp.attendees.filtering import Filter, words_of
from regapp.attendees.seeing import EVERYTHING
from regapp.core import audit
from regapp.core.db import db, writing
from regapp.core.errors import RuleBroken
from regapp.core.i18n import use_language
from regapp.events.models import Attendance, Event
from regapp.registrations.choices import Diet, Profession, Wish
from regapp.registrations.models import Status
from tests.attendees.people import add, add_many
from tests.support.days import new_day

AT = datetime(2026, 11, 11, 22, 59, tzinfo=UTC)
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠x", " =1+1", "=cmd|' /C calc'!A0"]


@pytest.fixture
def day(context: None) -> Event:
    return new_day(seats_on_site=None)


def export(day: Event, to: Format = Format.CSV, chosen: Filter | None = None, **options: Any) -> Export:
    with writing():
        return exporting.prepare(db.session.merge(day), chosen or Filter(), AT, actor=audit.SYSTEM, to=to, **options)


def read_csv(day: Event, separator: str = ";", **options: Any) -> list[dict[str, str]]:
    octets = b"".join(exporting.write_csv(export(day, **options), separator))
    assert octets.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(octets.decode("utf-8-sig"), newline=""), delimiter=separator))


def sheet(day: Event, **options: Any) -> Any:
    file = io.BytesIO()
    exporting.write_xlsx(export(day, Format.XLSX, **options), file)
    return openpyxl.load_workbook(file).active


@pytest.mark.both_databases("SQL writes the instants and numbers the line")
def test_a_csv_file_holds_everything_in_swedish(day: Event) -> None:
    add(day, "Åsa", "Öberg", AT, message="Rad ett;\nrad två, tre", profession_other="")
    for separator in (";", ","):
        (row,) = read_csv(day, separator)
        assert (row["Förnamn"], row["Efternamn"]) == ("Åsa", "Öberg")
        assert row["Anmäld (svensk tid)"] == "2026-11-11 23:59"
        assert row["Deltagandeform"] == "På plats"
        assert row["Yrke"] == "Sjuksköterska"
        assert row["Avanmäld (svensk tid)"] == ""
        assert row["Meddelande"] == "Rad ett;\nrad två, tre"
        assert "Specialkost" not in row


@pytest.mark.usefixtures("context")
def test_headers_follow_the_organisers_language(day: Event) -> None:
    add(day, "Åsa", "Öberg", AT)
    with use_language("en"):
        (row,) = read_csv(day)
    assert row["Form of attendance"] == "On site"


def test_real_names_stay_as_they_are(day: Event) -> None:
    names = ["O’Brien", "Null", "Ng", "Åsa-Märta", "李", "محمد", "Müller, Jr"]
    for name in names:
        add(day, name, "X", AT)
    assert {row["Förnamn"] for row in read_csv(day)} == set(names)
    assert {row[0] for row in sheet(day).iter_rows(min_row=2, values_only=True)} == set(names)


@pytest.mark.parametrize("cell", FORMULAS)
def test_no_cell_of_a_csv_file_is_a_formula(cell: str) -> None:
    assert exporting.defuse(cell).startswith("'")


@pytest.mark.parametrize("separator", [";", ","])
@pytest.mark.parametrize("opened_with", [";", ","])
def test_no_cell_is_a_formula_even_with_the_other_separator(separator: str, opened_with: str) -> None:
    rows = [[f"text{between}{formula}", "b"] for formula in FORMULAS for between in (";", ",", "\n", "; ")]
    text = b"".join(exporting.write_rows(["h", "i"], [zip(*rows, strict=True)], separator)).decode("utf-8-sig")
    for line in text.splitlines():
        for cell in line.split(opened_with):
            assert not cell.strip(' "').startswith(tuple("=+-@＝＋－＠")), line


def test_an_xlsx_file_has_typed_cells_frozen_headers_and_widths(day: Event) -> None:
    add(day, "Åsa", "Öberg", AT)
    found = sheet(day)
    headers = [cell.value for cell in found[1]]
    registered = found.cell(2, headers.index("Anmäld (svensk tid)") + 1)
    assert registered.is_date
    assert registered.value.replace(second=0, microsecond=0) == datetime(2026, 11, 11, 23, 59)  # noqa: DTZ001
    assert found.freeze_panes == "A2"
    assert found.column_dimensions["C"].width > 30
    assert found.auto_filter.ref.startswith("A1:")


CELLS = {
    **dict.fromkeys(("place_in_line",), "n"),
    **dict.fromkeys(("received_at", "in_line_since", "answer_by", "declined_at", "joined_at", "cancelled_at"), "d"),
    **dict.fromkeys(("first_name", "last_name", "email", "profession", "workplace", "department", "attendance"), "s"),
    **dict.fromkeys(("status", "language", "message", "wants_news", "diets", "diet_other", "access_needs"), "s"),
}
"""Each column's cells in a spreadsheet: numbers, dates, text. A new column has to be written here."""


@pytest.mark.both_databases("SQL numbers the line and writes the instants")
def test_every_column_of_a_spreadsheet_holds_numbers_dates_or_text_as_it_says(day: Event) -> None:
    digits = {"first_name": "007", "last_name": "1", "department": "070-123 45 67", "diet_other": "08"}
    waiting = add(
        day, **digits, at=AT, workplace="0701234567", message="12", access_needs="3", diets=(Diet.VEGAN,),
        profession=Profession.OTHER, profession_other="42", wish=Wish.LINE, wants_news=True,
    )  # fmt: skip
    offered, gone = add(day, "Bo", "Ek", AT, wish=Wish.LINE), add(day, "Eva", "Ek", AT)
    for person in (waiting, offered):
        person.status, person.in_line_since = Status.WAITING, AT
    offered.answer_by = offered.declined_at = offered.joined_at = AT
    gone.status, gone.cancelled_from, gone.cancelled_at = Status.CANCELLED, Status.CONFIRMED, AT
    db.session.commit()
    every = columns.columns(EVERYTHING)
    assert {column.key for column in every} == set(CELLS)
    for column, cells in zip(every, sheet(day, with_health=True, reason="x").iter_cols(min_row=2), strict=True):
        filled = [cell for cell in cells if cell.value is not None]
        assert filled and {cell.data_type for cell in filled} == {CELLS[column.key]}, column.key
        if CELLS[column.key] == "d":
            assert filled[0].value == datetime(2026, 11, 11, 23, 59), column.key  # noqa: DTZ001
            assert filled[0].number_format == "yyyy-mm-dd hh:mm"


def test_the_place_in_line_is_a_number_for_programs_and_empty_for_who_is_in_no_line(day: Event) -> None:
    first, _ = add(day, "Åsa", "Öberg", AT, wish=Wish.LINE), add(day, "Bo", "Ek", AT)
    first.status, first.in_line_since = Status.WAITING, AT
    db.session.commit()
    found = json.loads(b"".join(exporting.write_json(export(day, Format.JSON))))
    assert [one["place_in_line"] for one in found] == [None, 1]
    assert [row["Plats i kön"] for row in read_csv(day)] == ["", "1"]


def test_an_xlsx_file_holds_text_never_formulas_or_links(day: Event) -> None:
    for number, formula in enumerate([*FORMULAS, "https://example.org", "007"]):
        add(day, f"N{number}", "X", AT, workplace=formula.strip())
    found = sheet(day)
    column = [cell.value for cell in found[1]].index("Arbetsplats")
    for row in found.iter_rows(min_row=2):
        assert row[column].data_type == "s"
        assert row[column].hyperlink is None
        assert row[column].quotePrefix == row[column].value.startswith(tuple("=+-@＝＋－＠"))


def test_health_comes_only_when_asked_for_with_a_reason(day: Event) -> None:
    add(day, "Åsa", "Öberg", AT, diets=(Diet.VEGAN, Diet.HALAL), diet_other="inte lök", access_needs="hörslinga")
    add(day, "Bo", "Ek", AT, wish=Wish.ONLINE)
    with pytest.raises(RuleBroken) as refused:
        export(day, with_health=True)
    assert refused.value.field == "reason"
    first, second = read_csv(day, with_health=True, reason="till köket")
    assert [first[name] for name in ("Specialkost", "Annan kost", "Tillgänglighetsbehov")] == ["", "", ""]
    assert second["Specialkost"] == "Veganskt, Halal"
    assert second["Tillgänglighetsbehov"] == "hörslinga"


def test_every_export_is_noted_without_personal_data(day: Event) -> None:
    add(day, "Åsa", "Öberg", AT)
    export(day, Format.XLSX, Filter(words=words_of("åsa"), attendance=Attendance.ON_SITE), reason="namnbrickor")
    entry = db.session.scalars(select(audit.AuditEntry)).one()
    assert (entry.action, entry.actor, entry.at, entry.event_id) == ("attendees.exported", "system", AT, day.id)
    assert entry.reason == "namnbrickor"
    assert entry.details == {
        "format": "xlsx", "count": 1, "with_health": False, "filter": {"attendance": "on_site", "words": 1},
    }  # fmt: skip


def test_json_is_for_programs(day: Event) -> None:
    add(day, "=Åsa", "Öberg", AT, diets=(Diet.VEGAN,))
    (found,) = json.loads(b"".join(exporting.write_json(export(day, Format.JSON, with_health=True, reason="x"))))
    assert found["first_name"] == "=Åsa"
    assert found["received_at"] == "2026-11-11T22:59Z"
    assert (found["cancelled_at"], found["wants_news"], found["diets"]) == (None, False, ["vegan"])


def test_rows_are_read_while_they_are_written(day: Event) -> None:
    add_many(day, 1200)
    pieces: Iterator[bytes] = exporting.write_csv(export(day), ";")
    assert next(pieces).count(b"\r\n") < 600
    assert sum(piece.count(b"\r\n") for piece in pieces) > 600
