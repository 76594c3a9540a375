"""Registering: one form, sent once or many times, becomes one registration and one letter."""

import dataclasses
from collections.abc import Collection
from datetime import datetime
from typing import Final

from regapp.core import addresses, audit
from regapp.core.db import db, lock
from regapp.core.errors import RuleBroken
from regapp.core.i18n import Text
from regapp.events.models import Attendance, Event
from regapp.mailing import provoked
from regapp.registrations import attempts, changing, filling, finding, places, submissions
from regapp.registrations.application import Application, Details, Needs
from regapp.registrations.letters import told, writing
from regapp.registrations.models import RegisteredBy, Registration, Status
from regapp.registrations.places import DayFull, DayPlaces, NoLine, RegistrationClosed
from regapp.registrations.submissions import Submission

CHANGED_SINCE: Final = Text(
    "Anmälan har ändrats sedan formuläret skickades, så adressen går inte att rätta här. Anmäl dig igen med rätt "
    "adress, eller skriv till {contact}.",
    "The registration has changed since the form was sent, so the address can’t be corrected here. Register again with "
    "the right address, or write to {contact}.",
)


SAME_ADDRESS: Final = Text(
    "Det är adressen som anmälan redan har. Skriv den rätta.",
    "That is the address that the registration has already. Write the right one.",
)


class NotCorrectable(RuleBroken):
    """What the form made is no longer as the form made it."""

    def __init__(self, event: Event) -> None:
        super().__init__(CHANGED_SINCE.format(contact=event.contact_email))


def submit(
    event_id: int,
    application: Application,
    form_key: str,
    received_at: datetime,
    sent_here: Collection[str] = (),
    client: str | None = None,
) -> Submission:
    """Take in a form whose `form_key` was made when it was shown; the same form never counts twice.

    The mailbox of an address that is registered already gets a letter instead, and the caller learns nothing of it.
    `sent_here` are the answer pages of what the same browser has sent: going back to give somebody another address
    corrects it. `client` is the sender's network address. Raises RegistrationClosed, NoLine, DayFull or TooMany.
    """
    mistyped = submissions.find_mistyped(form_key, application, sent_here, received_at)
    provoked.hold(application.email, *([mistyped.email] if mistyped else []))
    key = submissions.key_of(event_id, form_key, application)
    if sent := db.session.get(Submission, key):
        return sent
    provoked.take_from(client, received_at)
    provoked.typed(application.email, received_at)
    if mistyped is not None:
        provoked.take_correction(event_id, form_key, {mistyped.email, application.email}, received_at)
    event = lock(Event, event_id)
    filling.settle(event, received_at)
    if mistyped is not None and why_not_correctable(mistyped, received_at) is None:
        _correct(event, mistyped, application, received_at)
        mistyped.key = key
        return mistyped
    submission = Submission(
        key=key,
        form_key=form_key,
        event_id=event.id,
        name=application.name,
        email=application.email,
        received_at=received_at,
    )
    _decide(event, submission, application, received_at)
    db.session.add(submission)
    return submission


def correct_address(
    answer_id: str, shown_version: int, email: str, needs: Needs, at: datetime, client: str | None = None
) -> Submission:
    """The sender of a form says that its address was mistyped, and states diets and access needs anew.

    `shown_version` is the `link_version` of what the page was about, `client` the sender's network address. Raises
    NotCorrectable, what `submit` raises, and NotFound.
    """
    submission = submissions.get(answer_id)
    provoked.hold(submission.email, email)
    if addresses.key(email) == addresses.key(submission.email):
        if shown_version == submission.link_version:
            raise RuleBroken(SAME_ADDRESS, field="email")
        return submission  # the button was pressed twice
    provoked.take_from(client, at)
    provoked.take_correction(submission.event_id, submission.form_key, {submission.email, email}, at)
    event = lock(Event, submission.event_id)
    filling.settle(event, at)
    application = application_in(submission)
    if application is None or shown_version != submission.link_version or why_not_correctable(submission, at):
        raise NotCorrectable(event)
    _correct(event, submission, dataclasses.replace(application, email=email, **vars(needs)), at)
    return submission


