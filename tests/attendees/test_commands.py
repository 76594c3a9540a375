"""`regapp attendees export`."""

import io
import json
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select

from regapp.cli import main
from regapp.core.audit import AuditEntry
from regapp.core.db import db
from regapp.registrations.choices import Diet, Wish
from tests.attendees.people import add
from tests.support.days import new_day

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture(autouse=True)
def day(context: None, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    event = new_day()
    add(event, "Åsa", "Öberg", diets=(Diet.VEGAN,))
    add(event, "Bo", "Ek", wish=Wish.ONLINE)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["attendees", "export", *arguments])


def test_a_csv_file_goes_to_standard_output(app: Flask) -> None:
    done = run("2026")
    assert done.exit_code == 0, done.output
    assert done.stdout_bytes.startswith(b"\xef\xbb\xbf")
    assert "Åsa;Öberg;" in done.stdout
    assert "Åsa,Öberg," in run("2026", "--separator", "comma").stdout


def test_the_choices_narrow_it() -> None:
    found = json.loads(run("2026", "--format", "json", "--attendance", "online", "--words", "bo EK").stdout)
    assert [one["last_name"] for one in found] == ["Ek"]


@pytest.mark.parametrize("slug", ["9" * 30, "\udcff", "a\nb"])
def test_a_day_that_cant_be_is_told_in_one_line(slug: str) -> None:
    done = run(slug)
    assert (done.exit_code, done.stderr) == (1, "regapp: there is no such day or person\n")


def test_a_file_is_read_by_its_owner_only(tmp_path: Path) -> None:
    out = tmp_path / "list.xlsx"
    assert run("2026", "--format", "xlsx", "--out", str(out)).exit_code == 0
    assert out.stat().st_mode & 0o777 == 0o600
    sheet = openpyxl.load_workbook(io.BytesIO(out.read_bytes())).active
    assert sheet is not None
    assert sheet.max_row == 3
    assert [path.name for path in tmp_path.glob(".list*")] == []


def test_health_comes_only_with_a_reason_and_every_export_is_noted() -> None:
    refused = run("2026", "--with-health")
    assert refused.exit_code == 2
    assert "--reason" in refused.output
    assert "Specialkost" not in run("2026").stdout
    assert "Veganskt" in run("2026", "--with-health", "--reason", "till köket").stdout
    noted = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    assert [(one.details["with_health"], one.reason) for one in noted] == [(False, ""), (True, "till köket")]


def test_a_file_that_cannot_be_written_is_told_in_one_line() -> None:
    done = run("2026", "--out", "/nowhere/list.csv")
    assert (done.exit_code, done.output.count("\n")) == (1, 1)
