"""The day's editor."""

from datetime import UTC, datetime, time
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from regapp.core.db import db, writing
from regapp.events.models import Event, Publication
from regapp.mailing import orders
from regapp.mailing.models import OutgoingMail
from regapp.registrations.models import Registration
from tests.support.cancelled import time_is_up
from tests.support.client import CheckingClient, read

NEW = "/organiser/days/new"
EDIT = "/organiser/2026/edit"
A_DAY: dict[str, object] = {
    "slug": "2027-host", "title_sv": "Höstdagen", "title_en": "The autumn day", "description_sv": "# Hej\r\n\r\n*du*",
    "day": "2027-10-31", "starts": "9.00", "ends": "16:30", "venue": "Salen", "contact_email": "fraga@example.org",
    "opens_on": "2027-09-01", "opens": "08:00", "last_day": "2027-10-15",
    "last_change_day": "2027-10-24", "line_ends_on": "2027-10-30", "line_ends": "12.00", "offer_days": "14",
    "doors_open": "8.30",
    "seats_on_site": "12", "seats_online": "",
    "meeting_url": "https://meeting.example.org/x", "join_minutes_before": "15",
    "sound_test_url": "https://meeting.example.org/test",
    "programme-0-starts": "10:00", "programme-0-title_sv": "Paus",
    "programme-1-starts": "9:15", "programme-1-title_sv": "Välkomna", "programme-1-speaker": "Åsa",
    "programme-2-starts": "", "programme-2-title_sv": "",
}  # fmt: skip


def saved(app: Flask, slug: str) -> Event:
    with app.app_context():
        event = db.session.scalars(select(Event).filter_by(slug=slug)).one()
        assert event.programme is not None
        return event


def test_a_day_is_made_in_the_browser(app: Flask, organiser: CheckingClient) -> None:
    response = organiser.submit(NEW, **A_DAY)
    assert "Dagen är sparad som utkast." in read(response).text
    event = saved(app, "2027-host")
    # Summer time ended that night: 9.00 is 8.00 UTC.
    assert event.starts_at == datetime(2027, 10, 31, 8, 0, tzinfo=UTC)
    assert event.closes_at == datetime(2027, 10, 15, 22, 0, tzinfo=UTC)
    assert (event.seats_on_site, event.seats_online, event.join_minutes_before) == (12, None, 15)
    assert event.doors_open == time(8, 30)
    assert event.sound_test_url == "https://meeting.example.org/test"
    assert [item.title_sv for item in event.programme] == ["Välkomna", "Paus"]
    assert event.description_sv == "# Hej\n\n*du*"


def test_every_field_comes_back_as_it_was_saved(app: Flask, organiser: CheckingClient) -> None:
    organiser.submit(NEW, **A_DAY)
    before = saved(app, "2027-host").version
    again = organiser.submit("/organiser/2027-host/edit")
    assert "Ändringarna är sparade." in read(again).text
    assert saved(app, "2027-host").version == before


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("slug", "hösten", "Skriv dagens namn i adressen som ett årtal"),
        ("slug", "2026", "Det finns redan en dag med den adressen."),
        ("title_sv", "", "Fyll i titeln på svenska."),
        ("title_sv", "x" * 201, "Ta bort 1 tecken."),
        ("title_en", "a\u202eb", "tecken som inte går att visa"),
        ("day", "31/10 2027", "Skriv datumet som 2027-11-25."),
        ("day", "2027-02-30", "Skriv datumet som 2027-11-25."),
        ("day", "9999-12-31", "Skriv datumet som 2027-11-25."),
        ("starts", "25:00", "Skriv klockslaget som 09:00."),
        ("ends", "08:00", "Dagen måste sluta efter att den börjar."),
        ("doors_open", "tidigt", "Skriv klockslaget som 09:00."),
        ("doors_open", "09:00", "Dörrarna måste öppna innan dagen börjar."),
        ("contact_email", "", "Fyll i en kontaktadress"),
        ("contact_email", "fraga", "E-postadressen saknar @."),
        ("last_day", "2027-10-31", "Sista anmälningsdagen måste vara före själva dagen."),
        ("last_change_day", "2027-10-31", "Sista dagen att ändra specialkost måste vara före själva dagen."),
        ("line_ends_on", "2027-10-31", "Kön måste stänga innan dagen börjar."),
        ("line_ends", "", "Skriv klockslaget som 09:00."),
        ("offer_days", "två", "Skriv antalet dagar, 0 till 365."),
        ("opens_on", "2027-10-16", "Anmälan måste öppna före"),
        ("seats_on_site", "-1", "Skriv antalet platser med siffror"),
        ("seats_online", "1e9", "Skriv antalet platser med siffror"),
        ("seats_online", "٣", "Skriv antalet platser med siffror"),
        ("meeting_url", "http://meeting.example.org", "Mötets adress måste börja med https://."),
        ("sound_test_url", "sound.example.org", "Adressen för att prova ljudet måste börja med https://."),
        ("join_minutes_before", "", "Skriv antalet minuter"),
        ("programme-0-starts", "", "Fyll i när programpunkten börjar."),
        ("programme-0-title_sv", "", "Fyll i programpunktens titel på svenska."),
    ],
)
def test_what_is_wrong_is_said_at_the_field(
    app: Flask, organiser: CheckingClient, field: str, typed: str, words: str
) -> None:
    response = organiser.submit(NEW, **{**A_DAY, field: typed})
    assert response.status_code == 422
    page = read(response)
    assert words in page.text
    assert page.find(name=field).get("aria-invalid") == "true"
    assert page.find(name="venue").get("value") == "Salen"
    with app.app_context():
        assert db.session.scalar(select(Event).where(Event.slug != "2026")) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"day": "2027-03-28", "starts": "02:30", "opens_on": "2027-01-01", "last_day": "2027-03-01"}, "finns inte"),
        ({"starts": "02:30"}, "finns två gånger"),
        ({"opens_on": "2027-03-28", "opens": "02:15"}, "finns inte"),
    ],
)
def test_the_nights_when_the_clock_changes_are_told_in_words(
    organiser: CheckingClient, changes: dict[str, object], words: str
) -> None:
    response = organiser.submit(NEW, **{**A_DAY, **changes})
    assert response.status_code == 422
    assert words in read(response).text


