"""Cancelling a day to its end: when it can't be taken back any more, everybody is written to."""

from datetime import datetime

from flask import Flask

from regapp.core import clock
from regapp.core.db import db, writing
from regapp.events.models import RESTORABLE_FOR, Event
from regapp.registrations.day import changes


def cancel_day_and_tell(event_id: int, version: int, at: datetime, *, actor: str) -> None:
    """The day was cancelled a while ago, and at this instant everybody is told."""
    changes.cancel_day(event_id, version, at - RESTORABLE_FOR, actor=actor)
    changes.tell_cancelled_days(at)


def time_is_up(app: Flask) -> None:
    """The cancelled day can't be taken back any more, as of now, and the worker keeps house."""
    with app.app_context(), writing():
        db.session.query(Event).one().cancellation_due_at = clock.now()
        changes.tell_cancelled_days(clock.now())
