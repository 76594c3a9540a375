"""The page between "save" and the letters that a save sends, as organisers see it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import LANGUAGES, House
from tests.support.browser import NARROW, examine_everywhere
from tests.support.rounds import first_only

pytestmark = pytest.mark.browser

BACK = {"sv": "Gå tillbaka och redigera", "en": "Go back and edit"}
SEND = {"sv": "Spara och skicka", "en": "Save and send"}


def ask(page: Page, house: House) -> None:
    page.goto(house.url(f"/organiser/{house.slug}/edit"))
    page.locator("[name=venue]").fill("En annan sal")
    page.locator("[name=starts]").fill("10:00")
    page.locator("[name=save]").first.click()
    expect(page.locator("[name=agreed]").first).to_be_visible()


@first_only(language=LANGUAGES)
def test_who_is_written_to_and_what_is_for_everybody_to_read(
    house: House, organiser_window: Callable[..., Page], language: str
) -> None:
    page = organiser_window(language)
    ask(page, house)
    examine_everywhere(page)
    for letter in page.locator("details.one-letter summary").all()[1:]:
        letter.click()
    examine_everywhere(page)


@first_only(language=LANGUAGES[::-1])
def test_without_scripts_and_by_keyboard_one_goes_back_to_what_was_typed(
    house: House, organiser_window: Callable[..., Page], language: str
) -> None:
    page = organiser_window(language, NARROW, javascript=False)
    ask(page, house)
    send = page.get_by_role("button", name=SEND[language]).first
    send.focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name=BACK[language]).first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[name=venue]")).to_have_value("En annan sal")
    expect(page.locator("[name=starts]")).to_have_value("10:00")
    page.goto(house.url(f"/organiser/{house.slug}/edit"))
    expect(page.locator("[name=venue]")).not_to_have_value("En annan sal")
