"""What a participant has now as their calendar shows it, and whether a letter told them so."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import ColumnElement, select

from regapp.core.db import db
from regapp.events.models import Event, Publication
from regapp.mailing import invites
from regapp.mailing.invites import Entry
from regapp.mailing.models import UNSENT, CalendarMethod, OutgoingMail
from regapp.registrations.letters import entries, entry_letters
from regapp.registrations.models import Registration


class Holding(enum.Enum):
    """What a participant has, as a letter tells it."""

    NO_DAY = enum.auto()
    NOTHING = enum.auto()
    WAITING = enum.auto()
    PLACE = enum.auto()
    OFFER = enum.auto()


def what_they_have(registration: Registration) -> list[Holding]:
    """One thing, or a place and the offer of a seat; of a cancelled day nothing else counts."""
    if registration.event.publication is Publication.CANCELLED:
        return [Holding.NO_DAY]
    if not registration.is_active:
        return [Holding.NOTHING]
    if not registration.is_offered:
        return [Holding.WAITING if registration.is_in_line else Holding.PLACE]
    return [Holding.PLACE, Holding.OFFER] if registration.has_place else [Holding.OFFER]


def tells_place(event: Event, mail: type[OutgoingMail] = OutgoingMail) -> ColumnElement[bool]:
    """Whether a letter says what the participant has: their place, their place in line, or that there is no day.

    An order that will bring an entry has its SEQUENCE, but no calendar part yet.
    """
    if event.publication is Publication.CANCELLED and not event.is_cancellation_untold:
        return mail.kind == "day_cancelled"
    brings_entry = mail.sequence.is_not(None) & mail.method.is_distinct_from(CalendarMethod.CANCEL)
    return brings_entry | mail.kind.in_(("waiting", "offer"))


def calendar_now(registration: Registration, at: datetime) -> tuple[bytes, CalendarMethod] | None:
    """The entry, or its end, with the present SEQUENCE; None for who never had one and should have none."""
    entry = entries.invitation(registration, at)
    if should_have_entry(registration):
        return entry.request(), CalendarMethod.REQUEST
    # Every letter that takes an entry away raises SEQUENCE from the 0 that it began with.
    return (entry.cancel(), CalendarMethod.CANCEL) if registration.calendar_sequence else None


def entry_now(registration: Registration, at: datetime) -> Entry | None:
    """The same as `calendar_now`, to compare with what a letter brought."""
    calendar = calendar_now(registration, at)
    return invites.read(invites.unfold(calendar[0])) if calendar else None


def should_have_entry(registration: Registration) -> bool:
    """A cancelled day counts as on until people are told: it may still be taken back."""
    event = registration.event
    return registration.has_place and (event.publication is not Publication.CANCELLED or event.is_cancellation_untold)


def due_to_calendar(registration: Registration, at: datetime) -> CalendarMethod | None:
    """What the next letter does to the calendar so that it is right; None where it is, or an order will see to it.

    While a cancelled day may be taken back, calendars are left alone.
    """
    if registration.event.is_cancellation_untold:
        return None
    if not should_have_entry(registration):
        return CalendarMethod.CANCEL if registration.has_entry else None
    return None if is_told(registration, at) or _is_ordered(registration) else CalendarMethod.REQUEST


def is_told(registration: Registration, at: datetime) -> bool:
    """Whether the last letter about their calendar says what it should show now.

    It doesn't after an organiser changed something without a letter, or when nobody ever wrote.
    """
    if registration.has_entry != should_have_entry(registration):
        return False
    if not registration.has_entry:
        return True
    last = db.session.scalar(
        select(OutgoingMail.calendar)
        .where(
            OutgoingMail.registration_id == registration.id,
            OutgoingMail.recipient == registration.email,
            OutgoingMail.calendar.is_not(None),
        )
        .order_by(OutgoingMail.dated_at.desc(), OutgoingMail.sequence.desc())
        .limit(1)
    )
    return last is not None and invites.read(last) == entry_now(registration, at)


def _is_ordered(registration: Registration) -> bool:
    """Whether a letter that isn't made yet will bring the entry as it is now."""
    ordered = select(OutgoingMail.id).where(
        OutgoingMail.registration_id == registration.id,
        OutgoingMail.sequence == registration.calendar_sequence,
        OutgoingMail.text.is_(None),
        OutgoingMail.state.in_(UNSENT),
        entry_letters.about(registration),
    )
    return db.session.scalar(ordered.limit(1)) is not None


def waits(registration: Registration) -> bool:
    """Whether a letter that says what the participant has is on its way."""
    found = select(OutgoingMail.id).where(
        OutgoingMail.registration_id == registration.id,
        OutgoingMail.recipient == registration.email,
        OutgoingMail.state.in_(UNSENT),
        OutgoingMail.kind.not_in(INDEPENDENT),
    )
    return db.session.scalar(found.limit(1)) is not None


INDEPENDENT = ("link", "not_registered", "reminder", "declined", "declined_by_other", "corrected")
"""Letters that leave what an earlier one said as it was."""
