"""Everything by keyboard alone: each stop is seen, none is covered, nothing needs a mouse."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import House
from tests.support.browser import NARROW, WIDE, Windows, examine
from tests.support.organisers import PASSWORD
from tests.support.rounds import each_once

pytestmark = pytest.mark.browser

STOP = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  e.getAnimations().forEach((animation) => animation.finish());
  const style = getComputedStyle(e), box = e.getBoundingClientRect();
  const at = document.elementFromPoint(
    Math.max(0, Math.min(box.x + Math.min(box.width, innerWidth) / 2, innerWidth - 1)),
    Math.max(0, Math.min(box.y + box.height / 2, innerHeight - 1)));
  const isFrame = e.tagName === "IFRAME";  // its own document outlines the link that has the focus
  return {
    what: e.outerHTML.slice(0, 160),
    outlined: isFrame || style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    covered: !(at && (e.contains(at) || at.contains(e) || at.closest("label")?.control === e)),
    small: box.height < 24 && !e.matches("p a, li a, dd a, td a, th a, .lead a, h2 a"),
  };
}"""


def walk(page: Page, most: int = 400) -> list[str]:
    """Tab through the whole page; what is wrong with its stops."""
    wrong = []
    for number in range(most):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop is None:
            assert number > 3, "the page has no stops"
            return wrong
        wrong += [f"{fault}: {stop['what']}" for fault in ("covered", "small") if stop[fault]]
        wrong += [f"not {merit}: {stop['what']}" for merit in ("outlined", "inside") if not stop[merit]]
    raise AssertionError(f"no end after {most} stops")


def tab_to(page: Page, selector: str, most: int = 60) -> None:
    """Press Tab until the focus is there."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is not reached by Tab")


@each_once(path=["/{open}/", "/{open}/register", "/2027-long/", "/organiser/sign-in"], width=[WIDE, NARROW])
def test_every_stop_on_a_public_page_is_seen(house: House, windows: Windows, path: str, width: int) -> None:
    page = windows.open(width, still=True)
    page.goto(house.url(path.format(open=house.slug)))
    assert not walk(page)


@each_once(
    path=[
        "/organiser/",
        "/organiser/{open}/attendees?words=exempel",
        "/organiser/{open}/attendees/{person}",
        "/organiser/{open}/mail?words=exempel",
        "/organiser/{open}/mail/{refused}",
        "/organiser/days/new",
    ],
    width=[WIDE, NARROW],
)
def test_every_stop_on_an_organisers_page_is_seen(
    house: House, organiser_window: Callable[..., Page], path: str, width: int
) -> None:
    page = organiser_window("sv", width, still=True)
    page.goto(house.url(path.format(open=house.slug, person=house.person, refused=house.letters["refused"])))
    assert not walk(page)


def test_the_first_stop_leads_past_the_head_of_the_page(house: House, windows: Windows) -> None:
    page = windows.open(still=True)
    page.goto(house.url(f"/{house.slug}/"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Hoppa till innehållet")).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


@each_once(javascript=[True, False])
def test_a_person_registers_and_cancels_by_keyboard_alone(house: House, windows: Windows, javascript: bool) -> None:
    email = f"keyboard.{javascript}@example.org".lower()
    page = windows.open(javascript=javascript)
    page.goto(house.url(f"/{house.slug}/"))
    tab_to(page, "a[href$='/register']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/register")
    for name, text in (("first_name", "Åsa"), ("last_name", "Öberg"), ("email", email)):
        tab_to(page, f"[name={name}]")
        page.keyboard.type(text)
    tab_to(page, "[name=profession]")
    page.keyboard.type("Sjuk")
    tab_to(page, "[name=workplace]")
    page.keyboard.type("Uppsala universitet")
    tab_to(page, "[name=attendance]")
    page.keyboard.press("Space")
    expect(page.get_by_label("På plats", exact=True)).to_be_checked()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Digitalt", exact=True)).to_be_checked()
    page.keyboard.press("ArrowUp")
    tab_to(page, "[name=diets]")
    page.keyboard.press("Space")
    tab_to(page, "[name=health_consent]")
    page.keyboard.press("Space")
    tab_to(page, "main button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/received/*")
    expect(page.get_by_text(email, exact=True)).to_be_visible()

    page.goto(house.url(house.links_of(email, house.slug)["manage"]))
    expect(page.get_by_text("Sjuksköterska")).to_be_visible()
    tab_to(page, "a[href$='/cancel']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cancel")
    tab_to(page, "main button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Du är avanmäld")
    examine(page)


def test_errors_are_found_and_corrected_by_keyboard_alone(house: House, windows: Windows) -> None:
    page = windows.open(NARROW)
    page.goto(house.url(f"/{house.slug}/register"))
    tab_to(page, "[name=first_name]")
    page.keyboard.press("Enter")
    expect(page.locator("#errors")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("[name=first_name]")).to_be_focused()
    stop = page.evaluate(STOP)
    assert stop["outlined"] and stop["inside"] and not stop["covered"]


def test_an_organiser_signs_in_finds_a_person_and_signs_out_by_keyboard_alone(house: House, windows: Windows) -> None:
    page = windows.open()
    page.goto(house.url("/organiser/sign-in"))
    tab_to(page, "main [type=email]")
    page.keyboard.type("sv@example.org")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(house.url("/organiser/"))
    page.goto(house.url(f"/organiser/{house.slug}/attendees"))
    tab_to(page, "[name=words]")
    page.keyboard.type("ÅSA")
    page.keyboard.press("Enter")
    page.wait_for_url("**words=*")
    tab_to(page, "tbody a")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Åsa")
    tab_to(page, ".sign-out button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in*")
