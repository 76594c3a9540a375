"""Finding: one registration, its history, and the line for a seat on site in its order."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, bindparam, func, or_, select

from regapp.core import addresses, audit
from regapp.core.audit import AuditEntry
from regapp.core.db import db, lock
from regapp.core.errors import NotFound
from regapp.events.models import Event
from regapp.registrations.models import Registration

# Built once: it is asked while the day's row is locked.
_ACTIVE = select(Registration).where(
    Registration.event_id == bindparam("event_id"),
    Registration.email_key == bindparam("email_key"),
    Registration.is_active,
)


def find_active(event_id: int, email: str) -> Registration | None:
    """The day's registration with this address that isn't cancelled."""
    return db.session.scalar(_ACTIVE, {"event_id": event_id, "email_key": addresses.key(email)})


def get_locked(registration_id: int) -> Registration:
    """The registration, with its day locked; raises NotFound."""
    event_id = db.session.scalar(select(Registration.event_id).where(Registration.id == registration_id))
    if event_id is None:
        raise NotFound
    lock(Event, event_id)
    return db.session.get_one(Registration, registration_id)


def record(action: str, registration: Registration, at: datetime, actor: str, reason: str = "", **details: Any) -> None:
    """Note what was done to the registration and by whom (see core.audit); a reason only where one was given."""
    audit.record(
        action,
        actor=actor,
        at=at,
        event_id=registration.event_id,
        registration_id=registration.id,
        reason=reason,
        **details,
    )


BY_FORM: Final = ("registration.made", "registration.address_corrected")
"""What the form to register does, and the page that corrects its address."""


def has_acted(registration: Registration) -> bool:
    """Whether anything was done through the registration's own links; opening them is nothing, for scanners do."""
    acted = select(AuditEntry.id).where(
        AuditEntry.registration_id == registration.id,
        AuditEntry.actor == audit.PARTICIPANT,
        AuditEntry.action.not_in(BY_FORM),
    )
    return registration.joined_at is not None or db.session.scalar(acted.limit(1)) is not None


_OF_PLACE: Final = tuple(
    f"registration.{what}"
    for what in (
        *("made", "taken_over", "address_corrected", "moved_online", "moved_on_site", "joined_line", "left_line"),
        *("promoted", "moved_up", "offered", "offer_accepted", "offer_declined", "offer_passed", "line_closed"),
        *("cancelled", "cancellation_undone"),
    )
)


def last_of_place(registration: Registration) -> AuditEntry | None:
    """What last happened to the place, or to the address that is written to."""
    happened = select(AuditEntry).where(AuditEntry.registration_id == registration.id, AuditEntry.action.in_(_OF_PLACE))
    return db.session.scalars(happened.order_by(AuditEntry.id.desc()).limit(1)).one_or_none()


def in_line(event_id: int) -> Select[Registration]:
    """Everybody who stands in the day's line, the first one first; those with an offer too."""
    found = select(Registration).where(Registration.event_id == event_id, Registration.is_in_line)
    return found.order_by(Registration.in_line_since, Registration.id)


def without_offer(event_id: int) -> Select[Registration]:
    """Those in line who have no offer to answer, the first one first."""
    return in_line(event_id).where(~Registration.is_offered)


def positions(event_id: int) -> dict[str, int]:
    """Everybody's place in line by public id; those with an offer have none."""
    ids = without_offer(event_id).with_only_columns(Registration.public_id)
    return {public_id: number for number, public_id in enumerate(db.session.scalars(ids), start=1)}


def position(registration: Registration) -> int | None:
    """The person's place in line, counted from 1 among those without an offer; None for who isn't waiting."""
    if not registration.is_in_line or registration.is_offered:
        return None
    before = select(func.count()).where(
        Registration.event_id == registration.event_id,
        Registration.is_in_line,
        ~Registration.is_offered,
        or_(
            Registration.in_line_since < registration.in_line_since,
            (Registration.in_line_since == registration.in_line_since) & (Registration.id < registration.id),
        ),
    )
    return (db.session.scalar(before) or 0) + 1
