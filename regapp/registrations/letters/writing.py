"""What a participant is told by mail: which letter when, and the calendar entry that goes with it."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import NamedTuple

from regapp.core import audit
from regapp.core.db import db
from regapp.core.i18n import Text, use_language
from regapp.events.models import Publication
from regapp.mailing import outbox
from regapp.mailing.kinds import Kind
from regapp.mailing.letters import Letter
from regapp.mailing.models import CalendarMethod
from regapp.registrations import finding
from regapp.registrations.letters import entries, told
from regapp.registrations.letters.told import Holding
from regapp.registrations.letters.wording import answers, day, leaving, line, parts, place
from regapp.registrations.letters.wording.parts import Compose as Compose
from regapp.registrations.letters.wording.parts import complete, saying, words_for
from regapp.registrations.models import Registration

REGISTERED = Text("Det är arrangören som har anmält dig.", "It is the organiser who registered you.")
MOVED = Text("Det är arrangören som har ändrat hur du deltar.", "It is the organiser who changed how you take part.")
MOVED_OUT_OF_LINE = Text(
    "Det är arrangören som har ändrat hur du deltar. Du står inte längre i kön.",
    "It is the organiser who changed how you take part. You are no longer in line.",
)
CANCELLED = Text("Det är arrangören som har avanmält dig.", "It is the organiser who cancelled your registration.")
UNDONE = Text(
    "Det är arrangören som har tagit tillbaka avanmälan.", "It is the organiser who took the cancellation back."
)
CORRECTED = Text("Det är arrangören som har rättat dina uppgifter.", "It is the organiser who corrected your details.")
ADDRESS = Text(
    "Det är arrangören som har ändrat e-postadressen.", "It is the organiser who changed the e-mail address."
)


def by(actor: str, done: Text) -> Text | None:
    """What an organiser did, for the letter to say; None when the reader did it themselves, or nobody."""
    return done if audit.is_organiser(actor) else None


def write_place(registration: Registration, at: datetime, *, done: Text | None = None) -> None:
    """Tell of the place that the participant has now: a confirmation, or an update of the entry they have.

    Who got their entry from an earlier registration, or was never told of this one, has nothing confirmed yet.
    """
    if registration.has_entry and told.confirmation_id(registration):
        _write_request(registration, Kind.UPDATE, saying(done, place.update), at)
    else:
        _write_request(registration, Kind.CONFIRMATION, _confirmation(done), at)


def write_taken_over(registration: Registration, at: datetime) -> None:
    """The confirmation of whoever got a colleague's place, and asked for nothing themselves."""
    _write_request(registration, Kind.CONFIRMATION, place.taken_over, at)


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
        _write_with_what_is_due(registration, Kind.CORRECTED, place.corrected, at)


def write_seat(registration: Registration, at: datetime) -> None:
    """Tell whoever stood in line of the seat that they have now, with an entry or an update of theirs."""
    kind = Kind.UPDATE if registration.has_entry else Kind.CONFIRMATION
    compose = partial(line.promoted, brings_entry=not registration.has_entry)
    _write_request(registration, kind, compose, at)


def write_what_they_have(registration: Registration, at: datetime, *, done: Text | None = None) -> None:
    """Tell what the participant has (see told.what_they_have); of a cancelled day only when it can't be taken back."""
    holdings = told.what_they_have(registration)
    if Holding.NO_DAY in holdings and not registration.event.is_cancellation_untold:
        write_cancellation(registration, at, day_cancelled=True)
    if Holding.WAITING in holdings:
        write_waiting(registration, at, done=done)
    if Holding.PLACE in holdings:
        write_place(registration, at, done=done)
    if Holding.OFFER in holdings:
        write_offer(registration, at, done=None if Holding.PLACE in holdings else done)


def write_registered(registration: Registration, at: datetime, *, wanted_line: bool, done: Text | None = None) -> None:
    """The first letter. Whoever asked for the line and got a seat is told that one had become free."""
    if wanted_line and registration.has_seat:
        _write_request(registration, Kind.CONFIRMATION, saying(done, place.seat_had_become_free), at)
    else:
        write_what_they_have(registration, at, done=done)


def write_language(registration: Registration, at: datetime) -> None:
    """Tell in the new language that it is spoken now, with the entry, where that shows it."""
    _write_with_what_is_due(registration, Kind.UPDATE, place.spoken_to, at)


