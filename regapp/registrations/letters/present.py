"""A fresh letter of what a participant has now, for who never got the others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple

from regapp.core.i18n import Text, use_language
from regapp.events.models import Publication
from regapp.registrations import finding, places
from regapp.registrations.letters import told, writing
from regapp.registrations.letters.wording import day as day_wording
from regapp.registrations.letters.wording import line as line_wording
from regapp.registrations.letters.wording import parts as letter_parts
from regapp.registrations.letters.wording import place as wording
from regapp.registrations.letters.wording.additions import (
    ADDRESS,
    CANCELLED,
    MOVED,
    MOVED_OUT_OF_LINE,
    REGISTERED,
    UNDONE,
    Compose,
    by,
    saying,
)
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


class Part(NamedTuple):
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
        for part in _parts(registration, at, done):
            _write(registration, part, at)
        return
    if not registration.is_active:
        writing.write_cancellation(registration, at, done=done)
        return
    if registration.has_entry and told.should_have_entry(registration) and registration.is_in_line:
        writing.write_place(registration, at, done=done)
    writing.write_place_or_waiting(registration, at, done=done)


def _what_an_organiser_did(registration: Registration) -> Text | None:
    """What led to what the person has, perhaps without a letter; None where it was themselves, or nobody."""
    last = finding.last_of_place(registration)
    return by(last.actor, _DONE[last.action]) if last and last.action in _DONE else None


def _parts(registration: Registration, at: datetime, done: Text | None) -> Iterator[Part]:
    if registration.event.publication is Publication.CANCELLED or not registration.is_active:
        yield _end(registration, at, done)
    elif registration.is_in_line and not registration.is_offered:
        brings = registration.has_entry
        with use_language(registration.language):
            note = [letter_parts.invitation_comes()] if brings else []
        waiting = partial(line_wording.waiting, position=places.position(registration), entry=note)
        yield Part("waiting", saying(done, waiting), brings)
    else:
        if registration.has_place:
            confirmation = partial(wording.confirmation, by_themselves=done is None)
            yield Part("confirmation", saying(done, confirmation), with_calendar=True)
        if registration.is_offered:
            yield Part("offer", line_wording.offer)


def _end(registration: Registration, at: datetime, done: Text | None) -> Part:
    had_entry = registration.calendar_sequence > 0
    if registration.is_active:
        return Part("day_cancelled", partial(day_wording.day_cancelled, takes_entry=had_entry), had_entry)
    if registration.is_transferred:
        return Part("transfer", partial(wording.transferred, takes_entry=had_entry), had_entry)
    compose = partial(wording.cancellation, may_return=registration.event.is_open(at), takes_entry=had_entry)
    return Part("cancellation", saying(done, compose), had_entry)


def _write(registration: Registration, part: Part, at: datetime) -> None:
    calendar, method = (part.with_calendar and told.calendar_now(registration, at)) or (None, None)
    key = f"present:{part.kind}:{registration.public_id}:{registration.calendar_uid}:{at.isoformat()}"
    writing.write(registration, part.kind, part.compose, at, calendar=calendar, method=method, key=key)
