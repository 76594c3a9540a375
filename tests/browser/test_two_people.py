"""Several people at one browser or with one mailbox: each is named, and nobody is left out in silence."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.filling_in import SAY, Words, fill_in, registered
from tests.browser.house import LANGUAGES, House
from tests.support.browser import NARROW, Windows, examine, examine_everywhere
from tests.support.rounds import each_once, first_only

pytestmark = pytest.mark.browser

both_languages = first_only(language=LANGUAGES)
each_language_and_scripts = each_once(language=LANGUAGES, javascript=[True, False])

OWN_ADDRESS = {
    "sv": "så varje deltagare behöver en egen adress",
    "en": "each participant needs an address of their own",
}
ONE_MORE = {"sv": "Anmäl en person till", "en": "Register one more person"}
FOR = {"sv": "Anmälan för {}", "en": "Registration for {}"}
AGAIN = {"sv": "Specialkost och tillgänglighet, en gång till", "en": "Special diet and access, once more"}
REFUSED = {"sv": "Anmälan har ändrats sedan formuläret skickades", "en": "The registration has changed since the form"}
REGISTER_AGAIN = {"sv": "Anmäl dig igen", "en": "Register again"}
NOTE = {"sv": "Eva Alm försökte med adressen", "en": "Eva Alm tried with the address"}


def register(page: Page, words: Words, name: str, email: str, attendance: str) -> None:
    """From the empty form to its answer."""
    fill_in(page, words, email, attendance=attendance)
    first, last = name.split()
    page.get_by_label(words.first_name, exact=True).fill(first)
    page.get_by_label(words.last_name, exact=True).fill(last)
    page.get_by_role("button", name=words.send).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(words.thanks)


@each_language_and_scripts
def test_a_secretary_learns_that_a_colleague_needs_an_address_of_their_own(
    house: House, windows: Windows, language: str, javascript: bool
) -> None:
    words, page = SAY[language], windows.open(NARROW, javascript=javascript)
    shared, own = (f"{who}.{language}.{javascript}@example.org".lower() for who in ("sekr", "eva"))
    page.goto(house.url(f"{words.prefix}/{house.slug}/register"))
    email = page.get_by_label(words.email, exact=True)
    expect(email).to_have_accessible_description(re.compile(re.escape(OWN_ADDRESS[language])))
    for name, address in (("Bo Ek", shared), ("Eva Alm", shared), ("Eva Alm", own)):
        register(page, words, name, address, words.online)
        expect(page.get_by_text(FOR[language].format(name))).to_be_visible()
        examine(page)
        page.get_by_role("link", name=ONE_MORE[language]).click()
    assert [person.name for address in (shared, own) for person in registered(house, address)] == ["Bo Ek", "Eva Alm"]


@each_language_and_scripts
def test_the_first_of_two_is_corrected_from_their_own_page(
    house: House, windows: Windows, language: str, javascript: bool
) -> None:
    words, page = SAY[language], windows.open(NARROW, javascript=javascript)
    wrong, right, other = (f"{who}.{language}.{javascript}@example.org".lower() for who in ("wrong", "bo", "evy"))
    page.goto(house.url(f"{words.prefix}/{house.slug}/register"))
    register(page, words, "Bo Ek", wrong, words.on_site)
    to_bo = page.url
    page.get_by_role("link", name=ONE_MORE[language]).click()
    register(page, words, "Evy Alm", other, words.online)
    page.goto(to_bo)
    page.get_by_role("link", name=words.correct).click()
    expect(page.get_by_text(FOR[language].format("Bo Ek"))).to_be_visible()
    expect(page.get_by_role("group", name=AGAIN[language])).to_be_visible()
    examine_everywhere(page)
    page.get_by_label(words.email, exact=True).fill(right)
    page.get_by_label(re.compile(words.diet)).fill("Ingen selleri.")
    page.get_by_role("button", name=words.send_there).click()
    expect(page.locator("#errors")).to_be_focused()
    examine_everywhere(page)
    page.get_by_label(re.compile(words.consent)).check()
    page.get_by_role("button", name=words.send_there).click()
    expect(page.get_by_text(right, exact=True)).to_be_visible()
    assert [person.name for address in (right, other) for person in registered(house, address)] == ["Bo Ek", "Evy Alm"]
    assert not registered(house, wrong)


@both_languages
def test_what_somebody_changed_through_the_link_is_not_taken_over(
    house: House, windows: Windows, language: str
) -> None:
    words, page = SAY[language], windows.open(NARROW, javascript=False)
    email = f"owner.{language}@example.org"
    page.goto(house.url(f"{words.prefix}/{house.slug}/register"))
    register(page, words, "Bo Ek", email, words.online)
    owner = windows.open(javascript=False)
    owner.goto(house.url(f"{house.links_of(email, house.slug)['manage']}/language"))
    owner.locator("main form button:not([name=leave])").click()
    page.get_by_role("link", name=words.correct).click()
    expect(page.get_by_text(REFUSED[language])).to_be_visible()
    expect(page.get_by_label(words.email, exact=True)).to_have_count(0)
    examine_everywhere(page)
    page.get_by_role("link", name=REGISTER_AGAIN[language]).click()
    page.wait_for_url(f"**{words.prefix}/{house.slug}/register")


@each_language_and_scripts
def test_an_organiser_registers_whoever_tried(
    house: House, organiser_window: Callable[..., Page], windows: Windows, language: str, javascript: bool
) -> None:
    words, visitor = SAY[language], windows.open()
    shared, own = (f"{who}.{language}.{javascript}@example.org".lower() for who in ("shared", "own"))
    for name in ("Bo Ek", "Eva Alm"):
        visitor.goto(house.url(f"{words.prefix}/2027-free/register"))
        register(visitor, words, name, shared, words.online)
    page = organiser_window(language, NARROW, javascript=javascript)
    page.goto(house.url("/organiser/2027-free/"))
    page.locator("a[href$='/attempts']").click()
    examine(page)
    page.get_by_role("row").filter(has_text=shared).locator("a[href*='attempt=']").click()
    expect(page.get_by_text(NOTE[language])).to_be_visible()
    expect(page.get_by_label(words.email, exact=True)).to_have_value("")
    examine_everywhere(page)
    page.get_by_label(words.email, exact=True).fill(own)
    page.get_by_label(words.profession, exact=True).select_option(label=words.nurse)
    page.get_by_label(words.workplace, exact=True).fill("Provsjukhuset")
    page.locator("main form button:not([name=leave])").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Eva Alm")
    assert [person.name for person in registered(house, own)] == ["Eva Alm"]
