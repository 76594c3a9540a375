"""What a reminder says, and to whom it has nothing to say any more when a worker claims it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from regapp.campaigns.models import Audience
from regapp.core.db import db, writing
from regapp.events.models import Attendance, Event, Publication
from regapp.mailing.models import MailState, OutgoingMail
from regapp.mailing.sending.delivery import deliver_due
from regapp.mailing.sending.transport import SmtpTransport
from regapp.registrations import cancelling, changing, moving
from regapp.registrations.choices import Wish
from regapp.registrations.models import Registration
from tests.attendees.people import add
from tests.campaigns.reminders import keep_house, remind
from tests.support.mail.smtp import SmtpServer

pytestmark = pytest.mark.usefixtures("context")

DUE = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(DUE, tick=False) as traveller:
        yield traveller


def order() -> OutgoingMail:
    return db.session.scalars(select(OutgoingMail).filter_by(kind="reminder")).one()


@pytest.mark.usefixtures("clock")
def test_who_comes_is_told_how_to_get_there_and_who_joins_where_to_try_the_sound(
    day: Event, route: SmtpTransport, server: SmtpServer
) -> None:
    add(day, "På", "Plats", email="site@example.org")
    add(day, "Di", "Gital", email="online@example.org", wish=Wish.ONLINE)
    remind(day)
    keep_house(DUE)
    deliver_due(route)
    text = {}
    for received in server.received:
        body = received.message.get_body(("plain",))
        assert body is not None
        text[received.recipients[0]] = body.get_content()
    assert "Gå in från gården." in text["site@example.org"] and "Prova ljudet" not in text["site@example.org"]
    assert "Prova ljudet" in text["online@example.org"] and "gården" not in text["online@example.org"]


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("language", "words"), [("sv", "Ta med legitimation."), ("en", "Ta med legitimation.")])
def test_words_in_one_language_go_to_everybody(
    day: Event, language: str, words: str, route: SmtpTransport, server: SmtpServer
) -> None:
    add(day, "Åsa", "Ek", language=language)
    remind(day, message_sv=words)
    keep_house(DUE)
    deliver_due(route)
    (received,) = server.received
    body = received.message.get_body(("plain",))
    assert body is not None and words in body.get_content()


def cancel(person: int, _event: int) -> None:
    cancelling.cancel(person, DUE)


def move_online(person: int, _event: int) -> None:
    moving.move_online(person, DUE)


def change_address(person: int, _event: int) -> None:
    changing.change_address(person, "ny@example.org", DUE)


def is_another_mailbox(person: int, _event: int) -> None:
    """Without a rule that takes waiting letters back."""
    db.session.get_one(Registration, person).email = "ny@example.org"


def cancel_day(_person: int, event: int) -> None:
    db.session.get_one(Event, event).publication = Publication.CANCELLED


def start_day(_person: int, event: int) -> None:
    day = db.session.get_one(Event, event)
    day.promote_until = day.changes_close_at = day.closes_at = DUE - timedelta(days=1)
    day.starts_at = DUE


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("happens", [cancel, move_online, change_address, is_another_mailbox, cancel_day, start_day])
def test_an_order_that_is_of_no_use_any_more_is_withdrawn(
    day: Event, route: SmtpTransport, server: SmtpServer, happens: Callable[[int, int], None]
) -> None:
    person = add(day, "Åsa", "Ek", email="asa@example.org").id
    remind(day, audience=Audience.ON_SITE)
    keep_house(DUE)
    with writing():
        happens(person, day.id)
    deliver_due(route)
    db.session.rollback()
    assert order().state is MailState.WITHDRAWN
    assert not [mail for mail in server.received if "Påminnelse" in mail.message["Subject"]]


@pytest.mark.usefixtures("clock")
def test_a_reminder_to_everybody_tells_the_form_that_counts_when_it_leaves(
    day: Event, route: SmtpTransport, server: SmtpServer
) -> None:
    person = add(day, "Åsa", "Ek", email="asa@example.org").id
    remind(day)
    keep_house(DUE)
    with writing():
        moving.move_online(person, DUE)
    deliver_due(route)
    assert db.session.get_one(Registration, person).attendance is Attendance.ONLINE
    (reminder,) = (mail.message for mail in server.received if "Påminnelse" in mail.message["Subject"])
    text = reminder.get_body(("plain",))
    assert text is not None
    assert "/join/" in text.get_content()
    assert "Gå in från gården" not in text.get_content()


@pytest.mark.usefixtures("clock")
def test_hostile_words_of_an_organiser_stay_words(day: Event, route: SmtpTransport, server: SmtpServer) -> None:
    hostile = "<script>x</script> {{ 7 * 7 }} %(x)s \x02manage\x03\r\nBcc: all@example.org"
    add(day, "Åsa", "Ek", email="asa@example.org")
    remind(day, message_sv=hostile)
    keep_house(DUE)
    deliver_due(route)
    (received,) = server.received
    assert received.recipients == ["asa@example.org"]
    assert received.message["Bcc"] is None
    html = received.message.get_body(("html",))
    assert html is not None
    assert "<script" not in html.get_content()
    assert "{{ 7 * 7 }} %(x)s manage" in html.get_content()
