"""When organisers change a day: who must be told, what the letter will say, and the orders to tell them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from regapp.core import audit
from regapp.core.db import lock
from regapp.core.errors import RuleBroken
from regapp.core.i18n import Text, use_language
from regapp.events import editing
from regapp.events.drafts import Draft
from regapp.events.models import Attendance, Event, Publication
from regapp.mailing.letters import Written
from regapp.mailing.letters import write as compose
from regapp.registrations import filling
from regapp.registrations.day import orders
from regapp.registrations.day.orders import Group, Without
from regapp.registrations.letters.entries import Shown
from regapp.registrations.letters.wording import day as day
from regapp.registrations.models import Registration, Status

NOT_AGREED = Text(
    "Ändringen skickas till deltagarna. Se först vad de får.",
    "The change is sent to the participants. See first what they get.",
)
EXAMPLE = Text("Förnamn Efternamn", "Firstname Lastname")
"""The made-up reader of a letter that is shown before it is sent."""


@dataclass(frozen=True)
class Change:
    """What a save of the day changes in the participants' calendars.

    `letters` counts those who are written to, by group; `letters_say` is what a made-up one of each would get.
    """

    before: Mapping[Group, Shown]
    after: Mapping[Group, Shown]
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


def _tell(event: Event, before: Mapping[Group, Shown], at: datetime, actor: str, agreed: str) -> int:
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


def _change(
    event: Event, before: Mapping[Group, Shown], after: Mapping[Group, Shown], differing: list[Group]
) -> Change:
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
            group: _letter_about(event, group, before[group]) for group in differing if group.attendance in told
        },
    )


def _letter_about(event: Event, group: Group, earlier: Shown) -> Written:
    reader = _example(event, group)
    with use_language(group.language):
        return compose(day.day_changed(reader, earlier), group.language)


def _example(event: Event, group: Group) -> Registration:
    """Somebody who is no registration, and never becomes one."""
    first_name, _, last_name = EXAMPLE.in_language(group.language).partition(" ")
    return Registration(
        event=event,
        status=Status.CONFIRMED,
        attendance=group.attendance,
        language=group.language,
        first_name=first_name,
        last_name=last_name,
    )
