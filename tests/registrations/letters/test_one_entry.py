"""One person, one calendar entry, through everything that happens to either: what arrives in the mailbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple

import icalendar
import pytest
import time_machine
import vobject
from flask import Flask

import config
from regapp.core.db import db, writing
from regapp.mailing import invites
from regapp.mailing.models import Bounce, CalendarMethod, MailState, OutgoingMail, TryOutcome
from regapp.mailing.sending.delivery import deliver_due
from regapp.mailing.sending.transport import SmtpTransport
from tests.registrations.people import find, path_of, register
from tests.support.cancelled import time_is_up
from tests.support.client import CheckingClient
from tests.support.days import APPLICATION
from tests.support.editing import change
from tests.support.machine.server import environment
from tests.support.mail.fates import REFUSAL, RETURN, all_go, letters
from tests.support.mail.letters import plain
from tests.support.mail.smtp import SmtpServer
from tests.support.organisers import signed_in

pytestmark = pytest.mark.usefixtures("day")

ASA, BO = "asa@example.org", "bo@example.org"


class Entry(NamedTuple):
    """What the calendar part of a letter says, as two libraries read it alike."""

    method: str
    status: str
    sequence: int
    place: str
    starts_at: datetime
    summary: str
    uid: str


@pytest.fixture
def environ(database_url: str, instance: Path, server: SmtpServer) -> dict[str, str]:
    return environment(database_url, instance, MAIL_PORT=str(server.port))


@pytest.fixture
def deliver(app: Flask, settings: config.Settings, server: SmtpServer) -> Callable[[], list[EmailMessage]]:
    """Let the worker send what waits; what arrived for Åsa so far."""

    def work() -> list[EmailMessage]:
        with app.app_context():
            deliver_due(SmtpTransport(settings))
        return [received.message for received in server.to(ASA)]

    return work


def entry_in(letter: EmailMessage) -> Entry:
    (part,) = (part for part in letter.walk() if part.get_content_type() == "text/calendar")
    octets = part.get_payload(decode=True)
    assert isinstance(octets, bytes)
    assert part.get_param("method") == str(icalendar.Calendar.from_ical(octets)["METHOD"])
    first, second = _by_icalendar(octets), _by_vobject(octets)
    assert first == second
    return first


def _by_icalendar(octets: bytes) -> Entry:
    calendar = icalendar.Calendar.from_ical(octets)
    (event,) = calendar.walk("VEVENT")
    words = {name: str(event[name]) for name in ("STATUS", "LOCATION", "SUMMARY", "UID")}
    return Entry(
        str(calendar["METHOD"]),
        words["STATUS"],
        int(event["SEQUENCE"]),
        words["LOCATION"],
        event["DTSTART"].dt,
        words["SUMMARY"],
        words["UID"],
    )


def _by_vobject(octets: bytes) -> Entry:
    calendar = vobject.readOne(octets.decode())
    event = calendar.vevent
    return Entry(
        calendar.method.value,
        event.status.value,
        int(event.sequence.value),
        event.location.value,
        event.dtstart.value.astimezone(UTC),
        event.summary.value,
        event.uid.value,
    )


@pytest.mark.both_databases("SQL raises the number and writes the UID into the key")
def test_one_entry_follows_every_change_until_it_is_cancelled(
    app: Flask, client: CheckingClient, clock: time_machine.Traveller, deliver: Callable[[], list[EmailMessage]]
) -> None:
    organiser = signed_in(app)
    mine = register(app, ASA)
    deliver()
    client.submit(mine + "/attendance", attendance="online")
    told = len(deliver())
    change(organiser, venue="Stora salen")
    assert len(deliver()) == told, "who takes part online has no venue in the calendar"
    client.submit(mine + "/attendance", attendance="on_site")
    deliver()
    change(organiser, venue="Aulan")
    deliver()
    client.submit(mine + "/cancel")
    deliver()
    clock.shift(3600)
    register(app, ASA)
    *entries, new = [entry_in(letter) for letter in deliver()]

    join = "https://anmalan.example.org/join/"
    assert [(entry.method, entry.status, entry.sequence) for entry in entries] == [
        ("REQUEST", "CONFIRMED", 0),
        ("REQUEST", "CONFIRMED", 1),
        ("REQUEST", "CONFIRMED", 2),
        ("REQUEST", "CONFIRMED", 3),
        ("CANCEL", "CANCELLED", 4),
    ]
    assert [entry.place.partition(",")[0] for entry in entries if join not in entry.place] == [
        "Provsalen",
        "Stora salen",
        "Aulan",
        "Aulan",
    ]
    assert entries[1].place.startswith(join)
    assert len({entry.uid for entry in entries}) == 1
    assert (new.method, new.sequence, new.place) == ("REQUEST", 0, "Aulan, Exempelvägen 1, Stockholm")
    assert new.uid != entries[0].uid


@pytest.mark.parametrize("wish", ["on_site", "online", "online_and_line", "line"])
@pytest.mark.parametrize("by", ["the form", "an organiser", "a colleague", "a corrected address"])
def test_who_comes_back_after_a_cancellation_without_a_letter_has_one_entry(
    app: Flask, client: CheckingClient, deliver: Callable[[], list[EmailMessage]], by: str, wish: str
) -> None:
    organiser, mine = signed_in(app), register(app, ASA)
    deliver()
    organiser.submit(f"/organiser/2026/attendees/{find(app, ASA).public_id}/cancel", tell=False)
    if "line" in wish:
        for email in ("p1@example.org", "p2@example.org"):
            register(app, email)
    (first,) = [entry_in(letter) for letter in deliver()]
    assert client.get(mine).status_code == 200
    come_back(app, organiser, by, wish)
    last = [entry_in(letter) for letter in deliver() if is_invited(letter)][-1]
    assert (last.uid, last.sequence) == (first.uid, first.sequence + 1)
    assert last.method == ("REQUEST" if find(app, ASA).has_place else "CANCEL")
    assert {entry_in(letter).uid for letter in deliver() if is_invited(letter)} == {first.uid}


@pytest.mark.parametrize("fate", ["refused", "came back", "waits"])
@pytest.mark.parametrize("comes_back", ["the address is changed back", "a new form"])
def test_a_mailbox_that_still_shows_an_entry_gets_that_one_when_the_address_comes_back(
    app: Flask, clock: time_machine.Traveller, fate: str, comes_back: str
) -> None:
    mine: CheckingClient = app.test_client()  # type: ignore[assignment]
    organiser = signed_in(app)
    register(app, ASA)
    all_go(app)
    clock.shift(60)
    mine.submit(path_of(app, ASA) + "/address", email=BO)
    if fate != "waits":
        all_go(app, *((TryOutcome.FAILED, REFUSAL) if fate == "refused" else ()))
    if fate == "came back":
        with app.app_context(), writing():
            taken = db.session.query(OutgoingMail).filter_by(recipient=ASA, method=CalendarMethod.CANCEL).one()
            taken.bounce = Bounce(at=taken.dated_at, status="5.2.2", reason=RETURN)
    clock.shift(60)
    if comes_back == "a new form":
        register(app, ASA.capitalize(), "online")
    else:
        organiser.submit(f"/organiser/2026/attendees/{find(app, BO).public_id}/correct", email=ASA)
    clock.shift(60)
    mails = [mail for mail in letters(app) if mail.recipient.lower() == ASA and mail.state is not MailState.WITHDRAWN]
    shown = [invites.read(mail.calendar) for mail in mails if mail.calendar]
    first, last = shown[0], shown[-1]
    assert (last.uid, last.method, last.sequence) == (first.uid, "REQUEST", 2)
    assert {entry.uid for entry in shown} == {first.uid}
    assert not {invites.read(mail.calendar).uid for mail in letters(app, BO) if mail.calendar} & {first.uid}


def come_back(app: Flask, organiser: CheckingClient, by: str, wish: str) -> None:
    if by == "the form":
        register(app, ASA, wish)
    elif by == "an organiser":
        path = "/organiser/2026/register"
        organiser.submit(path, **{**APPLICATION, "email": ASA, "attendance": wish, "tell": True})
    elif by == "a colleague":
        theirs = register(app, "bo@example.org", wish if "line" not in wish else "online")
        visitor: CheckingClient = app.test_client()  # type: ignore[assignment]
        visitor.submit(theirs + "/transfer", first_name="Åsa", last_name="Ek", email=ASA)
    else:
        theirs = register(app, "bo@example.org", wish)
        visitor = app.test_client()  # type: ignore[assignment]
        visitor.submit(theirs + "/address", email=ASA)


def is_invited(letter: EmailMessage) -> bool:
    return any(part.get_content_type() == "text/calendar" for part in letter.walk())


def test_a_new_time_and_title_reach_every_calendar_with_a_letter_that_says_so(
    app: Flask, client: CheckingClient, deliver: Callable[[], list[EmailMessage]]
) -> None:
    organiser = signed_in(app)
    register(app, ASA, "online")
    confirmation, *_ = deliver()
    change(organiser, starts="10.00", title_sv="Höstens dag", title_en="The autumn day")
    _, letter = deliver()
    entry, before = entry_in(letter), entry_in(confirmation)
    assert entry == before._replace(
        sequence=1, starts_at=datetime(2026, 11, 25, 9, 0, tzinfo=UTC), summary="Höstens dag"
    )
    assert letter["Subject"] == "Dagen har ändrats: Höstens dag"
    assert letter["In-Reply-To"] == confirmation["Message-ID"]
    text = plain(letter.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert "ändrat tid och titel för dagen" in text.replace("\n", " ")
    assert "kl. 10.00–16.30 svensk tid" in text and "kl. 9.00–16.30 svensk tid" in text
    assert path_of(app, ASA) in text


def test_cancelling_the_day_takes_the_entry_away(app: Flask, deliver: Callable[[], list[EmailMessage]]) -> None:
    organiser = signed_in(app)
    register(app, ASA)
    confirmation, *_ = deliver()
    organiser.submit("/organiser/2026/cancel")
    time_is_up(app)
    _, letter = deliver()
    entry, before = entry_in(letter), entry_in(confirmation)
    assert entry == before._replace(method="CANCEL", status="CANCELLED", sequence=1)
    assert letter["Subject"] == "Inställt: Utbildningsdag om CAR T 2026"
