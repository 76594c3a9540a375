"""The line and everything else behind a personal link, as people press it: in both languages, without scripts too."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from regapp.registrations.choices import Wish
from regapp.registrations.models import Registration
from tests.browser.filling_in import SAY, fill_in, registered
from tests.browser.house import LANGUAGES, House
from tests.support.browser import NARROW, Windows, examine, examine_everywhere
from tests.support.rounds import each_once

pytestmark = pytest.mark.browser

in_their_language = each_once(language=LANGUAGES, javascript=[True, False])

WAIT = {
    "sv": ("Digitalt nu, och i kö för en plats i lokalen", "Annan specialkost", "Du har plats"),
    "en": ("Online now, and in line for an on-site place", "Other special diet", "You are number"),
}
ANSWER = {
    "sv": {"accept": ("Ja tack, jag kommer", "Platsen på plats är din"), "decline": ("Nej tack", "Du har tackat nej")},
    "en": {
        "accept": ("Yes, I accept the place", "The on-site place is yours"),
        "decline": ("No, I decline", "You have declined"),
    },
}
STEPS = {
    "sv": {
        "attendance": ("Byt deltagandeform", "Byt", "Din deltagandeform är ändrad"),
        "needs": ("Ändra kost och tillgänglighetsbehov", "Spara", "Ändringen är sparad"),
        "details": ("Rätta namn, yrke och arbetsplats", "Spara", "Ändringen är sparad"),
        "address": ("Byt e-postadress", "Byt adress", "Adressen är bytt"),
        "language": ("Byt språk", "Spara", "we write to you in English"),
        "leave": ("Lämna kön", "Ja, lämna kön", "Du står inte längre i kön"),
        "transfer": ("Överlåt din plats till en kollega", "Överlåt platsen", "överlåten till en kollega"),
        "undo": ("Avanmäl dig", "Ja, avanmäl mig", "Ångra avanmälan"),
        "link": ("Begär en ny länk", "Skicka länken", "Titta i din inkorg"),
    },
    "en": {
        "attendance": ("Change your form of attendance", "Change", "Your form of attendance is changed"),
        "needs": ("Change diet and access needs", "Save", "The change is saved"),
        "details": ("Correct name, profession and workplace", "Save", "The change is saved"),
        "address": ("Change your e-mail address", "Change address", "The address is changed"),
        "language": ("Change language", "Save", "skriver vi till dig på svenska"),
        "leave": ("Leave the line", "Yes, leave the line", "You are no longer in line"),
        "transfer": ("Give your place to a colleague", "Give the place away", "given to a colleague"),
        "undo": ("Cancel your registration", "Yes, cancel my registration", "Undo the cancellation"),
        "link": ("Ask for a new link", "Send the link", "Look in your inbox"),
    },
}


@in_their_language
def test_a_person_joins_the_line_of_a_full_hall(
    house: House, windows: Windows, language: str, javascript: bool
) -> None:
    words, email = SAY[language], f"waits.{language}.{javascript}@example.org".lower()
    wish, diet, position = WAIT[language]
    page = windows.open(NARROW, javascript=javascript)
    page.goto(house.url(f"{words.prefix}/2027-hall-full/register"))
    expect(page.get_by_label(words.on_site, exact=True)).to_be_disabled()
    fill_in(page, words, email, attendance=wish)
    expect(page.get_by_label(re.compile(diet))).to_be_visible()
    page.get_by_role("button", name=words.send).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(words.thanks)
    page.goto(house.url(house.links_of(email, "2027-hall-full")["manage"]))
    expect(page.get_by_text(position)).to_be_visible()
    examine(page)


@each_once(language=LANGUAGES, javascript=[True, False], button=["accept", "decline"])
def test_an_offer_is_answered_by_one_press(
    house: House, windows: Windows, language: str, javascript: bool, button: str
) -> None:
    email = f"{button}.{language}.{javascript}@example.org".lower()
    page = _open(house, windows, language, email, javascript, slug="2027-near", wish=Wish.ONLINE_AND_LINE, offered=True)
    press, done = ANSWER[language][button]
    page.get_by_role("button", name=press).click()
    expect(page.get_by_text(done)).to_be_visible()
    examine_everywhere(page)
    assert _person(house, email).has_seat is (button == "accept")


@in_their_language
def test_the_form_of_attendance_is_changed(house: House, windows: Windows, language: str, javascript: bool) -> None:
    email = f"moves.{language}.{javascript}@example.org".lower()
    page = _open(house, windows, language, email, javascript, wish=Wish.ON_SITE)
    link, press, done = STEPS[language]["attendance"]
    page.get_by_role("link", name=link).click()
    page.get_by_label(SAY[language].online, exact=True).check()
    page.get_by_role("button", name=press, exact=True).click()
    expect(page.get_by_text(done)).to_be_visible()
    assert not _person(house, email).has_seat


@in_their_language
def test_needs_are_told_with_consent(house: House, windows: Windows, language: str, javascript: bool) -> None:
    email = f"needs.{language}.{javascript}@example.org".lower()
    page = _open(house, windows, language, email, javascript, wish=Wish.ON_SITE)
    link, press, done = STEPS[language]["needs"]
    page.get_by_role("link", name=link).click()
    page.get_by_label(re.compile(SAY[language].diet)).fill("Ingen selleri.")
    page.get_by_role("button", name=press, exact=True).click()
    expect(page.locator("#errors")).to_be_focused()
    examine_everywhere(page)
    page.get_by_label(re.compile(SAY[language].consent)).check()
    page.get_by_role("button", name=press, exact=True).click()
    expect(page.get_by_text(done)).to_be_visible()
    expect(page.get_by_text("Ingen selleri.")).to_be_visible()


@in_their_language
def test_a_name_is_corrected(house: House, windows: Windows, language: str, javascript: bool) -> None:
    email = f"details.{language}.{javascript}@example.org".lower()
    page = _open(house, windows, language, email, javascript)
    link, press, done = STEPS[language]["details"]
    page.get_by_role("link", name=link).click()
    page.get_by_label(SAY[language].first_name, exact=True).fill("Bodil")
    page.get_by_role("button", name=press, exact=True).click()
    expect(page.get_by_text(done)).to_be_visible()
    expect(page.get_by_text("Bodil O’Brien Öberg")).to_be_visible()


@in_their_language
def test_an_address_is_changed(house: House, windows: Windows, language: str, javascript: bool) -> None:
    email = f"old.{language}.{javascript}@example.org".lower()
    page = _open(house, windows, language, email, javascript)
    link, press, done = STEPS[language]["address"]
    page.get_by_role("link", name=link).click()
    page.get_by_label(SAY[language].email, exact=True).fill("new." + email)
    page.get_by_role("button", name=press, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(done)
    assert registered(house, "new." + email)


@in_their_language
def test_the_language_is_changed(house: House, windows: Windows, language: str, javascript: bool) -> None:
    page = _open(house, windows, language, f"speaks.{language}.{javascript}@example.org".lower(), javascript)
    link, press, done = STEPS[language]["language"]
    page.get_by_role("link", name=link, exact=True).click()
    page.get_by_label({"sv": "Engelska", "en": "Swedish"}[language]).check()
    page.get_by_role("button", name=press, exact=True).click()
    expect(page.get_by_text(done)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", {"sv": "en", "en": "sv"}[language])


@in_their_language
def test_the_line_is_left(house: House, windows: Windows, language: str, javascript: bool) -> None:
    email = f"leaves.{language}.{javascript}@example.org".lower()
    page = _open(house, windows, language, email, javascript, slug="2027-hall-full", wish=Wish.ONLINE_AND_LINE)
    link, press, done = STEPS[language]["leave"]
    page.get_by_role("link", name=link, exact=True).click()
    page.get_by_role("button", name=press, exact=True).click()
    expect(page.get_by_text(done)).to_be_visible()


@in_their_language
def test_a_place_is_given_to_a_colleague(house: House, windows: Windows, language: str, javascript: bool) -> None:
    email = f"gives.{language}.{javascript}@example.org".lower()
    page = _open(house, windows, language, email, javascript)
    link, press, done = STEPS[language]["transfer"]
    page.get_by_role("link", name=link).click()
    for name, value in (("first_name", "Bo"), ("last_name", "Ek"), ("email", "bo." + email)):
        page.locator(f"[name={name}]").fill(value)
    page.get_by_role("button", name=press, exact=True).click()
    expect(page.get_by_text(done)).to_be_visible()
    examine(page)
    assert registered(house, "bo." + email)


@in_their_language
def test_a_cancellation_is_undone(house: House, windows: Windows, language: str, javascript: bool) -> None:
    email = f"undoes.{language}.{javascript}@example.org".lower()
    page = _open(house, windows, language, email, javascript)
    link, press, undo = STEPS[language]["undo"]
    page.get_by_role("link", name=link, exact=True).click()
    page.get_by_role("button", name=press, exact=True).click()
    page.get_by_role("button", name=undo, exact=True).click()
    expect(page.locator(".message-good")).to_be_visible()
    assert _person(house, email).is_active


@in_their_language
def test_a_lost_link_is_asked_for(house: House, windows: Windows, language: str, javascript: bool) -> None:
    link, press, done = STEPS[language]["link"]
    page = windows.open(NARROW, javascript=javascript)
    page.goto(house.url(f"{SAY[language].prefix}/2027-free/"))
    page.get_by_role("link", name=re.compile(link)).click()
    page.get_by_label(SAY[language].email, exact=True).fill("nobody@example.org")
    page.get_by_role("button", name=press, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(done)


def _open(
    house: House,
    windows: Windows,
    language: str,
    email: str,
    javascript: bool,
    *,
    slug: str = "2027-free",
    **changes: object,
) -> Page:
    paths = house.new_participant(slug, language, email=email, **changes)
    page = windows.open(NARROW, javascript=javascript)
    page.goto(house.url(paths["manage"]))
    return page


def _person(house: House, email: str) -> Registration:
    (person,) = registered(house, email)
    return person
