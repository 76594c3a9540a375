"""Writes every page of the demo as a file: `python -m tests.support.every_page FOLDER`.

Each address and method of the URL map, for each role, in both languages, in several states of the demo day, at a fixed
clock; then what sending each form with nothing typed in it gives, and the letters that it brings about. What is random
is masked, so that `diff -r` of two folders shows what a change of the program changed for its readers.
"""

from __future__ import annotations

import io
import itertools
import re
import secrets
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import time_machine
from sqlalchemy import text
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

import config
from regapp import create_app
from regapp.accounts.roles import Role
from regapp.core import migrating
from regapp.core.db import db, disconnect, writing
from regapp.core.links import Purpose, sign
from regapp.demo import filling
from regapp.events import editing
from tests.support.client import CheckingClient
from tests.support.days import APPLICATION
from tests.support.organisers import signed_in

OPEN = datetime(2026, 10, 20, 9, tzinfo=UTC)
LANGUAGES = ("sv", "en")
HEADERS = (
    "Location",
    "Content-Type",
    "Cache-Control",
    "Content-Disposition",
    "Content-Security-Policy",
    "X-Robots-Tag",
)


def as_it_is() -> None:
    """The demo as it is filled."""


def set_day(assignment: str) -> Callable[[], None]:
    return lambda: db.session.execute(text(f"UPDATE event SET {assignment}"))


def cancel() -> None:
    event_id, version = db.session.execute(text("SELECT id, version FROM event")).one()
    editing.cancel(event_id, version, OPEN, actor="system")


def offer() -> None:
    """The first in line is offered a seat."""
    first = "SELECT id FROM registration WHERE in_line_since IS NOT NULL AND status <> 'cancelled' ORDER BY id LIMIT 1"
    db.session.execute(text(f"UPDATE registration SET answer_by = '2026-11-01 12:00:00' WHERE id = ({first})"))


STATES: dict[str, tuple[Callable[[], None], datetime]] = {
    "open": (as_it_is, OPEN),
    "offered": (offer, OPEN),
    "not open": (as_it_is, datetime(2026, 9, 1, 9, tzinfo=UTC)),
    "draft": (set_day("publication = 'draft'"), OPEN),
    "free": (set_day("seats_on_site = 500, seats_online = 500"), OPEN),
    "full": (set_day("seats_online = 1"), OPEN),
    "cancelled": (cancel, OPEN),
    "closed": (as_it_is, datetime(2026, 11, 20, 9, tzinfo=UTC)),
    "the day": (as_it_is, datetime(2026, 11, 25, 9, tzinfo=UTC)),
    "over": (as_it_is, datetime(2026, 12, 1, 9, tzinfo=UTC)),
}


class Demo:
    """The demo's app over a database that can be put back."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / "regapp.sqlite"
        environ = {
            "REGAPP_DEMO": "1",
            "REGAPP_DATABASE_URL": f"sqlite:///{self.database}",
            "REGAPP_INSTANCE": str(folder),
            "REGAPP_BASE_URL": "https://anmalan.example.org",
            "REGAPP_SECRET_KEY": secrets.token_hex(32),
            "REGAPP_PASSWORD_SALT": secrets.token_hex(32),
            "REGAPP_FORM_SECONDS": "0",
        }
        migrating.upgrade(environ["REGAPP_DATABASE_URL"])
        self.app = create_app(config.load(environ))
        self.app.testing = True
        self.app.test_client_class = CheckingClient
        with self.app.app_context():
            filling.fill()

    def keep(self, name: str) -> None:
        with self.app.app_context():
            disconnect()
        shutil.copy(self.database, self.database.with_name(name))

    def put_back(self, name: str) -> None:
        with self.app.app_context():
            disconnect()
        for path in self.database.parent.glob("regapp.sqlite*"):
            path.unlink()
        shutil.copy(self.database.with_name(name), self.database)

    def ask(self, question: str) -> list[Any]:
        with self.app.app_context():
            return list(db.session.execute(text(question)))


def people(demo: Demo) -> list[Any]:
    """One registration of each status, form of attendance and place in line."""
    return demo.ask(
        "SELECT min(id) AS id, public_id, link_version FROM registration"
        " GROUP BY status, attendance, in_line_since IS NULL, answer_by IS NULL, language"
    )


def addresses(demo: Demo) -> Iterator[tuple[Rule, str]]:
    """Every address, with each value that stands for others of its sort."""
    found = people(demo)
    with demo.app.app_context():
        manage = [sign(Purpose.MANAGE, person.public_id, person.link_version) for person in found]
        join = [sign(Purpose.JOIN, person.public_id, person.link_version) for person in found]
    answers = [row.answer_id for row in demo.ask("SELECT answer_id FROM submission")]
    values: dict[str, list[Any]] = {
        "slug": [row.slug for row in demo.ask("SELECT slug FROM event")],
        "public_id": [person.public_id for person in found],
        "mail_id": [row.id for row in demo.ask("SELECT id, min(rowid) FROM outgoing_mail GROUP BY kind, language")],
        "filename": ["site.css"],
        "answer_id": answers or ["nobodys"],
        "mark": ["read", "unread"],
        "reminder_id": [row.id for row in demo.ask("SELECT id FROM reminder ORDER BY id")],
        "name": PLANNED,
        "token": manage,
    }
    for rule in demo.app.url_map.iter_rules():
        given = {**values, "token": join} if rule.endpoint == "registrations.join" else values
        names = sorted(rule.arguments - set(rule.defaults or {}))
        for chosen in itertools.product(*(given[name] for name in names)):
            wanted = {**(rule.defaults or {}), **dict(zip(names, chosen, strict=True))}
            _, path = rule.build(wanted, append_unknown=False) or ("", "")
            yield rule, path


PLANNED = [
    *("confirmation", "waiting", "update", "moved", "offer", "offer_passed", "line_closed", "seat", "cancellation"),
    *("transfer", "taken_over", "link", "not_registered", "day_changed", "day_cancelled", "undone", "corrected"),
    *("reminder-1", "reminder-2", "reminder-3", "address_changed", "declined", "language", "registered"),
]
"""Names of letters in the mail plan; one that there isn't answers 404."""