def why_not_correctable(submission: Submission, at: datetime) -> NotCorrectable | None:
    """What keeps the address from being corrected: time, or that the registration isn't as the form made it.

    Whoever has the registration's links by now, even in the mistyped mailbox, may have made it their own.
    """
    registration = _made_by(submission)
    is_as_made = registration is None or (
        registration.is_active
        and registration.link_version == submission.link_version
        and registration.email == submission.email
        and not finding.has_acted(registration)
    )
    if is_as_made and submissions.is_correctable(submission, at):
        return None
    return NotCorrectable(db.session.get_one(Event, submission.event_id))


def application_in(submission: Submission) -> Application | None:
    """What the form asked for, without diets and access needs, as long as that is known."""
    if submission.application is not None:
        return Application.from_json(submission.application)
    registration = _made_by(submission)
    return Application.of(registration).without_needs() if registration else None


def _decide(
    event: Event, submission: Submission, application: Application, received_at: datetime, *, counted: bool = False
) -> None:
    if not event.is_open(received_at):
        raise RegistrationClosed(event, received_at)
    day_places = places.count(event)
    # Before it is asked who is known: a full day must not tell.
    _refuse_what_is_not_there(event, application, day_places, received_at)
    known = finding.find_active(event.id, application.email)
    if known is not None:
        attempts.answer(known, application, received_at, counted=counted)
        submission.stands_for(None)
        submission.application = application.without_needs().to_json()
        return
    if not counted:
        provoked.note(event.id, application.email, received_at)
    submission.stands_for(_take_in(event, application, received_at))
    submission.application = None


def _correct(event: Event, submission: Submission, application: Application, at: datetime) -> None:
    """Let the form count for the application's address, with the needs that the application tells of."""
    registration = _made_by(submission)
    if registration is None:
        # The form itself came in time; only the address in it was wrong.
        _decide(event, submission, application, submission.received_at, counted=True)
        if made := _made_by(submission):
            finding.record("registration.address_corrected", made, at, audit.PARTICIPANT)
    else:
        _move(registration, submission, application, at)
    submission.email = application.email


def _move(registration: Registration, submission: Submission, application: Application, at: datetime) -> None:
    changing.keep_details(registration, Details.of(application))
    registration.message, registration.language = application.message, application.language
    needs = Needs(application.diets, application.diet_other, application.access_needs)
    changing.keep_needs(registration, needs if registration.wants_seat else Needs(), at)
    if changing.change_address(registration.id, application.email, at) is None:
        submission.stands_for(None)
        submission.application = application.without_needs().to_json()
        return
    submission.stands_for(registration)
    if not attempts.is_theirs(registration, application):
        attempts.answer(registration, application, at)


def _made_by(submission: Submission) -> Registration | None:
    return (submission.registration_id and db.session.get(Registration, submission.registration_id)) or None


def _refuse_what_is_not_there(
    event: Event, application: Application, day_places: DayPlaces, received_at: datetime
) -> None:
    """Raises NoLine, and DayFull when neither the place wished for nor its place in line is to be had."""
    wish = application.wish
    if wish.wants_line and not event.seats_on_site:
        raise NoLine
    if wish.wants_seat and not day_places.on_site.is_full:
        return
    may_wait = day_places.has_line(event, received_at)
    takes_seat_alone = wish.wants_seat and not wish.wants_line
    if takes_seat_alone or (wish.attendance is Attendance.ONLINE and day_places.online.is_full):
        raise DayFull(event, wish.attendance, day_places, may_wait=may_wait)
    if wish.wants_seat and not may_wait:
        raise DayFull(event, Attendance.ON_SITE, day_places, may_wait=False)


def _take_in(event: Event, application: Application, at: datetime) -> Registration:
    registration = enter(event, application, at)
    writing.write_registered(registration, at, wanted_line=application.wish.wants_line)
    finding.record("registration.made", registration, at, audit.PARTICIPANT)
    return registration


def enter(
    event: Event, application: Application, at: datetime, by: RegisteredBy = RegisteredBy.THEMSELVES
) -> Registration:
    """Add the registration: a seat to somebody who also takes the line if one is free, otherwise a place in line.

    The caller has locked the day and decided that the application is taken, and writes the letter.
    """
    registration = application.to_registration(event, at, by)
    if application.wish.wants_line:
        if not places.count(event).on_site.is_full:
            registration.attendance = Attendance.ON_SITE
        else:
            registration.in_line_since = at
            registration.status = (
                Status.CONFIRMED if application.wish.attendance is Attendance.ONLINE else Status.WAITING
            )
    db.session.add(registration)
    told.take_over_entry(registration)
    return registration
