"""Changing the form of attendance, and standing in line for it."""

from __future__ import annotations

from datetime import datetime

from regapp.core import audit
from regapp.core.errors import RuleBroken
from regapp.core.i18n import Text
from regapp.events.models import Publication
from regapp.registrations import filling, finding, places
from regapp.registrations.cancelling import TooLateToCancel, give_up
from regapp.registrations.choices import Attendance
from regapp.registrations.letters import writing
from regapp.registrations.letters.wording.additions import CANCELLED, MOVED, by
from regapp.registrations.models import Registration, Status
from regapp.registrations.refusals import DayCancelled, DayFull, NoLine, why_not_changeable

TOO_LATE_FOR_SEAT = Text(
    "Det går inte längre att byta till en plats i lokalen. Kontakta arrangören.",
    "It is no longer possible to change to an on-site place. Contact the organiser.",
)
LINE_CLOSED = Text("Kön är stängd.", "The line is closed.")
ANSWER_FIRST = Text(
    "Du är erbjuden en plats i lokalen. Tacka ja eller nej till den först.",
    "You are offered an on-site place. Accept or decline it first.",
)


class CannotMove(RuleBroken):
    """The change asked for isn't possible now."""


def move_online(
    registration_id: int,
    at: datetime,
    *,
    actor: str = audit.PARTICIPANT,
    tell: bool = True,
    beyond: bool = False,
    reason: str = "",
) -> Registration:
    """Take part online instead: the seat goes on, and the lunch with it. Possible until the day starts.

    An organiser may go beyond the number, with a reason.

    Raises RuleBroken, NotFound.
    """
    registration = _get_movable(registration_id, at, actor)
    if registration.has_place and registration.attendance is Attendance.ONLINE:
        return registration
    if not beyond:
        _require_room(registration, Attendance.ONLINE, at)
    stays_in_line = registration.status is Status.WAITING
    registration.status = Status.CONFIRMED
    registration.attendance = Attendance.ONLINE
    registration.declined_at = None
    if not stays_in_line:
        registration.health = None
    if tell:
        writing.write_place(registration, at)
    finding.record("registration.moved_online", registration, at, actor, reason)
    filling.settle(registration.event, at)
    return registration


def move_on_site(
    registration_id: int,
    at: datetime,
    *,
    actor: str = audit.PARTICIPANT,
    tell: bool = True,
    beyond: bool = False,
    reason: str = "",
) -> Registration:
    """Take part on site instead, if a seat is free; an organiser may go beyond the number, with a reason.

    Raises RuleBroken, NotFound.
    """
    registration = _get_movable(registration_id, at, actor)
    if registration.has_seat:
        return registration
    if not beyond:
        if not registration.can_change_needs(at):
            raise CannotMove(TOO_LATE_FOR_SEAT)
        _require_room(registration, Attendance.ON_SITE, at)
    registration.status = Status.CONFIRMED
    registration.attendance = Attendance.ON_SITE
    registration.declined_at = None
    registration.leave_line()
    if tell:
        writing.write_place(registration, at, done=by(actor, MOVED))
    finding.record("registration.moved_on_site", registration, at, actor, reason)
    filling.settle(registration.event, at)
    return registration


def join_line(registration_id: int, at: datetime, *, actor: str = audit.PARTICIPANT, tell: bool = True) -> Registration:
    """Keep the online place and stand in line for a seat; with a free one, the seat is there at once.

    Raises RuleBroken, NotFound.
    """
    registration = _get_movable(registration_id, at, actor)
    if registration.is_in_line or registration.has_seat:
        return registration
    if refused := _why_not_in_line(registration, at, actor):
        raise refused
    registration.in_line_since = at
    finding.record("registration.joined_line", registration, at, actor)
    filling.settle(registration.event, at)
    if tell and places.position(registration) is not None:
        writing.write_waiting(registration, at)
    return registration


def leave_line(registration_id: int, at: datetime, *, actor: str = audit.PARTICIPANT) -> Registration:
    """Stand in line no more: an online place stands; without one the registration is cancelled.

    Raises DayCancelled, NotFound.
    """
    registration = filling.get_settled(registration_id, at)
    if registration.event.publication is Publication.CANCELLED:
        raise DayCancelled(registration.event)
    if not registration.is_in_line:
        return registration
    if registration.status is Status.WAITING:
        give_up(registration, at, actor=actor)
        writing.write_cancellation(registration, at, done=by(actor, CANCELLED))
    else:
        registration.leave_line()
        registration.changed_at = at
    finding.record("registration.left_line", registration, at, actor)
    filling.settle(registration.event, at)
    return registration


def why_not(registration: Registration, at: datetime, actor: str = audit.PARTICIPANT) -> RuleBroken | None:
    """What keeps the form of attendance from being changed at all; who is offered a seat answers that first."""
    if refused := why_not_changeable(registration):
        return refused
    if at >= registration.event.starts_at:
        return TooLateToCancel()
    is_to_answer = registration.is_offered and not audit.is_organiser(actor)
    return CannotMove(ANSWER_FIRST) if is_to_answer else None


def _get_movable(registration_id: int, at: datetime, actor: str) -> Registration:
    registration = filling.get_settled(registration_id, at)
    if refused := why_not(registration, at, actor):
        raise refused
    return registration


def _why_not_in_line(registration: Registration, at: datetime, actor: str) -> RuleBroken | None:
    """A line is for seats that there are; a free one waits for no participant after the kitchen has its numbers."""
    event = registration.event
    if event.seats_on_site == 0:
        return NoLine()
    if not event.fills_seats(at):
        return CannotMove(LINE_CLOSED)
    is_late = not registration.can_change_needs(at) and not places.count(event).on_site.is_full
    return CannotMove(TOO_LATE_FOR_SEAT) if is_late and not audit.is_organiser(actor) else None


def _require_room(registration: Registration, attendance: Attendance, at: datetime) -> None:
    day_places = places.count(registration.event)
    if day_places.of(attendance).is_full:
        raise DayFull(registration.event, attendance, day_places, may_wait=registration.event.fills_seats(at))
