"""Organisers at work: signing in, the day's editor, the list; what goes wrong is told in words."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import LANGUAGES, House
from tests.support.browser import NARROW, Windows, examine_everywhere
from tests.support.organisers import PASSWORD
from tests.support.rounds import each_once, first_only

pytestmark = pytest.mark.browser

languages = first_only(language=LANGUAGES)
ERROR = {"sv": "Fel: ", "en": "Error: "}


def refused(page: Page, language: str) -> None:
    """The page says so in its title and in the focused summary, and is for everybody."""
    expect(page.locator("#errors")).to_be_focused()
    assert page.title().startswith(ERROR[language])
    examine_everywhere(page)


@each_once(path=["/organiser/sign-in", "/organiser/forgot-password"], language=LANGUAGES)
def test_an_empty_form_before_the_sign_in_says_what_to_fill_in(
    house: House, windows: Windows, path: str, language: str
) -> None:
    page = windows.open(NARROW, javascript=False)
    page.goto(house.url(f"{path}?language={language}"))
    page.locator("main button:not([name=leave])").click()
    refused(page, language)


@languages
def test_a_wrong_password_is_told_in_words_and_the_address_stays(house: House, windows: Windows, language: str) -> None:
    page = windows.open()
    page.goto(house.url(f"/organiser/sign-in?language={language}"))
    page.locator("main [type=email]").fill("nobody@example.org")
    page.locator("main [type=password]").fill("inte det rätta ordet")
    page.locator("main button:not([name=leave])").click()
    refused(page, language)
    expect(page.locator("main [type=email]")).to_have_value("nobody@example.org")


@languages
def test_a_password_that_is_too_short_is_told_in_words(house: House, windows: Windows, language: str) -> None:
    page = windows.open()
    page.goto(house.url(house.password_path(f"{language}@example.org")))
    examine_everywhere(page)
    page.locator("main [type=password]").fill("kort")
    page.locator("main button:not([name=leave])").click()
    refused(page, language)


@languages
def test_a_day_is_made_with_errors_on_the_way_and_without_scripts(
    house: House, organiser_window: Callable[..., Page], language: str
) -> None:
    page = organiser_window(language, javascript=False)
    page.goto(house.url("/organiser/days/new"))
    page.locator("[name=add_row]").click()
    page.locator("[name=programme-0-title_sv]").fill("Välkomna")
    page.locator("[name=day]").fill("2030-11-25")
    page.locator("[name=seats_on_site]").fill("många")
    page.locator("[name=save]").first.click()
    refused(page, language)
    expect(page.locator("[name=programme-0-title_sv]")).to_have_value("Välkomna")
    expect(page.locator("[name=seats_on_site]")).to_have_value("många")
    expect(page.locator("[name=programme-0-starts]")).to_have_attribute("aria-invalid", "true")

    slug = {"sv": "2030-host", "en": "2030-autumn"}[language]
    for name, value in {
        "slug": slug,
        "title_sv": "Utbildningsdag 2030",
        "starts": "09:00",
        "ends": "16:30",
        "opens_on": "2030-09-01",
        "last_day": "2030-11-11",
        "last_change_day": "2030-11-18",
        "line_ends_on": "2030-11-24",
        "line_ends": "12:00",
        "seats_on_site": "20",
        "programme-0-starts": "09:00",
    }.items():
        page.locator(f"[name='{name}']").fill(value)
    page.locator("[name=add_row]").click()
    page.locator("[name=programme-1-starts]").fill("08:30")
    page.locator("[name=programme-1-title_sv]").fill("Kaffe")
    page.locator("[name=add_row]").click()
    page.locator("[name=remove_row]").last.click()
    expect(page.locator("[name=remove_row]")).to_have_count(2)
    page.locator("[name=save]").first.click()
    page.wait_for_url(house.url(f"/organiser/{slug}/"))
    examine_everywhere(page)

    page.goto(house.url(f"/{slug}/"))
    expect(page.locator(".programme li")).to_have_text([re.compile("8.30.*Kaffe", re.DOTALL), re.compile("Välkomna")])


@languages
def test_whoever_saves_second_is_told_what_the_first_one_saved(
    house: House, organiser_window: Callable[..., Page], language: str
) -> None:
    first, second = organiser_window(language), organiser_window(language, javascript=False)
    for page in (first, second):
        page.goto(house.url("/organiser/2027-free/edit"))
    first.locator("[name=venue]").fill(f"Första salen, {language}")
    first.locator("[name=save]").first.click()
    first.wait_for_url(house.url("/organiser/2027-free/"))
    second.locator("[name=address]").fill(f"Andra gatan 2, {language}")
    second.locator("[name=save]").first.click()
    expect(second.locator("#conflict")).to_be_focused()
    expect(second.locator("#conflict")).to_contain_text(f"Första salen, {language}")
    expect(second.locator("[name=address]")).to_have_value(f"Andra gatan 2, {language}")
    examine_everywhere(second)


def test_a_person_is_found_whatever_the_case_of_the_letters(
    house: House, organiser_window: Callable[..., Page]
) -> None:
    page = organiser_window("sv", NARROW, javascript=False)
    page.goto(house.url(f"/organiser/{house.slug}/attendees"))
    page.locator("[name=words]").fill("åsa")
    page.locator(".filters button").click()
    names = page.locator("tbody th")
    expect(names.first).to_be_visible()
    assert all("Åsa" in name for name in names.all_inner_texts())


@languages
def test_a_search_that_is_too_long_is_told_in_words(
    house: House, organiser_window: Callable[..., Page], language: str
) -> None:
    page = organiser_window(language)
    page.goto(house.url(f"/organiser/{house.slug}/attendees?words={'a' * 2000}"))
    refused(page, language)


@languages
def test_a_file_with_details_of_health_needs_a_reason(
    house: House, organiser_window: Callable[..., Page], language: str
) -> None:
    page = organiser_window(language, javascript=False)
    page.goto(house.url(f"/organiser/{house.slug}/attendees/export"))
    page.locator("[name=with_health]").check()
    page.locator("main form button:not([name=leave])").click()
    refused(page, language)
    page.locator("[name=reason]").fill("Köket")
    with page.expect_download() as download:
        page.locator("main form button:not([name=leave])").click()
    assert download.value.suggested_filename.endswith(".xlsx")


@languages
def test_a_reminder_is_set_with_an_error_on_the_way_and_seen_as_its_readers_will(
    house: House, organiser_window: Callable[..., Page], language: str
) -> None:
    slug, number = {"sv": ("2027-free", 0), "en": ("2027-half", 1)}[language]
    page = organiser_window(language, NARROW, javascript=False)
    page.goto(house.url(f"/organiser/{slug}/mail-plan"))
    page.locator(f"main a[href$='/{slug}/reminders']").click()
    page.locator(f"main a[href$='usual={number}']").click()
    page.locator("[name=clock]").fill("09:30")
    page.locator("[name=message_sv]").fill("Ta med legitimation.")
    page.locator("[name=days_before]").fill("61")
    page.locator("main form button:not([name=leave])").click()
    refused(page, language)
    expect(page.locator("[name=message_sv]")).to_have_value("Ta med legitimation.")
    page.locator("[name=days_before]").fill("3")
    page.locator("main form button:not([name=leave])").click()
    page.locator("tbody th a").click()
    expect(page.locator(".letter-text")).to_contain_text("Ta med legitimation.")
    letter = page.frame_locator("iframe")
    expect(letter.get_by_text("Ta med legitimation.")).to_be_visible()
    expect(letter.get_by_role("heading", level=1)).to_have_text(re.compile("Påminnelse|Reminder"))
    page.locator("main a[href*='language=en']").first.click()
    expect(page.locator(".letter-text")).to_contain_text("I can’t come")
    examine_everywhere(page)


def test_a_message_is_marked_as_read(house: House, organiser_window: Callable[..., Page]) -> None:
    page = organiser_window("sv", NARROW, javascript=False)
    page.goto(house.url(f"/organiser/{house.slug}/messages?show=unread"))
    before = page.locator("article").count()
    page.locator("article button").first.click()
    expect(page.locator("article")).to_have_count(before - 1)
    expect(page.get_by_role("status")).to_have_text("Markerat som läst.")
    examine_everywhere(page)


def test_a_page_that_was_open_for_too_long_keeps_what_was_written(
    house: House, organiser_window: Callable[..., Page]
) -> None:
    page = organiser_window("sv", javascript=False)
    page.goto(house.url("/organiser/2027-free/edit"))
    page.locator("[name=directions_sv]").fill("Tag hissen.")
    page.context.clear_cookies()
    page.locator("[name=save]").first.click()
    expect(page.get_by_text("Du är inte längre inloggad")).to_be_visible()
    examine_everywhere(page)
    page.locator("main [type=email]").fill("sv@example.org")
    page.locator("main [type=password]").fill(PASSWORD)
    page.locator("main form button:not([name=leave])").click()
    expect(page.locator("[name=directions_sv]")).to_have_value("Tag hissen.")


def test_an_organiser_sees_a_draft_and_nobody_else_does(
    house: House, organiser_window: Callable[..., Page], windows: Windows
) -> None:
    page = organiser_window("sv")
    page.goto(house.url("/2027-draft/"))
    expect(page.get_by_text("Bara arrangörer ser den här sidan.")).to_be_visible()
    answer = windows.open().goto(house.url("/2027-draft/"))
    assert answer is not None and answer.status == 404
