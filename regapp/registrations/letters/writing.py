"""What a participant is told by mail: which letter when, and the calendar entry that goes with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from regapp.core.db import db
from regapp.core.i18n import Text, use_language
from regapp.events.models import Publication
from regapp.mailing import outbox
from regapp.mailing.letters import Letter
from regapp.mailing.models import CalendarMethod
from regapp.registrations import places
from regapp.registrations.choices import Wish
from regapp.registrations.letters import entries, entry_letters, told
from regapp.registrations.letters.links import links_of as links_of
from regapp.registrations.letters.links import personal_links as personal_links
from regapp.registrations.letters.wording import answers, arranged, line_end, rerouting
from regapp.registrations.letters.wording import day as day_wording
from regapp.registrations.letters.wording import line as line_wording
from regapp.registrations.letters.wording import parts as letter_parts
from regapp.registrations.letters.wording import place as wording
from regapp.registrations.letters.wording.additions import CORRECTED, Compose, complete, saying, words_for
from regapp.registrations.models import Registration


def write_place(registration: Registration, at: datetime, *, done: Text | None = None) -> None:
    """Tell of the place that the participant has now: a confirmation, or an update of the entry they have.

    Who got their entry from an earlier registration, or was never told of this one, has nothing confirmed yet.
    """
    if registration.has_entry and entry_letters.confirmation_id(registration):
        _write_request(registration, "update", saying(done, wording.update), at)
    else:
        compose = partial(wording.confirmation, by_themselves=done is None)
        _write_request(registration, "confirmation", saying(done, compose), at)


def write_taken_over(registration: Registration, at: datetime) -> None:
    """The confirmation of whoever got a colleague's place, and asked for nothing themselves."""
    _write_request(registration, "confirmation", arranged.taken_over, at)


def write_corrected(registration: Registration, at: datetime) -> None:
    """Tell that an organiser corrected the details; no calendar shows them, so an entry stays as it is.

    Of a cancelled day they are told that it is so.
    """
    event = registration.event
    if event.publication is Publication.CANCELLED and not event.is_cancellation_untold:
        write_cancellation(registration, at, day_cancelled=True)
    elif registration.has_place and not registration.has_entry and event.publication is Publication.PUBLISHED:
        write_place(registration, at, done=CORRECTED)
    else:
        _write_with_what_is_due(registration, "corrected", arranged.corrected, at)


def write_seat(registration: Registration, at: datetime) -> None:
    """Tell whoever stood in line of the seat that they have now, with an entry or an update of theirs."""
    kind = "update" if registration.has_entry else "confirmation"
    compose = partial(line_wording.promoted, brings_entry=not registration.has_entry)
    _write_request(registration, kind, compose, at)


def write_place_or_waiting(registration: Registration, at: datetime, *, done: Text | None = None) -> None:
    """Tell what the participant has: a place, or a place in line, or both; of a cancelled day only that it is so."""
    if registration.event.publication is Publication.CANCELLED:
        if not registration.event.is_cancellation_untold:  # else it is told in a while, or the day is taken back
            write_cancellation(registration, at, day_cancelled=True)
        return
    if registration.is_in_line and not registration.is_offered:
        write_waiting(registration, at, done=done)
        return
    if registration.has_place:
        write_place(registration, at, done=done)
    if registration.is_offered:
        write_offer(registration, at, done=None if registration.has_place else done)


def write_registered(registration: Registration, wish: Wish, at: datetime, *, done: Text | None = None) -> None:
    """The first letter. Whoever asked for the line and got a seat is told that one had become free."""
    if wish.wants_line and registration.has_seat:
        _write_request(registration, "confirmation", saying(done, line_wording.seat_had_become_free), at)
    else:
        write_place_or_waiting(registration, at, done=done)


def write_language(registration: Registration, at: datetime) -> None:
    """Tell in the new language that it is spoken now, with the entry, where that shows it."""
    _write_with_what_is_due(registration, "update", rerouting.spoken_to, at)


def write_undone(registration: Registration, at: datetime, *, done: Text | None = None) -> None:
    """Tell that a cancellation is undone; the entry comes back as the same one."""
    if registration.has_place:
        compose = partial(wording.undone, by_themselves=done is None)
        _write_request(registration, "undo", saying(done, compose), at)
    elif not registration.is_offered:
        write_waiting(registration, at, done=done, is_undone=True)


def write_waiting(
    registration: Registration, at: datetime, *, done: Text | None = None, is_undone: bool = False
) -> None:
    """Tell the place in line, with the entry of an online place that the participant's calendar lacks.

    `is_undone`: they stand there since a cancellation was taken back, by themselves unless `done` says by whom.
    """
    db.session.flush()
    words = line_wording.waiting_again if is_undone and done is None else line_wording.waiting
    compose = partial(words, position=places.position(registration))
    _write_with_what_is_due(registration, "waiting", compose, at, done=done)


def write_offer(registration: Registration, at: datetime, *, done: Text | None = None) -> None:
    _write_with_what_is_due(registration, "offer", line_wording.offer, at, done=done)


