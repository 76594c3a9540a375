"""Setting, changing and removing a reminder."""

from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select

from regapp.campaigns import reminding
from regapp.campaigns.models import Audience
from regapp.campaigns.reminding import ChangedByAnother, ReminderDraft
from regapp.core.audit import AuditEntry
from regapp.core.db import db, writing
from regapp.core.errors import NotFound, RuleBroken
from regapp.core.i18n import Text
from regapp.events import drafts
from regapp.events.models import Event, Publication
from tests.campaigns.reminders import ME, a_draft, get, keep_house, remind
from tests.support.days import STOCKHOLM, WHILE_OPEN, new_day

pytestmark = pytest.mark.usefixtures("context")

DUE = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
"""A week before the day, at nine in Stockholm."""


def another_day(starts_at: datetime) -> Event:
    return new_day(
        slug=f"{starts_at:%Y}-moved",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=7),
        opens_at=starts_at - timedelta(days=90),
        closes_at=starts_at - timedelta(days=10),
        changes_close_at=starts_at - timedelta(days=8),
        promote_until=starts_at - timedelta(days=1),
    )


def refusal(event: Event, at: datetime = WHILE_OPEN, **changes: object) -> RuleBroken:
    with pytest.raises(RuleBroken) as refused, writing():
        reminding.add(event.id, a_draft(**changes), at, actor=ME)
    return refused.value


def actions() -> list[str]:
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    return [f"{entry.action} {entry.actor}" for entry in entries if entry.action.startswith("reminder.")]


def test_a_reminder_falls_due_so_many_days_before_at_its_clock(day: Event) -> None:
    assert get(remind(day)).due_at == DUE


def test_when_the_day_moves_its_reminders_move_with_it(day: Event) -> None:
    reminder_id = remind(day)
    with writing():
        event = db.session.get_one(Event, day.id)
        event.starts_at += timedelta(days=7, hours=3)
        event.ends_at += timedelta(days=7, hours=3)
    assert get(reminder_id).due_at == DUE + timedelta(days=7)


@pytest.mark.parametrize(
    ("starts_at", "days_before", "due_at"),
    [
        # The clocks of 2027 go forward on 28 March, those of 2026 back on 25 October.
        (datetime(2027, 3, 30, 9, tzinfo=STOCKHOLM), 7, datetime(2027, 3, 23, 8, tzinfo=UTC)),
        (datetime(2027, 3, 30, 9, tzinfo=STOCKHOLM), 1, datetime(2027, 3, 29, 7, tzinfo=UTC)),
        (datetime(2026, 10, 27, 9, tzinfo=STOCKHOLM), 7, datetime(2026, 10, 20, 7, tzinfo=UTC)),
        (datetime(2026, 10, 27, 9, tzinfo=STOCKHOLM), 1, datetime(2026, 10, 26, 8, tzinfo=UTC)),
    ],
)
def test_the_clock_on_the_wall_counts_before_and_after_a_change_of_the_clocks(
    starts_at: datetime, days_before: int, due_at: datetime
) -> None:
    event = another_day(starts_at)
    assert get(remind(event, event.opens_at, days_before=days_before)).due_at == due_at


@pytest.mark.parametrize(
    ("starts_at", "message"),
    [
        (datetime(2027, 3, 29, 9, tzinfo=STOCKHOLM), drafts.NOT_THAT_NIGHT),
        (datetime(2026, 10, 26, 9, tzinfo=STOCKHOLM), drafts.TWICE_THAT_NIGHT),
    ],
)
def test_a_clock_that_isnt_there_or_comes_twice_is_told_in_words(starts_at: datetime, message: Text) -> None:
    event = another_day(starts_at)
    refused = refusal(event, event.opens_at, days_before=1, clock=time(2, 30))
    assert (refused.message, refused.field) == (message, "clock")


def test_a_day_moved_onto_such_a_night_still_has_its_reminder() -> None:
    event = another_day(datetime(2027, 3, 30, 9, tzinfo=STOCKHOLM))
    reminder_id = remind(event, event.opens_at, days_before=1, clock=time(2, 30))
    with writing():
        db.session.get_one(Event, event.id).starts_at -= timedelta(days=1)
    assert get(reminder_id).due_at == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"days_before": 61}, "days_before"),
        ({"days_before": -1}, "days_before"),
        ({"days_before": 0, "clock": time(9, 0)}, "clock"),
        ({"days_before": 56}, "days_before"),
    ],
)
def test_a_reminder_goes_at_most_60_days_before_and_before_the_start_and_not_in_the_past(
    day: Event, changes: dict[str, object], field: str
) -> None:
    assert refusal(day, datetime(2026, 10, 1, tzinfo=UTC), **changes).field == field


