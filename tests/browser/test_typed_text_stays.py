"""What somebody has typed outlives a detour, the other language, a reload and a wrong button; sending empties it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Locator, Page, expect

from regapp.registrations.choices import Diet, Wish
from tests.browser.filling_in import SAY, fill_in, registered
from tests.browser.house import LANGUAGES, House
from tests.support.browser import NARROW, Windows, examine_everywhere
from tests.support.organisers import PASSWORD
from tests.support.rounds import each_once, first_only, these_only

pytestmark = pytest.mark.browser

PREFIX = {"sv": "", "en": "/en"}
HEALTHY = {"wish": Wish.ON_SITE, "diets": (Diet.VEGAN,), "access_needs": "Hörslinga"}

FORMS = {
    "registering": "{prefix}/{open}/register",
    "asking for the link": "{prefix}/{open}/link",
    "details": "{manage}/details",
    "needs": "{manage}/needs",
    "an address": "{manage}/address",
    "a language": "{manage}/language",
    "another form of attendance": "{manage}/attendance",
    "a colleague": "{manage}/transfer",
    "signing in": "/organiser/sign-in?language={language}",
    "a forgotten password": "/organiser/forgot-password?language={language}",
}
ORGANISERS = {
    "a new day": "/organiser/days/new",
    "the editor": "/organiser/{open}/edit",
    "registering somebody": "/organiser/{open}/register",
    "correcting a person": "/organiser/{open}/attendees/{person}/correct",
    "moving a person": "/organiser/{open}/attendees/{person}/move",
    "cancelling a person": "/organiser/{open}/attendees/{person}/cancel",
    "correcting an address": "/organiser/{open}/attendees/{person}/address",
    "moving to the front": "/organiser/2027-queue/line/{waiting}/first",
    "a reminder": "/organiser/{open}/reminders/new",
    "taking out a file": "/organiser/{open}/attendees/export",
    "the account": "/organiser/account",
}
TYPED_IN = "main form[method=post] :is(input, select, textarea):not([type=hidden], [type=password], [name=website])"

FILL = """fields => {
  const words = { email: "typed@example.org", date: "2027-03-04", time: "10:15", url: "https://typed.example.org/" };
  const chosen = {};
  for (const e of fields) if (e.type === "radio" && !e.checked && !e.disabled) chosen[e.name] = e;
  for (const e of fields) {
    if (e.disabled) continue;
    if (e.type === "checkbox" || chosen[e.name] === e) e.click();
    else if (e.type === "radio") continue;
    else {
      e.value = e.tagName === "SELECT" ? e.options[e.options.length - 1].value : words[e.type] ?? `Skrivet i ${e.name}`;
      e.dispatchEvent(new Event("input", { bubbles: true }));
      e.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }
}"""
READ = "fields => fields.map((e) => [e.name, e.value, e.type === 'checkbox' || e.type === 'radio' ? e.checked : null])"

NEVER_KEPT = ("csrf", "password", "website", "form_key", "version", "seen")

both_languages = first_only(language=LANGUAGES)


def address(house: House, pattern: str, language: str, name: str) -> str:
    manage = ""
    if "{manage}" in pattern:
        email = f"types-{name.replace(' ', '-')}.{language}@example.org"
        try:
            manage = house.links_of(email, house.slug)["manage"]
        except AssertionError:
            manage = house.new_participant(house.slug, language, email=email, **HEALTHY)["manage"]
    values = {"prefix": PREFIX[language], "open": house.slug, "person": house.person, "waiting": house.waiting}
    return house.url(pattern.format(**values, manage=manage, language=language))


def typed_in(page: Page) -> Locator:
    return page.locator(TYPED_IN)


def type_everywhere(page: Page) -> list[Any]:
    """Type into every field of the page; what stands in them now."""
    before = typed_in(page).evaluate_all(READ)
    typed_in(page).evaluate_all(FILL)
    after = typed_in(page).evaluate_all(READ)
    assert after != before, "nothing was typed"
    return list(after)


def go_back(page: Page) -> None:
    """As the button does it; Playwright's own call fails where another process takes the page over."""
    with page.expect_navigation(), suppress(Error):  # the answer may come too late for the page that is left
        page.evaluate("history.back()")


def detours(page: Page, there: str, elsewhere: str) -> Iterator[str]:
    """Ways to lose a form in a browser with scripts."""
    page.goto(elsewhere)
    go_back(page)
    yield "another page and back"
    page.reload()
    yield "a reload"
    page.goto(elsewhere)
    page.goto(there)
    yield "another page and its address again"
    if (leave := page.locator("main button[name=leave]")).count():
        leave.first.click()
        page.goto(there)
        yield "the button that leads elsewhere"


def kept(page: Page) -> dict[str, Any]:
    """What the browser keeps of forms."""
    found: dict[str, Any] = page.evaluate(
        "Object.fromEntries(Object.keys(sessionStorage).map((key) => [key, JSON.parse(sessionStorage[key])]))"
    )
    return found


def check_detours(page: Page, there: str, elsewhere: str) -> None:
    page.goto(there)
    typed = type_everywhere(page)
    for detour in detours(page, there, elsewhere):
        assert typed_in(page).evaluate_all(READ) == typed, f"lost by {detour}"
    names = {name for record in kept(page).values() for name in record["fields"]}
    assert not [name for name in names for secret in NEVER_KEPT if secret in name]


@both_languages
@pytest.mark.parametrize("name", FORMS)
def test_with_scripts_every_detour_leads_back_to_what_was_typed(
    house: House, windows: Windows, name: str, language: str
) -> None:
    check_detours(windows.open(), address(house, FORMS[name], language, name), house.url("/cookies"))


@both_languages
@pytest.mark.parametrize("name", ORGANISERS)
def test_with_scripts_every_detour_leads_back_to_what_an_organiser_typed(
    house: House, organiser_window: Callable[..., Page], name: str, language: str
) -> None:
    check_detours(organiser_window(language), address(house, ORGANISERS[name], language, name), house.url("/cookies"))


def check_back(page: Page, there: str, elsewhere: str) -> None:
    page.goto(there)
    typed = type_everywhere(page)
    page.goto(elsewhere)
    go_back(page)
    assert typed_in(page).evaluate_all(READ) == typed
    if (leave := page.locator("main button[name=leave]")).count():
        leave.first.click()
        go_back(page)
        assert typed_in(page).evaluate_all(READ) == typed


@both_languages
@these_only("registering", "needs", name=list(FORMS))
def test_without_scripts_the_browsers_back_leads_to_what_was_typed(
    house: House, windows: Windows, name: str, language: str
) -> None:
    page = windows.open(javascript=False)
    check_back(page, address(house, FORMS[name], language, name), house.url("/cookies"))


@both_languages
@these_only("the editor", name=list(ORGANISERS))
def test_without_scripts_the_browsers_back_leads_to_what_an_organiser_typed(
    house: House, organiser_window: Callable[..., Page], name: str, language: str
) -> None:
    page = organiser_window(language, javascript=False)
    check_back(page, address(house, ORGANISERS[name], language, name), house.url("/cookies"))


with_and_without_scripts = each_once(javascript=[True, False])


def fill_in_everything(page: Page, language: str, email: str) -> None:
    words = SAY[language]
    fill_in(page, words, email, attendance=words.on_site)
    page.locator("[name=diet_other]").fill("Ingen selleri.")
    page.locator("[name=access_needs]").fill("Hörslinga\nRamp")
    page.locator("[name=message]").fill("Jag kommer sent.")
    page.locator("[name=health_consent]").check()


@each_once(language=LANGUAGES, javascript=[True, False])
def test_the_other_language_and_the_privacy_notice_keep_the_form_which_is_then_sent_and_forgotten(
    house: House, windows: Windows, language: str, javascript: bool
) -> None:
    other, email = "en" if language == "sv" else "sv", f"switches.{language}.{javascript}@example.org".lower()
    page = windows.open(NARROW, javascript=javascript)
    page.goto(house.url(f"{PREFIX[language]}/{house.slug}/register"))
    fill_in_everything(page, language, email)
    typed = typed_in(page).evaluate_all(READ)
    notice = page.locator("form a[target=_blank]")
    expect(notice).to_have_text(re.compile(r"\(öppnas i ny flik\)|\(opens in a new tab\)"))
    with page.context.expect_page() as opened:
        notice.click()
    opened.value.close()
    assert typed_in(page).evaluate_all(READ) == typed
    page.get_by_role("button", name=re.compile("In English|På svenska")).click()
    page.wait_for_url(house.url(f"{PREFIX[other]}/{house.slug}/register"))
    expect(page.locator("#errors")).to_have_count(0)
    assert typed_in(page).evaluate_all(READ) == typed
    examine_everywhere(page)
    assert not registered(house, email)
    page.get_by_role("button", name=SAY[other].send).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(SAY[other].thanks)
    (registration,) = registered(house, email)
    assert registration.language == other
    if javascript:
        # The answer's script empties it, after the heading is there.
        page.wait_for_load_state()
        assert kept(page) == {}


@with_and_without_scripts
def test_enter_in_a_field_sends_the_form_and_switches_no_language(
    house: House, windows: Windows, javascript: bool
) -> None:
    page = windows.open(javascript=javascript)
    page.goto(house.url(f"/{house.slug}/link"))
    page.get_by_label("E-postadress").fill("enter@example.org")
    page.keyboard.press("Enter")
    page.wait_for_url("**/link/asked")
    assert page.locator("html").get_attribute("lang") == "sv"


def test_what_the_server_answers_goes_before_what_was_kept(house: House, windows: Windows) -> None:
    page = windows.open()
    page.goto(house.url(f"/{house.slug}/link"))
    page.get_by_label("E-postadress").fill("ett")
    page.get_by_role("button", name="Skicka länken").click()
    expect(page.locator("#errors")).to_be_focused()
    expect(page.get_by_label("E-postadress")).to_have_value("ett")
    page.get_by_label("E-postadress").fill("två@example.org")
    page.goto(house.url("/cookies"))
    page.goto(house.url(f"/{house.slug}/link"))
    expect(page.get_by_label("E-postadress")).to_have_value("två@example.org")
    page.get_by_label("E-postadress").fill("tva@example.org")
    page.get_by_role("button", name="Skicka länken").click()
    page.wait_for_url("**/link/asked")
    assert kept(page) == {}
    page.goto(house.url(f"/{house.slug}/link"))
    expect(page.get_by_label("E-postadress")).to_have_value("")


def test_after_thirty_minutes_nothing_is_kept(house: House, browser: Browser) -> None:
    page = browser.new_page()
    page.clock.install()
    page.goto(house.url(f"/{house.slug}/link"))
    page.get_by_label("E-postadress").fill("gammal@example.org")
    page.goto(house.url("/cookies"))
    page.clock.fast_forward("29:30")
    assert len(kept(page)) == 1
    page.clock.fast_forward("01:30")
    assert kept(page) == {}
    page.context.close()


def test_signing_out_forgets_what_was_typed(house: House, windows: Windows, signed_in: dict[str, list[Any]]) -> None:
    page = windows.open()
    page.goto(house.url("/organiser/sign-in?next=/organiser/days/new"))
    page.locator("main [type=email]").fill("sv@example.org")
    page.locator("main [type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_label("Titel på svenska").fill("Hemlig dag")
    assert "Hemlig dag" in str(kept(page))
    page.locator(".sign-out button").click()
    page.wait_for_url("**/sign-in*")
    assert kept(page) == {}


@with_and_without_scripts
def test_a_row_more_in_the_programme_keeps_what_is_typed(
    house: House, windows: Windows, signed_in: dict[str, list[Any]], javascript: bool
) -> None:
    page = windows.open(javascript=javascript, cookies=signed_in["sv"])
    page.goto(house.url("/organiser/days/new"))
    page.get_by_label("Titel på svenska", exact=True).first.fill("Ny dag")
    page.get_by_role("button", name="Lägg till en programpunkt").click()
    expect(page.locator("[name=title_sv]")).to_have_value("Ny dag")


@each_once(language=LANGUAGES, javascript=[True, False])
def test_a_browser_that_takes_no_cookies_is_told_so(
    house: House, windows: Windows, language: str, javascript: bool
) -> None:
    email = f"blocks.{language}.{javascript}@example.org".lower()
    page = windows.open(NARROW, javascript=javascript)
    page.context.route("**/*", lambda route: route.continue_(headers={**route.request.headers, "cookie": ""}))
    page.goto(house.url(f"{PREFIX[language]}/{house.slug}/register"))
    fill_in_everything(page, language, email)
    page.context.clear_cookies()
    page.get_by_role("button", name=SAY[language].send).click()
    expect(page.locator("#errors")).to_contain_text({"sv": "Tillåt kakor", "en": "Allow cookies"}[language])
    expect(page.locator("[name=diet_other]")).to_have_value("Ingen selleri.")
    examine_everywhere(page)
    assert not registered(house, email)


@each_once(language=LANGUAGES, javascript=[True, False])
def test_a_form_filler_in_the_trap_is_told_and_the_next_press_registers(
    house: House, windows: Windows, language: str, javascript: bool
) -> None:
    email = f"trapped.{language}.{javascript}@example.org".lower()
    page = windows.open(NARROW, javascript=javascript)
    page.goto(house.url(f"{PREFIX[language]}/{house.slug}/register"))
    fill_in_everything(page, language, email)
    page.locator("[name=website]").evaluate("field => (field.value = 'https://example.org/')")
    page.get_by_role("button", name=SAY[language].send).click()
    expect(page.locator("#errors")).to_contain_text({"sv": "bara är till för robotar", "en": "robots only"}[language])
    expect(page.locator("[name=website]")).to_have_value("")
    examine_everywhere(page)
    page.get_by_role("button", name=SAY[language].send).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(SAY[language].thanks)
    assert len(registered(house, email)) == 1
