"""A letter that the server put off and that a newer one overtook never comes last."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes, policy

import icalendar
import pytest
import time_machine
from sqlalchemy import update

from regapp.core.db import db, writing
from regapp.mailing import outbox
from regapp.mailing.models import MailState, OutgoingMail
from regapp.mailing.sending.delivery import deliver_due
from regapp.mailing.sending.transport import SmtpTransport
from regapp.registrations import cancelling, changing, moving
from regapp.registrations.choices import Wish
from regapp.registrations.letters import links
from tests.support.cancelled import cancel_day_and_tell
from tests.support.days import WHILE_OPEN, new_day
from tests.support.mail.smtp import SmtpServer
from tests.support.mail.telling import register as somebody_registers

pytestmark = pytest.mark.usefixtures("context")

T, MINUTE, HOUR = WHILE_OPEN, timedelta(minutes=1), timedelta(hours=1)
ADDRESS = "fridolina1@hemligt.example.org"
GREY = "450 4.7.1 greylisted"


@pytest.fixture
def put_off(context: None, route: SmtpTransport, server: SmtpServer) -> Callable[[Callable[[], object]], list[str]]:
    """Somebody's confirmation is put off; then something happens, and all letters go. Which ones arrived, in order."""
    outbox.resolve_links(links.links_of)
    new_day()
    somebody_registers(1, 1, Wish.ON_SITE, is_sent=False)
    server.faults.recipients[ADDRESS] += [GREY]

    def then(happens: Callable[[], object]) -> list[str]:
        with time_machine.travel(T, tick=False) as clock:
            deliver_due(route)
            with writing():
                happens()
            deliver_due(route)
            clock.shift(HOUR)
            deliver_due(route)
        return [str(received.message["Subject"]).partition(":")[0] for received in server.received]

    return then


def state_of(kind: str) -> MailState:
    return db.session.query(OutgoingMail).filter_by(kind=kind).one().state


def test_a_confirmation_that_an_update_overtook_is_withdrawn(put_off) -> None:  # type: ignore[no-untyped-def]
    assert put_off(lambda: moving.move_online(1, T + MINUTE)) == ["Ändrad anmälan"]
    assert state_of("confirmation") is MailState.WITHDRAWN


@pytest.mark.both_databases("SQL compares UUIDs, which each database keeps in its own way")
def test_no_invitation_comes_after_its_cancellation(put_off) -> None:  # type: ignore[no-untyped-def]
    assert put_off(lambda: cancelling.cancel(1, T + MINUTE)) == ["Du är avanmäld"]
    assert state_of("confirmation") is MailState.WITHDRAWN


def test_an_order_overtakes_it_too(put_off) -> None:  # type: ignore[no-untyped-def]
    arrived = put_off(lambda: cancel_day_and_tell(1, 1, T + MINUTE, actor="organiser:1"))
    assert arrived == ["Inställt"]
    assert state_of("confirmation") is MailState.WITHDRAWN


def test_a_letter_that_was_put_off_and_not_overtaken_comes(put_off) -> None:  # type: ignore[no-untyped-def]
    assert put_off(lambda: None) == ["Du är anmäld"]


def test_a_newer_letter_that_was_withdrawn_overtakes_nothing(put_off) -> None:  # type: ignore[no-untyped-def]
    def move_and_take_the_letter_back() -> None:
        moving.move_online(1, T + MINUTE)
        db.session.execute(update(OutgoingMail).where(OutgoingMail.kind == "update").values(state=MailState.WITHDRAWN))

    assert put_off(move_and_take_the_letter_back) == ["Du är anmäld"]


def test_a_cancellation_that_was_put_off_does_not_end_the_entry_that_came_back_to_the_mailbox(
    route: SmtpTransport, server: SmtpServer
) -> None:
    outbox.resolve_links(links.links_of)
    new_day()
    somebody_registers(1, 1, Wish.ON_SITE, is_sent=False)
    with time_machine.travel(T, tick=False) as clock:
        deliver_due(route)
        server.faults.recipients[ADDRESS] += [GREY] * 5
        with writing():
            changing.change_address(1, "ny@example.org", T)
        with writing():
            changing.change_address(1, ADDRESS, T + MINUTE)
            moving.move_online(1, T + 2 * MINUTE)
            moving.move_on_site(1, T + 3 * MINUTE)
        for _ in range(6):
            clock.shift(HOUR)
            deliver_due(route)
    first, present = [entry_in(received.octets) for received in server.received if received.recipients == [ADDRESS]]
    assert (first[1:], present[1:]) == (("REQUEST", 0), ("REQUEST", 4))
    assert first[0] == present[0]


@pytest.mark.both_databases("SQL compares UUIDs, which each database keeps in its own way")
def test_a_letter_that_was_put_off_is_not_overtaken_by_another_entry_in_the_same_mailbox(put_off) -> None:  # type: ignore[no-untyped-def]
    def write_of_another_entry() -> None:
        moving.move_online(1, T + MINUTE)
        another = {"entry_uid": uuid.uuid4(), "state": MailState.SENT, "sent_at": T}
        db.session.query(OutgoingMail).filter_by(kind="update").update(another)

    assert put_off(write_of_another_entry) == ["Du är anmäld"]


def entry_in(octets: bytes) -> tuple[str, str, int]:
    """UID, METHOD and SEQUENCE of the calendar part."""
    (part,) = (
        part
        for part in message_from_bytes(octets, policy=policy.SMTP).walk()
        if part.get_content_type() == "text/calendar"
    )
    calendar = icalendar.Calendar.from_ical(part.get_payload(decode=True))
    (event,) = calendar.walk("VEVENT")
    return str(event["UID"]), str(calendar["METHOD"]), int(event["SEQUENCE"])
