"""How long an offered seat waits for its answer."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final

from regapp.core.i18n import SWEDISH_TIME, local

NIGHT_BEGINS: Final = time(21)
NIGHT_ENDS: Final = time(7)
"""Hours of the night, Swedish time, in which nobody is expected to answer."""

TIMES: Final = (
    (timedelta(days=7), timedelta(hours=48)),
    (timedelta(days=3), timedelta(hours=12)),
    (timedelta(0), timedelta(hours=4)),
)
"""From how long before the day's start an offer waits how long: the nearer, the shorter."""


def answer_by(offered_at: datetime, starts_at: datetime, latest: datetime) -> datetime:
    """The instant at which an offer made at `offered_at` passes, at the latest `latest`; nights don't count."""
    left = starts_at - offered_at
    patience = next(patience for before, patience in TIMES if left >= before or before == timedelta(0))
    return min(_after_waking_hours(offered_at, patience), latest)


def _after_waking_hours(start: datetime, wanted: timedelta) -> datetime:
    """The instant when `wanted` of waking hours have passed since `start`."""
    now = _morning_if_night(start)
    while True:
        evening = datetime.combine(local(now).date(), NIGHT_BEGINS, SWEDISH_TIME)
        # Instants are subtracted in UTC: two of one zone would give the difference of their clocks.
        awake = evening.astimezone(UTC) - now.astimezone(UTC)
        if wanted <= awake:
            return now.astimezone(UTC) + wanted
        wanted -= awake
        now = _morning_if_night(evening)


def _morning_if_night(instant: datetime) -> datetime:
    wall = local(instant)
    if wall.time() >= NIGHT_BEGINS:
        return datetime.combine(wall.date() + timedelta(days=1), NIGHT_ENDS, SWEDISH_TIME)
    if wall.time() < NIGHT_ENDS:
        return datetime.combine(wall.date(), NIGHT_ENDS, SWEDISH_TIME)
    return instant
