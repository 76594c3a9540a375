"""The end of the line: until then a seat given back is filled, whatever the last day to register, and then never."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from regapp.core.db import db, writing
from regapp.events.models import Event
from regapp.mailing.models import OutgoingMail
from regapp.registrations import cancelling, filling, registering
from regapp.registrations.application import Application
from regapp.registrations.choices import Profession, Wish
from regapp.registrations.models import Registration, Status
from regapp.registrations.places import DayFull
from tests.support.days import STOCKHOLM, WHILE_OPEN, new_day

pytestmark = pytest.mark.usefixtures("context")

MINUTE = timedelta(minutes=1)


def register(event_id: int, name: str, wish: Wish) -> int:
    application = Application(name, name, f"{name}@example.org", Profession.NURSE, "W", wish, "sv")
    with writing():
        registering.submit(event_id, application, name, WHILE_OPEN)
    return find(name).id


def find(name: str) -> Registration:
    db.session.expire_all()
    return db.session.scalars(select(Registration).filter_by(last_name=name)).one()


def kinds(name: str) -> list[str]:
    query = select(OutgoingMail.kind).filter_by(recipient=f"{name}@example.org").order_by(OutgoingMail.dated_at)
    return list(db.session.scalars(query))


def a_day_with_a_line(promote_until: datetime) -> tuple[int, int]:
    """The day, and whoever has its one seat; `online` is in line with an online place, then `waiting` without."""
    event = new_day(
        seats_on_site=1,
        starts_at=promote_until + timedelta(hours=20),
        ends_at=promote_until + timedelta(hours=27),
        promote_until=promote_until,
        closes_at=min(promote_until, datetime(2026, 11, 12, tzinfo=STOCKHOLM)),
        changes_close_at=promote_until,
    )
    seated = register(event.id, "seated", Wish.ON_SITE)
    register(event.id, "online", Wish.ONLINE_AND_LINE)
    register(event.id, "waiting", Wish.LINE)
    return event.id, seated


ENDS = [
    datetime(2026, 11, 24, 12, tzinfo=STOCKHOLM),  # a Tuesday
    datetime(2026, 11, 22, 12, tzinfo=STOCKHOLM),  # a Sunday
    datetime(2026, 11, 23, 3, tzinfo=STOCKHOLM),  # at night
    datetime(2026, 10, 25, 2, 30, tzinfo=STOCKHOLM),  # the first of two half past two
    datetime(2027, 3, 28, 3, tzinfo=STOCKHOLM),  # the minute after 1.59
]


@pytest.mark.parametrize("ends", ENDS, ids=str)
def test_a_seat_given_back_in_the_last_minute_is_offered_and_one_later_is_not(ends: datetime) -> None:
    ends = ends.astimezone(UTC)
    event_id, seated = a_day_with_a_line(ends)
    with writing():
        cancelling.cancel(seated, ends - MINUTE)
    assert find("online").answer_by == ends
    with writing():
        filling.settle_all(ends)
    assert not find("online").is_in_line
    assert find("online").has_place
    assert find("waiting").status is Status.CANCELLED
    event = db.session.get_one(Event, event_id)
    assert not event.fills_seats(ends)


def test_an_offered_seat_is_nobody_elses_while_it_is_thought_over() -> None:
    ends = datetime(2026, 11, 11, 12, tzinfo=STOCKHOLM).astimezone(UTC)
    event_id, seated = a_day_with_a_line(ends)
    with writing():
        cancelling.cancel(seated, ends - 60 * MINUTE)
    assert find("online").answer_by == ends
    newcomer = Application("new", "new", "new@example.org", Profession.NURSE, "W", Wish.ON_SITE, "sv")
    with pytest.raises(DayFull), writing():
        registering.submit(event_id, newcomer, "new", ends - 30 * MINUTE)
    with writing():
        filling.settle_all(ends - MINUTE)
    assert find("waiting").answer_by is None


def test_who_still_waits_at_the_end_gets_one_letter_and_keeps_the_online_place() -> None:
    ends = ENDS[0].astimezone(UTC)
    a_day_with_a_line(ends)
    with writing():
        filling.settle_all(ends - MINUTE)
    assert find("online").is_in_line
    for minutes in range(3):
        with writing():
            filling.settle_all(ends + minutes * MINUTE)
    assert kinds("online") == ["waiting", "line_closed"]
    assert kinds("waiting") == ["waiting", "line_closed"]
    assert find("online").has_place


def test_a_seat_given_back_after_the_last_day_to_register_is_filled() -> None:
    _, seated = a_day_with_a_line(ENDS[0].astimezone(UTC))
    with writing():
        cancelling.cancel(seated, datetime(2026, 11, 12, 9, tzinfo=STOCKHOLM).astimezone(UTC))
    assert find("online").is_offered
    assert find("online").answer_by == datetime(2026, 11, 15, 15, tzinfo=STOCKHOLM)
