"""Filling seats from the line: at once while the day is far, by offers when it is near, to the end of promotion."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from regapp.core import audit
from regapp.core.db import db, lock
from regapp.core.errors import RuleBroken
from regapp.core.i18n import Text
from regapp.events.models import Event, Publication
from regapp.registrations import history, line, offer_deadline, places
from regapp.registrations.choices import Attendance
from regapp.registrations.letters import writing
from regapp.registrations.models import Registration, Status
from regapp.registrations.refusals import DayCancelled

OFFER_GONE = Text("Erbjudandet gäller inte längre.", "The offer is no longer valid.")


class OfferGone(RuleBroken):
    """There is no offer to answer any more."""

    def __init__(self) -> None:
        super().__init__(OFFER_GONE)


def settle(event: Event, at: datetime) -> None:
    """Bring seats and line into order as of `at`; the day's row is locked.

    Offers that ran out pass, every free seat goes to whoever is first, and when promotion has ended the line is
    closed. Called before a decision that depends on it, and after everything that may free a seat. On a cancelled day
    nothing moves: it may be taken back.
    """
    if event.publication is not Publication.PUBLISHED:
        return
    db.session.flush()
    for passed in db.session.scalars(line.in_line(event.id).where(Registration.answer_by <= at)).all():
        _pass_on(passed, at, "registration.offer_passed")
        writing.write_offer_passed(passed, at)
    if event.fills_seats(at):
        _fill(event, at)
    else:
        _close_line(event, at)
    db.session.flush()


def get_settled(registration_id: int, at: datetime) -> Registration:
    """The registration, with its day locked and the line in order as of `at`: what is decided on. Raises NotFound."""
    registration = line.get_locked(registration_id)
    settle(registration.event, at)
    return registration


def settle_all(now: datetime) -> None:
    """Settle every day that has a line and takes place; what the worker does every minute."""
    waiting = (
        select(Event.id)
        .join(Registration, Registration.event_id == Event.id)
        .where(Event.publication == Publication.PUBLISHED)
        .where(Registration.in_line_since.is_not(None), Registration.status != Status.CANCELLED)
    )
    ids = db.session.scalars(waiting.distinct().order_by(Event.id)).all()
    for event in [lock(Event, event_id) for event_id in ids]:
        settle(event, now)


def accept(registration_id: int, at: datetime) -> Registration:
    """Take the offered seat; raises OfferGone, NotFound."""
    registration = get_settled(registration_id, at)
    _require_offer(registration)
    seat(registration, at, "registration.offer_accepted", actor=audit.PARTICIPANT)
    return registration


def decline(registration_id: int, at: datetime) -> Registration:
    """Decline the offered seat; it goes on at once. Raises OfferGone, NotFound."""
    registration = get_settled(registration_id, at)
    _require_offer(registration)
    _pass_on(registration, at, "registration.offer_declined", actor=audit.PARTICIPANT)
    settle(registration.event, at)
    return registration


def _require_offer(registration: Registration) -> None:
    event = registration.event
    if event.publication is Publication.CANCELLED:
        raise DayCancelled(event)
    if not registration.is_offered:
        raise OfferGone


def seat(registration: Registration, at: datetime, action: str, *, actor: str = audit.SYSTEM) -> None:
    """Give the person a seat on site, with the letter that says so."""
    registration.status = Status.CONFIRMED
    registration.attendance = Attendance.ON_SITE
    registration.leave_line()
    writing.write_seat(registration, at)
    history.record(action, registration, at, actor)


def _fill(event: Event, at: datetime) -> None:
    left = places.count(event).on_site.left
    for registration in db.session.scalars(line.without_offer(event.id).limit(left)).all():
        if event.offers_seats(at):
            registration.answer_by = offer_deadline.answer_by(at, event.starts_at, event.promote_until)
            writing.write_offer(registration, at)
            history.record("registration.offered", registration, at, audit.SYSTEM)
        else:
            seat(registration, at, "registration.promoted")


def _close_line(event: Event, at: datetime) -> None:
    """Who has an offer keeps it as long as it was promised, also when the end was moved earlier since."""
    for registration in db.session.scalars(line.without_offer(event.id)).all():
        _pass_on(registration, at, "registration.line_closed")
        writing.write_line_closed(registration, at)


def _pass_on(registration: Registration, at: datetime, action: str, *, actor: str = audit.SYSTEM) -> None:
    """Out of the line: an online place stands; whoever had none has none."""
    was_waiting = registration.status is Status.WAITING
    registration.leave_line()
    if was_waiting:
        registration.cancelled_from = Status.WAITING
        registration.status = Status.CANCELLED
        registration.cancelled_at = at
    registration.changed_at = at
    history.record(action, registration, at, actor)
