"""The registration form as people see it, in their language, and what became of what they sent."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page

from regapp.core.db import db
from regapp.registrations.models import Registration
from tests.browser.house import House


@dataclass(frozen=True)
class Words:
    """What a person sees and presses, in their language."""

    prefix: str
    register: str
    first_name: str
    last_name: str
    email: str
    profession: str
    nurse: str
    workplace: str
    on_site: str
    online: str
    diet: str
    consent: str
    send: str
    thanks: str
    wrong: str
    summary: str
    name_missing: str
    correct: str
    send_there: str


SAY = {
    "sv": Words(
        prefix="",
        register="Anmäl dig",
        first_name="Förnamn",
        last_name="Efternamn",
        email="E-postadress",
        profession="Yrke",
        nurse="Sjuksköterska",
        workplace="Arbetsplats",
        on_site="På plats",
        online="Digitalt",
        diet="Annan specialkost",
        consent="Jag samtycker",
        send="Skicka anmälan",
        thanks="Tack! Vi har tagit emot din anmälan",
        wrong="Fel: ",
        summary="Det finns 6 fel i formuläret. Rätta dem och skicka igen.",
        name_missing="Fyll i ditt förnamn.",
        correct="Rätta e-postadressen",
        send_there="Skicka till den adressen",
    ),
    "en": Words(
        prefix="/en",
        register="Register",
        first_name="First name",
        last_name="Last name",
        email="E-mail address",
        profession="Profession",
        nurse="Nurse",
        workplace="Workplace",
        on_site="On site",
        online="Online",
        diet="Other special diet",
        consent="I consent",
        send="Send registration",
        thanks="Thank you! We have received your registration",
        wrong="Error: ",
        summary="There are 6 errors in the form. Correct them and send again.",
        name_missing="Enter your first name.",
        correct="Correct the e-mail address",
        send_there="Send to that address",
    ),
}


def fill_in(page: Page, words: Words, email: str, *, attendance: str) -> None:
    page.get_by_label(words.first_name, exact=True).fill("Åsa-Märta")
    page.get_by_label(words.last_name, exact=True).fill("O’Brien Öberg")
    page.get_by_label(words.email, exact=True).fill(email)
    page.get_by_label(words.profession, exact=True).select_option(label=words.nurse)
    page.get_by_label(words.workplace, exact=True).fill("Karolinska Universitetssjukhuset")
    page.get_by_label(attendance, exact=True).check()


def registered(house: House, email: str) -> list[Registration]:
    with house.inside():
        return db.session.query(Registration).filter_by(email=email).all()
