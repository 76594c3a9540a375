"""What an organiser's request does when the day changes for everybody: `python -m bench.crowds`, milliseconds as JSON.

Each is a whole transaction, with its commit: the change is refused with what would be sent (the page that asks first),
saved with an order for each person, and the day is cancelled with an order for each person.
"""

from __future__ import annotations

import dataclasses
import json
import statistics
import time
from collections.abc import Callable
from datetime import timedelta

import config
from regapp import create_app
from regapp.core import clock
from regapp.core.db import db, writing
from regapp.events import finding
from regapp.events.drafts import Draft
from regapp.events.models import RESTORABLE_FOR
from regapp.registrations.day import changes
from regapp.registrations.day.changes import NotAgreed

ROUNDS = 5
ACTOR = "bench"


def main() -> dict[str, float]:
    asked, changed = [], []
    letters = 0
    for minutes in range(1, ROUNDS + 1):
        signature = ""

        def ask(minutes: int = minutes) -> None:
            nonlocal signature
            try:
                _save(minutes, "")
            except NotAgreed as told:
                signature = told.change.signature

        def change(minutes: int = minutes) -> None:
            nonlocal letters
            letters = _save(minutes, signature)  # noqa: B023  # called before the next round

        asked.append(_milliseconds(ask))
        changed.append(_milliseconds(change))
    cancelled = _milliseconds(_cancel)
    return {
        "letters": letters,
        "asked": statistics.median(asked),
        "changed": statistics.median(changed),
        "cancelled": cancelled,
    }


def _save(minutes: int, agreed: str) -> int:
    """The day ends so many minutes later: everybody's calendar shows that."""
    with writing():
        event = finding.get_by_slug("2026")
        version, draft = event.version, Draft.of(event)
        later = dataclasses.replace(draft, ends_at=draft.ends_at + timedelta(minutes=minutes))
        return changes.save_day(event.id, version, later, clock.now(), actor=ACTOR, agreed=agreed).letters


def _cancel() -> None:
    with writing():
        event = finding.get_by_slug("2026")
        changes.cancel_day(event.id, event.version, clock.now() - RESTORABLE_FOR, actor=ACTOR)
        changes.tell_cancelled_days(clock.now())


def _milliseconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    db.session.remove()
    return 1000 * (time.perf_counter() - began)


if __name__ == "__main__":
    with create_app(config.load()).app_context():
        print(json.dumps(main()))
