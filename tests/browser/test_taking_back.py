"""What an organiser takes back, with scripts and without."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from regapp.core.db import db
from regapp.registrations.models import Registration
from tests.browser.house import LANGUAGES, House
from tests.support.browser import NARROW, examine_everywhere

pytestmark = pytest.mark.browser

ways = pytest.mark.parametrize(
    ("language", "scripts"), [(language, on) for language in LANGUAGES for on in (True, False)]
)
CANCEL_DAY = {"sv": "Ställ in dagen", "en": "Cancel the day"}
TAKE_BACK = {"sv": "Ångra: dagen blir av", "en": "Undo: the day takes place"}
TAKES_PLACE = {"sv": "Dagen blir av igen.", "en": "The day takes place again."}
CANCEL = {"sv": "Avanmäl personen", "en": "Cancel the registration"}
UNDO = {"sv": "Ångra avanmälan", "en": "Undo the cancellation"}
UNDONE = {"sv": "Avanmälan är ångrad.", "en": "The cancellation is undone."}
LEFT = {"sv": r"^4:\d\d kvar\.$", "en": r"^4:\d\d left\.$"}


@ways
def test_a_cancelled_day_counts_down_and_is_taken_back(
    house: House, organiser_window: Callable[..., Page], language: str, scripts: bool
) -> None:
    page = organiser_window(language, NARROW, javascript=scripts)
    page.goto(house.url("/organiser/2027-wavering/cancel"))
    page.get_by_role("button", name=CANCEL_DAY[language], exact=True).click()
    countdown = page.locator("[data-countdown]")
    expect(countdown).to_have_text(re.compile(LEFT[language] if scripts else "^$"))
    if scripts:
        examine_everywhere(page)
    page.get_by_role("button", name=TAKE_BACK[language]).click()
    expect(page.get_by_text(TAKES_PLACE[language])).to_be_visible()
    expect(page.get_by_role("button", name=TAKE_BACK[language])).to_have_count(0)


@ways
def test_a_cancelled_person_comes_back(
    house: House, organiser_window: Callable[..., Page], language: str, scripts: bool
) -> None:
    email = f"back.{language}.{scripts}@example.org"
    house.new_participant(house.slug, language, email=email)
    with house.inside():
        found = db.session.query(Registration).filter_by(email=email).one()
        path = f"/organiser/{house.slug}/attendees/{found.public_id}"
    page = organiser_window(language, NARROW, javascript=scripts)
    page.goto(house.url(path + "/cancel"))
    page.get_by_role("button", name=CANCEL[language], exact=True).click()
    page.get_by_role("button", name=UNDO[language], exact=True).click()
    expect(page.get_by_text(UNDONE[language])).to_be_visible()
    with house.inside():
        assert db.session.query(Registration).filter_by(email=email).one().is_active
