"""How often something may be tried."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from regapp.core import limits
from regapp.core.db import db, writing
from regapp.core.limits import Limit, TakenTry, TooMany

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
THREE = Limit("test.three", 3, timedelta(minutes=15))
OTHER = Limit("test.other", 1, timedelta(minutes=15))


def take(limit: Limit, key: str, minutes: float = 0) -> bool:
    """Whether a try was free so long after noon."""
    try:
        with writing():
            limits.take(limit, key, NOON + timedelta(minutes=minutes))
    except TooMany:
        return False
    return True


@pytest.mark.usefixtures("context")
def test_every_stretch_of_time_holds_so_many_tries() -> None:
    assert [take(THREE, "a", minutes) for minutes in (0, 10, 14, 14.9, 15, 16, 25)] == [
        True, True, True, False, True, False, True,
    ]  # fmt: skip


@pytest.mark.usefixtures("context")
def test_keys_and_limits_count_apart() -> None:
    assert take(OTHER, "a")
    assert take(OTHER, "b")
    assert take(THREE, "a")
    assert not take(OTHER, "a")


@pytest.mark.usefixtures("context")
def test_it_tells_how_long_to_wait_in_words() -> None:
    take(OTHER, "a")
    with pytest.raises(TooMany) as told, writing():
        limits.take(OTHER, "a", NOON + timedelta(minutes=5, seconds=30))
    assert told.value.retry_after == 570
    assert "Vänta 10 minuter" in told.value.message.in_language("sv")
    assert "Wait 10 minutes" in told.value.message.in_language("en")


@pytest.mark.both_databases("DELETE looks for the last one itself")
@pytest.mark.usefixtures("context")
def test_a_try_is_given_back_and_all_are_forgotten() -> None:
    assert [take(THREE, "a") for _ in range(3)] == [True] * 3
    with writing():
        limits.give_back(THREE, "a")
    assert [take(THREE, "a"), take(THREE, "a")] == [True, False]
    with writing():
        limits.forget(THREE, "a")
    assert take(THREE, "a")


@pytest.mark.usefixtures("context")
def test_a_try_is_deleted_when_it_counts_no_more() -> None:
    take(THREE, "a", 0)
    take(THREE, "a", 5)
    for minutes, left in ((14, 2), (15, 1), (20, 0)):
        with writing():
            limits.forget_old(NOON + timedelta(minutes=minutes))
        assert db.session.query(TakenTry).count() == left


@pytest.mark.both_databases("a lock orders the tries of one key")
def test_tries_at_the_same_moment_are_all_counted(app: Flask) -> None:
    free: list[bool] = []
    together = threading.Barrier(8)

    def run() -> None:
        with app.app_context():
            together.wait()
            free.append(take(THREE, "a"))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(free) == [False] * 5 + [True] * 3
