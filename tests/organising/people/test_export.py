"""Files to take along: exactly what is filtered, health only for some and only with a reason."""

import io

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from regapp.core.audit import AuditEntry
from regapp.core.db import db
from tests.support.client import CheckingClient

PATH = "/organiser/2026/attendees/export"


def lines(response: TestResponse) -> list[str]:
    assert response.mimetype == "text/csv", response.text
    return response.data.decode("utf-8-sig").splitlines()


def noted(app: Flask) -> list[AuditEntry]:
    with app.app_context():
        return list(db.session.scalars(select(AuditEntry).filter_by(action="attendees.exported")))


def test_the_file_holds_what_the_list_shows(app: Flask, organiser: CheckingClient) -> None:
    response = organiser.submit(f"{PATH}?words=östersund", kind="semicolon", reason="skyltar")
    assert response.data.startswith(b"\xef\xbb\xbf")
    assert [line.split(";")[1] for line in lines(response)] == ["Efternamn", "Öberg"]
    assert "attachment; filename=deltagare-2026-20261001-1000.csv" in response.headers["Content-Disposition"]
    (entry,) = noted(app)
    assert entry.actor.startswith("organiser:")
    assert entry.details["filter"] == {"words": 1}
    assert (entry.details["count"], entry.reason) == (1, "skyltar")


def test_a_comma_separates_when_asked_to(organiser: CheckingClient) -> None:
    assert lines(organiser.submit(PATH, kind="comma"))[0].startswith("Förnamn,Efternamn")


def test_an_excel_file_opens(organiser: CheckingClient) -> None:
    response = organiser.submit(PATH, kind="xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(response.data)).active
    assert sheet is not None
    assert [cell.value for cell in sheet["B"]] == ["Efternamn", "Ek", "Öberg"]
    assert response.headers["Content-Disposition"].endswith(".xlsx")


def test_health_needs_a_tick_and_a_reason(app: Flask, organiser: CheckingClient) -> None:
    refused = organiser.submit(PATH, kind="semicolon", with_health=True)
    assert refused.status_code == 422
    assert "Skriv varför" in refused.text
    assert noted(app) == []
    text = organiser.submit(PATH, kind="semicolon", with_health=True, reason="till köket").text
    assert "hörslinga" in text
    assert "Veganskt" in text
    assert noted(app)[0].details["with_health"] is True
    assert "hörslinga" not in organiser.submit(PATH, kind="semicolon").text


def test_a_viewer_gets_no_health_whatever_they_send(viewer: CheckingClient) -> None:
    assert "Specialkost" not in viewer.page(PATH).text.replace("specialkost", "")
    text = viewer.submit(PATH, kind="semicolon", with_health=True, reason="nyfiken").text
    assert "Öberg" in text
    assert "hörslinga" not in text


@pytest.mark.parametrize("fields", [{"kind": "exe"}, {"kind": None, "csrf_token": ""}, {"reason": "x" * 600}])
def test_what_is_not_offered_is_refused_and_noted_by_nothing(
    app: Flask, organiser: CheckingClient, fields: dict[str, str | None]
) -> None:
    assert organiser.submit(PATH, **fields).status_code == 422
    assert noted(app) == []


def test_opening_the_page_downloads_nothing(app: Flask, organiser: CheckingClient) -> None:
    assert organiser.page(f"{PATH}?attendance=online").text.count("Filen får 1 anmälan.") == 1
    assert noted(app) == []
