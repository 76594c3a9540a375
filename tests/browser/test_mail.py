"""Organisers at the mail: every button by keyboard, with scripts and without; the preview in its frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from regapp.core.db import db, writing
from regapp.mailing.models import MailState, OutgoingMail, QueueStop
from regapp.mailing.sending import holding
from tests.browser.house import House
from tests.browser.test_keyboard import tab_to
from tests.support.browser import NARROW, WIDE, examine, examine_everywhere
from tests.support.rounds import each_once, first_only

pytestmark = pytest.mark.browser

with_and_without_scripts = first_only(javascript=[True, False])
without_and_with_scripts = first_only(javascript=[False, True])


@pytest.fixture(autouse=True)
def running_queue(house: House) -> Iterator[None]:
    """Other tests find the queue as it was."""
    yield
    with house.inside() as now, writing():
        holding.resume(now, actor="organiser:1")
        if standing := db.session.get(QueueStop, 1):
            db.session.delete(standing)


def press(page: Page, selector: str) -> None:
    tab_to(page, selector, most=150)
    page.keyboard.press("Enter")


@with_and_without_scripts
def test_the_queue_is_paused_and_started_by_keyboard_alone(
    house: House, organiser_window: Callable[..., Page], javascript: bool
) -> None:
    page = organiser_window("sv", NARROW, javascript=javascript)
    page.goto(house.url(f"/organiser/{house.slug}/mail"))
    press(page, "a[href$='/mail/pause']")
    page.wait_for_url("**/mail/pause")
    press(page, "main form button:not([name=leave])")
    expect(page.get_by_role("heading", name="Breven är pausade")).to_be_visible()
    examine_everywhere(page)
    for path in ("/organiser/", f"/organiser/{house.slug}/mail/pause", f"/organiser/{house.slug}/mail/resume"):
        page.goto(house.url(path))
        examine(page)
    press(page, "main form button:not([name=leave])")
    page.wait_for_url("**/mail")
    expect(page.get_by_role("heading", name="Breven är pausade")).to_have_count(0)


@without_and_with_scripts
def test_a_queue_that_stands_still_is_tried_by_keyboard_alone(
    house: House, organiser_window: Callable[..., Page], javascript: bool
) -> None:
    with house.inside() as now, writing():
        holding.stop("connection refused by mail.example.org", now)
    page = organiser_window("sv", javascript=javascript)
    page.goto(house.url(f"/organiser/{house.slug}/mail"))
    expect(page.get_by_text("connection refused by mail.example.org")).to_be_visible()
    examine_everywhere(page)
    press(page, "form[action$='/try-now'] button")
    expect(page.get_by_role("status").first).to_contain_text("Vi försöker nå e-postservern nu.")


@with_and_without_scripts
def test_a_letter_is_sent_again_by_keyboard_alone_and_the_copy_is_shown(
    house: House, organiser_window: Callable[..., Page], javascript: bool
) -> None:
    with house.inside():
        sent = db.session.query(OutgoingMail).filter_by(state=MailState.SENT, kind="confirmation", again_of=None)
        letter = sent.order_by(OutgoingMail.dated_at).offset(int(javascript)).first()
        assert letter is not None
        address = f"/organiser/{house.slug}/mail/{letter.id}"
    page = organiser_window("sv", NARROW, javascript=javascript)
    page.goto(house.url(address))
    press(page, "form[action$='/again'] button")
    expect(page.get_by_role("status").first).to_contain_text("Brevet är skickat igen")
    expect(page.get_by_role("link", name="ett tidigare brev")).to_be_visible()
    examine_everywhere(page)
    page.goto(house.url(address))
    expect(page.get_by_text("väntar på sin tur")).to_be_visible()


@without_and_with_scripts
def test_an_address_is_corrected_by_keyboard_alone_with_an_error_on_the_way(
    house: House, organiser_window: Callable[..., Page], javascript: bool
) -> None:
    name = f"mistyped{javascript}".lower()
    house.new_participant("2027-free", "sv", email=f"{name}@example.org")
    page = organiser_window("sv", javascript=javascript)
    page.goto(house.url("/organiser/2027-free/mail"))
    row = page.locator("tr", has_text=f"{name}@example.org")
    expect(row.get_by_text("aldrig skrivet")).to_be_visible()
    href = row.locator("a[href$='/address']").get_attribute("href")
    press(page, f"a[href='{href}']")
    page.wait_for_url("**/address")
    tab_to(page, "[name=email]")
    page.keyboard.press("Control+A")
    page.keyboard.type("utan snabel-a")
    page.keyboard.press("Enter")
    expect(page.locator("#errors")).to_be_focused()
    expect(page.locator("[name=email]")).to_have_value("utan snabel-a")
    assert page.title().startswith("Fel: ")
    examine_everywhere(page)
    tab_to(page, "[name=email]")
    page.keyboard.press("Control+A")
    page.keyboard.type(f"{name}.right@example.org")
    page.keyboard.press("Enter")
    page.wait_for_url("**/mail")
    expect(page.get_by_role("status").first).to_contain_text("Adressen är rättad, och ett nytt brev är på väg dit.")
    expect(page.locator("tr", has_text=f"{name}.right@example.org").first).to_contain_text("väntar")


@each_once(width=[WIDE, NARROW], dark=[False, True])
def test_the_preview_shows_the_letter_in_a_frame_whose_links_lead_nowhere(
    house: House, organiser_window: Callable[..., Page], width: int, dark: bool
) -> None:
    page = organiser_window("sv", width, dark=dark)
    page.goto(house.url(f"/organiser/{house.slug}/mail/{house.letters['deferred']}"))
    page.locator("iframe").scroll_into_view_if_needed()
    letter = page.frame_locator("iframe")
    expect(letter.get_by_role("heading", level=1)).to_be_visible()
    links = letter.get_by_role("link")
    assert not [
        href for href in links.evaluate_all("found => found.map(a => a.getAttribute('href'))") if "/my/" in href
    ]
    address = page.url
    letter.locator("a[href='#']").first.click()
    expect(page).to_have_url(address)
    page.get_by_text("Brevet som text").click()
    expect(page.get_by_role("region", name="Brevets text")).to_contain_text("[personlig länk]")
    examine(page)
