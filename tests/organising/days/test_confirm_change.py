"""Before a save writes to people, the organiser sees to how many, why, and what the letter says."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from regapp.core.db import db
from regapp.events.models import Event
from regapp.mailing.models import MailState, OutgoingMail
from tests.registrations.people import register
from tests.support.client import CheckingClient, read
from tests.support.editing import EDIT, agree, ask, is_asking
from tests.support.organisers import signed_in


@pytest.fixture
def people(app: Flask, day: str) -> None:
    """Two on site, one online, with entries; Åsa and Bo of the day's own were registered without a letter."""
    register(app, "eva@example.org")
    register(app, "per@example.org", language="en")
    register(app, "ida@example.org", "online")


def the_day(app: Flask) -> Event:
    with app.app_context():
        return db.session.scalars(select(Event)).one()


def orders(app: Flask) -> list[str]:
    with app.app_context():
        waiting = select(OutgoingMail).filter_by(kind="day_changed", state=MailState.QUEUED)
        return sorted(mail.recipient for mail in db.session.scalars(waiting))


def test_nothing_is_saved_before_the_organiser_has_seen_who_is_written_to_and_what(
    app: Flask, organiser: CheckingClient, people: None
) -> None:
    asked = ask(organiser, venue="Aulan", description_sv="En rad\r\nen till")
    text = read(asked).text
    assert asked.status_code == 200 and "Ingenting är sparat än" in text
    assert "Deltar på plats 2 mejl" in text and "Deltar digitalt 0 mejl" in text
    assert "1 vars kalender visar samma sak som förut" in text
    assert "2 som har anmälts utan mejl" in text
    assert "VarProvsalen, Exempelvägen 1, StockholmAulan, Exempelvägen 1, Stockholm" in text
    assert "Ämne: Dagen har ändrats: Utbildningsdag om CAR T 2026" in text
    assert "Subject" not in text and "The day has changed: CAR T training day 2026" in text
    assert "Hej Förnamn!" in text and "Hello Firstname!" in text and "[personlig länk]" in text
    assert the_day(app).venue == "Provsalen" and orders(app) == []

    done = agree(organiser, asked)
    assert "Ändringarna är sparade. 2 mejl är på väg." in read(done).text
    assert the_day(app).venue == "Aulan"
    assert the_day(app).description_sv == "En rad\nen till"
    assert orders(app) == ["eva@example.org", "per@example.org"]


def test_going_back_keeps_what_is_typed_and_saves_nothing(app: Flask, organiser: CheckingClient, people: None) -> None:
    asked = ask(organiser, starts="10.00", title_en="The day", **{"programme-1-title_sv": "Kaffe"})
    editor = organiser.send(EDIT, read(asked).form("/edit"), edit="yes")
    page = read(editor)
    assert page.find(name="starts").get("value") == "10.00"
    assert page.find(name="title_en").get("value") == "The day"
    assert page.find(name="programme-1-title_sv").get("value") == "Kaffe"
    assert the_day(app).version == 1 and orders(app) == []
    # From there the way goes on: the question comes again.
    assert is_asking(organiser.send(EDIT, page.form("/edit")))


@pytest.mark.parametrize("changes", [{"meeting_url": "https://meeting.example.org/other"}, {"seats_online": "80"}])
def test_a_change_that_no_calendar_shows_is_saved_at_once(
    app: Flask, organiser: CheckingClient, people: None, changes: dict[str, object]
) -> None:
    answer = ask(organiser, **changes)
    assert not is_asking(answer) and "Ändringarna är sparade." in read(answer).text
    assert the_day(app).version == 2 and orders(app) == []


def test_who_registers_meanwhile_makes_the_page_ask_again_with_the_new_number(
    app: Flask, organiser: CheckingClient, people: None
) -> None:
    asked = ask(organiser, venue="Aulan")
    register(app, "ny@example.org")
    again = agree(organiser, asked)
    assert is_asking(again) and "Deltar på plats 3 mejl" in read(again).text
    assert the_day(app).venue == "Provsalen" and orders(app) == []
    agree(organiser, again)
    assert len(orders(app)) == 3


def test_a_forged_agreement_is_none(app: Flask, organiser: CheckingClient, people: None) -> None:
    assert is_asking(ask(organiser, venue="Aulan", agreed="yes"))
    assert the_day(app).venue == "Provsalen"


def test_who_agrees_after_somebody_else_saved_sees_what_they_saved(
    app: Flask, organiser: CheckingClient, people: None
) -> None:
    asked = ask(organiser, venue="Aulan")
    ask(organiser, directions_sv="Till vänster")
    conflict = agree(organiser, asked)
    assert conflict.status_code == 409
    assert "Till vänster" in read(conflict).text
    assert read(conflict).find(name="venue").get("value") == "Aulan"
    assert the_day(app).venue == "Provsalen" and orders(app) == []


def test_hostile_words_stay_words_on_the_page_and_in_the_fields_that_go_along(
    app: Flask, organiser: CheckingClient, people: None
) -> None:
    title = '"><script>alert(1)</script> {{ 7*7 }}'
    asked = ask(organiser, title_sv=title, title_en="")
    assert is_asking(asked) and "<script>alert" not in asked.get_data(as_text=True)
    agree(organiser, asked)
    assert the_day(app).title_sv == title


def test_an_english_organiser_reads_the_page_in_english(app: Flask, day: str, people: None) -> None:
    english = signed_in(app, language="en")
    text = read(ask(english, starts="10.00")).text
    assert "Nothing is saved yet" in text
    assert "Take part on site 2 e-mails" in text and "Take part online 1 e-mail" in text
    assert "Dagen har ändrats" in text and "The day has changed" in text


def test_cancelling_the_day_says_how_many_are_written_to_and_whose_calendar_changes(
    app: Flask, organiser: CheckingClient, people: None
) -> None:
    text = organiser.page("/organiser/2026/cancel").text
    assert "5 personer som är anmälda eller står i kö får ett mejl" in text
    assert "3 av dem har dagen i kalendern" in text and "2 av dem har ingen kalenderpost" in text
    assert "Inställt: Utbildningsdag om CAR T 2026" in text and "Cancelled: CAR T training day 2026" in text
