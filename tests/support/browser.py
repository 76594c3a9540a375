"""Chromium as people use it: wide and narrow, with and without JavaScript, and watched meanwhile."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Route, ViewportSize, sync_playwright

from tests.support.machine.parts import find_chromium

EVERYWHERE = os.environ.get("EVERYWHERE") == "1"
"""Whether each page is looked at in every window: in `make torture`."""

HERE = {"127.0.0.1", "localhost"}
WIDE = 1280
NARROW = 320

ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Processes that only keep strange sites apart and draw what nobody sees.
    "--disable-site-isolation-trials",
    "--disable-gpu",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """The installed browser; nothing is downloaded."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


NO_FAULTS = ("Failed to load resource", "Blocked script execution in")
"""What a console says of pages that answer 4xx, and of a letter's frame where Playwright's own scripts look into it."""


class Windows:
    """Lends windows and remembers what went wrong in them: see `complaints`.

    Opening a window takes as long as examining a page, so one that was put away is lent again, without its cookies.
    """

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.complaints: list[str] = []
        self.free: dict[tuple[bool, bool], list[Page]] = defaultdict(list)
        self.lent: list[tuple[tuple[bool, bool], Page]] = []

    def open(
        self,
        width: int = WIDE,
        *,
        javascript: bool = True,
        dark: bool = False,
        still: bool = False,
        cookies: Sequence[Any] = (),
    ) -> Page:
        """A window of its own session, `width` CSS pixels wide. A narrow one is a phone; a still one has no motion."""
        kind = (width < 600, javascript)
        page = self.free[kind].pop() if self.free[kind] else self._new(*kind)
        self.lent.append((kind, page))
        _show(page, width, dark=dark, still=still)
        page.context.add_cookies(cookies)
        return page

    def _new(self, phone: bool, javascript: bool) -> Page:
        context = self.browser.new_context(
            viewport={"width": NARROW if phone else WIDE, "height": 800},
            is_mobile=phone,
            has_touch=phone,
            java_script_enabled=javascript,
            locale="sv-SE",
            timezone_id="Europe/Stockholm",
        )
        context.set_default_timeout(15_000)
        context.on("request", self._asked)
        context.on("console", self._said)
        context.on("weberror", lambda error: self.complaints.append(f"script error: {error.error}"))
        return context.new_page()

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https"} and parts.hostname not in HERE:
            self.complaints.append(f"a request to another host: {request.url}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(NO_FAULTS):
            self.complaints.append(f"on the console: {message.text}")

    def put_away(self) -> None:
        """Fails when a window asked another host, broke the policy or had a script error."""
        while self.lent:
            kind, page = self.lent.pop()
            page.context.clear_cookies()
            page.context.unroute_all()
            # What was typed is kept for as long as the tab is open.
            page.evaluate("try { sessionStorage.clear() } catch {}")
            self.free[kind].append(page)
        complaints, self.complaints = self.complaints, []
        assert not complaints, "\n".join(complaints)


RULES: dict[str, Any] = {
    "resultTypes": ["violations"],
    "rules": {"target-size": {"enabled": True}, "color-contrast": {"enabled": False}},
}
"""All of axe but contrast, which takes it three times as long as the rest together: see `find_illegible`."""

CONTRAST: dict[str, Any] = {"resultTypes": ["violations"], "runOnly": ["color-contrast"]}

NEW_INKS = """known => {
  const grounds = new Map([[null, ""]]);
  const ground = (e) => {
    if (!grounds.has(e)) {
      const style = getComputedStyle(e), own = [style.backgroundColor, style.backgroundImage, style.opacity].join(" ");
      grounds.set(e, ground(e.parentElement) + (own === "rgba(0, 0, 0, 0) none 1" ? "" : own));
    }
    return grounds.get(e);
  };
  const inks = {};
  for (const e of document.body.querySelectorAll("*")) {
    const speaks = e.matches("input, select") || [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!speaks || !e.checkVisibility()) continue;
    const style = getComputedStyle(e);
    inks[[ground(e), style.color, style.textShadow, style.fontSize, style.fontWeight].join(" ")] ??= e;
  }
  for (const ink of known) delete inks[ink];
  return inks;
}"""
"""The first element of each colour, size and weight of text on each ground, but for the known ones."""

TEXT_SPACING = """* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
p { margin-bottom: 2em !important; }"""
"""What WCAG 2.2 §1.4.12 lets a reader set."""

DOUBLED = WIDE // 2
"""What doubled text (WCAG 2.2 §1.4.4) leaves of a wide window: the stylesheet compares widths in rem."""

ADOPT = """css => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = css ? [sheet] : [];
}"""

CUT = """() => [...document.body.querySelectorAll("*")].filter((e) => {
  const style = getComputedStyle(e);
  if (style.overflowX === "visible" || e.clientWidth <= 1 || !e.innerText?.trim()) return false;
  return !e.matches("select, textarea") && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1);
}).map((e) => e.outerHTML.slice(0, 200))"""
"""Elements that hide a part of their own text; a textarea scrolls, and visually hidden ones are 1 px."""


def examine(page: Page) -> None:
    """The page as it stands: nothing for axe to say, as wide as the window and no wider."""
    with _where_scripts_run(page) as same:
        _look(same)


def examine_everywhere(page: Page) -> None:
    """The page as it stands: every day in one window, with `EVERYWHERE=1` in each."""
    if EVERYWHERE:
        examine_in_every_window(page)
        return
    with _where_scripts_run(page) as same:
        _show(same, WIDE)
        fits(same)
        _show(same, NARROW)
        _look(same)
        _holds(same, NARROW, TEXT_SPACING)


def examine_in_every_window(page: Page) -> None:
    """The page as it stands, in a wide and a narrow window, light and dark, with spaced text.

    Contrast hangs on both the width and the scheme, the rest on the width alone. Swedish has the longer words: what
    hangs on them alone is looked at in Swedish.
    """
    is_swedish = page.locator("html").get_attribute("lang") == "sv"
    with _where_scripts_run(page) as same:
        for width in (WIDE, NARROW):
            _show(same, width, dark=True)
            _fail(same, find_illegible(same))
            _show(same, width)
            _look(same)
        _holds(same, NARROW, TEXT_SPACING)
        if is_swedish:
            _holds(same, WIDE, TEXT_SPACING)
            _holds(same, DOUBLED, "")


def _show(page: Page, width: int, *, dark: bool = False, still: bool = True) -> None:
    size: ViewportSize = {"width": width, "height": 800}
    if page.viewport_size != size:
        page.set_viewport_size(size)
    page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce" if still else "no-preference")


def _look(page: Page) -> None:
    fits(page)
    _fail(page, find_violations(page, RULES) + find_illegible(page))


def _fail(page: Page, found: list[str]) -> None:
    assert not found, f"{_where(page)}\n" + "\n".join(found)


def find_violations(page: Page, options: dict[str, Any]) -> list[str]:
    """What axe has to say of the page as it stands, in words."""
    return _ask_axe(page, "options => axe.run(options)", options)


_legible: set[str] = set()


def find_illegible(page: Page) -> list[str]:
    """What axe has to say of contrast. What it found legible once is so wherever it is written in the same colours."""
    inks = page.evaluate_handle(NEW_INKS, list(_legible))
    names = inks.evaluate("Object.keys")
    if not names:
        return []
    found = _ask_axe(page, "([inks, options]) => axe.run(Object.values(inks), options)", [inks, CONTRAST])
    if not found:
        _legible.update(names)
    return found


def _ask_axe(page: Page, question: str, argument: Any) -> list[str]:
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate(f"async (asked) => (await ({question})(asked)).violations", argument)
    return [_described(violation) for violation in found]


def fits(page: Page) -> None:
    """The page is as wide as the window and no wider."""
    width = (page.viewport_size or {})["width"]
    inner, scroll = page.evaluate("[window.innerWidth, document.scrollingElement.scrollWidth]")
    assert inner == width, f"{_where(page)}: {inner} px instead of {width}"
    assert scroll <= width, f"{_where(page)}: scrolls sideways, {scroll} px in {width}"


def _holds(page: Page, width: int, css: str) -> None:
    if (page.viewport_size or {})["width"] != width:
        page.set_viewport_size({"width": width, "height": 800})
    page.evaluate(ADOPT, css)
    fits(page)
    cut = page.evaluate(CUT)
    page.evaluate(ADOPT, "")
    assert not cut, f"{_where(page)}: text is cut with {css!r}\n" + "\n".join(cut)


def _where(page: Page) -> str:
    return f"{page.url} at {(page.viewport_size or {})['width']} px, {'dark' if _is_dark(page) else 'light'}"


def _is_dark(page: Page) -> bool:
    return bool(page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches"))


@contextmanager
def _where_scripts_run(page: Page) -> Iterator[Page]:
    """axe is a script: a page opened without scripts is shown again, as it stands, where only axe runs."""
    # Playwright finds an element visible while the stylesheet is still on its way.
    page.wait_for_load_state()
    if not page.evaluate("matchMedia('(scripting: none)').matches"):
        yield page
        return
    content = page.content()

    def answer(route: Route) -> None:
        if route.request.resource_type == "document":
            route.fulfill(body=content, content_type="text/html; charset=utf-8")
        elif route.request.resource_type == "script":
            route.abort()
        else:
            route.continue_()

    copy = _window_for_copies(page.context.browser)
    _show(copy, (page.viewport_size or {})["width"], dark=_is_dark(page), still=False)
    copy.route("**/*", answer)
    copy.goto(page.url)
    yield copy
    copy.unroute_all()


@cache
def _window_for_copies(browser: Browser) -> Page:
    return browser.new_page()


def _described(violation: dict[str, Any]) -> str:
    places = "".join(f"\n    {node['html'][:200]}\n    {node['failureSummary']}" for node in violation["nodes"])
    return f"  {violation['id']}: {violation['help']}{places}"
