"""In a real browser: the session ends while somebody is writing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from flask import Flask

from regapp.accounts.roles import Role
from tests.support.browser import Windows, examine
from tests.support.organisers import PASSWORD, add_organiser
from tests.support.server import System

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_what_was_typed_comes_back_after_signing_in_again(
    start_system: Callable[..., System], windows: Windows, app: Flask
) -> None:
    add_organiser(app, Role.ADMIN)
    system = start_system()
    for javascript in (True, False):
        page = windows.open(javascript=javascript)
        page.goto(f"{system.base_url}/organiser/days/new")
        sign_in(page)
        page.locator("[name='title_sv']").fill("Åtta timmars arbete")
        page.locator("[name='description_sv']").fill("En rad\nen till")
        page.context.clear_cookies()
        page.get_by_role("button", name="Spara").first.click()
        page.get_by_role("heading", name="Du är inte längre inloggad").wait_for()
        if javascript:
            examine(page)
        sign_in(page)
        page.get_by_role("heading", name="Skapa en ny dag").wait_for()
        assert page.locator("[name='title_sv']").input_value() == "Åtta timmars arbete"
        assert page.locator("[name='description_sv']").input_value() == "En rad\nen till"


def sign_in(page: Page) -> None:
    page.locator("[name='sign_in-email']").fill("admin@example.org")
    page.locator("[name='sign_in-password']").fill(PASSWORD)
    page.keyboard.press("Enter")