def write_undone(registration: Registration, at: datetime, *, done: Text | None = None) -> None:
    """Tell that a cancellation is undone; the entry comes back as the same one."""
    if registration.has_place:
        compose = partial(place.undone, by_themselves=done is None)
        _write_request(registration, Kind.UNDO, saying(done, compose), at)
    elif not registration.is_offered:
        write_waiting(registration, at, done=done, is_undone=True)


def write_waiting(
    registration: Registration, at: datetime, *, done: Text | None = None, is_undone: bool = False
) -> None:
    """Tell the place in line, with the entry of an online place that the participant's calendar lacks.

    `is_undone`: they stand there since a cancellation was taken back, by themselves unless `done` says by whom.
    """
    db.session.flush()
    words = line.waiting_again if is_undone and done is None else line.waiting
    compose = partial(words, position=finding.position(registration))
    _write_with_what_is_due(registration, Kind.WAITING, compose, at, done=done)


def write_offer(registration: Registration, at: datetime, *, done: Text | None = None) -> None:
    _write_with_what_is_due(registration, Kind.OFFER, line.offer, at, done=done)


def write_out_of_line(
    registration: Registration, at: datetime, *, passed: bool, can_go_online: bool, can_wait: bool
) -> None:
    """Tell that the offer `passed`, or that the line has closed, and what the person can still do by themselves."""
    kind, words = (Kind.OFFER_PASSED, line.offer_passed) if passed else (Kind.LINE_CLOSED, line.line_closed)
    ways = line.Ways(can_go_online, can_wait)
    _write_with_what_is_due(registration, kind, partial(words, ways=ways), at)


def write_cancellation(
    registration: Registration, at: datetime, *, day_cancelled: bool = False, done: Text | None = None
) -> None:
    """Tell that the place is given up, and take the entry away (RFC 5546 §3.2.5 CANCEL)."""
    takes_entry = registration.has_entry
    if day_cancelled:
        _write_cancel(registration, Kind.DAY_CANCELLED, partial(day.day_cancelled, takes_entry=takes_entry), at)
        return
    _write_cancel(registration, Kind.CANCELLATION, _cancellation(registration, at, done, takes_entry=takes_entry), at)


def write_transfer(registration: Registration, at: datetime) -> None:
    """Tell whoever gave the place away that it is a colleague's now, and take the entry away."""
    compose = partial(leaving.transferred, takes_entry=registration.has_entry)
    _write_cancel(registration, Kind.TRANSFER, compose, at)


def write_link(
    registration: Registration, at: datetime, *, registered_again: bool = True, by_colleague: bool = False
) -> None:
    """Send the participant their own link; how often, is the caller's to limit (see provoked)."""
    compose = partial(place.link, registered_again=registered_again, by_colleague=by_colleague)
    write(registration, Kind.LINK, compose, at)


def write_not_registered(
    registration: Registration, name: str, at: datetime, *, wish: Text | None, by_colleague: bool, key: str
) -> None:
    """Tell the mailbox that a form with its address registered nobody called so, or changed no `wish` of its own."""
    compose: Compose = partial(answers.not_registered, name=name, at=at)
    if wish is not None:
        compose = partial(answers.not_changed, wish=wish, by_colleague=by_colleague)
    write(registration, Kind.NOT_REGISTERED, compose, at, key=key)


def write_declined_by_other(registration: Registration, address: str, at: datetime) -> None:
    """Tell that another address said no to the invitation; once for each version of the entry and address."""
    key = f"{told.key(Kind.DECLINED_BY_OTHER, registration)}:{sha256(address.encode()).hexdigest()[:16]}"
    compose = partial(answers.declined_by_other, address=address)
    write(registration, Kind.DECLINED_BY_OTHER, compose, at, key=key, is_about_entry=True)


def write_declined(registration: Registration, at: datetime) -> None:
    """Tell whoever's calendar said no that the place stands and how to cancel; once for each version of the entry."""
    write(
        registration,
        Kind.DECLINED,
        answers.declined,
        at,
        key=told.key(Kind.DECLINED, registration),
        is_about_entry=True,
    )


