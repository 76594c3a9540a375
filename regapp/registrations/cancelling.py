"""Giving a place back, and changing one's mind about that."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select, select

from regapp.core import audit
from regapp.core.db import db, lock
from regapp.core.errors import RuleBroken
from regapp.core.i18n import Text
from regapp.events import editing
from regapp.events.models import RESTORABLE_FOR, Attendance, Event, Publication
from regapp.mailing import outbox
from regapp.registrations import filling, finding, places
from regapp.registrations.day import orders
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

HELD_FOR: Final = timedelta(hours=1)
"""How long the letters of a cancelled day wait at most: longer than a worker takes to tell of the cancellation."""


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


def cancel_day(event_id: int, version: int, at: datetime, *, actor: str) -> Event:
    """Cancel the day; everyone who is registered is told when it can't be taken back any more.

    Registrations, offers and entries stay as they were until then, and letters that wait go on waiting. `version` is
    the one that the organiser saw. Raises what events.editing.cancel raises.
    """
    event = editing.cancel(event_id, version, at, actor=actor)
    outbox.hold(event.id, at + HELD_FOR)
    return event


def restore_day(event_id: int, version: int, at: datetime, *, actor: str) -> Event:
    """Take back that the day is cancelled: nobody has been told, and everything is as it was.

    Offers whose time ran out meanwhile pass. Taking it back twice is the same as once. Raises what
    events.editing.restore raises.
    """
    event = lock(Event, event_id)
    if event.publication is Publication.PUBLISHED:
        return event
    due_at = event.cancellation_due_at
    editing.restore(event_id, version, at, actor=actor)
    outbox.let_go(event.id, at)
    cancelled_at = (due_at or at) - RESTORABLE_FOR
    correctors = {person: actor for person, actor in db.session.execute(_with_new_address(event.id, cancelled_at))}
    for registration, corrector in correctors.items():
        writing.write_what_they_have(registration, at, done=writing.by(corrector, writing.ADDRESS))
    filling.settle(event, at)
    return event


def tell_cancelled_days(now: datetime) -> None:
    """Write to everyone who is registered for a day that was cancelled a while ago; what the worker does every minute.

    The day's row is locked and the mark goes in the same transaction: no day is told of twice, or after it was taken
    back.
    """
    due = db.session.scalars(select(Event.id).where(Event.cancellation_due_at <= now).order_by(Event.id)).all()
    for event in [lock(Event, event_id) for event_id in due]:
        if event.cancellation_due_at is None or event.can_be_restored(now):
            continue
        event.cancellation_due_at = None
        outbox.let_go(event.id, now)
        ordered = orders.order_cancellation(event, now)
        audit.record("event.cancellation_told", actor=audit.SYSTEM, at=now, event_id=event.id, letters=ordered)


def _with_new_address(event_id: int, since: datetime) -> Select[Registration, str]:
    """Those whose address was corrected since then, and by whom, the latest last: nobody wrote to it meanwhile."""
    return (
        select(Registration, audit.AuditEntry.actor)
        .join(audit.AuditEntry, audit.AuditEntry.registration_id == Registration.id)
        .where(
            audit.AuditEntry.event_id == event_id,
            audit.AuditEntry.action == "registration.address_corrected",
            audit.AuditEntry.at >= since,
            Registration.status != Status.CANCELLED,
        )
        .order_by(audit.AuditEntry.id)
    )


def has_time_to_undo(registration: Registration, at: datetime) -> bool:
    """Whether it isn't too late, and they haven't registered anew."""
    return registration.can_undo(at) and not _has_registered_again(registration)


def _why_too_late(registration: Registration, at: datetime) -> CannotUndo | None:
    return None if has_time_to_undo(registration, at) else CannotUndo(TOO_LATE_TO_UNDO)


def _has_registered_again(registration: Registration) -> bool:
    return finding.find_active(registration.event_id, registration.email) is not None
