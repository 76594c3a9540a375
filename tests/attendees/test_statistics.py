"""Counts over a day."""

from datetime import UTC, date, datetime, timedelta

import pytest

from regapp.attendees import statistics
from regapp.core.db import db
from regapp.events.models import Event
from tests.attendees.people import add
from tests.support.days import new_day

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def day(context: None) -> Event:
    return new_day()


@pytest.mark.both_databases("each database writes the hours of UTC in its own way")
def test_days_are_those_of_stockholm_and_none_is_left_out(day: Event) -> None:
    add(day, "A", "A", datetime(2026, 10, 24, 21, 59, 59, 999_000, tzinfo=UTC))
    add(day, "B", "B", datetime(2026, 10, 24, 22, 0, tzinfo=UTC))
    add(day, "C", "C", datetime(2026, 10, 26, 22, 59, tzinfo=UTC))
    growth = statistics.per_day(day, datetime(2026, 10, 27, 12, tzinfo=UTC))
    assert [(one.day.day, one.count) for one in growth] == [(24, 1), (25, 1), (26, 1), (27, 0)]


def test_the_growth_ends_with_the_last_day_to_register(day: Event) -> None:
    assert statistics.per_day(day, day.closes_at) == []
    add(day, "A", "A", day.closes_at - timedelta(milliseconds=1))
    growth = statistics.per_day(day, day.closes_at + timedelta(days=30))
    assert [one.day for one in growth] == [date(2026, 11, 11)]


def test_messages_are_counted_read_and_unread(day: Event) -> None:
    add(day, "A", "A", message="Hej")
    read = add(day, "B", "B", message="Hej")
    add(day, "C", "C")
    read.message_read_at = day.opens_at
    db.session.commit()
    assert statistics.messages(day.id) == statistics.Messages(total=2, unread=1)
