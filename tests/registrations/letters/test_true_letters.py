"""Letters, calendars and pages stay true when things happen in an unexpected order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import icalendar
import pytest
from flask import Flask

from regapp.core.db import db, writing
from regapp.core.errors import RuleBroken
from regapp.events.models import Attendance, Event
from regapp.mailing.models import CalendarMethod, MailState, OutgoingMail
from regapp.registrations import cancelling, changing, filling, moving, transferring
from regapp.registrations.choices import Diet
from regapp.registrations.letters.links import links_of
from regapp.registrations.models import Registration, Status
from regapp.registrations.transferring import Colleague
from tests.registrations.people import find, letters_to, register
from tests.support.cancelled import cancel_day_and_tell
from tests.support.client import CheckingClient, read
from tests.support.days import STOCKHOLM, WHILE_OPEN
from tests.support.mail.letters import plain

pytestmark = pytest.mark.usefixtures("day")

ASA, BO, EVA = "asa@example.org", "bo@example.org", "eva@example.org"
MINUTE = timedelta(minutes=1)
PROMOTION_ENDS = datetime(2026, 11, 24, 12, 0, tzinfo=STOCKHOLM)


@pytest.fixture
def do(app: Flask) -> Callable[..., None]:
    """Follow a rule for the person with this address, in a transaction."""

    def follow(rule: Callable[..., Any], email: str, *values: Any, **named: Any) -> None:
        with app.app_context(), writing():
            rule(find(app, email).id, *values, **named)

    return follow


@pytest.fixture
def change_day(app: Flask) -> Callable[..., None]:
    def change(at: datetime, **values: Any) -> None:
        with app.app_context(), writing():
            event = db.session.query(Event).one()
            for name, value in values.items():
                setattr(event, name, value)
            filling.settle(event, at)

    return change


@pytest.fixture
def cancel_day(app: Flask) -> Callable[[], None]:
    def cancel() -> None:
        with app.app_context(), writing():
            event = db.session.query(Event).one()
            cancel_day_and_tell(event.id, event.version, WHILE_OPEN, actor="organiser:1")

    return cancel


def settle(app: Flask, at: datetime) -> None:
    with app.app_context(), writing():
        filling.settle_all(at)


def send_letters(app: Flask) -> None:
    with app.app_context(), writing():
        for mail in db.session.query(OutgoingMail).filter_by(state=MailState.QUEUED):
            mail.state, mail.sent_at = MailState.SENT, WHILE_OPEN


def fill_up(app: Flask) -> None:
    """Two seats, Åsa's and Bo's."""
    register(app, ASA)
    register(app, BO)


def test_nobody_in_line_for_a_cancelled_day_is_told_that_their_place_stands(
    app: Flask, cancel_day: Callable[[], None]
) -> None:
    fill_up(app)
    register(app, EVA, "online_and_line")
    cancel_day()
    settle(app, PROMOTION_ENDS)
    assert letters_to(app, EVA) == ["waiting", "day_cancelled"]


@pytest.mark.parametrize("press", ["undo", "cancel"])
def test_a_button_from_before_the_day_was_cancelled_does_nothing_and_its_page_says_why(
    app: Flask, client: CheckingClient, cancel_day: Callable[[], None], press: str
) -> None:
    mine = register(app, ASA)
    if press == "undo":
        client.submit(mine + "/cancel")
    form = client.page(f"{mine}/{press}" if press == "cancel" else mine).form("/undo" if press == "undo" else None)
    before = find(app, ASA).status
    cancel_day()
    told = letters_to(app, ASA)
    answer = client.send(f"{mine}/{press}", form)
    assert "Dagen är inställd" in read(answer).text
    assert find(app, ASA).status is before and letters_to(app, ASA) == told


def test_no_entry_of_a_cancelled_day_comes_by_moving_giving_it_away_or_another_address(
    app: Flask, client: CheckingClient, do: Callable[..., None], cancel_day: Callable[[], None]
) -> None:
    mine = register(app, ASA)
    send_letters(app)
    cancel_day()
    with pytest.raises(RuleBroken):
        do(moving.move_online, ASA, WHILE_OPEN)
    assert client.get(mine + "/event.ics").status_code == 404
    with pytest.raises(RuleBroken):
        do(transferring.transfer, ASA, Colleague("Bo", "Ek", BO), WHILE_OPEN)
    do(changing.change_address, ASA, "ny@example.org", WHILE_OPEN)
    assert letters_to(app, "ny@example.org") == ["day_cancelled"]
    with app.app_context():
        assert [m.method for m in db.session.query(OutgoingMail).filter_by(recipient="ny@example.org")] == [None]


def entries_in(app: Flask, mailbox: str) -> list[tuple[str, int, str]]:
    """UID, SEQUENCE and METHOD of what the mailbox got or will get, as written in the letters."""
    with app.app_context():
        left = db.session.query(OutgoingMail).filter(
            OutgoingMail.recipient == mailbox, OutgoingMail.state != MailState.WITHDRAWN
        )
        calendars = [
            icalendar.Calendar.from_ical(m.calendar) for m in left.order_by(OutgoingMail.sequence) if m.calendar
        ]
    entries = [(calendar, calendar.walk("VEVENT")[0]) for calendar in calendars]
    return [(str(e["UID"]), int(e["SEQUENCE"]), str(c["METHOD"])) for c, e in entries]


@pytest.mark.parametrize("left", [True, False])
def test_a_mailbox_corrected_after_the_day_was_cancelled_loses_its_entry_if_it_ever_had_one(
    app: Flask, do: Callable[..., None], cancel_day: Callable[[], None], left: bool
) -> None:
    register(app, ASA)
    if left:
        send_letters(app)
    cancel_day()
    do(changing.change_address, ASA, "ny@example.org", WHILE_OPEN + MINUTE)
    methods = [method for _uid, _sequence, method in entries_in(app, ASA)]
    assert methods == (["REQUEST", "CANCEL"] if left else [])
    assert len({uid for uid, _sequence, _method in entries_in(app, ASA)}) <= 1
    assert letters_to(app, "ny@example.org") == ["day_cancelled"]


def test_two_address_changes_in_a_row_still_take_the_first_mailboxs_entry(app: Flask, do: Callable[..., None]) -> None:
    register(app, ASA)
    send_letters(app)
    for number, email in enumerate(["ny@example.org", ASA, "sist@example.org"]):
        before = ASA if number != 1 else "ny@example.org"
        do(changing.change_address, before, email, WHILE_OPEN + number * MINUTE)
    with app.app_context():
        left = db.session.query(OutgoingMail).filter(OutgoingMail.state != MailState.WITHDRAWN)
        methods = [(mail.recipient, mail.method) for mail in left.order_by(OutgoingMail.dated_at)]
    assert methods == [
        (ASA, CalendarMethod.REQUEST),
        (ASA, CalendarMethod.CANCEL),
        ("sist@example.org", CalendarMethod.REQUEST),
    ]


def test_who_undoes_when_a_seat_has_become_free_is_told_only_of_the_seat(app: Flask, do: Callable[..., None]) -> None:
    fill_up(app)
    register(app, EVA, "line")
    do(cancelling.cancel, EVA, WHILE_OPEN)
    do(cancelling.cancel, ASA, WHILE_OPEN)
    do(cancelling.undo, EVA, WHILE_OPEN + MINUTE)
    assert find(app, EVA).has_seat
    assert letters_to(app, EVA) == ["waiting", "cancellation", "confirmation"]


def test_a_place_in_line_is_not_undone_into_a_line_that_has_closed(app: Flask, do: Callable[..., None]) -> None:
    fill_up(app)
    register(app, EVA, "line")
    register(app, "ida@example.org", "online_and_line")
    for email in (EVA, "ida@example.org"):
        do(cancelling.cancel, email, PROMOTION_ENDS - MINUTE)
    with pytest.raises(cancelling.CannotUndo):
        do(cancelling.undo, EVA, PROMOTION_ENDS + MINUTE)
    do(cancelling.undo, "ida@example.org", PROMOTION_ENDS + MINUTE)
    assert letters_to(app, EVA) == ["waiting", "cancellation"]
    assert letters_to(app, "ida@example.org") == ["waiting", "cancellation", "undo"]
    assert not find(app, "ida@example.org").is_in_line


def test_an_offer_is_kept_as_promised_when_the_end_of_the_line_is_moved_earlier(
    app: Flask, do: Callable[..., None], change_day: Callable[..., None]
) -> None:
    fill_up(app)
    register(app, EVA, "line")
    at = datetime(2026, 11, 16, 10, 0, tzinfo=STOCKHOLM)
    do(cancelling.cancel, ASA, at)
    assert find(app, EVA).is_offered
    change_day(at, promote_until=at + timedelta(hours=1))
    settle(app, at + timedelta(hours=2))
    do(filling.accept, EVA, at + timedelta(hours=3))
    assert find(app, EVA).has_seat
    assert letters_to(app, EVA) == ["waiting", "offer", "confirmation"]


def test_who_was_never_sent_an_entry_is_not_told_that_it_is_taken_away(app: Flask, do: Callable[..., None]) -> None:
    register(app, ASA)
    with app.app_context(), writing():
        db.session.query(Registration).one().has_entry = False
    do(transferring.transfer, ASA, Colleague("Bo", "Ek", BO), WHILE_OPEN)
    with app.app_context():
        mail = db.session.query(OutgoingMail).filter_by(kind="transfer").one()
        assert mail.method is None and "Kalenderposten" not in mail.text


def test_a_form_from_before_moving_online_leaves_no_diet_behind(app: Flask, client: CheckingClient) -> None:
    mine = register(app, ASA)
    form = client.page(mine + "/needs").form()
    client.submit(mine + "/attendance", attendance="online")
    answer = client.send(mine + "/needs", form, diets=["vegan"], health_consent=True)
    assert answer.status_code == 422 and "står i kö" in read(answer).text
    assert find(app, ASA).health is None


@pytest.mark.parametrize("way", ["leave", "decline", "closed"])
def test_who_leaves_the_line_for_online_has_no_diet_kept(app: Flask, do: Callable[..., None], way: str) -> None:
    fill_up(app)
    register(app, EVA, "online_and_line", diets=["vegan"], health_consent=True)
    near = datetime(2026, 11, 16, 10, 0, tzinfo=STOCKHOLM)
    if way == "leave":
        do(moving.leave_line, EVA, WHILE_OPEN)
    elif way == "decline":
        do(cancelling.cancel, ASA, near)
        do(filling.decline, EVA, near)
    else:
        settle(app, PROMOTION_ENDS)
    eva = find(app, EVA)
    assert (eva.status, eva.attendance, eva.health) == (Status.CONFIRMED, Attendance.ONLINE, None)


def test_the_diet_stays_with_who_gets_the_seat_and_goes_with_who_gives_it_away(
    app: Flask, do: Callable[..., None]
) -> None:
    fill_up(app)
    register(app, EVA, "online_and_line", diets=["vegan"], health_consent=True)
    do(cancelling.cancel, ASA, WHILE_OPEN)
    note = find(app, EVA).health
    assert note is not None and note.diets == [Diet.VEGAN]
    do(transferring.transfer, EVA, Colleague("Ida", "Ek", "ida@example.org"), WHILE_OPEN)
    assert find(app, EVA).health is None


def test_the_letter_that_takes_the_entry_from_an_earlier_mailbox_opens_no_door(
    app: Flask, client: CheckingClient, do: Callable[..., None]
) -> None:
    register(app, ASA, "online")
    send_letters(app)
    do(changing.change_address, ASA, "ny@example.org", WHILE_OPEN + MINUTE)
    with app.app_context():
        mail = db.session.query(OutgoingMail).filter_by(kind="cancellation").one()
        links = links_of(mail)
    assert mail.recipient == ASA and "join" in (mail.calendar or "")
    for link in links.values():
        assert client.get(link.removeprefix("https://anmalan.example.org")).status_code == 404


def test_an_earlier_mailbox_is_told_of_the_new_address_and_not_that_the_place_is_given_up(
    app: Flask, do: Callable[..., None]
) -> None:
    register(app, ASA)
    send_letters(app)
    do(changing.change_address, ASA, "ny@example.org", WHILE_OPEN + MINUTE)
    with app.app_context():
        mail = db.session.query(OutgoingMail).filter_by(kind="cancellation").one()
    assert mail.recipient == ASA and mail.method is CalendarMethod.CANCEL
    assert mail.subject == "Ändrad e-postadress: Utbildningsdag om CAR T 2026"
    assert "avanmäld" not in mail.text and "ny@example.org" not in mail.text


def test_an_earlier_mailbox_reads_what_is_true_and_the_same_also_when_the_new_address_is_registered_already(
    app: Flask, do: Callable[..., None]
) -> None:
    for person in (ASA, BO, EVA):
        register(app, person, "online")
    send_letters(app)
    for person, address in ((ASA, "ny@example.org"), (BO, EVA)):
        do(changing.change_address, person, address, WHILE_OPEN + MINUTE)
    assert find(app, BO).status is Status.CANCELLED
    with app.app_context():
        told = {mail.recipient: mail.text for mail in db.session.query(OutgoingMail).filter_by(kind="cancellation")}
    assert told[ASA] == told[BO]
    assert "gäller inte längre med den här e-postadressen" in plain(told[BO]).replace("\n", " ")
    assert "fått en annan" not in told[BO] and "går till en annan" not in told[BO]


def test_an_earlier_mailbox_has_no_join_page_of_a_day_without_a_venue(
    app: Flask, do: Callable[..., None], change_day: Callable[..., None]
) -> None:
    change_day(WHILE_OPEN, venue="", address="", seats_on_site=0)
    register(app, ASA, "online")
    send_letters(app)
    do(changing.change_address, ASA, "ny@example.org", WHILE_OPEN + MINUTE)
    with app.app_context():
        mail = db.session.query(OutgoingMail).filter_by(kind="cancellation").one()
    assert "Var: Digitalt\n" in mail.text and "anslutningssida" not in mail.text


@pytest.mark.parametrize("is_heard", [True, False])
def test_an_earlier_mailbox_that_heard_of_a_place_in_line_is_told_of_the_new_address(
    app: Flask, do: Callable[..., None], is_heard: bool
) -> None:
    """Perhaps somebody else changed it: the links in the earlier letters are dead."""
    fill_up(app)
    register(app, EVA, "line")
    if is_heard:
        send_letters(app)
    do(changing.change_address, EVA, "ny@example.org", WHILE_OPEN + MINUTE)
    with app.app_context():
        told = db.session.query(OutgoingMail).filter_by(recipient=EVA, kind="cancellation").all()
    assert [mail.method for mail in told] == ([None] if is_heard else [])
    for mail in told:
        assert "Var det inte du som bytte adress?" in plain(mail.text).replace("\n", " ")
        assert "Kalenderposten" not in mail.text and "ny@example.org" not in mail.text
