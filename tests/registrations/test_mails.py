"""Every letter as a person reads it: the files in tests/mails are what is sent, word for word."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

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
from tests.support.mails import compare, languages

NEAR = datetime(2026, 11, 16, 10, 0, tzinfo=STOCKHOLM)
"""An instant when a free seat is offered."""

pytestmark = pytest.mark.usefixtures("day")


ORDINARY = {
    ("confirmation", "on_site"): "confirmation-on-site",
    ("confirmation", "online"): "confirmation-online",
    ("link", "on_site"): "link-on-site",
    ("link", "online"): "link-online",
    ("cancellation", "on_site"): "cancellation-on-site",
    ("cancellation", "online"): "cancellation-online",
    ("undo", "on_site"): "undo-on-site",
    ("undo", "online"): "undo-online",
    ("day_cancelled", "on_site"): "day_cancelled-on-site",
    ("day_cancelled", "online"): "day_cancelled-online",
}


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
        mails = db.session.query(OutgoingMail).all()
        assert {mail.kind for mail in mails} == {kind for kind, _ in ORDINARY}
        for mail in mails:
            compare(ORDINARY[mail.kind, attendance], language, mail)


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
        compare(name, language, mail)
