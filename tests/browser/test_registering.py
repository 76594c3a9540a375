"""Registering as people do it: in both languages, with and without JavaScript, on a desk and on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.filling_in import SAY, fill_in, registered
from tests.browser.house import LANGUAGES, House
from tests.support.browser import NARROW, WIDE, Windows, examine, examine_everywhere
from tests.support.rounds import each_once, first_only

pytestmark = pytest.mark.browser

languages = first_only(language=LANGUAGES)


@each_once(language=LANGUAGES, width=[WIDE, NARROW], javascript=[True, False])
def test_a_person_registers(house: House, windows: Windows, language: str, width: int, javascript: bool) -> None:
    words, email = SAY[language], f"registers.{language}.{width}.{javascript}@example.org".lower()
    page = windows.open(width, javascript=javascript)
    page.goto(house.url(f"{words.prefix}/{house.slug}/"))
    page.get_by_role("link", name=words.register, exact=True).click()
    fill_in(page, words, email, attendance=words.on_site)
    page.get_by_label(re.compile(words.diet)).fill("Ingen selleri.")
    page.get_by_label(re.compile(words.consent)).check()
    page.get_by_role("button", name=words.send).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(words.thanks)
    expect(page.get_by_text(email, exact=True)).to_be_visible()
    examine(page)
    (registration,) = registered(house, email)
    assert registration.language == language


@each_once(language=LANGUAGES, width=[WIDE, NARROW], javascript=[True, False])
def test_an_empty_form_says_what_to_fill_in(
    house: House, windows: Windows, language: str, width: int, javascript: bool
) -> None:
    words = SAY[language]
    page = windows.open(width, javascript=javascript)
    page.goto(house.url(f"{words.prefix}/{house.slug}/register"))
    page.get_by_role("button", name=words.send).click()
    summary = page.locator("#errors")
    expect(summary).to_be_focused()
    expect(summary.get_by_role("heading")).to_have_text(words.summary)
    assert page.title().startswith(words.wrong + words.register)
    first_name = page.get_by_label(words.first_name, exact=True)
    expect(first_name).to_have_attribute("aria-invalid", "true")
    expect(first_name).to_have_accessible_description(re.compile(re.escape(words.name_missing)))
    summary.get_by_role("link", name=words.name_missing).click()
    expect(first_name).to_be_focused()
    expect(page.get_by_text(words.first_name, exact=True)).to_be_in_viewport()
    examine(page)


@languages
def test_the_form_with_every_error_is_for_everybody(house: House, windows: Windows, language: str) -> None:
    words, visitor = SAY[language], windows.open()
    visitor.goto(house.url(f"{words.prefix}/{house.slug}/register"))
    visitor.get_by_label(words.on_site, exact=True).check()
    visitor.get_by_label(re.compile(words.diet)).fill("selleri " * 70)
    visitor.get_by_label(words.email, exact=True).fill("asa.example.org")
    visitor.get_by_label(words.profession, exact=True).select_option("other")
    visitor.get_by_role("button", name=words.send).click()
    expect(visitor.locator("#errors")).to_be_focused()
    examine_everywhere(visitor)


@each_once(javascript=[True, False])
def test_what_was_typed_stays_when_something_is_wrong(house: House, windows: Windows, javascript: bool) -> None:
    words = SAY["sv"]
    page = windows.open(javascript=javascript)
    page.goto(house.url(f"/{house.slug}/register"))
    fill_in(page, words, "asa.example.org", attendance=words.online)
    page.get_by_label("Övriga upplysningar").fill("Två\nrader")
    page.get_by_label("Ni får skriva till mig").check()
    page.get_by_role("button", name=words.send).click()
    expect(page.locator("#errors li")).to_have_count(1)
    expect(page.locator("#errors")).to_contain_text("@")
    for label, value in (
        (words.first_name, "Åsa-Märta"),
        (words.last_name, "O’Brien Öberg"),
        (words.email, "asa.example.org"),
        (words.workplace, "Karolinska Universitetssjukhuset"),
        ("Övriga upplysningar till arrangören (frivilligt)", "Två\nrader"),
    ):
        expect(page.get_by_label(label, exact=True)).to_have_value(value)
    expect(page.get_by_label(words.profession, exact=True)).to_have_value("nurse")
    expect(page.get_by_label(words.online, exact=True)).to_be_checked()
    expect(page.get_by_label("Ni får skriva till mig")).to_be_checked()


def test_the_on_site_part_shows_only_for_who_comes_on_site(house: House, windows: Windows) -> None:
    words = SAY["sv"]
    page = windows.open()
    page.goto(house.url(f"/{house.slug}/register"))
    diet = page.get_by_label(re.compile(words.diet))
    expect(diet).to_be_hidden()
    page.get_by_label(words.on_site, exact=True).check()
    expect(diet).to_be_visible()
    diet.fill("Ingen selleri.")
    page.get_by_label(words.online, exact=True).check()
    expect(diet).to_be_hidden()
    page.get_by_label(words.on_site, exact=True).check()
    expect(diet).to_have_value("Ingen selleri.")
    other = page.get_by_label("Vilket yrke eller vilken roll?")
    expect(other).to_be_hidden()
    page.get_by_label(words.profession, exact=True).select_option("other")
    expect(other).to_be_visible()


def test_without_scripts_the_whole_form_is_there_from_the_start(house: House, windows: Windows) -> None:
    page = windows.open(javascript=False)
    page.goto(house.url(f"/{house.slug}/register"))
    for label in (SAY["sv"].diet, SAY["sv"].consent, "Vilket yrke eller vilken roll?"):
        expect(page.get_by_label(re.compile(re.escape(label)))).to_be_visible()


def test_robots_find_a_field_that_people_never_meet(house: House, windows: Windows) -> None:
    page = windows.open(javascript=False)
    page.goto(house.url(f"/{house.slug}/register"))
    trap = page.locator("[name=website]")
    expect(trap).to_have_count(1)
    expect(trap).to_be_hidden()
    assert "Webbplats" not in page.locator("main").aria_snapshot()


def test_two_quick_presses_make_one_registration(house: House, windows: Windows) -> None:
    words, email = SAY["sv"], "twice@example.org"
    page = windows.open(javascript=False)
    page.goto(house.url(f"/{house.slug}/register"))
    fill_in(page, words, email, attendance=words.online)
    page.get_by_role("button", name=words.send).dblclick(no_wait_after=True)
    expect(page.get_by_role("heading", level=1)).to_have_text(words.thanks)
    page.go_back()
    page.get_by_role("button", name=words.send).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(words.thanks)
    assert len(registered(house, email)) == 1


def test_a_full_hall_cannot_be_chosen_and_online_can(house: House, windows: Windows) -> None:
    words, email = SAY["sv"], "online@example.org"
    page = windows.open(NARROW)
    page.goto(house.url("/2027-hall-full/register"))
    expect(page.get_by_text("Alla platser på plats är tagna")).to_be_visible()
    expect(page.get_by_label(words.on_site, exact=True)).to_be_disabled()
    fill_in(page, words, email, attendance=words.online)
    page.get_by_role("button", name=words.send).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(words.thanks)


@languages
def test_a_mistyped_address_is_corrected(house: House, windows: Windows, language: str) -> None:
    words, right = SAY[language], f"right.{language}@example.org"
    page = windows.open(NARROW, javascript=False)
    page.goto(house.url(f"{words.prefix}/{house.slug}/register"))
    fill_in(page, words, f"mistyped.{language}@example.org", attendance=words.online)
    page.get_by_role("button", name=words.send).click()
    page.get_by_role("link", name=words.correct).click()
    page.get_by_label(words.email, exact=True).fill("right")
    page.get_by_role("button", name=words.send_there).click()
    expect(page.locator("#errors")).to_be_focused()
    assert page.title().startswith(words.wrong)
    examine_everywhere(page)
    page.get_by_label(words.email, exact=True).fill(right)
    page.get_by_role("button", name=words.send_there).click()
    expect(page.get_by_text(right, exact=True)).to_be_visible()
    assert len(registered(house, right)) == 1
    assert not registered(house, f"mistyped.{language}@example.org")


@languages
def test_the_language_switch_stays_on_the_page(house: House, windows: Windows, language: str) -> None:
    other = SAY["en" if language == "sv" else "sv"]
    page = windows.open()
    for path in (f"/{house.slug}/", f"/{house.slug}/register", "/privacy"):
        page.goto(house.url(SAY[language].prefix + path))
        page.get_by_role(
            "button" if path.endswith("register") else "link", name=re.compile("In English|På svenska")
        ).click()
        page.wait_for_url(house.url(other.prefix + path))


def test_a_form_sent_after_the_last_day_says_when_it_closed_and_keeps_the_words(house: House, windows: Windows) -> None:
    words = SAY["sv"]
    page = windows.open(NARROW)
    page.goto(house.url("/2027-half/register"))
    fill_in(page, words, "late@example.org", attendance=words.online)
    with house.closed("2027-half"):
        page.get_by_role("button", name=words.send).click()
        expect(page.locator("#errors")).to_be_focused()
        expect(page.locator("#errors")).to_contain_text("Anmälan stängde")
        expect(page.get_by_label(words.first_name, exact=True)).to_have_value("Åsa-Märta")
        assert page.title().startswith("Fel: ")
        examine_everywhere(page)
    assert not registered(house, "late@example.org")
