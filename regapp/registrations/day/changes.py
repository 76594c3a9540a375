"""When organisers change a day: who must be told, what the letter will say, and the orders to tell them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select, select

from regapp.core import audit
from regapp.core.db import db, lock
from regapp.core.errors import RuleBroken
from regapp.core.i18n import Text
from regapp.events import editing
from regapp.events.drafts import Draft
from regapp.events.models import RESTORABLE_FOR, Attendance, Event, Publication
from regapp.mailing import outbox
from regapp.mailing.letters import Written
from regapp.registrations import filling
from regapp.registrations.day import orders
from regapp.registrations.day.orders import Group, Without
from regapp.registrations.letters import writing
from regapp.registrations.models import Registration, Status

NOT_AGREED = Text(
    "Ändringen skickas till deltagarna. Se först vad de får.",
    "The change is sent to the participants. See first what they get.",
)


@dataclass(frozen=True)
class Change:
    """What a save of the day changes in the participants' calendars.

    `letters` counts those who are written to, by group; `letters_say` is what a made-up one of each would get.
    """

    before: orders.Showing
    after: orders.Showing
    letters: Mapping[Group, int]
    unchanged: int
    without_entry: Without
    letters_say: Mapping[Group, Written]

    @property
    def number(self) -> int:
        return sum(self.letters.values())

    def to(self, attendance: Attendance) -> int:
        """How many with this form of attendance are written to."""
        return sum(number for group, number in self.letters.items() if group.attendance is attendance)

    @property
    def signature(self) -> str:
        """The same only for the same change and the same number of letters."""
        told = [(group, self.before[group], self.after[group], number) for group, number in self.letters.items()]
        return hashlib.sha256(repr(sorted(told)).encode()).hexdigest()


class NotAgreed(RuleBroken):
    """The save would write to people, and whoever saves has not seen this change with this number of letters."""

    def __init__(self, change: Change) -> None:
        super().__init__(NOT_AGREED)
        self.change = change


@dataclass(frozen=True)
class Saved:
    """The day as it is now, and how many letters its change ordered."""

    event: Event
    letters: int


def save_day(event_id: int, version: int, draft: Draft, at: datetime, *, actor: str, agreed: str = "") -> Saved:
    """Save the day as an organiser wrote it; the calendars and the line follow.

    Everybody whose own calendar entry differs is ordered a letter with it, in this transaction; `agreed` is the
    signature of the change that the organiser saw. More seats are filled at once; a number below the seats taken
    takes nobody's away. Raises NotAgreed, and what events.editing.save raises.
    """
    event = lock(Event, event_id)
    before, was_over = orders.shown_to_all(event), event.is_over(at)
    event = editing.save(event_id, version, draft, at, actor=actor)
    is_told = event.publication is Publication.PUBLISHED and not (was_over and event.is_over(at))
    letters = _tell(event, before, at, actor, agreed) if is_told else 0
    filling.settle(event, at)
    return Saved(event, letters)


def _tell(event: Event, before: orders.Showing, at: datetime, actor: str, agreed: str) -> int:
    after = orders.shown_to_all(event)
    differing = [group for group in orders.GROUPS if before[group] != after[group]]
    if not differing:
        return 0
    change = _change(event, before, after, differing)
    if not change.number:
        return 0
    if change.signature != agreed:
        raise NotAgreed(change)
    ordered = orders.order_update(event, differing, at)
    audit.record("event.change_told", actor=actor, at=at, event_id=event.id, letters=ordered)
    return ordered


def _change(event: Event, before: orders.Showing, after: orders.Showing, differing: list[Group]) -> Change:
    entries = orders.count_entries(event.id)
    letters = {group: entries[group] for group in differing if entries[group]}
    told = {group.attendance for group in letters}
    return Change(
        before,
        after,
        letters,
        unchanged=entries.total() - sum(letters.values()),
        without_entry=orders.count_without(event.id),
        letters_say={
            group: orders.letter_about(event, group, before[group]) for group in differing if group.attendance in told
        },
    )


HELD_FOR: Final = timedelta(hours=1)
"""How long the letters of a cancelled day wait at most: longer than a worker takes to tell of the cancellation."""


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
