"""Letters to a crowd: written by one statement, rendered when claimed, dropped when overtaken."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import literal, select

from regapp.core.db import db, writing
from regapp.mailing import orders
from regapp.mailing.models import MailState, OutgoingMail
from regapp.mailing.orders import Rendering
from regapp.mailing.sending.delivery import deliver_due
from regapp.mailing.sending.transport import SmtpTransport
from regapp.registrations import registering
from regapp.registrations.application import Application
from regapp.registrations.choices import Profession, Wish
from regapp.registrations.models import Registration
from tests.support.days import WHILE_OPEN, new_day
from tests.support.mail.letters import a_letter, put
from tests.support.mail.smtp import SmtpServer

pytestmark = pytest.mark.usefixtures("context", "crowd")


@pytest.fixture
def crowd(context: None) -> None:
    new_day(seats_on_site=None)
    for number in range(3):
        application = Application("F", "E", f"p{number}@example.org", Profession.NURSE, "W", Wish.ON_SITE, "sv")
        with writing():
            registering.submit(1, application, f"form:{number}", WHILE_OPEN)
    with writing():
        for mail in db.session.scalars(select(OutgoingMail)):
            db.session.delete(mail)


def order(kind: str = "news") -> int:
    people = select(
        Registration.id.label("registration_id"),
        Registration.email.label("recipient"),
        Registration.language,
        (literal(f"{kind}:") + Registration.public_id).label("key"),
        Registration.calendar_sequence.label("sequence"),
        Registration.calendar_uid.label("entry_uid"),
    )
    with writing():
        return orders.write(people, kind=kind, at=WHILE_OPEN, event_id=1)


def all_letters() -> list[OutgoingMail]:
    return list(db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.recipient)))


@pytest.mark.both_databases("INSERT from SELECT, and a key that is there already")
def test_one_statement_writes_an_order_for_each_person_and_never_two() -> None:
    assert order() == 3
    assert order() == 0
    letters = all_letters()
    assert [mail.recipient for mail in letters] == ["p0@example.org", "p1@example.org", "p2@example.org"]
    assert len({mail.id for mail in letters}) == 3
    for mail in letters:
        assert mail.message_id == f"<{mail.id}@swecarnet.example.org>"
        assert (mail.is_order, mail.is_bulk, mail.state) == (True, True, MailState.QUEUED)
        assert mail.dated_at == mail.due_at == WHILE_OPEN


@pytest.mark.both_databases("the order is locked while it becomes a letter")
def test_an_order_is_rendered_when_it_is_claimed_and_an_overtaken_one_is_withdrawn(
    route: SmtpTransport, server: SmtpServer
) -> None:
    order()
    orders.render_with({"news": lambda mail: None if "p1" in mail.recipient else Rendering(a_letter())})
    assert deliver_due(route).handled == 2
    assert [mail.state for mail in all_letters()] == [MailState.SENT, MailState.WITHDRAWN, MailState.SENT]
    assert [received.recipients for received in server.received] == [["p0@example.org"], ["p2@example.org"]]
    assert server.received[0].message["Subject"] == a_letter().subject


def test_a_kind_that_nobody_renders_spoils_no_other_letter(route: SmtpTransport, server: SmtpServer) -> None:
    orders.render_with({})
    order("unheard of")
    put("after them")
    assert deliver_due(route).handled == 1
    assert {mail.state for mail in all_letters()} == {MailState.QUEUED, MailState.SENT}


@pytest.mark.both_databases("SQL orders the claim")
def test_a_confirmation_doesnt_wait_for_a_crowds_letters(route: SmtpTransport, server: SmtpServer) -> None:
    order()
    orders.render_with({"news": lambda mail: Rendering(a_letter())})
    put("confirmation", to="new@example.org", at=WHILE_OPEN + timedelta(minutes=5))
    assert deliver_due(route).handled == 4
    assert server.received[0].recipients == ["new@example.org"]


def test_a_letter_put_off_is_told_anew_or_not_at_all_when_it_holds_no_more(
    route: SmtpTransport, server: SmtpServer
) -> None:
    order()
    says = {f"p{number}@example.org": Rendering(a_letter(subject="Before")) for number in range(3)}
    orders.render_with({"news": lambda mail: says.get(mail.recipient)})
    for address in says:
        server.faults.recipients[address] = ["450 4.2.0 later"]
    with time_machine.travel(WHILE_OPEN, tick=False) as traveller:
        deliver_due(route)
        says["p1@example.org"] = Rendering(a_letter(subject="After"))
        del says["p2@example.org"]
        traveller.shift(timedelta(minutes=2))
        assert deliver_due(route).handled == 2
    subjects = {received.recipients[0]: received.message["Subject"] for received in server.received}
    assert subjects == {"p0@example.org": "Before", "p1@example.org": "After"}
    letters = all_letters()
    assert [mail.state for mail in letters] == [MailState.SENT, MailState.SENT, MailState.WITHDRAWN]
    assert server.to("p1@example.org")[0].message["Message-ID"] == letters[1].message_id