def test_rows_are_added_and_removed_without_saving(app: Flask, organiser: CheckingClient) -> None:
    added = read(organiser.submit(EDIT, title_sv="Påbörjad", add_row="yes"))
    assert added.find(name="title_sv").get("value") == "Påbörjad"
    assert added.find(name="programme-2-starts").get("autofocus") is not None
    removed = read(organiser.submit(EDIT, remove_row="0"))
    assert not any(element.get("name") == "programme-0-starts" for element in removed.all("input"))
    assert removed.find(name="programme-1-title_sv").get("value") == "Paus"
    empty = read(organiser.send(EDIT, removed.form("/edit"), remove_row="0"))
    assert "Programpunkt" not in empty.text
    assert saved(app, "2026").version == 1


def test_sixty_sessions_are_the_most(organiser: CheckingClient) -> None:
    rows: dict[str, object] = {}
    for n in range(70):
        rows |= {f"programme-{n}-starts": "09:00", f"programme-{n}-title_sv": f"Punkt {n}"}
    response = organiser.submit(NEW, **{**A_DAY, **rows})
    assert response.status_code == 422
    assert "Ta bort 10." in read(response).text


def test_hostile_row_numbers_are_nobodys(app: Flask, organiser: CheckingClient) -> None:
    names: dict[str, Any] = {
        "programme-99999999999999-starts": "x",
        "programme-²-starts": "x",
        "programme--1-starts": "x",
    }
    assert organiser.submit(EDIT, **names).status_code == 200
    assert saved(app, "2026").version == 1


def test_the_second_to_save_sees_what_the_first_changed(app: Flask, organiser: CheckingClient) -> None:
    form = organiser.page(EDIT).form("/edit")
    organiser.submit(EDIT, venue="Stora salen", **{"programme-0-title_sv": "Hej och välkomna"})
    conflict = organiser.send(EDIT, form, title_sv="Min titel")
    assert conflict.status_code == 409
    page = read(conflict)
    assert "Någon annan har sparat dagen medan du skrev" in page.text
    assert "Lokal Stora salen" in page.text
    assert "Hej och välkomna" in page.text
    assert page.find(name="title_sv").get("value") == "Min titel"
    assert saved(app, "2026").title_sv != "Min titel"
    organiser.send(EDIT, page.form("/edit"), venue="Stora salen")
    event = saved(app, "2026")
    assert (event.title_sv, event.venue) == ("Min titel", "Stora salen")


def test_hidden_fields_of_others_have_no_effect(app: Flask, organiser: CheckingClient) -> None:
    organiser.submit(EDIT, publication="cancelled", id="7", created_at="x", title_en="Changed")
    event = saved(app, "2026")
    assert (event.publication, event.title_en) == (Publication.PUBLISHED, "Changed")


def test_a_day_is_published_and_taken_back(app: Flask, organiser: CheckingClient) -> None:
    organiser.submit(NEW, **A_DAY)
    path = "/organiser/2027-host/"
    assert "Dagen är publicerad" in read(organiser.submit(path, action="/publish")).text
    assert saved(app, "2027-host").publication is Publication.PUBLISHED
    assert "utkast igen" in read(organiser.submit(path, action="/unpublish")).text
    assert saved(app, "2027-host").publication is Publication.DRAFT


def test_a_day_without_a_venue_is_not_published(app: Flask, organiser: CheckingClient) -> None:
    organiser.submit(NEW, **{**A_DAY, "venue": ""})
    assert "Fyll i lokalen" in read(organiser.submit("/organiser/2027-host/", action="/publish")).text
    assert saved(app, "2027-host").publication is Publication.DRAFT


def test_a_day_with_registrations_offers_no_way_back_to_draft(app: Flask, organiser: CheckingClient) -> None:
    page = organiser.page("/organiser/2026/")
    assert "Gör till utkast" not in page.text
    token = page.find(name="csrf_token").get("value")
    organiser.post("/organiser/2026/unpublish", data={"csrf_token": token, "version": "1"})
    assert saved(app, "2026").publication is Publication.PUBLISHED


def test_cancelling_asks_first_and_writes_to_everybody(app: Flask, organiser: CheckingClient) -> None:
    with app.app_context(), writing():
        db.session.execute(update(Registration).values(has_entry=True))
    assert "2 personer som är anmälda eller står i kö får ett mejl" in organiser.page("/organiser/2026/cancel").text
    assert saved(app, "2026").publication is Publication.PUBLISHED
    response = organiser.submit("/organiser/2026/cancel")
    assert "Dagen är inställd." in read(response).text
    assert saved(app, "2026").publication is Publication.CANCELLED
    time_is_up(app)
    with app.app_context(), writing():
        letters = list(db.session.scalars(select(OutgoingMail)))
        assert len(letters) == 2
        assert all(orders.render(letter) and "METHOD:CANCEL" in (letter.calendar or "") for letter in letters)
