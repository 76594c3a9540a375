"""Filling seats from the line: at once while the day is far, by offers when it is near, to the end of promotion."""

from datetime import UTC, datetime, time, timedelta
from typing import Final

from sqlalchemy import select

from regapp.core import audit
from regapp.core.db import db, lock
from regapp.core.errors import RuleBroken
from regapp.core.i18n import SWEDISH_TIME, Text, local
from regapp.events.models import Attendance, Event, Publication
from regapp.registrations import finding, places
from regapp.registrations.letters import writing
from regapp.registrations.models import Registration, Status
from regapp.registrations.places import DayCancelled

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
    for passed in db.session.scalars(finding.in_line(event.id).where(Registration.answer_by <= at)).all():
        _pass_on(passed, at, "registration.offer_passed")
        _tell_out_of_line(passed, at, passed=True)
    if event.fills_seats(at):
        _fill(event, at)
    else:
        _close_line(event, at)
    db.session.flush()


def get_settled(registration_id: int, at: datetime) -> Registration:
    """The registration, with its day locked and the line in order as of `at`: what is decided on. Raises NotFound."""
    registration = finding.get_locked(registration_id)
    settle(registration.event, at)
    return registration


def settle_all(now: datetime) -> None:
    """Settle every day that has a line and takes place; what the worker does every minute."""
    waiting = (
        select(Event.id)
        .join(Registration, Registration.event_id == Event.id)
        .where(Event.publication == Publication.PUBLISHED)
        .where(Registration.is_in_line)
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


def give_up(registration: Registration, at: datetime, *, actor: str, tell: bool = True) -> None:
    """Free the place; the letter, and settling who gets it, is the caller's, who says whether there is one."""
    registration.cancelled_from = registration.status
    registration.status = Status.CANCELLED
    registration.cancelled_at = at
    registration.changed_at = at
    registration.answer_by = None
    finding.record("registration.cancelled", registration, at, actor, **({} if tell else {"told": "no"}))


def seat(registration: Registration, at: datetime, action: str, *, actor: str = audit.SYSTEM) -> None:
    """Give the person a seat on site, with the letter that says so."""
    registration.status = Status.CONFIRMED
    registration.attendance = Attendance.ON_SITE
    registration.leave_line()
    writing.write_seat(registration, at)
    finding.record(action, registration, at, actor)


def _fill(event: Event, at: datetime) -> None:
    left = places.count(event).on_site.left
    for registration in db.session.scalars(finding.without_offer(event.id).limit(left)).all():
        if event.offers_seats(at):
            registration.answer_by = answer_by(at, event.starts_at, event.promote_until)
            writing.write_offer(registration, at)
            finding.record("registration.offered", registration, at, audit.SYSTEM)
        else:
            seat(registration, at, "registration.promoted")


def _close_line(event: Event, at: datetime) -> None:
    """Who has an offer keeps it as long as it was promised, also when the end was moved earlier since."""
    for registration in db.session.scalars(finding.without_offer(event.id)).all():
        _pass_on(registration, at, "registration.line_closed")
        _tell_out_of_line(registration, at, passed=False)


def _tell_out_of_line(registration: Registration, at: datetime, *, passed: bool) -> None:
    event = registration.event
    is_open = event.is_open(at)
    can_go_online = is_open and not places.count(event).online.is_full
    can_wait = is_open and event.fills_seats(at)
    writing.write_out_of_line(registration, at, passed=passed, can_go_online=can_go_online, can_wait=can_wait)


def _pass_on(registration: Registration, at: datetime, action: str, *, actor: str = audit.SYSTEM) -> None:
    """Out of the line: an online place stands; whoever had none has none."""
    was_waiting = registration.status is Status.WAITING
    registration.leave_line()
    if was_waiting:
        registration.cancelled_from = Status.WAITING
        registration.status = Status.CANCELLED
        registration.cancelled_at = at
    registration.changed_at = at
    finding.record(action, registration, at, actor)


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
