"""Exports beside the library alone, in a process of their own: `python -m bench.exports`, figures as JSON.

The floor of CSV is csv.writer over a plain cursor with the same statement; that of XLSX is XlsxWriter in
`constant_memory` mode, given the same rows.
"""

from __future__ import annotations

import csv
import json
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy.dialects import sqlite
from xlsxwriter import Workbook

import config
from regapp import create_app
from regapp.attendees import columns, exporting
from regapp.attendees.exporting import Export, Format
from regapp.attendees.filtering import Filter
from regapp.attendees.seeing import EVERYTHING, HEALTH
from regapp.core import clock
from regapp.core.db import db
from regapp.events import finding

ROUNDS = 5


def main(folder: Path) -> dict[str, Any]:
    event = finding.get_by_slug("2026")
    export = exporting.prepare(event, Filter(), clock.now(), actor="bench", to=Format.CSV)
    statement = columns.statement(event.id, Filter(), EVERYTHING - HEALTH)
    sql = str(statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    db.session.rollback()
    target = folder / "export"
    rows = _cursor(sql).fetchall()
    pairs: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
        "csv": (lambda: _plain_csv(sql, target), lambda: _csv(export, target)),
        "xlsx": (lambda: _plain_xlsx(rows, target), lambda: _xlsx(export, target)),
    }
    return {name: _measure(floor, ours) for name, (floor, ours) in pairs.items()} | {"rows": len(rows)}


def _measure(floor: Callable[[], None], ours: Callable[[], None]) -> dict[str, float]:
    """Seconds, by turns, after one round each that doesn't count; and MiB that ours grows by at its highest."""
    floor(), ours()
    times: dict[Callable[[], None], list[float]] = {floor: [], ours: []}
    growth = []
    for _ in range(ROUNDS):
        for work in (floor, ours):
            before = _highest_memory(reset=True)
            began = time.perf_counter()
            work()
            times[work].append(time.perf_counter() - began)
            if work is ours:
                growth.append(_highest_memory() - before)
    floor_time, our_time = (statistics.median(times[work]) for work in (floor, ours))
    return {"floor": floor_time, "ours": our_time, "growth": max(growth)}


def _highest_memory(*, reset: bool = False) -> float:
    """MiB resident at the highest since the last reset."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def _cursor(sql: str) -> sqlite3.Cursor:
    return sqlite3.connect(str(db.engine.url.database)).execute(sql)


def _plain_csv(sql: str, target: Path) -> None:
    with target.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows(_cursor(sql))


def _csv(export: Export, target: Path) -> None:
    with target.open("wb") as file:
        file.writelines(exporting.write_csv(export, ";"))


def _plain_xlsx(rows: list[tuple[str, ...]], target: Path) -> None:
    workbook = Workbook(str(target), {"constant_memory": True})
    sheet = workbook.add_worksheet()
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if value:
                sheet.write_string(number, column, value)
    workbook.close()


def _xlsx(export: Export, target: Path) -> None:
    with target.open("wb") as file:
        exporting.write_xlsx(export, file)


if __name__ == "__main__":
    with create_app(config.load()).app_context():
        print(json.dumps(main(Path(sys.argv[1]))))
