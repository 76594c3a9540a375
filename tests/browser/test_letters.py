"""The letters' HTML as a browser shows it: on a phone, light and dark, whatever words stand in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from regapp.mailing import letters, marks
from regapp.mailing.letters import Action, Facts, Heading, Letter, Link, Paragraph
from tests.browser.house import LANGUAGES
from tests.support.browser import NARROW, RULES, WIDE, Windows, find_illegible, find_violations, fits
from tests.support.mail.mails import MAILS
from tests.support.rounds import first_only

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

LETTER_RULES: dict[str, Any] = {
    **RULES,
    # A letter is shown inside a mail program's page, which has the landmarks.
    "rules": {**RULES["rules"], "region": {"enabled": False}, "landmark-one-main": {"enabled": False}},
}
LOOKED_AT = [
    "confirmation-online",
    "moved-online",
    "offer-only",
    "cancellation-on-site",
    "day_changed-on-site",
    "reminder-on-site",
    "digest",
]
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 4


def open_file(page: Page, file: Path) -> None:
    page.goto(file.as_uri())


@first_only(language=LANGUAGES)
def test_no_letter_scrolls_sideways_on_a_phone(windows: Windows, language: str) -> None:
    page = windows.open(NARROW)
    letters_there_are = sorted(MAILS.glob(f"*.{language}.html"))
    assert letters_there_are
    for file in letters_there_are:
        open_file(page, file)
        fits(page)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_letters_have_nothing_for_axe_to_say(windows: Windows, dark: bool) -> None:
    page = windows.open(NARROW, dark=dark)
    for name in LOOKED_AT:
        open_file(page, MAILS / f"{name}.sv.html")
        assert find_violations(page, LETTER_RULES) + find_illegible(page) == []


def test_a_dark_letter_is_dark(windows: Windows) -> None:
    page = windows.open(NARROW, dark=True)
    open_file(page, MAILS / "confirmation-online.sv.html")
    colours = "e => [getComputedStyle(e).backgroundColor, getComputedStyle(e).color]"
    assert page.locator("body").evaluate(colours)[0] == "rgb(27, 20, 24)"
    assert page.locator("h1").evaluate(colours)[1] == "rgb(242, 184, 212)"


@first_only(width=[NARROW, WIDE])
def test_words_without_end_are_broken(windows: Windows, tmp_path: Path, width: int) -> None:
    link = f"https://anmalan.example.org/{LONG}"
    blocks = [
        Heading(LONG), Paragraph(LONG), Facts([(LONG, LONG), ("Var", Link(LONG, link))]), Heading(LONG),
        Action(LONG, marks.mark("manage")), Action(LONG, link, quiet=True),
    ]  # fmt: skip
    file = tmp_path / "long.html"
    file.write_text(letters.write(Letter(LONG, blocks, footer=LONG), "sv").html, encoding="utf-8")
    page = windows.open(width)
    open_file(page, file)
    fits(page)
