"""The overview, the attendee list, one person, messages."""

from flask import Flask
from sqlalchemy import select

from regapp.accounts.roles import Role
from regapp.core.audit import AuditEntry
from regapp.core.db import db
from regapp.registrations.models import Registration
from tests.support.client import CheckingClient, read
from tests.support.organisers import signed_in


def public_id(app: Flask, last_name: str) -> str:
    with app.app_context():
        return db.session.scalars(select(Registration.public_id).filter_by(last_name=last_name)).one()


def test_the_overview_shows_places_growth_letters_and_messages(organiser: CheckingClient) -> None:
    page = organiser.page("/organiser/")
    for words in ("9 platser kvar", "1 av 10 platser är tagna", "sista anmälningsdag", "oläst meddelande", "Väntar"):
        assert words in page.text
    assert organiser.page("/organiser/2026/").h1 == "Utbildningsdag om CAR T 2026"


def test_the_pages_speak_the_organisers_language(app: Flask, day: str) -> None:
    client = signed_in(app, language="en")
    for path in (
        "",
        "2026/",
        "2026/attendees",
        "2026/attendees/export",
        "2026/messages",
        "2026/edit",
        "2026/cancel",
        "2026/mail",
    ):
        assert client.page(f"/organiser/{path}").lang == "en"
    assert "9 places left" in client.page("/organiser/").text


def test_the_overview_without_any_day(app: Flask) -> None:
    assert "Det finns ingen dag än." in signed_in(app).page("/organiser/").text


def test_the_list_is_narrowed_by_its_address(organiser: CheckingClient) -> None:
    assert "2 anmälningar" in organiser.page("/organiser/2026/attendees").text
    found = organiser.page("/organiser/2026/attendees?words=åsa+östersund&attendance=on_site&status=confirmed")
    assert "1 anmälan · Sök: åsa östersund" in found.text
    assert "Ek, Bo" not in found.text
    assert "Ingen anmälan stämmer" in organiser.page("/organiser/2026/attendees?words=%25").text


def test_a_search_that_cannot_be_made_is_told_in_words(organiser: CheckingClient) -> None:
    for query in ("status=nothing", "line=x", "order=x", "words=" + "a+" * 11, "words=%00", "words=" + "x" * 300):
        page = organiser.page(f"/organiser/2026/attendees?{query}", 422)
        assert page.has_errors
    assert organiser.get("/organiser/2026/attendees?page=x&page=-3&words=a&words=b").status_code == 200
    assert organiser.get("/organiser/2026/attendees?page=99999999999999999999").status_code == 200


def test_health_is_never_in_the_list_and_a_look_at_it_is_noted(app: Flask, organiser: CheckingClient) -> None:
    assert "hörslinga" not in organiser.page("/organiser/2026/attendees").text
    path = f"/organiser/2026/attendees/{public_id(app, 'Öberg')}"
    assert "hörslinga" not in organiser.page(path).text
    shown = read(organiser.submit(path, action="/health"))
    assert "hörslinga" in shown.text
    assert "Veganskt" in shown.text
    with app.app_context():
        entry = db.session.scalars(select(AuditEntry).filter_by(action="health.shown")).one()
        assert entry.actor.startswith("organiser:")


def test_a_viewer_reads_everything_but_health(app: Flask, viewer: CheckingClient) -> None:
    path = f"/organiser/2026/attendees/{public_id(app, 'Öberg')}"
    page = viewer.page(path)
    assert "Östersunds sjukhus" in page.text
    assert "Specialkost" not in page.text
    assert viewer.post(f"{path}/health").status_code == 403
    assert viewer.get("/organiser/2026/edit").status_code == 403


def test_the_door_sees_names_form_and_status(app: Flask, door: CheckingClient) -> None:
    page = door.page("/organiser/2026/attendees")
    assert "Öberg, Åsa" in page.text
    assert "På plats" in page.text
    for hidden in ("Östersund", "@example.org ", "Sjuksköterska", "meddelande", "Ladda ner"):
        assert hidden not in page.text.replace("door@example.org", "")
    assert "Brev" not in door.page("/organiser/").text
    for path in ("messages", "attendees/export", f"attendees/{public_id(app, 'Öberg')}"):
        assert door.get(f"/organiser/2026/{path}").status_code == 403


def test_messages_are_marked_as_read_by_a_button(organiser: CheckingClient) -> None:
    page = organiser.page("/organiser/2026/messages")
    assert "Hej <b>på</b> er" in page.text
    after = organiser.submit("/organiser/2026/messages", action="/read")
    assert "Markerat som läst." in read(after).text
    assert "inga olästa" in organiser.page("/organiser/2026/messages?show=unread").text
    organiser.submit("/organiser/2026/messages", action="/unread")
    assert "Hej" in organiser.page("/organiser/2026/messages?show=unread").text


def test_a_button_without_its_token_changes_nothing(app: Flask, organiser: CheckingClient) -> None:
    path = f"/organiser/2026/messages/{public_id(app, 'Öberg')}/read"
    assert organiser.post(path).status_code == 422
    assert "Hej" in organiser.page("/organiser/2026/messages?show=unread").text
    assert organiser.post("/organiser/2026/publish").status_code == 422
    assert organiser.get(path).status_code == 405


def test_another_days_people_are_not_found_here(app: Flask, organiser: CheckingClient) -> None:
    assert organiser.get("/organiser/2026/attendees/nobody").status_code == 404
    assert organiser.get(f"/organiser/2031/attendees/{public_id(app, 'Ek')}").status_code == 404


def test_an_administrator_may_what_an_organiser_may(app: Flask, day: str) -> None:
    client = signed_in(app, Role.ADMIN)
    assert client.get("/organiser/2026/edit").status_code == 200
