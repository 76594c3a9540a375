"""One filled installation for all browser tests, and windows in which organisers are signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.house import LANGUAGES, House
from tests.support.browser import WIDE, Windows
from tests.support.machine.databases import Databases
from tests.support.organisers import PASSWORD


@pytest.fixture(scope="session")
def house(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    house = House(databases.new_sqlite(folder / "regapp.sqlite"), folder)
    yield house
    house.close()


@pytest.fixture(scope="session")
def signed_in(house: House, browser: Browser) -> dict[str, list[Any]]:
    """The cookies of an organiser for each language."""
    windows = Windows(browser)
    cookies: dict[str, list[Any]] = {}
    for language in LANGUAGES:
        page = windows.open()
        page.goto(house.url("/organiser/sign-in"))
        page.locator("main [type=email]").fill(f"{language}@example.org")
        page.locator("main [type=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(house.url("/organiser/"))
        cookies[language] = list(page.context.cookies())
        windows.put_away()
    page.context.close()
    return cookies


@pytest.fixture
def organiser_window(windows: Windows, signed_in: dict[str, list[Any]]) -> Callable[..., Page]:
    """Opens a window in which an organiser who reads `language` is signed in."""

    def open_window(language: str = "sv", width: int = WIDE, **options: Any) -> Page:
        return windows.open(width, cookies=signed_in[language], **options)

    return open_window
