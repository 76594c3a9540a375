"""Every letter as a person reads it: the files in tests/mails are what is sent, word for word."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from regapp.core.db import db, writing
from regapp.events.models import Event
from regapp.mailing.models import OutgoingMail
from regapp.registrations import asking, cancelling, changing, moving, promoting, transferring
from regapp.registrations.models import Registration
from regapp.registrations.transferring import Colleague
from tests.support.client import CheckingClient
from tests.support.days import APPLICATION, STOCKHOLM, WHILE_OPEN

MAILS = Path(__file__).parents[1] / "mails"
WRITE_ANEW = bool(os.environ.get("WRITE_MAILS"))
"""Set it to write the files anew after a change of words, then read the difference."""

NEAR = datetime(2026, 11, 16, 10, 0, tzinfo=STOCKHOLM)
"""An instant when a free seat is offered."""

pytestmark = pytest.mark.usefixtures("day")
languages = pytest.mark.parametrize("language", ["sv", "en"])


def readable(mail: OutgoingMail, changing: dict[str, str]) -> str:
    """The letter with its links named and what differs from run to run taken out."""
    parts = [f"Subject: {mail.subject}", "", mail.text or ""]
    if mail.calendar:
        parts += [f"Calendar ({mail.method.value if mail.method else ''}):", "", mail.calendar.replace("\r\n", "\n")]
    words = "\n".join(parts)
    for found, name in changing.items():
        words = words.replace(found, name)
    return words.replace("\x02", "<").replace("\x03", " link>")


def compare(name: str, language: str, words: str) -> None:
    file = MAILS / f"{name}.{language}.txt"
    if WRITE_ANEW:
        file.parent.mkdir(exist_ok=True)
        file.write_text(words, encoding="utf-8")
    assert words == file.read_text(encoding="utf-8"), file.name


@languages
@pytest.mark.parametrize("attendance", ["on_site", "online"])
def test_the_letters_say_what_the_files_say(
    app: Flask, client: CheckingClient, clock, language: str, attendance: str
) -> None:
    path = "/2026/register" if language == "sv" else "/en/2026/register"
    client.submit(path, **{**APPLICATION, "attendance": attendance})
    clock.shift(2 * 3600)
    app.test_client().submit(path, **APPLICATION)
    with app.app_context():
        with writing():
            cancelling.cancel(1, WHILE_OPEN)
            cancelling.undo(1, WHILE_OPEN)
            cancelling.cancel_day(1, 1, WHILE_OPEN, actor="organiser:1")
        uid = str(db.session.query(Registration).one().calendar_uid)
        mails = {mail.kind: readable(mail, {uid: "the-entrys-uid"}) for mail in db.session.query(OutgoingMail)}
    assert set(mails) == {"confirmation", "link", "cancellation", "undo", "day_cancelled"}
    for kind, words in mails.items():
        compare(f"{kind}-{attendance.replace('_', '-')}", language, words)


def _settle(at: datetime) -> None:
    promoting.settle(db.session.get_one(Event, 1), at)


def _offer_passes(_person: int) -> None:
    cancelling.cancel(1, NEAR)
    _settle(NEAR + timedelta(days=4))


HAPPENINGS: dict[str, tuple[str, str, Callable[[int], object]]] = {
    # the file: what the person wished for, which letter, and what happened meanwhile
    "waiting-online": ("online_and_line", "waiting", lambda _person: None),
    "waiting-only": ("line", "waiting", lambda _person: None),
    "promoted-from-online": ("online_and_line", "update", lambda _person: cancelling.cancel(1, WHILE_OPEN)),
    "promoted-from-line": ("line", "confirmation", lambda _person: cancelling.cancel(1, WHILE_OPEN)),
    "offer-online": ("online_and_line", "offer", lambda _person: cancelling.cancel(1, NEAR)),
    "offer-only": ("line", "offer", lambda _person: cancelling.cancel(1, NEAR)),
    "offer_passed-online": ("online_and_line", "offer_passed", _offer_passes),
    "offer_passed-only": ("line", "offer_passed", _offer_passes),
    "line_closed-online": ("online_and_line", "line_closed", lambda _person: _settle(NEAR + timedelta(days=9))),
    "line_closed-only": ("line", "line_closed", lambda _person: _settle(NEAR + timedelta(days=9))),
    "cancellation-only": ("line", "cancellation", lambda person: cancelling.cancel(person, WHILE_OPEN)),
    "moved-online": ("on_site", "update", lambda person: moving.move_online(person, WHILE_OPEN)),
    "transfer": (
        "online",
        "transfer",
        lambda person: transferring.transfer(person, Colleague("Bo", "Ek", "bo@example.org"), WHILE_OPEN),
    ),
    "link-asked": ("online", "link", lambda _person: asking.ask_for_link(1, "asa@example.org", NEAR)),
    "address": ("online", "confirmation", lambda person: changing.change_address(person, "ny@example.org", NEAR)),
}


@languages
@pytest.mark.parametrize("name", HAPPENINGS)
def test_the_letters_of_a_change_say_what_the_files_say(
    app: Flask, client: CheckingClient, language: str, name: str
) -> None:
    wish, kind, happens = HAPPENINGS[name]
    others = 1 if wish == "on_site" else 2
    for number in range(others):
        client.submit("/2026/register", **{**APPLICATION, "email": f"p{number}@example.org"})
    path = "/2026/register" if language == "sv" else "/en/2026/register"
    client.submit(path, **{**APPLICATION, "attendance": wish})
    with app.app_context():
        with writing():
            happens(others + 1)
        person = db.session.get_one(Registration, others + 1)
        mails = db.session.query(OutgoingMail).filter_by(registration_id=person.id, kind=kind)
        mail = mails.order_by(OutgoingMail.dated_at.desc()).first()
        assert mail is not None
        words = readable(mail, {str(person.calendar_uid): "the-entrys-uid"})
    compare(name, language, words)
