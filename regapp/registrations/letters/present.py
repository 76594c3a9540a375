"""A fresh letter of what a participant has now, for who never got the others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple

from regapp.core.i18n import Text, use_language
from regapp.registrations import finding, places
from regapp.registrations.letters import told, writing
from regapp.registrations.letters.told import Holding
from regapp.registrations.letters.wording import day, leaving, line, parts, place
from regapp.registrations.letters.wording.additions import Compose, saying
from regapp.registrations.letters.writing import ADDRESS, CANCELLED, MOVED, MOVED_OUT_OF_LINE, REGISTERED, UNDONE, by
from regapp.registrations.models import Registration

_DONE: Final = {
    "registration.made": REGISTERED,
    "registration.address_corrected": ADDRESS,
    "registration.moved_online": MOVED,
    "registration.moved_on_site": MOVED,
    "registration.joined_line": MOVED,
    "registration.left_line": MOVED_OUT_OF_LINE,
    "registration.cancelled": CANCELLED,
    "registration.cancellation_undone": UNDONE,
}


class Present(NamedTuple):
    """A letter; one `with_calendar` brings the entry, or its end, with the SEQUENCE that it has."""

    kind: str
    compose: Compose
    with_calendar: bool = False


def write_present(registration: Registration, at: datetime) -> None:
    """Tell the participant what they have now, at their present address.

    Their calendar was told before: SEQUENCE stays as it is. What nobody told them of yet is a change, and is written
    as one.
    """
    done = _what_an_organiser_did(registration)
    if told.is_told(registration, at):
        for present in _letters(registration, at, done):
            _write(registration, present, at)
        return
    if not registration.is_active:
        writing.write_cancellation(registration, at, done=done)
        return
    if registration.has_entry and told.should_have_entry(registration) and registration.is_in_line:
        writing.write_place(registration, at, done=done)
    writing.write_what_they_have(registration, at, done=done)


def _what_an_organiser_did(registration: Registration) -> Text | None:
    """What led to what the person has, perhaps without a letter; None where it was themselves, or nobody."""
    last = finding.last_of_place(registration)
    return by(last.actor, _DONE[last.action]) if last and last.action in _DONE else None


def _letters(registration: Registration, at: datetime, done: Text | None) -> Iterator[Present]:
    had_entry = registration.calendar_sequence > 0
    for holding in told.what_they_have(registration):
        if holding is Holding.PLACE:
            confirmation = partial(place.confirmation, by_themselves=done is None)
            yield Present("confirmation", saying(done, confirmation), with_calendar=True)
        elif holding is Holding.OFFER:
            yield Present("offer", line.offer)
        elif holding is Holding.WAITING:
            yield Present("waiting", saying(done, _waiting(registration)), registration.has_entry)
        elif registration.is_active:
            yield Present("day_cancelled", partial(day.day_cancelled, takes_entry=had_entry), had_entry)
        elif registration.is_transferred:
            yield Present("transfer", partial(leaving.transferred, takes_entry=had_entry), had_entry)
        else:
            may_return = registration.event.is_open(at)
            compose = partial(leaving.cancellation, may_return=may_return, takes_entry=had_entry)
            yield Present("cancellation", saying(done, compose), had_entry)


def _waiting(registration: Registration) -> Compose:
    with use_language(registration.language):
        note = [parts.invitation_comes()] if registration.has_entry else []
    return partial(line.waiting, position=places.position(registration), entry=note)


def _write(registration: Registration, present: Present, at: datetime) -> None:
    calendar, method = (present.with_calendar and told.calendar_now(registration, at)) or (None, None)
    key = f"present:{present.kind}:{registration.public_id}:{registration.calendar_uid}:{at.isoformat()}"
    writing.write(registration, present.kind, present.compose, at, calendar=calendar, method=method, key=key)
