"""Reminders to test with, and what became of them."""

from datetime import datetime, time
from typing import Any

from sqlalchemy import select

from regapp.campaigns import reminding, sending
from regapp.campaigns.models import Audience, Reminder
from regapp.campaigns.reminding import ReminderDraft
from regapp.core.db import db, writing
from regapp.events.models import Event
from regapp.mailing.models import OutgoingMail
from tests.support.days import WHILE_OPEN

ME = "organiser:1"


def a_draft(**changes: Any) -> ReminderDraft:
    values: dict[str, Any] = {"days_before": 7, "clock": time(9, 0), "audience": Audience.EVERYBODY}
    return ReminderDraft(**{**values, **changes})


def remind(event: Event, at: datetime = WHILE_OPEN, **changes: Any) -> int:
    """Set a reminder, a week before at nine to everybody unless told otherwise; its id."""
    with writing():
        return reminding.add(event.id, a_draft(**changes), at, actor=ME).id


def keep_house(now: datetime) -> None:
    """What the worker does every minute."""
    with writing():
        sending.write_due(now)


def written() -> list[str]:
    """To whom reminders were written, as often as they were."""
    db.session.rollback()
    found = db.session.scalars(select(OutgoingMail.recipient).where(OutgoingMail.kind == "reminder"))
    return sorted(found)


def get(reminder_id: int) -> Reminder:
    return db.session.get_one(Reminder, reminder_id, populate_existing=True)
