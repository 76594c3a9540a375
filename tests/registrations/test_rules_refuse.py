"""What no page offers a rule refuses by itself, after the lock: a page may be older than what happened since."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from regapp.core.db import db, writing
from regapp.core.errors import RuleBroken
from regapp.events.models import Event, Publication
from regapp.mailing.models import OutgoingMail
from regapp.registrations import cancelling, changing, moving, on_behalf, registering
from regapp.registrations.application import Application, Details, Needs
from regapp.registrations.choices import Diet, Profession, Wish
from regapp.registrations.letters import links
from regapp.registrations.models import Registration
from tests.support.days import WHILE_OPEN, new_day

pytestmark = pytest.mark.usefixtures("context")

AT = WHILE_OPEN
ORGANISER = "organiser:1"
DETAILS = Details("Nytt", "Namn", Profession.NURSE, "", "W", "", False)

Act = Callable[[int], object]


def register(name: str, wish: Wish) -> int:
    application = Application("F", name, f"{name}@example.org", Profession.NURSE, "W", wish, "sv")
    with writing():
        event_id = db.session.scalars(select(Event.id)).one()
        made = registering.submit(event_id, application, name, AT)
    assert made.registration_id is not None
    return made.registration_id


def state(person: int) -> list[object]:
    found = db.session.get_one(Registration, person)
    columns = [getattr(found, column.key) for column in Registration.__table__.columns]
    return [*columns, len(db.session.scalars(select(OutgoingMail.id)).all())]


def is_refused(person: int, act: Act) -> None:
    """The rule says why, in words, and nothing has changed."""
    before = state(person)
    with pytest.raises(RuleBroken), writing():
        act(person)
    assert state(person) == before


def set_day(**values: object) -> None:
    with writing():
        event = db.session.scalars(select(Event)).one()
        for name, value in values.items():
            setattr(event, name, value)


OF_A_CANCELLED_ONE: dict[str, Act] = {
    "details": lambda person: changing.change_details(person, DETAILS, AT),
    "needs": lambda person: changing.change_needs(person, Needs((Diet.VEGAN,)), AT),
    "address": lambda person: changing.change_address(person, "ny@example.org", AT),
    "address by an organiser": lambda person: changing.change_address(person, "ny@example.org", AT, actor=ORGANISER),
    "another form": lambda person: moving.move_online(person, AT),
    "another form by an organiser": lambda person: on_behalf.move(person, Wish.ONLINE, AT, actor=ORGANISER),
}


@pytest.mark.parametrize("what", OF_A_CANCELLED_ONE)
def test_nothing_of_a_cancelled_registration_is_changed(what: str) -> None:
    new_day()
    person = register("asa", Wish.ON_SITE)
    with writing():
        cancelling.cancel(person, AT)
    is_refused(person, OF_A_CANCELLED_ONE[what])
    with writing():
        cancelling.undo(person, AT)
    assert db.session.get_one(Registration, person).is_active


OF_A_CANCELLED_DAY: dict[str, Act] = {
    "details": lambda person: changing.change_details(person, DETAILS, AT),
    "needs": lambda person: changing.change_needs(person, Needs((Diet.VEGAN,)), AT),
    "cancelling": lambda person: cancelling.cancel(person, AT),
    "leaving the line": lambda person: moving.leave_line(person, AT),
}


@pytest.mark.parametrize("what", OF_A_CANCELLED_DAY)
def test_a_participant_changes_nothing_of_a_cancelled_day(what: str) -> None:
    new_day(seats_on_site=1)
    register("forst", Wish.ON_SITE)
    person = register("asa", Wish.LINE)
    set_day(publication=Publication.CANCELLED)
    is_refused(person, OF_A_CANCELLED_DAY[what])


def test_who_is_offered_a_seat_answers_that_before_moving() -> None:
    new_day(seats_on_site=1, offer_days=90)
    first, person = register("forst", Wish.ON_SITE), register("asa", Wish.LINE)
    with writing():
        cancelling.cancel(first, AT)
    assert db.session.get_one(Registration, person).is_offered
    is_refused(person, lambda person: moving.move_online(person, AT))
    is_refused(person, lambda person: on_behalf.move_to_front(person, "Föreläsare", AT, actor=ORGANISER))


def test_nobody_stands_in_line_for_seats_that_a_day_does_not_have() -> None:
    new_day(seats_on_site=0)
    person = register("asa", Wish.ONLINE)
    is_refused(person, lambda person: moving.join_line(person, AT))
    is_refused(person, lambda person: on_behalf.move(person, Wish.ONLINE_AND_LINE, AT, actor=ORGANISER))
    newcomer = Application("F", "E", "ny@example.org", Profession.NURSE, "W", Wish.LINE, "sv")
    is_refused(person, lambda _person: on_behalf.register_for(1, newcomer, AT, actor=ORGANISER, reason="Föreläsare"))


def test_the_line_is_no_way_to_a_free_seat_after_the_kitchen_has_its_numbers() -> None:
    event = new_day()
    late = event.changes_close_at + timedelta(hours=1)
    person = register("asa", Wish.ONLINE)
    is_refused(person, lambda person: moving.join_line(person, late))


def test_who_can_have_the_place_back_is_put_in_no_line() -> None:
    new_day(seats_on_site=1)
    person = register("asa", Wish.ONLINE)
    with writing():
        cancelling.cancel(person, AT)
    register("forst", Wish.ON_SITE)
    is_refused(person, lambda person: cancelling.undo_into_line(person, AT))


def test_only_who_has_an_online_place_on_a_day_that_takes_place_went_to_the_meeting() -> None:
    new_day()
    seated, online = register("seat", Wish.ON_SITE), register("online", Wish.ONLINE)

    def joined() -> list[bool]:
        with writing():
            for person in (seated, online):
                links.join(person, AT)
        return [db.session.get_one(Registration, person).joined_at is not None for person in (seated, online)]

    set_day(publication=Publication.CANCELLED)
    assert joined() == [False, False]
    set_day(publication=Publication.PUBLISHED)
    assert joined() == [False, True]


def test_an_offer_that_ran_out_is_settled_before_anything_else_is_decided() -> None:
    new_day(seats_on_site=1, offer_days=90)
    first, person = register("forst", Wish.ON_SITE), register("asa", Wish.LINE)
    with writing():
        cancelling.cancel(first, AT)
    answer_by = db.session.get_one(Registration, person).answer_by
    assert answer_by is not None
    with pytest.raises(RuleBroken), writing():
        changing.change_address(person, "ny@example.org", answer_by)
    with writing():
        cancelling.cancel(person, answer_by)
    kinds = db.session.scalars(select(OutgoingMail.kind).where(OutgoingMail.registration_id == person)).all()
    assert "offer_passed" in kinds and "cancellation" not in kinds


def test_a_corrected_address_gets_the_seat_whose_offer_has_run_out() -> None:
    new_day(seats_on_site=1, offer_days=90)
    first, person = register("forst", Wish.ON_SITE), register("asa", Wish.LINE)
    with writing():
        cancelling.cancel(first, AT)
    answer_by = db.session.get_one(Registration, person).answer_by
    assert answer_by is not None
    form = Application("Bo", "Ek", "asa@example.org", Profession.NURSE, "W", Wish.ONLINE_AND_LINE, "sv")
    with writing():
        sent = registering.submit(1, form, "form", answer_by - timedelta(minutes=1))
    with writing():
        registering.correct_address(sent.answer_id, 0, "bo@example.org", Needs(), answer_by)
    bo = db.session.get_one(Registration, sent.registration_id)
    assert bo.has_seat
    assert db.session.scalars(select(OutgoingMail.kind).filter_by(recipient="bo@example.org")).all() == ["confirmation"]
