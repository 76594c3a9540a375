"""The door to the online meeting: whom it opens for, and who went through it."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import select, update

from regapp.core.db import db
from regapp.events.models import Event, Publication
from regapp.registrations.models import Registration


class Door(enum.StrEnum):
    """What the join page has to say to a person: only OPEN lets them in."""

    DAY_CANCELLED = "day_cancelled"
    TRANSFERRED = "transferred"
    GIVEN_UP = "given_up"
    OVER = "over"
    ON_SITE = "on_site"
    IN_LINE = "in_line"
    TOO_EARLY = "too_early"
    NO_ADDRESS = "no_address"
    OPEN = "open"

    @property
    def is_theirs(self) -> bool:
        """Whether the person takes part online and the meeting is still to come, or on."""
        return self in {Door.TOO_EARLY, Door.NO_ADDRESS, Door.OPEN}


def door(registration: Registration, now: datetime) -> Door:
    """Why the person can't join at this instant, or that they can."""
    event = registration.event
    if event.publication is Publication.CANCELLED:
        return Door.DAY_CANCELLED
    if not registration.is_active:
        return Door.TRANSFERRED if registration.is_transferred else Door.GIVEN_UP
    if event.is_over(now):
        return Door.OVER
    if not registration.has_place:
        return Door.IN_LINE
    if registration.has_seat:
        return Door.ON_SITE
    if not event.can_be_joined(now):
        return Door.TOO_EARLY
    return Door.OPEN if event.meeting_url else Door.NO_ADDRESS


def join(registration_id: int, at: datetime) -> None:
    """Note that the person went to the meeting; the first time counts.

    One statement without the day's lock: all online participants join within a minute. Nothing is noted for a person
    without an online place, or for a day that is cancelled or over.
    """
    taking_place = select(Event.id).where(Event.publication == Publication.PUBLISHED, Event.ends_at > at)
    db.session.execute(
        update(Registration)
        .where(
            Registration.id == registration_id,
            Registration.joined_at.is_(None),
            Registration.is_online,
            Registration.event_id.in_(taking_place),
        )
        .values(joined_at=at)
        .execution_options(synchronize_session=False)
    )