def write_address_changed(registration: Registration, at: datetime, *, done: Text | None = None) -> None:
    """Tell the mailbox that the registration had until now, and take the entry from there, if there is one."""
    takes_entry = registration.has_entry
    compose = partial(leaving.address_changed, by_themselves=done is None, takes_entry=takes_entry)
    _write_cancel(registration, Kind.CANCELLATION, saying(done, compose), at)


class Present(NamedTuple):
    """What somebody has, as a letter; one `with_calendar` brings the entry, or its end, with the SEQUENCE it has."""

    kind: Kind
    compose: Compose
    with_calendar: bool = False


def letters_now(registration: Registration, at: datetime, done: Text | None) -> Iterator[Present]:
    """The letters that say what the participant has, whether or not they were told before; nothing is written down."""
    had_entry = registration.calendar_sequence > 0
    for holding in told.what_they_have(registration):
        if holding is Holding.PLACE:
            yield Present(Kind.CONFIRMATION, _confirmation(done), with_calendar=True)
        elif holding is Holding.OFFER:
            yield Present(Kind.OFFER, line.offer)
        elif holding is Holding.WAITING:
            with use_language(registration.language):
                note = [parts.invitation_comes()] if registration.has_entry else []
            waiting = partial(line.waiting, position=finding.position(registration), entry=note)
            yield Present(Kind.WAITING, saying(done, waiting), registration.has_entry)
        elif registration.is_active:
            yield Present(Kind.DAY_CANCELLED, partial(day.day_cancelled, takes_entry=had_entry), had_entry)
        elif registration.is_transferred:
            yield Present(Kind.TRANSFER, partial(leaving.transferred, takes_entry=had_entry), had_entry)
        else:
            yield Present(Kind.CANCELLATION, _cancellation(registration, at, done, takes_entry=had_entry), had_entry)


def _confirmation(done: Text | None) -> Compose:
    return saying(done, partial(place.confirmation, by_themselves=done is None))


def _cancellation(registration: Registration, at: datetime, done: Text | None, *, takes_entry: bool) -> Compose:
    may_return = registration.event.is_open(at)
    return saying(done, partial(leaving.cancellation, may_return=may_return, takes_entry=takes_entry))


def _write_with_what_is_due(
    registration: Registration, kind: Kind, compose: Callable[..., Letter], at: datetime, *, done: Text | None = None
) -> None:
    """A letter that says what the participant has; after a change without a letter it sets their calendar right."""
    db.session.flush()
    method = told.due_to_calendar(registration, at)
    with use_language(registration.language):
        note = parts.entry_note(method, is_new=not registration.has_entry)
    compose = partial(compose, entry=note)
    write_it = {CalendarMethod.REQUEST: _write_request, CalendarMethod.CANCEL: _write_cancel, None: write}[method]
    write_it(registration, kind, saying(done, compose), at)


def _write_request(registration: Registration, kind: Kind, compose: Compose, at: datetime) -> None:
    """A letter that brings the entry, or its new form (RFC 5546 §3.2.2 REQUEST)."""
    if registration.has_entry or registration.calendar_sequence > 0:
        registration.calendar_sequence += 1
    registration.has_entry = True
    registration.changed_at = at
    calendar = entries.invitation(registration, at).request()
    key = told.key(kind, registration)
    write(registration, kind, compose, at, calendar=calendar, method=CalendarMethod.REQUEST, key=key)


def _write_cancel(registration: Registration, kind: Kind, compose: Compose, at: datetime) -> None:
    """A letter that takes the entry away, where there is one."""
    if not registration.has_entry:
        write(registration, kind, compose, at)
        return
    registration.calendar_sequence += 1
    registration.has_entry = False
    registration.changed_at = at
    calendar = entries.invitation(registration, at).cancel()
    key = told.key(kind, registration)
    write(registration, kind, compose, at, calendar=calendar, method=CalendarMethod.CANCEL, key=key)


def write(
    registration: Registration,
    kind: Kind,
    compose: Compose,
    at: datetime,
    *,
    calendar: str | None = None,
    method: CalendarMethod | None = None,
    key: str | None = None,
    is_about_entry: bool = False,
) -> None:
    """Write a letter down in the participant's language, with the SEQUENCE that the registration has.

    One with a calendar part is about the entry in any case.
    """
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
            entry_uid=registration.calendar_uid if calendar or is_about_entry else None,
            in_reply_to=told.confirmation_id(registration) if kind != Kind.CONFIRMATION else None,
            words_of=words,
        )
