"""What stands in the session's cookie, which is signed and not encrypted: whoever has it can read it."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterator
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.http import parse_cookie
from werkzeug.test import TestResponse

from regapp.accounts.models import Organiser
from regapp.core.db import db
from regapp.registrations.attempts import Attempt
from regapp.registrations.models import Registration

KEPT = {"_flashes", "_fresh", "_user_id", "csrf_token", "fs_cc", "fs_paa", "sent", "token", "used"}
"""All that a session holds: random names, instants, and what the next page is to say."""


def check(app: Flask, answer: TestResponse) -> None:
    """Fails when a cookie that the answer sets holds anything about a person."""
    for header in answer.headers.getlist("Set-Cookie"):
        for name, value in parse_cookie(header.partition(";")[0]).items():
            session = read(value)
            assert session.keys() <= KEPT, f"{name} holds {sorted(session.keys() - KEPT)}"
            said = [word for text in _texts(session) for word in re.findall(r"[\w@.-]+", text)]
            assert not any("@" in word for word in said), f"an address in {name}: {session}"
            if "_flashes" in session:
                assert not _names(app).intersection(said), f"a name in {name}: {session}"


def read(value: str) -> dict[str, Any]:
    """The session in a cookie's value; an empty one when there is none."""
    if not value:
        return {}
    payload = value.removeprefix(".").rsplit(".", 2)[0]
    octets = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    session = json.loads(zlib.decompress(octets) if value.startswith(".") else octets)
    assert isinstance(session, dict)
    return session


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _names(app: Flask) -> set[str]:
    """The words of everybody's name."""
    with app.app_context():
        people = [
            *db.session.execute(select(Registration.first_name, Registration.last_name)),
            *db.session.execute(select(Attempt.first_name, Attempt.last_name)),
            *db.session.execute(select(Organiser.name)),
        ]
    return {word for person in people for name in person for word in re.findall(r"[\w-]+", name or "")}
