"""Giving a place back, and changing one's mind about that."""

from datetime import datetime

from sqlalchemy import select

from regapp.core import audit
from regapp.core.db import db
from regapp.core.errors import RuleBroken
from regapp.core.i18n import Text
from regapp.events.models import Attendance, Publication
from regapp.registrations import filling, finding, places
from regapp.registrations.letters import told, writing
from regapp.registrations.models import Registration, Status
from regapp.registrations.places import DayCancelled

TOO_LATE_TO_UNDO = Text(
    "Det går inte längre att ångra avanmälan. Anmäl dig igen om anmälan är öppen.",
    "The cancellation can no longer be undone. Register again if registration is open.",
)
SEAT_GONE = Text(
    "Din plats i lokalen har gått till någon annan. Du kan ställa dig i kö om den är öppen.",
    "Your on-site place has gone to somebody else. You can stand in line if it is open.",
)
ONLINE_GONE = Text(
    "Din digitala plats har gått till någon annan. Anmäl dig igen om det finns platser.",
    "Your online place has gone to somebody else. Register again if there are places.",
)
PLACE_IS_THERE = Text(
    "Din plats finns kvar. Ångra avanmälan i stället.", "Your place is still there. Undo the cancellation instead."
)


class CannotUndo(RuleBroken):
    """The place is gone, or the time is."""


def cancel(registration_id: int, at: datetime, *, actor: str = audit.PARTICIPANT, tell: bool = True) -> Registration:
    """Give the place back, or leave the line without a place; who is next gets the seat at once.

    Writes the letter that takes the calendar entry away, unless an organiser wants none (`tell`). Cancelling twice is
    the same as once. Raises TooLateToCancel, NotFound, and for a participant DayCancelled.
    """
    registration = filling.get_settled(registration_id, at)
    if not registration.is_active:
        return registration
    if registration.event.publication is Publication.CANCELLED and not audit.is_organiser(actor):
        raise DayCancelled(registration.event)
    if not registration.can_cancel(at):
        raise places.TooLateToCancel
    filling.give_up(registration, at, actor=actor, tell=tell)
    if tell:
        writing.write_cancellation(registration, at, done=writing.by(actor, writing.CANCELLED))
    filling.settle(registration.event, at)
    return registration


def undo(
    registration_id: int, at: datetime, *, actor: str = audit.PARTICIPANT, beyond: bool = False, reason: str = ""
) -> Registration:
    """Take a cancellation back while its place is still there; an organiser may go beyond the number, with a reason.

    Raises CannotUndo, NotFound.
    """
    registration = filling.get_settled(registration_id, at)
    if registration.is_active:
        return registration
    if refused := _why_too_late(registration, at) if beyond else why_not_undo(registration, at):
        raise refused
    tell = not audit.is_organiser(actor) or was_told(registration)
    registration.status = registration.cancelled_from or Status.CONFIRMED
    registration.cancelled_from = registration.cancelled_at = registration.declined_at = None
    told.take_over_entry(registration)
    if not registration.event.fills_seats(at):
        registration.leave_line()
    finding.record("registration.cancellation_undone", registration, at, actor, reason)
    was_in_line = registration.is_in_line
    filling.settle(registration.event, at)
    if not (was_in_line and registration.has_seat):  # whose turn it was meanwhile has been told of the seat
        _tell_undone(registration, at, actor, tell=tell)
    return registration


def was_told(registration: Registration) -> bool:
    """Whether the person knows of the cancellation: organisers may leave out the letter."""
    entries = select(audit.AuditEntry.details).where(
        audit.AuditEntry.registration_id == registration.id, audit.AuditEntry.action == "registration.cancelled"
    )
    details = db.session.scalar(entries.order_by(audit.AuditEntry.id.desc()).limit(1))
    return (details or {}).get("told") != "no"


def _tell_undone(registration: Registration, at: datetime, actor: str, *, tell: bool) -> None:
    """Who heard nothing of a cancellation hears nothing of its end, unless their calendar is wrong by now."""
    if tell:
        writing.write_undone(registration, at, done=writing.by(actor, writing.UNDONE))
    elif registration.has_entry and not told.is_told(registration, at):
        writing.write_place(registration, at)


def undo_into_line(registration_id: int, at: datetime) -> Registration:
    """Stand in line, last, for the seat that was given back and is gone; raises CannotUndo, NotFound."""
    registration = filling.get_settled(registration_id, at)
    if registration.is_active:
        return registration
    if refused := why_not_wait(registration, at):
        raise refused
    registration.status = Status.WAITING
    registration.in_line_since = at
    registration.attendance = Attendance.ON_SITE
    registration.cancelled_from = registration.cancelled_at = registration.declined_at = None
    told.take_over_entry(registration)
    writing.write_waiting(registration, at, is_undone=True)
    finding.record("registration.joined_line", registration, at, audit.PARTICIPANT)
    return registration


def why_not_undo(registration: Registration, at: datetime) -> CannotUndo | None:
    """What keeps the cancellation from being taken back as things stand."""
    if refused := _why_too_late(registration, at):
        return refused
    is_full = places.count(registration.event).of(registration.attendance).is_full
    if registration.cancelled_from is Status.WAITING or not is_full:
        return None
    return CannotUndo(SEAT_GONE if registration.attendance is Attendance.ON_SITE else ONLINE_GONE)


def why_not_wait(registration: Registration, at: datetime) -> CannotUndo | None:
    """What keeps a seat that can't come back from being waited for."""
    if refused := _why_too_late(registration, at):
        return refused
    if why_not_undo(registration, at) is None:
        return CannotUndo(PLACE_IS_THERE)
    has_line = places.count(registration.event).has_line(registration.event, at)
    return None if has_line else CannotUndo(SEAT_GONE)


def has_time_to_undo(registration: Registration, at: datetime) -> bool:
    """Whether it isn't too late, and they haven't registered anew."""
    return registration.can_undo(at) and not _has_registered_again(registration)


def _why_too_late(registration: Registration, at: datetime) -> CannotUndo | None:
    return None if has_time_to_undo(registration, at) else CannotUndo(TOO_LATE_TO_UNDO)


def _has_registered_again(registration: Registration) -> bool:
    return finding.find_active(registration.event_id, registration.email) is not None
