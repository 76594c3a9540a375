"""What a participant does with the links in their letter."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.house import LANGUAGES, House
from tests.support.browser import NARROW, Windows, examine_everywhere
from tests.support.rounds import each_once, first_only

pytestmark = pytest.mark.browser

CANCEL = {
    "sv": ("Avanmäl dig", "Ja, avanmäl mig", "Du är avanmäld"),
    "en": ("Cancel your registration", "Yes, cancel my registration", "Your registration is cancelled"),
}
JOIN = {"sv": ("Anslut", "Gå till mötet"), "en": ("Join", "Go to the meeting")}


@each_once(language=LANGUAGES, javascript=[True, False])
def test_cancelling_takes_a_second_press(house: House, windows: Windows, language: str, javascript: bool) -> None:
    email = f"cancels.{language}.{javascript}@example.org".lower()
    paths = house.new_participant(house.slug, language, email=email)
    first, second, done = CANCEL[language]
    page = windows.open(NARROW, javascript=javascript)
    page.goto(house.url(paths["manage"]))
    page.get_by_role("link", name=first).click()
    page.get_by_role("button", name=second).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(done)
    examine_everywhere(page)


@first_only(language=LANGUAGES)
def test_the_meetings_address_comes_with_a_press(house: House, windows: Windows, language: str) -> None:
    paths = house.new_participant("2027-today", language, email=f"joins.{language}@example.org")
    press, there = JOIN[language]
    page = windows.open(NARROW, javascript=False)
    page.goto(house.url(paths["join"]))
    assert "secret-room" not in page.content()
    page.get_by_role("button", name=press).click()
    link = page.get_by_role("link", name=there)
    expect(link).to_have_attribute("href", re.compile("secret-room"))
    examine_everywhere(page)


def test_a_page_that_was_open_for_too_long_cancels_at_the_next_press(house: House, windows: Windows) -> None:
    paths = house.new_participant(house.slug, "sv", email="slow@example.org")
    page = windows.open(NARROW, javascript=False)
    page.goto(house.url(paths["manage"] + "/cancel"))
    page.context.clear_cookies()
    page.get_by_role("button", name="Ja, avanmäl mig").click()
    expect(page.locator("#errors")).to_be_focused()
    assert page.title().startswith("Fel: ")
    examine_everywhere(page)
    page.get_by_role("button", name="Ja, avanmäl mig").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Du är avanmäld")


def test_an_altered_link_says_what_to_do(house: House, windows: Windows) -> None:
    page = windows.open(NARROW)
    for path in ("/my/nothing", "/join/nothing"):
        answer = page.goto(house.url(path))
        assert answer is not None and answer.status == 404
        examine_everywhere(page)
