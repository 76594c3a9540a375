"""The session ends while somebody is writing."""

import pytest

from tests.browser.house import House
from tests.support.browser import Windows, examine
from tests.support.organisers import PASSWORD
from tests.support.rounds import first_only

pytestmark = pytest.mark.browser


@first_only(javascript=[True, False])
def test_what_was_typed_comes_back_after_signing_in_again(house: House, windows: Windows, javascript: bool) -> None:
    page = windows.open(javascript=javascript)

    def sign_in() -> None:
        page.locator("[name='sign_in-email']").fill("sv@example.org")
        page.locator("[name='sign_in-password']").fill(PASSWORD)
        page.keyboard.press("Enter")

    page.goto(house.url("/organiser/days/new"))
    sign_in()
    page.locator("[name='title_sv']").fill("Åtta timmars arbete")
    page.locator("[name='description_sv']").fill("En rad\nen till")
    page.context.clear_cookies()
    page.get_by_role("button", name="Spara").first.click()
    page.get_by_role("heading", name="Du är inte längre inloggad").wait_for()
    examine(page)
    sign_in()
    page.get_by_role("heading", name="Skapa en ny dag").wait_for()
    assert page.locator("[name='title_sv']").input_value() == "Åtta timmars arbete"
    assert page.locator("[name='description_sv']").input_value() == "En rad\nen till"
