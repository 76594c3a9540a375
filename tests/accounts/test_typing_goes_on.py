"""In a real browser: the session ends while somebody is writing."""

from collections.abc import Callable
from pathlib import Path

import pytest

import config
from regapp import create_app
from regapp.accounts.roles import Role
from tests.support.browser import Windows, examine
from tests.support.organisers import PASSWORD, add_organiser
from tests.support.server import System, environment

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("javascript", [True, False])
def test_what_was_typed_comes_back_after_signing_in_again(
    start_system: Callable[..., System], windows: Windows, database_url: str, tmp_path: Path, javascript: bool
) -> None:
    add_organiser(create_app(config.load(environment(database_url, tmp_path))), Role.ADMIN)
    system = start_system()
    page = windows.open(javascript=javascript)

    def sign_in() -> None:
        page.locator("[name='sign_in-email']").fill("admin@example.org")
        page.locator("[name='sign_in-password']").fill(PASSWORD)
        page.keyboard.press("Enter")

    page.goto(f"{system.base_url}/organiser/days/new")
    sign_in()
    page.locator("[name='title_sv']").fill("Åtta timmars arbete")
    page.locator("[name='description_sv']").fill("En rad\nen till")
    page.context.clear_cookies()
    page.get_by_role("button", name="Spara").first.click()
    page.get_by_role("heading", name="Du är inte längre inloggad").wait_for()
    if javascript:
        examine(page)
    sign_in()
    page.get_by_role("heading", name="Skapa en ny dag").wait_for()
    assert page.locator("[name='title_sv']").input_value() == "Åtta timmars arbete"
    assert page.locator("[name='description_sv']").input_value() == "En rad\nen till"
