"""Giving a place back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from regapp.core import audit
from regapp.core.db import db, lock
from regapp.core.errors import NotFound, RuleBroken
from regapp.core.i18n import Text
from regapp.events import editing
from regapp.events.models import Event
from regapp.registrations import letters
from regapp.registrations.models import Registration, Status

TOO_LATE = Text(
    "Dagen har börjat, så det går inte längre att avanmäla sig här.",
    "The day has started, so the registration can no longer be cancelled here.",
)


class TooLateToCancel(RuleBroken):
    def __init__(self) -> None:
        super().__init__(TOO_LATE)


def cancel(registration_id: int, at: datetime, *, actor: str = audit.PARTICIPANT) -> Registration:
    """Give the place back and write the letter that takes the calendar entry away.

    Cancelling twice is the same as once. Raises TooLateToCancel, NotFound.
    """
    event_id = db.session.scalar(select(Registration.event_id).where(Registration.id == registration_id))
    if event_id is None:
        raise NotFound
    lock(Event, event_id)
    registration = db.session.get_one(Registration, registration_id)
    if not registration.is_active:
        return registration
    if not registration.can_cancel(at):
        raise TooLateToCancel
    give_up(registration, at, actor=actor)
    letters.write_cancellation(registration, at)
    return registration


def give_up(registration: Registration, at: datetime, *, actor: str) -> None:
    """Free the place; the letter is the caller's to write."""
    registration.status = Status.CANCELLED
    registration.cancelled_at = at
    registration.changed_at = at
    audit.record(
        "registration.cancelled",
        actor=actor,
        at=at,
        event_id=registration.event_id,
        registration_id=registration.id,
    )


def cancel_day(event_id: int, version: int, at: datetime, *, actor: str) -> Event:
    """Cancel the day and tell everyone who is registered; their registrations stay as they were.

    `version` is the one that the organiser saw. Raises what events.editing.cancel raises.
    """
    event = editing.cancel(event_id, version, at, actor=actor)
    active = select(Registration).where(Registration.event_id == event.id, Registration.status != Status.CANCELLED)
    for registration in db.session.scalars(active).all():
        letters.write_cancellation(registration, at, day_cancelled=True)
    return event
