"""One letter that can't be made, whatever the reason, spoils none of the others and repeats none."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import literal, select

from regapp.core.db import db, writing
from regapp.mailing import orders, outbox
from regapp.mailing.message import FilledLetter
from regapp.mailing.models import CalendarMethod, DeliveryTry, MailState, OutgoingMail
from regapp.mailing.orders import Rendering
from regapp.mailing.sending.claiming import Answer
from regapp.mailing.sending.delivery import deliver_due
from regapp.mailing.sending.transport import SmtpTransport
from regapp.registrations.models import Registration
from tests.support.mail.letters import LINKS, WRITTEN_AT, a_letter, put
from tests.support.mail.smtp import SmtpServer

pytestmark = pytest.mark.usefixtures("context")

POISON = "p2@example.org"


@pytest.fixture
def crowd(register: Callable[[int], str]) -> None:
    """Three orders; the second one is poison, and the only one that the server doesn't get."""
    for number in (1, 2, 3):
        register(number)
    with writing():
        for mail in db.session.scalars(select(OutgoingMail)).all():
            db.session.delete(mail)
        people = select(
            Registration.id.label("registration_id"),
            Registration.email.label("recipient"),
            Registration.language,
            (literal("news:") + Registration.public_id).label("key"),
            Registration.calendar_sequence.label("sequence"),
            Registration.calendar_uid.label("entry_uid"),
        )
        orders.write(people, kind="news", at=WRITTEN_AT, event_id=1)
        for number, mail in enumerate(db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.recipient))):
            mail.due_at = WRITTEN_AT.replace(second=number)


def _asks_for_a_row_that_isnt_there() -> Rendering:
    db.session.get_one(Registration, 999)
    raise AssertionError


def _asks_for_one_of_two() -> Rendering:
    db.session.scalars(select(Registration)).one()
    raise AssertionError


def _has_a_bug() -> Rendering:
    raise ZeroDivisionError


BROKEN: dict[str, Callable[[], Rendering]] = {
    "a row that isn't there": _asks_for_a_row_that_isnt_there,
    "one of two": _asks_for_one_of_two,
    "a bug": _has_a_bug,
    "a calendar without a method": lambda: Rendering(a_letter(), calendar="BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"),
    "a method without a calendar": lambda: Rendering(a_letter(), method=CalendarMethod.REQUEST),
    "text that no database takes": lambda: Rendering(a_letter(), calendar="\ud800", method=CalendarMethod.REQUEST),
}


@pytest.mark.both_databases("an error undoes one letter and not the transaction")
@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize("name", BROKEN)
def test_an_order_that_cant_be_rendered_waits_as_it_is_and_the_others_arrive_once(
    route: SmtpTransport, server: SmtpServer, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    orders.render_with({"news": lambda mail: BROKEN[name]() if mail.recipient == POISON else Rendering(a_letter())})
    deliver_due(route)
    assert [received.recipients for received in server.received] == [["p1@example.org"], ["p3@example.org"]]
    states = dict(db.session.execute(select(OutgoingMail.recipient, OutgoingMail.state)).all())  # type: ignore[arg-type]
    assert states == {"p1@example.org": MailState.SENT, POISON: MailState.QUEUED, "p3@example.org": MailState.SENT}
    waiting = db.session.scalars(select(OutgoingMail).filter_by(recipient=POISON)).one()
    assert waiting.is_order
    assert waiting.attempts == 1
    assert len(db.session.scalars(select(DeliveryTry)).all()) == 3
    # An error of the database's holds the values of its statement: the whole letter.
    assert "can't be made ready" in caplog.text
    for personal in (POISON, str(a_letter().subject)):
        assert personal not in caplog.text


def test_a_letter_whose_links_cant_be_had_spoils_no_other(route: SmtpTransport, server: SmtpServer) -> None:
    def links_of(mail: OutgoingMail) -> dict[str, str]:
        if mail.recipient == POISON:
            db.session.get_one(Registration, 999)
        return LINKS

    outbox.resolve_links(links_of)
    for number in (1, 2, 3):
        put(f"letter:{number}", to=f"p{number}@example.org")
    deliver_due(route)
    assert [received.recipients for received in server.received] == [["p1@example.org"], ["p3@example.org"]]


def test_a_letter_that_trips_the_way_out_spoils_no_other(
    route: SmtpTransport, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = route.send

    def trip(letter: FilledLetter, octets: bytes) -> Answer:
        if letter.recipient == POISON:
            raise ZeroDivisionError
        return send(letter, octets)

    monkeypatch.setattr(route, "send", trip)
    for number in (1, 2, 3):
        put(f"letter:{number}", to=f"p{number}@example.org")
    deliver_due(route)
    assert [received.recipients for received in server.received] == [["p1@example.org"], ["p3@example.org"]]
    waiting = db.session.scalars(select(OutgoingMail).filter_by(recipient=POISON)).one()
    assert (waiting.state, waiting.attempts) == (MailState.QUEUED, 1)
