"""Exports: exactly what is filtered, noted in the audit log, read row by row."""

import csv
import enum
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import IO, Any, Final

from sqlalchemy import Engine, Select

from regapp.attendees import columns, filtering, xlsx_files
from regapp.attendees.columns import Column, Kind
from regapp.attendees.filtering import Filter
from regapp.attendees.seeing import HEALTH
from regapp.attendees.xlsx_files import Cell
from regapp.core import audit
from regapp.core.db import begin_reading, db
from regapp.core.errors import RuleBroken
from regapp.core.i18n import SWEDISH_TIME, Text, local, t
from regapp.events.models import Event

BATCH = 500
"""Rows held in memory at a time."""

MAX_REASON = 500

NEEDS_REASON = Text(
    "Skriv varför uppgifterna om specialkost och tillgänglighetsbehov behövs.",
    "Write why the details on special diets and access needs are needed.",
)


Written = Mapping[Kind, Callable[[Any], Any]]
"""How a format writes the values of a kind; the others are words already."""


class Format(enum.StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"


@dataclass(frozen=True)
class Export:
    """A file to be: which rows, which columns. Reading begins when it is written."""

    engine: Engine
    statement: Select[Any]
    columns: tuple[Column, ...]
    headers: list[str]
    count: int
    name: str

    def rows(self) -> Iterator[Sequence[Any]]:
        """The values as they are stored."""
        for batch in self._batches():
            yield from batch

    def columns_written(self, written: Written) -> Iterator[list[Iterable[Any]]]:
        """The values as words, a batch at a time and column by column: three times as fast as cell by cell.

        `written` tells how the format wants what is no text.
        """
        converters = [_converter(column, written) for column in self.columns]
        for batch in self._batches():
            values = zip(*batch, strict=True)
            yield [
                map(convert, column) if convert else column for convert, column in zip(converters, values, strict=True)
            ]

    def _batches(self) -> Iterator[Sequence[Sequence[Any]]]:
        """In a reading transaction of their own: the writing one of the request would stop everybody else."""
        begin_reading()
        with self.engine.connect().execution_options(yield_per=BATCH) as connection:
            yield from connection.execute(self.statement).partitions()


def prepare(
    event: Event, chosen: Filter, at: datetime, *, actor: str, with_health: bool = False, reason: str = "", to: Format
) -> Export:
    """Note the export in the audit log and make it ready; raises RuleBroken without a reason where one is due.

    It holds what is `seen` by the person whose filter it is; of health only `with_health`.
    """
    if with_health and not reason:
        raise RuleBroken(NEEDS_REASON, "reason")
    seen = chosen.seen if with_health else chosen.seen - HEALTH
    number = filtering.count(event.id, chosen)
    audit.record(
        "attendees.exported",
        actor=actor,
        at=at,
        event_id=event.id,
        format=to.value,
        filter=chosen.for_audit(),
        count=number,
        with_health=seen >= HEALTH,
        reason=reason,
    )
    picked = columns.columns(seen)
    return Export(
        engine=db.engine,
        statement=columns.statement(event.id, chosen, seen),
        columns=picked,
        headers=[str(column.label) for column in picked],
        count=number,
        name=f"{t('deltagare', 'attendees')}-{event.slug}-{local(at):%Y%m%d-%H%M}.{to}",
    )


def write_csv(export: Export, separator: str) -> Iterator[bytes]:
    written: Written = {Kind.INSTANT: _swedish_text, Kind.NUMBER: _digits}
    return write_rows(export.headers, export.columns_written(written), separator)


_CELLS: Final = {Kind.NUMBER: Cell.NUMBER, Kind.INSTANT: Cell.INSTANT}


def write_xlsx(export: Export, file: IO[bytes]) -> None:
    widths = [column.width for column in export.columns]
    cells = [_CELLS.get(column.kind, Cell.TEXT) for column in export.columns]
    batches = export.columns_written({Kind.INSTANT: _swedish_serial})
    rows = (row for batch in batches for row in zip(*batch, strict=True))
    xlsx_files.write(file, export.headers, widths, rows, cells=cells, count=export.count)


def write_json(export: Export) -> Iterator[bytes]:
    """A list of objects with the stored values, for programs: instants in UTC (RFC 3339), nothing defused."""
    yield b"["
    between = b"\n"
    for row in export.rows():
        values = {column.key: _for_programs(column, value) for column, value in zip(export.columns, row, strict=True)}
        yield between + json.dumps(values, ensure_ascii=False).encode()
        between = b",\n"
    yield b"\n]\n"


def _for_programs(column: Column, value: Any) -> Any:
    if column.kind is Kind.INSTANT:
        return f"{value.replace(' ', 'T')}Z" if value else None
    if column.key == "wants_news":
        return value == "yes"
    return (value or []) if column.kind is Kind.WORDS else value


class _Words(dict[str, str]):
    """Labels by stored value; what has none (a profession in the person's own words) stays as it is."""

    def __missing__(self, value: str) -> str:
        return value


def _converter(column: Column, written: Written) -> Callable[[Any], Any] | None:
    words = _Words(column.labels())
    if column.kind is Kind.WORD:
        return words.__getitem__
    if column.kind is Kind.WORDS:
        return lambda values: ", ".join(words[value] for value in values or ())
    return written.get(column.kind)


def _digits(number: int | None) -> str:
    return "" if number is None else str(number)


@lru_cache(maxsize=4096)
def _swedish_hour(hour: str) -> datetime:
    """`2026-11-11 22` in UTC as Swedish wall clock. Whole hours lie between them, so minutes stay as they are."""
    instant = datetime.strptime(hour, "%Y-%m-%d %H").replace(tzinfo=UTC)
    return instant.astimezone(SWEDISH_TIME).replace(tzinfo=None)


@lru_cache(maxsize=4096)
def _swedish_hour_text(hour: str) -> str:
    return f"{_swedish_hour(hour):%Y-%m-%d %H}"


def _swedish_text(minute: str) -> str:
    return _swedish_hour_text(minute[:13]) + minute[13:] if minute else ""


def _swedish_serial(minute: str) -> float | None:
    """The time as spreadsheets count it: days since 30 December 1899."""
    if not minute:
        return None
    return xlsx_files.serial(_swedish_hour(minute[:13])) + int(minute[14:]) / 1440


SEPARATORS = {"semicolon": ";", "comma": ","}
BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Tells Excel that the file is UTF-8."""

# Spreadsheets evaluate a cell that begins with one of these, in full width too, or with a tab or a carriage return.
# A comma or a semicolon begins a cell as well, when the file is opened with the other separator, and so does a line.
_STARTS = "=+\\-@＝＋－＠"
_CELL = re.compile(rf"(^|[;,\t\r\n])(?=\s*[{_STARTS}]|[\t\r])")
# Whether a column, joined by \x1f, may hold such a cell at all; hardly any does, and this look is quick.
_MAYBE = re.compile(rf"[{_STARTS}\t\r](?<![^\x1f;,\s][{_STARTS}\t\r])")


def defuse(cell: str) -> str:
    """The cell with an apostrophe before whatever a spreadsheet would evaluate; other text unchanged."""
    return _CELL.sub(r"\1'", cell)


def write_rows(headers: Sequence[str], batches: Iterable[Iterable[Iterable[str]]], separator: str) -> Iterator[bytes]:
    """The file in pieces, one for each batch of columns. Lines end as RFC 4180 §2 says."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=separator)
    buffer.write(BOM)
    writer.writerow(headers)
    for batch in batches:
        writer.writerows(zip(*(_harmless(list(column)) for column in batch), strict=True))
        yield _taken(buffer)
    yield _taken(buffer)


def _harmless(column: list[str]) -> list[str]:
    return [defuse(cell) for cell in column] if _MAYBE.search("\x1f".join(column)) else column


def _taken(buffer: io.StringIO) -> bytes:
    piece = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return piece