def test_the_last_minute_before_the_start_and_the_sixtieth_day_are_early_enough(day: Event) -> None:
    remind(day, days_before=0, clock=time(8, 59))
    remind(day, datetime(2026, 9, 1, tzinfo=UTC), days_before=60)
    assert len(reminding.of_day(day.id)) == 2


@pytest.mark.both_databases("SQL compares times of the day")
def test_the_same_reminder_is_set_once_however_often_the_form_is_sent(day: Event) -> None:
    remind(day)
    assert refusal(day).message == reminding.SAME_AGAIN
    remind(day, audience=Audience.ONLINE)
    assert len(reminding.of_day(day.id)) == 2


def test_a_cancelled_day_takes_no_reminder() -> None:
    assert refusal(new_day(publication=Publication.CANCELLED)).message == reminding.DAY_IS_CANCELLED


@pytest.mark.both_databases("a time of the day is kept and read")
def test_a_reminder_can_be_changed_and_removed_while_it_is_ahead_and_the_log_tells_who_did(day: Event) -> None:
    reminder_id = remind(day)
    seen = ReminderDraft.of(get(reminder_id)).fingerprint
    wanted = a_draft(days_before=3, clock=time(8, 30), audience=Audience.ONLINE, message_sv="Hej", message_en="Hello")
    with writing():
        reminding.change(day.id, reminder_id, seen, wanted, WHILE_OPEN, actor="organiser:2")
    assert ReminderDraft.of(get(reminder_id)) == wanted
    with writing():
        reminding.remove(day.id, reminder_id, DUE + timedelta(days=4, minutes=-31), actor=ME)
    assert reminding.of_day(day.id) == []
    assert actions() == [
        "reminder.added organiser:1",
        "reminder.changed organiser:2",
        "reminder.removed organiser:1",
    ]


@pytest.mark.parametrize("after", [timedelta(0), timedelta(hours=1), timedelta(hours=25)])
@pytest.mark.parametrize("is_written", [True, False], ids=["the worker was there", "the worker wasn't there"])
def test_what_has_fallen_due_stays_as_it_is(day: Event, after: timedelta, is_written: bool) -> None:
    reminder_id = remind(day)
    if is_written:
        keep_house(DUE + after)
    seen = ReminderDraft.of(get(reminder_id)).fingerprint
    with pytest.raises(RuleBroken) as refused, writing():
        reminding.change(day.id, reminder_id, seen, a_draft(days_before=1), DUE + after, actor=ME)
    assert refused.value.message == reminding.HAS_GONE
    with pytest.raises(RuleBroken), writing():
        reminding.remove(day.id, reminder_id, DUE + after, actor=ME)
    assert get(reminder_id).days_before == 7


def test_a_clock_put_back_doesnt_open_what_is_written(day: Event) -> None:
    reminder_id = remind(day)
    keep_house(DUE)
    with pytest.raises(RuleBroken), writing():
        reminding.remove(day.id, reminder_id, DUE - timedelta(hours=1), actor=ME)


def test_whoever_saves_second_is_told_so_unless_both_want_the_same(day: Event) -> None:
    reminder_id = remind(day)
    seen = ReminderDraft.of(get(reminder_id)).fingerprint
    first, second = a_draft(message_sv="Ta med ett pass."), a_draft(message_sv="Ta med en penna.")
    with writing():
        reminding.change(day.id, reminder_id, seen, first, WHILE_OPEN, actor=ME)
    with pytest.raises(ChangedByAnother) as conflict, writing():
        reminding.change(day.id, reminder_id, seen, second, WHILE_OPEN, actor="organiser:2")
    assert conflict.value.saved == first
    with writing():
        reminding.change(day.id, reminder_id, seen, first, WHILE_OPEN, actor="organiser:2")
        reminding.change(day.id, reminder_id, first.fingerprint, second, WHILE_OPEN, actor="organiser:2")
    assert get(reminder_id).message_sv == "Ta med en penna."


def test_another_days_reminder_is_not_this_days(day: Event) -> None:
    other = another_day(datetime(2027, 5, 4, 9, tzinfo=STOCKHOLM))
    reminder_id = remind(day)
    with pytest.raises(NotFound), writing():
        reminding.remove(other.id, reminder_id, WHILE_OPEN, actor=ME)
