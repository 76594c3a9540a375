"""Giving a place back, and changing one's mind about that."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from regapp.core import audit
from regapp.core.db import db
from regapp.core.errors import RuleBroken
from regapp.core.i18n import Text
from regapp.events import editing
from regapp.events.models import Event
from regapp.registrations import day_orders, history, letters, line, places, promoting
from regapp.registrations.choices import Attendance
from regapp.registrations.models import Registration, Status

TOO_LATE = Text(
    "Dagen har börjat, så det går inte längre att avanmäla sig här.",
    "The day has started, so the registration can no longer be cancelled here.",
)
TOO_LATE_TO_UNDO = Text(
    "Det går inte längre att ångra avanmälan. Anmäl dig igen om anmälan är öppen.",
    "The cancellation can no longer be undone. Register again if registration is open.",
)
SEAT_GONE = Text(
    "Din plats på plats har gått till någon annan. Du kan ställa dig i kö om den är öppen.",
    "Your on-site place has gone to somebody else. You can stand in line if it is open.",
)
ONLINE_GONE = Text(
    "Din digitala plats har gått till någon annan. Anmäl dig igen om det finns platser.",
    "Your online place has gone to somebody else. Register again if there are places.",
)


class TooLateToCancel(RuleBroken):
    def __init__(self) -> None:
        super().__init__(TOO_LATE)


class CannotUndo(RuleBroken):
    """The place is gone, or the time is."""


def cancel(registration_id: int, at: datetime, *, actor: str = audit.PARTICIPANT, tell: bool = True) -> Registration:
    """Give the place back, or leave the line without a place; who is next gets the seat at once.

    Writes the letter that takes the calendar entry away, unless an organiser wants none (`tell`). Cancelling twice is
    the same as once. Raises TooLateToCancel, NotFound.
    """
    registration = line.get_locked(registration_id)
    if not registration.is_active:
        return registration
    if not registration.can_cancel(at):
        raise TooLateToCancel
    give_up(registration, at, actor=actor)
    if tell:
        letters.write_cancellation(registration, at)
    promoting.settle(registration.event, at)
    return registration


def give_up(registration: Registration, at: datetime, *, actor: str) -> None:
    """Free the place; the letter, and settling who gets it, is the caller's."""
    registration.cancelled_from = registration.status
    registration.status = Status.CANCELLED
    registration.cancelled_at = at
    registration.changed_at = at
    registration.answer_by = None
    history.record("registration.cancelled", registration, at, actor)


def undo(registration_id: int, at: datetime) -> Registration:
    """Take a cancellation back while its place is still there; raises CannotUndo, NotFound."""
    registration = line.get_locked(registration_id)
    if registration.is_active:
        return registration
    _require_time(registration, at)
    if registration.cancelled_from is Status.CONFIRMED:
        _require_place(registration)
    registration.status = registration.cancelled_from or Status.CONFIRMED
    registration.cancelled_from = registration.cancelled_at = registration.declined_at = None
    if not registration.event.fills_seats(at):
        registration.leave_line()
    history.record("registration.cancellation_undone", registration, at, audit.PARTICIPANT)
    was_in_line = registration.is_in_line
    promoting.settle(registration.event, at)
    if not (was_in_line and registration.has_seat):  # whose turn it was meanwhile has been told of the seat
        letters.write_undone(registration, at)
    return registration


def undo_into_line(registration_id: int, at: datetime) -> Registration:
    """Stand in line, last, for the seat that was given back and is gone; raises CannotUndo, NotFound."""
    registration = line.get_locked(registration_id)
    if registration.is_active:
        return registration
    _require_time(registration, at)
    if not places.count(registration.event).has_line(registration.event, at):
        raise CannotUndo(SEAT_GONE)
    registration.status = Status.WAITING
    registration.in_line_since = at
    registration.attendance = Attendance.ON_SITE
    registration.cancelled_from = registration.cancelled_at = registration.declined_at = None
    letters.write_waiting(registration, at)
    history.record("registration.joined_line", registration, at, audit.PARTICIPANT)
    return registration


def is_undoable(registration: Registration, at: datetime) -> bool:
    """Whether undoing would succeed as things stand; it is decided anew, under the lock, when it is asked for."""
    if not registration.can_undo(at) or _has_registered_again(registration):
        return False
    is_waiting = registration.cancelled_from is Status.WAITING
    return is_waiting or not places.count(registration.event).of(registration.attendance).is_full


def can_wait_instead(registration: Registration, at: datetime) -> bool:
    """Whether a cancelled seat that can't come back may be waited for."""
    return (
        registration.can_undo(at)
        and not is_undoable(registration, at)
        and not _has_registered_again(registration)
        and places.count(registration.event).has_line(registration.event, at)
    )


def cancel_day(event_id: int, version: int, at: datetime, *, actor: str) -> Event:
    """Cancel the day and tell everyone who is registered; their registrations stay as they were.

    `version` is the one that the organiser saw. Raises what events.editing.cancel raises.
    """
    event = editing.cancel(event_id, version, at, actor=actor)
    letters_ordered = day_orders.order_cancellation(event, at)
    audit.record("event.cancellation_told", actor=actor, at=at, event_id=event.id, letters=letters_ordered)
    return event


def _require_time(registration: Registration, at: datetime) -> None:
    if not registration.can_undo(at) or _has_registered_again(registration):
        raise CannotUndo(TOO_LATE_TO_UNDO)


def _require_place(registration: Registration) -> None:
    if places.count(registration.event).of(registration.attendance).is_full:
        raise CannotUndo(SEAT_GONE if registration.attendance is Attendance.ON_SITE else ONLINE_GONE)


def _has_registered_again(registration: Registration) -> bool:
    other = select(Registration.id).where(
        Registration.event_id == registration.event_id,
        Registration.email_key == registration.email_key,
        Registration.status != Status.CANCELLED,
    )
    return db.session.scalar(other) is not None
