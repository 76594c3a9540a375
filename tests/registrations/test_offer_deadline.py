"""How long an offered seat waits for its answer: by waking hours, over nights, weekends and both changes of clocks."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regapp.registrations.filling import NIGHT_BEGINS, NIGHT_ENDS, answer_by
from tests.support.days import STOCKHOLM

HOUR = timedelta(hours=1)


def swedish(text: str) -> datetime:
    """`2026-11-20 09:00` on a Swedish wall."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=STOCKHOLM)


def until(offered: str, starts: str, latest: str | None = None) -> str:
    """The clock on a Swedish wall when an offer made then passes."""
    begins = swedish(starts)
    found = answer_by(swedish(offered).astimezone(UTC), begins, swedish(latest) if latest else begins)
    return f"{found.astimezone(STOCKHOLM):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("offered", "passes"),
    [
        # From a week before: 48 waking hours, 14 a day.
        ("2026-11-12 09:00", "2026-11-15 15:00"),
        ("2026-11-18 09:00", "2026-11-21 15:00"),
        # From three days before: 12.
        ("2026-11-18 09:01", "2026-11-19 07:01"),
        ("2026-11-19 07:00", "2026-11-19 19:00"),
        ("2026-11-19 12:00", "2026-11-20 10:00"),
        ("2026-11-22 09:00", "2026-11-22 21:00"),
        # Then 4.
        ("2026-11-22 09:01", "2026-11-22 13:01"),
        ("2026-11-23 19:30", "2026-11-24 09:30"),
    ],
)
def test_the_nearer_the_day_the_shorter_an_offer_waits(offered: str, passes: str) -> None:
    assert until(offered, "2026-11-25 09:00") == passes


@pytest.mark.parametrize(
    ("offered", "passes"),
    [
        ("2026-11-23 16:59", "2026-11-23 20:59"),
        ("2026-11-23 17:00", "2026-11-23 21:00"),
        ("2026-11-23 17:01", "2026-11-24 07:01"),
        ("2026-11-23 20:59", "2026-11-24 10:59"),
        ("2026-11-23 21:00", "2026-11-24 11:00"),
        ("2026-11-23 23:59", "2026-11-24 11:00"),
        ("2026-11-24 00:00", "2026-11-24 11:00"),
        ("2026-11-24 06:59", "2026-11-24 11:00"),
        ("2026-11-24 07:00", "2026-11-24 11:00"),
    ],
)
def test_the_night_does_not_count(offered: str, passes: str) -> None:
    assert until(offered, "2026-11-25 12:00") == passes


def test_weekends_count_as_other_days() -> None:
    # Friday noon to Sunday and Monday: 9 + 14 + 14 + 11 hours.
    assert until("2026-11-13 12:00", "2026-11-25 09:00") == "2026-11-16 18:00"
    assert until("2026-11-20 18:00", "2026-11-25 09:00") == "2026-11-21 16:00"


@pytest.mark.parametrize(
    ("offered", "starts", "passes"),
    [
        # Summer time begins on 28 March 2027, the night has 9 hours; it ends on 25 October 2026, 11 hours.
        ("2027-03-27 19:00", "2027-03-30 09:00", "2027-03-28 09:00"),
        ("2027-03-28 01:30", "2027-03-30 09:00", "2027-03-28 11:00"),
        ("2027-03-27 12:00", "2027-03-31 09:00", "2027-03-28 10:00"),
        ("2026-10-24 19:00", "2026-10-27 09:00", "2026-10-25 09:00"),
        ("2026-10-25 02:30", "2026-10-27 09:00", "2026-10-25 11:00"),
        ("2026-10-24 12:00", "2026-10-29 09:00", "2026-10-25 10:00"),
        # Four days over the change: 12 + 14 + 14 + 8 hours, whatever the night had.
        ("2027-03-27 09:00", "2027-04-10 09:00", "2027-03-30 15:00"),
        ("2026-10-24 09:00", "2026-11-10 09:00", "2026-10-27 15:00"),
    ],
)
def test_the_night_when_the_clock_changes_is_a_night(offered: str, starts: str, passes: str) -> None:
    assert until(offered, starts) == passes


def test_an_offer_never_outlasts_the_line() -> None:
    assert until("2026-11-24 09:00", "2026-11-25 09:00", latest="2026-11-24 12:00") == "2026-11-24 12:00"
    assert until("2026-11-24 11:59", "2026-11-25 09:00", latest="2026-11-24 12:00") == "2026-11-24 12:00"


def waking(start: datetime, end: datetime) -> timedelta:
    """The waking time between two instants, minute by minute's hours: an independent count."""
    total = timedelta()
    day = start.astimezone(STOCKHOLM).date()
    while day <= end.astimezone(STOCKHOLM).date():
        morning = datetime.combine(day, NIGHT_ENDS, STOCKHOLM).astimezone(UTC)
        evening = datetime.combine(day, NIGHT_BEGINS, STOCKHOLM).astimezone(UTC)
        total += max(min(evening, end) - max(morning, start), timedelta())
        day += timedelta(days=1)
    return total


instants = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(offered_at=instants, minutes=st.integers(0, 60 * 24 * 60))
def test_an_offer_waits_its_waking_hours_and_passes_by_day(offered_at: datetime, minutes: int) -> None:
    starts_at = offered_at + timedelta(minutes=minutes)
    passes = answer_by(offered_at, starts_at, offered_at + timedelta(days=400))
    left = starts_at - offered_at
    wanted = 48 * HOUR if left >= timedelta(days=7) else 12 * HOUR if left >= timedelta(days=3) else 4 * HOUR
    assert waking(offered_at, passes) == wanted
    assert time(7) < passes.astimezone(STOCKHOLM).time() <= time(21)


@given(offered_at=instants, later=st.integers(0, 60 * 48), left=st.integers(0, 60 * 24 * 60))
def test_who_is_offered_later_never_answers_sooner_in_the_same_span(
    offered_at: datetime, later: int, left: int
) -> None:
    latest = offered_at + timedelta(days=400)
    before, after = (offered_at + timedelta(minutes=minutes) for minutes in (0, later))
    away = timedelta(minutes=left)
    assert answer_by(before, before + away, latest) <= answer_by(after, after + away, latest)


@given(offered_at=instants, minutes=st.integers(1, 60 * 24 * 10))
def test_an_offer_passes_after_it_is_made_and_not_after_the_line_has_closed(offered_at: datetime, minutes: int) -> None:
    latest = offered_at + timedelta(minutes=minutes)
    assert offered_at < answer_by(offered_at, latest + timedelta(days=1), latest) <= latest
