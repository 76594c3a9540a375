"""A domain with å, ä or ö is shown as it was written, everywhere; what goes over the wire is in ASCII."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from config import Settings
from regapp.core import clock
from regapp.core.db import db, writing
from regapp.core.forms import AddressLine, Form
from regapp.mailing import message
from regapp.mailing.inbox.calendar_replies import Reply
from regapp.mailing.models import TryOutcome
from regapp.mailing.sending import transport
from regapp.registrations.letters import calendar_answers
from regapp.registrations.models import Registration
from tests.registrations.people import find, path_of
from tests.support.client import CheckingClient, read
from tests.support.days import APPLICATION, WHILE_OPEN, new_day
from tests.support.mail.fates import all_go, bounce, letters
from tests.support.organisers import signed_in

OWN, WIRE = "asa@smörgås.example.org", "asa@xn--smrgs-pra0j.example.org"
PASTED = f"Åsa Öberg <mailto:{WIRE}>;"
ELSEWHERE = "bo@xn--smrgs-pra0j.example.org"


@pytest.fixture(autouse=True)
def day(app: Flask) -> Iterator[None]:
    with time_machine.travel(WHILE_OPEN, tick=False):
        with app.app_context():
            new_day(contact_email="kontakt@smörgås.example.org")
        yield


@pytest.mark.parametrize("typed", [PASTED, OWN])
def test_every_page_letter_and_file_shows_the_address_as_it_was_written(
    app: Flask, client: CheckingClient, typed: str
) -> None:
    answered = client.submit("/2026/register", **{**APPLICATION, "email": typed})
    assert OWN in read(answered).text
    all_go(app, TryOutcome.SENT, transport.said(250, f"Ok, {WIRE} it is"))
    bounce(app, OWN)
    registration = find(app, OWN)
    uid = f"{registration.calendar_uid}@{registration.calendar_domain}"
    with app.app_context(), writing():
        calendar_answers.take(Reply(ELSEWHERE, uid, 0, "DECLINED", WIRE), clock.now())
    organiser, mine = signed_in(app), path_of(app, OWN)
    first = letters(app)[0]
    person, mail = f"/organiser/2026/attendees/{registration.public_id}", f"/organiser/2026/mail/{first.id}"
    shows = [
        (client, mine, f"{mine}/address", answered.request.path),
        (organiser, "/organiser/2026/attendees", person, f"{person}/correct", f"{person}/address", f"{person}/send"),
        (organiser, "/organiser/2026/mail", mail, f"{mail}/html", "/organiser/2026/attendees?words=smörgås"),
    ]
    seen = {path: browser.get(path).get_data(as_text=True) for browser, *paths in shows for path in paths}
    seen["export"] = organiser.submit("/organiser/2026/attendees/export", kind="semicolon").data.decode()
    assert OWN in client.get(f"{mine}/data.json").text  # beside the key by which addresses are compared
    for path, page in seen.items():
        assert "xn--" not in page, path
    for path in (answered.request.path, mine, person, mail, "export"):
        assert OWN in seen[path], path
    assert "Öberg" in seen["/organiser/2026/attendees?words=smörgås"]
    assert "bo@smörgås.example.org" in seen[person]
    for letter in letters(app):
        assert "xn--" not in f"{letter.recipient} {letter.subject} {letter.text} {letter.html}"


def test_what_goes_over_the_wire_is_in_ascii(app: Flask, client: CheckingClient, settings: Settings) -> None:
    client.submit("/2026/register", **{**APPLICATION, "email": OWN})
    (letter,) = letters(app)
    links = dict.fromkeys(("manage", "cancel", "calendar", "join"), "https://anmalan.example.org/x")
    filled = message.fill(letter, links)
    assert filled.recipient == WIRE
    assert f"\r\nTo: {WIRE}\r\n".encode() in message.to_bytes(filled, settings)
    assert f"mailto:{WIRE}" in (letter.calendar or "").replace("\r\n ", "")


def test_both_ways_to_write_it_are_one_address(app: Flask, client: CheckingClient) -> None:
    for typed in (OWN, WIRE, PASTED, f" {OWN.upper()}. "):
        app.test_client().submit("/2026/register", **{**APPLICATION, "email": typed})
    with app.app_context():
        assert db.session.query(Registration).count() == 1


def test_every_form_takes_an_address_as_it_was_pasted() -> None:
    found = {
        (form.__name__, name): field.field_class
        for form in every(Form)
        for name, field in vars(form).items()
        if "email" in name and hasattr(field, "field_class")
    }
    assert len(found) > 6
    assert [where for where, field_class in found.items() if field_class is not AddressLine] == []


def every(form: type[Form]) -> Iterator[type[Form]]:
    for kind in form.__subclasses__():
        yield kind
        yield from every(kind)


@pytest.mark.parametrize(
    ("typed", "words"),
    [("as\u200ba@ki.example.org", "ett osynligt tecken efter ”as”"), (f"{'a' * 65}@ki.example.org", "högst 64 tecken")],
)
def test_what_cant_stand_in_an_address_is_named_at_every_door(
    app: Flask, client: CheckingClient, typed: str, words: str
) -> None:
    client.submit("/2026/register", **{**APPLICATION, "email": OWN})
    mine, organiser = path_of(app, OWN), signed_in(app)
    person = f"/organiser/2026/attendees/{find(app, OWN).public_id}"
    doors = [
        (client, "/2026/register", APPLICATION),
        (client, "/2026/link", {}),
        (client, f"{mine}/address", {}),
        (client, f"{mine}/transfer", {"first_name": "Bo", "last_name": "Ek"}),
        (client, "/organiser/forgot-password", {}),
        (organiser, "/organiser/2026/register", {}),
        (organiser, f"{person}/correct", {}),
        (organiser, f"{person}/address", {}),
    ]
    for browser, path, fields in doors:
        assert words in read(browser.submit(path, **{**fields, "email": typed})).text, path
    assert words in read(client.submit("/organiser/sign-in", **{"sign_in-email": typed})).text
    assert words in read(organiser.submit("/organiser/2026/edit", contact_email=typed)).text
