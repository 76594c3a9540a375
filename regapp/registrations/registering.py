"""Registering: one form, sent once or many times, becomes one registration and one letter."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from regapp.core import addresses, audit, text
from regapp.core.context import settings
from regapp.core.db import db, lock
from regapp.events.models import Event
from regapp.registrations import changing, finding, letters, places, promoting
from regapp.registrations.applying import Application
from regapp.registrations.choices import Attendance, Wish
from regapp.registrations.models import HealthNote, Registration, Status, Submission
from regapp.registrations.places import DayPlaces
from regapp.registrations.refusals import DayFull, RegistrationClosed
from regapp.registrations.submissions import is_correctable

NOTICE_VERSION: Final = "2026-11"
"""The privacy notice that a registration was made under; raise it when the notice changes."""


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
    """The form came once more: by a double click, or by going back to correct the address in it."""
    is_same = addresses.key(earlier.email) == addresses.key(application.email)
    if not is_same and is_correctable(earlier, at):
        _correct(event, earlier, application.email, at)
    return earlier


def _decide(event: Event, submission: Submission, application: Application, received_at: datetime) -> None:
    if not event.is_open(received_at):
        raise RegistrationClosed(event, received_at)
    known = finding.find_active(event.id, application.email)
    if known is not None:
        letters.write_link(known, received_at)
        submission.registration_id = None
        submission.application = application.to_json()
        return
    registration = _take_in(event, application, received_at)
    submission.registration_id = registration.id
    submission.application = None


def _correct(event: Event, submission: Submission, email: str, at: datetime) -> None:
    if addresses.key(email) == addresses.key(submission.email):
        return
    registration = submission.registration_id and db.session.get(Registration, submission.registration_id)
    if registration and registration.is_active:
        if changing.change_address(registration.id, email, at) is None:
            submission.registration_id = None
    elif submission.application is not None:
        application = Application.from_json({**submission.application, "email": email})
        # The form itself came in time; only the address in it was wrong.
        _decide(event, submission, application, submission.received_at)
    submission.email = email


def _take_in(event: Event, application: Application, received_at: datetime) -> Registration:
    """Give a place if one is free, otherwise what was wished for instead: an online place, a place in line, or both."""
    registration = build(event, application, received_at)
    day_places = places.count(event)
    if application.wish.wants_seat and not day_places.on_site.is_full:
        registration.attendance = Attendance.ON_SITE
    else:
        _take_what_is_left(registration, application.wish, day_places, received_at)
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


def _take_what_is_left(registration: Registration, wish: Wish, day_places: DayPlaces, received_at: datetime) -> None:
    """No seat is free, or none is wished for."""
    event = registration.event
    if wish is Wish.ON_SITE or (wish is not Wish.LINE and day_places.online.is_full):
        raise DayFull(event, wish.attendance, day_places, may_wait=event.fills_seats(received_at))
    if wish.wants_seat and not event.fills_seats(received_at):
        raise DayFull(event, Attendance.ON_SITE, day_places, may_wait=False)
    if wish is Wish.LINE:
        registration.status = Status.WAITING
    if wish.wants_seat:
        registration.in_line_since = received_at


def build(event: Event, application: Application, received_at: datetime) -> Registration:
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
