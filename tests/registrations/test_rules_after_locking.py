"""What a page looked at may be otherwise once the day is locked: the rule looks again, and nobody waits for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event as hook
from sqlalchemy import select

from regapp.campaigns import reminding, sending
from regapp.campaigns.models import Reminder
from regapp.core import limits
from regapp.core.db import db, writing
from regapp.core.errors import RuleBroken
from regapp.core.limits import Limit
from regapp.events.models import Event
from regapp.mailing.models import MailState, OutgoingMail
from regapp.registrations import cancelling, changing, filling, moving, on_behalf, registering, transferring
from regapp.registrations.application import Application, Details, Needs
from regapp.registrations.choices import Profession, Wish
from regapp.registrations.models import Status
from regapp.registrations.pages.change import ADDRESSES
from regapp.registrations.registering import NotCorrectable
from regapp.registrations.submissions import Submission
from regapp.registrations.transferring import Colleague
from tests.registrations.day.test_changes import MINUTE, ORGANISER, cancel_day_and_tell, join, person
from tests.registrations.day.test_changes_at_once import beside
from tests.support.days import WHILE_OPEN, new_day
from tests.support.machine.disks import looking_out
from tests.support.machine.waiting import wait_until

pytestmark = pytest.mark.usefixtures("context")

LATER = WHILE_OPEN + MINUTE
DETAILS = Details("Bo", "Ek", Profession.NURSE, "", "W", "", wants_news=False)

RULES: dict[str, Callable[[int], Any]] = {
    "details": lambda who: changing.change_details(who, DETAILS, LATER),
    "address": lambda who: changing.change_own_address(who, "new@example.org", LATER),
    "online": lambda who: moving.move_online(who, LATER),
    "on site": lambda who: moving.move_on_site(who, LATER),
    "line": lambda who: moving.join_line(who, LATER),
    "accept": lambda who: filling.accept(who, LATER),
    "decline": lambda who: filling.decline(who, LATER),
    "transfer": lambda who: transferring.transfer(who, Colleague("K", "K", "k@example.org"), LATER),
}
OF_THE_DAY: dict[str, Callable[[int], Any]] = {
    "language": lambda who: changing.change_language(who, "en", LATER),
    "leave line": lambda who: moving.leave_line(who, LATER),
    "cancel": lambda who: cancelling.cancel(who, LATER),
}


def refuses(rule: Callable[[int], Any], who: int) -> None:
    with pytest.raises(RuleBroken), writing():
        rule(who)


@pytest.mark.parametrize("name", RULES)
def test_who_cancelled_meanwhile_changes_nothing_and_can_still_undo_it(name: str) -> None:
    new_day()
    join("seat", Wish.ON_SITE)
    with writing():
        cancelling.cancel(person("seat").id, WHILE_OPEN)
    refuses(RULES[name], person("seat").id)
    with writing():
        cancelling.undo(person("seat").id, LATER)
    assert (person("seat").status, person("seat").first_name) == (Status.CONFIRMED, "Åsa")


@pytest.mark.parametrize("name", {**RULES, **OF_THE_DAY} - {"details": 0}.keys())
def test_of_a_day_that_was_cancelled_meanwhile_nothing_changes(name: str) -> None:
    day = new_day(seats_on_site=1).id
    join("seat", Wish.ON_SITE)
    join("both", Wish.ONLINE_AND_LINE)
    with writing():
        cancel_day_and_tell(day, 1, WHILE_OPEN, actor=ORGANISER)
    for who in ("seat", "both"):
        refuses({**RULES, **OF_THE_DAY}[name], person(who).id)
    assert {person(who).status for who in ("seat", "both")} == {Status.CONFIRMED}


def test_an_address_is_corrected_once_the_line_is_in_order() -> None:
    """The seat that was offered to the mistyped address has gone to the next, who has waited since."""
    new_day(seats_on_site=1, offer_days=60)
    join("seat", Wish.ON_SITE)
    for name in ("first", "second"):
        join(name, Wish.LINE)
    with writing():
        cancelling.cancel(person("seat").id, WHILE_OPEN)
    over = person("first").answer_by
    assert over is not None
    with writing():
        sent = db.session.scalars(select(Submission).filter_by(form_key="first")).one()
        sent.received_at = over - MINUTE
        answer_id, version = sent.answer_id, sent.link_version
    with pytest.raises(NotCorrectable), writing():
        registering.correct_address(answer_id, version, "right@example.org", Needs(), over)


def test_nobody_locks_a_cancelled_day_every_minute() -> None:
    day = new_day(seats_on_site=1).id
    join("seat", Wish.ON_SITE)
    join("waiting", Wish.LINE)
    locked: list[str] = []

    def note(_connection: Any, statement: Any, *_: Any) -> None:
        locked.extend(["a row"] if getattr(statement, "_for_update_arg", None) is not None else [])

    hook.listen(db.engine, "before_execute", note)
    with writing():
        filling.settle_all(LATER)
    assert locked == ["a row"]
    with writing():
        cancel_day_and_tell(day, 1, LATER, actor=ORGANISER)
    locked.clear()
    with writing():
        filling.settle_all(LATER)
    hook.remove(db.engine, "before_execute", note)
    assert locked == []


ONE_A_DAY = Limit("test.old", 1, timedelta(days=1))


def while_locked(app: Flask, holder: Callable[[], object], other: Callable[[], object]) -> list[object]:
    """`other` comes when `holder` has just locked the day, and waits for something by the time that it goes on."""
    outcomes: list[object] = []
    begun: list[threading.Thread] = []

    def go_on(_connection: Any, statement: Any, *_: Any) -> None:
        is_lock = getattr(statement, "_for_update_arg", None) is not None
        if is_lock and not begun and threading.current_thread() is threading.main_thread():
            begun.append(threading.Thread(target=lambda: outcomes.append(beside(app, other))))
            with looking_out(db.engine) as is_waiting:
                begun[0].start()
                wait_until(lambda: is_waiting() or bool(outcomes), what="the other")

    hook.listen(db.engine, "after_execute", go_on)
    with writing():
        outcomes.append(holder())
    hook.remove(db.engine, "after_execute", go_on)
    begun[0].join(20)
    return [outcome for outcome in outcomes if isinstance(outcome, Exception)]


on_postgresql = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


@on_postgresql
def test_counting_tries_and_locking_the_day_never_wait_for_each_other(app: Flask) -> None:
    """Tries that count no more lie about, which every count once swept away."""
    new_day()
    for name in ("seat", "known"):
        join(name, Wish.ON_SITE)
    who = person("seat").id
    with writing():
        limits.note(ONE_A_DAY, "anybody", WHILE_OPEN - timedelta(days=2))

    def register() -> object:
        application = Application("Bo", "Ek", "known@example.org", Profession.NURSE, "W", Wish.ONLINE, "sv")
        return registering.submit(1, application, "bo", LATER, client="192.0.2.1")

    def change() -> None:
        with writing():
            limits.take(ADDRESSES, "p", LATER)
            changing.change_own_address(who, "new@example.org", LATER, client="192.0.2.1")

    assert while_locked(app, register, change) == []
    assert person("new").id == who


@on_postgresql
def test_reminders_and_who_takes_letters_back_never_wait_for_each_other(app: Flask) -> None:
    """The day has begun: its reminders are taken back while an organiser gives one reader another address."""
    day = new_day().id
    join("seat", Wish.ON_SITE)
    who = person("seat").id
    with writing():
        late = reminding.add(day, reminding.USUAL[0], WHILE_OPEN, actor=ORGANISER)
        reminding.add(day, reminding.USUAL[1], WHILE_OPEN, actor=ORGANISER)
    with writing():
        sending.write_due(db.session.get_one(Reminder, late.id).due_at)
    begun = db.session.get_one(Event, day).starts_at

    def correct() -> object:
        return on_behalf.correct_address(who, "new@example.org", begun, actor=ORGANISER)

    def remind() -> None:
        with writing():
            sending.write_due(begun)

    assert while_locked(app, correct, remind) == []
    waiting = select(OutgoingMail.kind).where(OutgoingMail.state == MailState.QUEUED)
    assert "reminder" not in db.session.scalars(waiting).all()
