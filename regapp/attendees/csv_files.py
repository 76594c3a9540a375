"""CSV that a Swedish Excel opens right, and in which no cell is a formula."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

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


def write(headers: Sequence[str], batches: Iterable[Iterable[Iterable[str]]], separator: str) -> Iterator[bytes]:
    """The file in pieces, one for each batch of columns. Lines end as RFC 4180 §2 says."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=separator)
    buffer.write(BOM)
    writer.writerow(headers)
    for columns in batches:
        writer.writerows(zip(*(_harmless(list(column)) for column in columns), strict=True))
        yield _taken(buffer)
    yield _taken(buffer)


def _harmless(column: list[str]) -> list[str]:
    return [defuse(cell) for cell in column] if _MAYBE.search("\x1f".join(column)) else column


def _taken(buffer: io.StringIO) -> bytes:
    piece = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return piece
