"""Registering: one form, sent once or many times, becomes one registration and one letter."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import datetime, timedelta
from typing import Final

from regapp.core import addresses, audit, limits, text
from regapp.core.context import settings
from regapp.core.db import db, lock
from regapp.core.limits import Limit
from regapp.events.models import Event
from regapp.registrations import changing, finding, letters, places, promoting
from regapp.registrations.applying import Application
from regapp.registrations.choices import Attendance, Wish
from regapp.registrations.models import HealthNote, RegisteredBy, Registration, Status, Submission
from regapp.registrations.places import DayPlaces
from regapp.registrations.refusals import DayFull, RegistrationClosed
from regapp.registrations.submissions import is_correctable

NOTICE_VERSION: Final = "2026-11"
"""The privacy notice that a registration was made under; raise it when the notice changes."""

TAKEN_BACK: Final = Limit("registration.taken_back", 5, timedelta(days=1))
"""How often an address loses a registration again because it was mistyped: each time it gets letters."""


def submit(event_id: int, application: Application, key: str, received_at: datetime) -> Submission:
    """Take in a form whose `key` was made when the form was shown; the same key never counts twice.

    Whoever is registered already gets a letter with their own link instead, and the caller learns nothing of
    it. Raises RegistrationClosed or DayFull.
    """
    event = lock(Event, event_id)
    promoting.settle(event, received_at)
    earlier = db.session.get(Submission, key)
    if earlier is not None:
        return _send_again(event, earlier, application, received_at)
    submission = Submission(
        key=key, event_id=event.id, email=application.email, received_at=received_at, application=None
    )
    _decide(event, submission, application, received_at)
    db.session.add(submission)
    return submission


def correct_address(key: str, email: str, at: datetime) -> Submission | None:
    """The sender of a form says that its address was mistyped; None when it is too late for that."""
    found = db.session.get(Submission, key)
    if found is None:
        return None
    event = lock(Event, found.event_id)
    submission = db.session.get_one(Submission, key)
    if not is_correctable(submission, at):
        return None
    _correct(event, submission, email, at)
    return submission


def _send_again(event: Event, earlier: Submission, application: Application, at: datetime) -> Submission:
    """The form came once more: by a double click, or by going back to correct the address or to register another."""
    made = _made_by(earlier)
    if (made.email_key if made else addresses.key(earlier.email)) == addresses.key(application.email):
        return earlier
    if not is_correctable(earlier, at) or not _is_same_person(earlier, application):
        return submit(event.id, application, _key_for_another(earlier.key, application), at)
    _correct(event, earlier, application.email, at)
    return earlier


def _is_same_person(earlier: Submission, application: Application) -> bool:
    asked = _application_in(earlier)
    return asked is not None and (asked.first_name, asked.last_name) == (application.first_name, application.last_name)


def _key_for_another(key: str, application: Application) -> str:
    """The same one each time that this person's form comes with that key."""
    return hashlib.blake2b(f"{key}\n{addresses.key(application.email)}".encode(), digest_size=16).hexdigest()


def _decide(event: Event, submission: Submission, application: Application, received_at: datetime) -> None:
    if not event.is_open(received_at):
        raise RegistrationClosed(event, received_at)
    day_places = places.count(event)
    # Before it is asked who is known: a full day must not tell.
    _refuse_what_is_not_there(event, application.wish, day_places, received_at)
    known = finding.find_active(event.id, application.email)
    if known is not None:
        letters.write_link(known, received_at)
        submission.registration_id = None
        submission.application = application.to_json()
        return
    registration = _take_in(event, application, day_places, received_at)
    submission.registration_id = registration.id
    submission.application = None


def _correct(event: Event, submission: Submission, email: str, at: datetime) -> None:
    if addresses.key(email) == addresses.key(submission.email):
        return
    registration = _made_by(submission)
    if registration and registration.is_active:
        limits.take(TAKEN_BACK, registration.email_key, at)
        if changing.change_address(registration.id, email, at) is None:
            submission.registration_id = None
            submission.application = Application.of(registration).to_json()
    elif application := _application_in(submission):
        # The form itself came in time; only the address in it was wrong. Whoever has that may have cancelled.
        _decide(event, submission, dataclasses.replace(application, email=email), submission.received_at)
    submission.email = email


def _made_by(submission: Submission) -> Registration | None:
    return (submission.registration_id and db.session.get(Registration, submission.registration_id)) or None


def _application_in(submission: Submission) -> Application | None:
    """What the form asked for, as long as that is known."""
    if submission.application is not None:
        return Application.from_json(submission.application)
    registration = _made_by(submission)
    return Application.of(registration) if registration else None


def _refuse_what_is_not_there(event: Event, wish: Wish, day_places: DayPlaces, received_at: datetime) -> None:
    """Raises DayFull when neither the place wished for nor its place in line is to be had."""
    if wish.wants_seat and not day_places.on_site.is_full:
        return
    may_wait = day_places.has_line(event, received_at)
    if wish is Wish.ON_SITE or (wish is not Wish.LINE and day_places.online.is_full):
        raise DayFull(event, wish.attendance, day_places, may_wait=may_wait)
    if wish.wants_seat and not may_wait:
        raise DayFull(event, Attendance.ON_SITE, day_places, may_wait=False)


def _take_in(event: Event, application: Application, day_places: DayPlaces, received_at: datetime) -> Registration:
    """Give a seat if one is wished for and free, otherwise an online place, a place in line, or both."""
    registration = build(event, application, received_at)
    wish = application.wish
    if wish.wants_seat and not day_places.on_site.is_full:
        registration.attendance = Attendance.ON_SITE
    elif wish.wants_seat:
        registration.in_line_since = received_at
        registration.status = Status.WAITING if wish is Wish.LINE else Status.CONFIRMED
    db.session.add(registration)
    db.session.flush()
    letters.write_place_or_waiting(registration, received_at)
    audit.record(
        "registration.made",
        actor=audit.PARTICIPANT,
        at=received_at,
        event_id=event.id,
        registration_id=registration.id,
    )
    return registration


def build(
    event: Event,
    application: Application,
    received_at: datetime,
    registered_by: RegisteredBy = RegisteredBy.THEMSELVES,
) -> Registration:
    """The registration that an application asks for; nothing is decided or written."""
    registration = Registration(
        event=event,
        first_name=application.first_name,
        last_name=application.last_name,
        email=application.email,
        email_key=addresses.key(application.email),
        profession=application.profession,
        profession_other=application.profession_other,
        workplace=application.workplace,
        department=application.department,
        attendance=application.wish.attendance,
        status=Status.CONFIRMED,
        language=application.language,
        message=application.message,
        wants_news=application.wants_news,
        notice_version=NOTICE_VERSION,
        registered_by=registered_by,
        received_at=received_at,
        changed_at=received_at,
        calendar_domain=settings().mail_domain,
        sort_key=text.sort_key(application.last_name, application.first_name),
        search_text="",
    )
    registration.search_text = finding.search_text(registration)
    if application.tells_of_health and application.wish.wants_seat:
        registration.health = HealthNote(
            diets=list(application.diets),
            diet_other=application.diet_other,
            access_needs=application.access_needs,
            consented_at=received_at,
        )
    return registration