def write_offer_passed(registration: Registration, at: datetime) -> None:
    ways = line_end.Ways.of(registration.event, at)
    _write_with_what_is_due(registration, "offer_passed", partial(line_end.offer_passed, ways=ways), at)


def write_line_closed(registration: Registration, at: datetime) -> None:
    ways = line_end.Ways.of(registration.event, at)
    _write_with_what_is_due(registration, "line_closed", partial(line_end.line_closed, ways=ways), at)


def write_cancellation(
    registration: Registration, at: datetime, *, day_cancelled: bool = False, done: Text | None = None
) -> None:
    """Tell that the place is given up, and take the entry away (RFC 5546 §3.2.5 CANCEL)."""
    takes_entry = registration.has_entry
    if day_cancelled:
        _write_cancel(registration, "day_cancelled", partial(day_wording.day_cancelled, takes_entry=takes_entry), at)
        return
    may_return = registration.event.is_open(at)
    compose = partial(wording.cancellation, may_return=may_return, takes_entry=takes_entry)
    _write_cancel(registration, "cancellation", saying(done, compose), at)


def write_transfer(registration: Registration, at: datetime) -> None:
    """Tell whoever gave the place away that it is a colleague's now, and take the entry away."""
    compose = partial(wording.transferred, takes_entry=registration.has_entry)
    _write_cancel(registration, "transfer", compose, at)


def write_link(
    registration: Registration, at: datetime, *, registered_again: bool = True, by_colleague: bool = False
) -> None:
    """Send the participant their own link; how often, is the caller's to limit (see provoked)."""
    compose = partial(wording.link, registered_again=registered_again, by_colleague=by_colleague)
    write(registration, "link", compose, at)


def write_declined(registration: Registration, at: datetime) -> None:
    """Tell whoever's calendar said no that the place stands and how to cancel; once for each version of the entry."""
    write(registration, "declined", answers.declined, at, key=entry_letters.key("declined", registration))


def write_address_changed(registration: Registration, at: datetime, *, done: Text | None = None) -> None:
    """Tell the mailbox that the registration had until now, and take the entry from there, if there is one."""
    takes_entry = registration.has_entry
    compose = partial(rerouting.address_changed, by_themselves=done is None, takes_entry=takes_entry)
    _write_cancel(registration, "cancellation", saying(done, compose), at)


def _write_with_what_is_due(
    registration: Registration, kind: str, compose: Callable[..., Letter], at: datetime, *, done: Text | None = None
) -> None:
    """A letter that says what the participant has; after a change without a letter it sets their calendar right."""
    db.session.flush()
    method = told.due_to_calendar(registration, at)
    with use_language(registration.language):
        note = letter_parts.entry_note(method, is_new=not registration.has_entry)
    compose = partial(compose, entry=note)
    write_it = {CalendarMethod.REQUEST: _write_request, CalendarMethod.CANCEL: _write_cancel, None: write}[method]
    write_it(registration, kind, saying(done, compose), at)


def _write_request(registration: Registration, kind: str, compose: Compose, at: datetime) -> None:
    """A letter that brings the entry, or its new form (RFC 5546 §3.2.2 REQUEST)."""
    if registration.has_entry or registration.calendar_sequence > 0:
        registration.calendar_sequence += 1
    registration.has_entry = True
    registration.changed_at = at
    calendar = entries.invitation(registration, at).request()
    key = entry_letters.key(kind, registration)
    write(registration, kind, compose, at, calendar=calendar, method=CalendarMethod.REQUEST, key=key)


def _write_cancel(registration: Registration, kind: str, compose: Compose, at: datetime) -> None:
    """A letter that takes the entry away, where there is one."""
    if not registration.has_entry:
        write(registration, kind, compose, at)
        return
    registration.calendar_sequence += 1
    registration.has_entry = False
    registration.changed_at = at
    calendar = entries.invitation(registration, at).cancel()
    key = entry_letters.key(kind, registration)
    write(registration, kind, compose, at, calendar=calendar, method=CalendarMethod.CANCEL, key=key)


def write(
    registration: Registration,
    kind: str,
    compose: Compose,
    at: datetime,
    *,
    calendar: bytes | None = None,
    method: CalendarMethod | None = None,
    key: str | None = None,
) -> None:
    """Write a letter down in the participant's language, with the SEQUENCE that the registration has."""
    db.session.flush()
    with use_language(registration.language):
        words = words_for(registration, at) if method is CalendarMethod.REQUEST else {}
        outbox.enqueue(
            complete(compose(registration), registration, kind, words.values()),
            key=key or f"{kind}:{registration.public_id}:{at.isoformat()}",
            kind=kind,
            to=registration.email,
            language=registration.language,
            at=at,
            event_id=registration.event_id,
            registration_id=registration.id,
            calendar=calendar,
            method=method,
            sequence=registration.calendar_sequence if calendar else None,
            in_reply_to=entry_letters.confirmation_id(registration) if kind != "confirmation" else None,
            words_of=words,
        )
