"""XLSX, row by row; the only module that knows the library."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet


class Cell(enum.Enum):
    """What a column's cells are: text, a number, or an instant as a `serial`."""

    TEXT = enum.auto()
    NUMBER = enum.auto()
    INSTANT = enum.auto()


EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  # a spreadsheet's times have no zone
EVALUATED = tuple("=+-@\t\r＝＋－＠")


def serial(moment: datetime) -> float:
    """A wall clock's time as spreadsheets count it: days since 30 December 1899."""
    return (moment - EPOCH).total_seconds() / 86400


def write(
    file: IO[bytes],
    headers: Sequence[str],
    widths: Sequence[int],
    rows: Iterable[Sequence[Any]],
    *,
    cells: Sequence[Cell],
    count: int,
) -> None:
    """The rows under frozen headers. Text is always written as text, never as a formula, a number or a link.

    `cells` tells what each column holds; an empty text and None make an empty cell. Rows go to a temporary file
    one by one (`constant_memory`); `count` is how many there will be, for the filter buttons.
    """
    # Imported late: a web process starts without it.
    from xlsxwriter import Workbook

    workbook = Workbook(file, {"constant_memory": True})
    sheet = workbook.add_worksheet()
    head = workbook.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    formats = {
        Cell.NUMBER: workbook.add_format({"num_format": "0"}),
        Cell.INSTANT: workbook.add_format({"num_format": "yyyy-mm-dd hh:mm", "align": "left"}),
    }
    # Excel's own mark for "this is text": editing the cell doesn't turn it to a formula.
    quoted = workbook.add_format({"quote_prefix": True})
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(count, 1), len(headers) - 1)
    for column, header in enumerate(headers):
        sheet.write_string(0, column, header, head)
    by_column = [formats.get(cell) for cell in cells]
    for number, row in enumerate(rows, start=1):
        _write_row(sheet, number, row, by_column, quoted)
    workbook.close()


def _write_row(
    sheet: Worksheet, number: int, row: Sequence[Any], formats: Sequence[Format | None], quoted: Format
) -> None:
    """Columns without a format of numbers hold text."""
    for column, (value, numeric) in enumerate(zip(row, formats, strict=True)):
        if value is None or value == "":
            continue
        if numeric:
            sheet.write_number(number, column, value, numeric)
        else:
            sheet.write_string(number, column, value, quoted if value.startswith(EVALUATED) else None)
