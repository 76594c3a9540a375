"""What the visitors do, on regapp and on the floor."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from contextlib import suppress
from html import unescape

from bench.load import Answer, LoadError, Visit, expect, get, post

PAGES_A_VISIT = 10

_HIDDEN = re.compile(rb'name="((?:sign_in-)?csrf_token|form_key)"[^>]* value="([^"]*)"')
_COOKIE = re.compile(r"^set-cookie: ([^;]+)", re.IGNORECASE | re.MULTILINE)
_LOCATION = re.compile(r"^location: (\S+)", re.IGNORECASE | re.MULTILINE)
_numbers = itertools.count(1)

answered: set[str] = set()
"""The addresses of those who were told that they are registered."""


def page(path: str, cookie: str = "") -> Callable[[], Visit]:
    """Looks at one page PAGES_A_VISIT times."""

    def visit() -> Visit:
        for _ in range(PAGES_A_VISIT):
            expect((yield get(path, cookie)), 200)

    return visit


def register_at_the_floor() -> Visit:
    expect((yield get("/")), 200)
    expect((yield get("/register")), 200)
    expect((yield post("/register", _typed())), 302)
    expect((yield get("/received")), 200)


def register() -> Visit:
    """The day, the form, sending it, and the page that answers: as a browser does it, with its cookie and token."""
    expect((yield get("/2026/")), 200)
    form = expect((yield get("/2026/register")), 200)
    typed = _typed()
    sent = expect((yield post("/2026/register", typed | hidden(form), cookie_of(form))), 302)
    answer = _LOCATION.search(sent.head)
    expect((yield get(answer[1] if answer else "", cookie_of(sent))), 200)
    answered.add(typed["email"])


def sign_in(email: str, password: str, cookies: list[str]) -> Visit:
    """Puts the organiser's cookie into `cookies`."""
    form = expect((yield get("/organiser/sign-in")), 200)
    typed = {"sign_in-email": email, "sign_in-password": password}
    sent = yield post("/organiser/sign-in", typed | hidden(form), cookie_of(form))
    if sent.status not in {302, 303}:
        raise LoadError(f"signing in: {sent.status}")
    cookies.append(cookie_of(sent))


def sizes(pages: dict[str, int]) -> Visit:
    """Registers, and puts the bytes of the pages on the way into `pages`."""
    visit = register()
    request, names = next(visit), iter(("page", "form", "", "answer"))
    for name in names:
        answer = yield request
        pages[name] = len(answer.body)
        with suppress(StopIteration):
            request = visit.send(answer)


def hidden(form: Answer) -> dict[str, str]:
    return {name.decode(): unescape(value.decode()) for name, value in _HIDDEN.findall(form.body)}


def cookie_of(answer: Answer) -> str:
    return "; ".join(_COOKIE.findall(answer.head))


def _typed() -> dict[str, str]:
    number = next(_numbers)
    return {
        "first_name": "Åsa",
        "last_name": f"Exempelsson-{number}",
        "email": f"visitor{number}@example.org",
        "profession": "nurse",
        "workplace": "Karolinska Universitetssjukhuset",
        "department": "Exempelkliniken",
        "attendance": "online" if number % 2 else "on_site",
        "message": "",
    }
