"""Addresses that no page of ours has: numbers beyond every column, signs that no database or page can hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from regapp.accounts.roles import Role
from tests.access import test_access_table as table
from tests.support.client import CheckingClient, read

values = table.values

NUL, BEYOND_INTEGER, BEYOND_ALL, ENDLESS = b"a\0" * 16, str(2**31).encode(), b"9" * 30, b"9" * 5000
ODD = (NUL, BEYOND_INTEGER, BEYOND_ALL, ENDLESS, b"\xff", b"\xed\xa0\x80")
"""Octets as they stand in an address: signs, numbers beyond every column, and what is no UTF-8 (a lone surrogate)."""


def odd_doors(app: Flask, values: dict[str, Any]) -> Iterator[tuple[str, bytes, bytes]]:
    """Each address with each of its parts, one at a time, made odd: method, path and what is odd in it."""
    for door in table.doors(app, values, "GET", "POST"):
        if door.method == "POST" and "GET" in (door.rule.methods or ()):
            continue
        own = {"registrations.join": "join", "accounts.choose_password": "choose"}.get(door.rule.endpoint, "token")
        given = {**values, "token": values[own]}
        for part in door.rule.arguments & given.keys():
            before, found, after = door.path.partition(str(given[part]))
            assert found, f"no {part} in {door.path}"
            for odd in ODD:
                yield door.method, before.encode() + odd + after.encode(), odd


def status_at(client: CheckingClient, method: str, path: bytes) -> int:
    """The answer at a path of these octets, as a WSGI server gives them on (PEP 3333)."""
    answer = client.open("/", method=method, environ_overrides={"PATH_INFO": path.decode("latin-1")})
    answer.close()
    return answer.status_code


@pytest.mark.both_databases("each refuses other numbers and signs, and raises its own errors")
@pytest.mark.parametrize("role", [None, Role.ADMIN])
def test_an_odd_address_is_no_page(app: Flask, values: dict[str, Any], role: Role | None) -> None:
    client = table.browser(app, role)
    seen = [(status_at(client, method, path), path, odd) for method, path, odd in odd_doors(app, values)]
    # What is elsewhere or wants a sign-in or a form's token first has not been looked for yet.
    assert [door for door in seen if door[0] not in {302, 303, 308, 401, 404, 422}] == []
    assert [door for door in seen if door[2] is NUL and door[0] != 404] == []
    numbers = {BEYOND_INTEGER, BEYOND_ALL, ENDLESS}
    assert {door[0] for door in seen if b"/reminders/" in door[1] and door[2] in numbers} == {404}


@pytest.mark.both_databases("SQLite takes a NUL, PostgreSQL doesn't")
def test_a_sign_that_no_page_can_show_is_refused_in_words_where_one_signs_in(client: CheckingClient) -> None:
    for path, field in (("/organiser/sign-in", "sign_in-email"), ("/organiser/forgot-password", "email")):
        answer = client.submit(path, **{field: "a\0b@example.org"})
        assert answer.status_code == 400
        assert "tecken som inte går att visa" in read(answer).text
