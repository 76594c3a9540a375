"""Every transaction of every test is watched (support/machine/lock_order.py); here it is seen that the watch sees."""

from __future__ import annotations

import pytest

from regapp.core import limits
from regapp.core.db import lock, writing
from regapp.events.models import Event
from regapp.mailing.provoked import A_DAY, CORRECTIONS
from tests.support.days import new_day


@pytest.mark.usefixtures("context")
@pytest.mark.both_databases("SQLite takes no such locks, but the order is seen there too")
def test_a_lock_that_is_taken_out_of_order_is_seen(_watched_locks: list[str]) -> None:
    first, second = new_day().id, new_day(slug="2027").id
    with writing():
        limits.hold(A_DAY, "asa@example.org")
        lock(Event, first)
        lock(Event, second)
        lock(Event, first)
        limits.hold(A_DAY, "asa@example.org")
    assert _watched_locks == []
    with writing():
        lock(Event, second)
        lock(Event, first)
    with writing():
        lock(Event, first)
        limits.hold(CORRECTIONS, "a form")
    seen = [line.split()[0] for line in _watched_locks]
    _watched_locks.clear()
    assert seen == ["event", "registrations.corrections"]