RANDOM = [
    (re.compile(r"/(my|join|choose-password)/[\w.~-]{20,}"), r"/\1/TOKEN"),
    (re.compile(r'(name="(?:[\w-]*csrf_token|form_key|proof|shown)"[^>]*value=")[^"]*'), r"\1MASKED"),
    (re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}"), "UUID"),
    (re.compile(r"\?v=[\w-]+"), "?v=HASH"),
    (re.compile(r"REF-[A-Z0-9]+|nonce-[\w+/=-]+"), "NONCE"),
]
"""What is random in a page, and what is written for it."""


class Masks:
    """The random values of one demo, and those that look alike in all."""

    def __init__(self, demo: Demo) -> None:
        self.own = {row.public_id: f"PERSON{row.id}" for row in demo.ask("SELECT id, public_id FROM registration")}
        self.own |= {row.id: f"MAIL{row.number}" for row in demo.ask("SELECT id, rowid AS number FROM outgoing_mail")}
        self.own |= {row.answer_id: "ANSWER" for row in demo.ask("SELECT answer_id FROM submission")}

    def apply(self, words: str) -> str:
        for value, written in self.own.items():
            words = words.replace(value, written)
        for pattern, masked in RANDOM:
            words = pattern.sub(masked, words)
        return words


def body(answer: TestResponse) -> str:
    content = answer.get_data()
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            return "\n".join(
                f"{name}\n{book.read(name).decode()}" for name in sorted(book.namelist()) if "docProps" not in name
            )
    return content.decode("utf-8", "replace")


def written(answer: TestResponse) -> str:
    headers = "".join(f"{name}: {answer.headers[name]}\n" for name in HEADERS if name in answer.headers)
    return f"{answer.status}\n{headers}\n{body(answer)}"


def letters(demo: Demo, after: int) -> str:
    found = demo.ask(f"SELECT * FROM outgoing_mail WHERE rowid > {after} ORDER BY rowid")
    shown = ("kind", "recipient", "language", "state", "method", "sequence", "subject", "text", "html", "calendar")
    return "".join("\n".join(f"{name}: {getattr(mail, name)}" for name in shown) + "\n\n" for mail in found)


def file_name(path: str) -> str:
    return re.sub(r"[^\w.-]+", "_", path).strip("_") or "root"


def visitors(demo: Demo) -> Iterator[tuple[str, CheckingClient]]:
    client = demo.app.test_client()
    assert isinstance(client, CheckingClient)
    yield "anonymous", client
    for role, language in itertools.product(Role, LANGUAGES):
        demo.put_back("state")
        yield f"{role}-{language}", signed_in(demo.app, role, language=language)


def send_form(client: CheckingClient, path: str) -> TestResponse:
    """What sending the page's form with nothing typed in it gives."""
    token = re.search(r'name="csrf_token"[^>]*value="([^"]*)', client.get(path).get_data(as_text=True))
    fields = {"csrf_token": token[1] if token else ""}
    return client.post(path, data=fields)


def write_state(demo: Demo, folder: Path) -> int:
    number = 0
    known = demo.ask("SELECT coalesce(max(rowid), 0) AS id FROM outgoing_mail")[0].id
    for who, client in visitors(demo):
        demo.keep("signed in")
        masks, reached = Masks(demo), sorted(addresses(demo), key=lambda found: (found[0].endpoint, found[0].rule))
        target = folder / who
        target.mkdir(parents=True)
        for rule, path in reached:
            if (who != "anonymous") and not rule.endpoint.startswith(("organising", "accounts")):
                continue
            for method in ("GET", "POST"):
                if method not in (rule.methods or ()) or rule.endpoint == "accounts.sign_out":
                    continue
                answer = client.get(path) if method == "GET" else send_form(client, path)
                name = masks.apply(path)
                (target / f"{file_name(name)}.{method}").write_text(masks.apply(written(answer)))
                number += 1
                if method == "POST":
                    if brought := letters(demo, known):
                        (target / f"{file_name(name)}.LETTERS").write_text(masks.apply(brought))
                    demo.put_back("signed in")
    return number


def main(folder: Path) -> None:
    number = 0
    for state, (change, at) in STATES.items():
        with tempfile.TemporaryDirectory() as temporary, time_machine.travel(OPEN, tick=False) as clock:
            demo = Demo(Path(temporary))
            visitor = demo.app.test_client()
            assert isinstance(visitor, CheckingClient)
            slug = demo.ask("SELECT slug FROM event")[0].slug
            visitor.submit(f"/{slug}/register", **APPLICATION)
            with demo.app.app_context(), writing():
                change()
            demo.keep("state")
            clock.move_to(at, tick=False)
            target = folder / state
            target.mkdir(parents=True)
            (target / "letters").write_text(Masks(demo).apply(letters(demo, 0)))
            number += write_state(demo, target)
        print(state, number, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
