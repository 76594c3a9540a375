"""One filled installation for all browser tests, and windows in which organisers are signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.house import LANGUAGES, House
from tests.support.browser import Windows
from tests.support.databases import Databases
from tests.support.organisers import PASSWORD


@pytest.fixture(scope="session")
def house(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    house = House(databases.new_sqlite(folder / "regapp.sqlite"), folder)
    yield house
    house.close()


@pytest.fixture(scope="session")
def signed_in(house: House, browser: Browser) -> dict[str, Any]:
    """The cookies of an organiser for each language."""
    windows = Windows(browser)
    states = {}
    for language in LANGUAGES:
        page = windows.open()
        page.goto(house.url("/organiser/sign-in"))
        page.locator("main [type=email]").fill(f"{language}@example.org")
        page.locator("main [type=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(house.url("/organiser/"))
        states[language] = page.context.storage_state()
    windows.close()
    return states


@pytest.fixture
def organiser_window(windows: Windows, signed_in: dict[str, Any]) -> Callable[..., Page]:
    """Opens a window in which an organiser who reads `language` is signed in."""

    def open_window(language: str = "sv", width: int = 1280, **options: Any) -> Page:
        return windows.open(width, storage_state=signed_in[language], **options)

    return open_window


@pytest.fixture(scope="module")
def kept_windows(browser: Browser) -> Iterator[Windows]:
    """Windows that a whole module looks through: opening one takes as long as examining a page."""
    opened = Windows(browser)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def _visitors(kept_windows: Windows) -> Page:
    return kept_windows.open()


@pytest.fixture(scope="module")
def _organisers(kept_windows: Windows, signed_in: dict[str, Any]) -> dict[str, Page]:
    return {language: kept_windows.open(storage_state=state) for language, state in signed_in.items()}


@pytest.fixture
def visitor(kept_windows: Windows, _visitors: Page) -> Iterator[Page]:
    """A window for pages that anybody may open: nothing of an earlier visit counts in them."""
    yield _visitors
    kept_windows.check()


@pytest.fixture
def organisers(kept_windows: Windows, _organisers: dict[str, Page]) -> Iterator[dict[str, Page]]:
    """A window for each language in which an organiser is signed in."""
    yield _organisers
    kept_windows.check()
