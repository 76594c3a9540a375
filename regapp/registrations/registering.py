"""Registering: one form, sent once or many times, becomes one registration and one letter."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, select

from regapp.core import addresses, audit, limits, text
from regapp.core.context import settings
from regapp.core.db import db, lock
from regapp.core.limits import Limit
from regapp.events.models import Event
from regapp.registrations import cancelling, letters, places
from regapp.registrations.applying import Application
from regapp.registrations.models import Attendance, HealthNote, Registration, Status, Submission
from regapp.registrations.refusals import DayFull, RegistrationClosed
from regapp.registrations.submissions import is_correctable

NOTICE_VERSION: Final = "2026-11"
"""The privacy notice that a registration was made under; raise it when the notice changes."""

TAKEN_BACK: Final = Limit("registration.taken_back", 5, timedelta(days=1))
"""How often an address loses a registration again because it was mistyped: each time it gets letters."""

# Built once: it is asked while the day's row is locked.
_ACTIVE = select(Registration).where(
    Registration.event_id == bindparam("event_id"),
    Registration.email_key == bindparam("email_key"),
    Registration.status != Status.CANCELLED,
)


def submit(event_id: int, application: Application, key: str, received_at: datetime) -> Submission:
    """Take in a form whose `key` was made when the form was shown; the same key never counts twice.

    Whoever is registered already gets a letter with their own link instead, and the caller learns nothing of
    it. Raises RegistrationClosed or DayFull.
    """
    event = lock(Event, event_id)
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


def find_active(event_id: int, email: str) -> Registration | None:
    return db.session.scalar(_ACTIVE, {"event_id": event_id, "email_key": addresses.key(email)})


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
    # Before it is asked who is known: a full day must not tell.
    _require_place(event, application.attendance)
    known = find_active(event.id, application.email)
    if known is not None:
        letters.write_link(known, received_at)
        submission.registration_id = None
        submission.application = application.to_json()
        return
    registration = _give_place(event, application, received_at)
    submission.registration_id = registration.id
    submission.application = None


def _correct(event: Event, submission: Submission, email: str, at: datetime) -> None:
    if addresses.key(email) == addresses.key(submission.email):
        return
    registration = _made_by(submission)
    if registration and registration.is_active:
        limits.take(TAKEN_BACK, registration.email_key, at)
        _move_to_address(registration, submission, email, at)
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


def _move_to_address(registration: Registration, submission: Submission, email: str, at: datetime) -> None:
    """Give the registration the right address: new links, and the wrong mailbox loses its calendar entry."""
    known = find_active(registration.event_id, email)
    if known is not None:
        _withdraw_for(known, registration, submission, at)
        return
    letters.take_back_entry(registration, at)
    registration.email, registration.email_key = email, addresses.key(email)
    registration.link_version += 1
    registration.changed_at = at
    registration.search_text = _search_text(registration)
    letters.write_confirmation(registration, at)
    audit.record(
        "registration.address_corrected",
        actor=audit.PARTICIPANT,
        at=at,
        event_id=registration.event_id,
        registration_id=registration.id,
    )


def _withdraw_for(known: Registration, registration: Registration, submission: Submission, at: datetime) -> None:
    """The right address is registered already: that registration stays, this one goes."""
    letters.take_back_entry(registration, at)
    cancelling.give_up(registration, at, actor=audit.PARTICIPANT)
    letters.write_link(known, at)
    submission.registration_id = None
    submission.application = Application.of(registration).to_json()


def _require_place(event: Event, attendance: Attendance) -> None:
    day_places = places.count(event)
    if day_places.of(attendance).is_full:
        is_all = day_places.on_site.is_full and day_places.online.is_full
        raise DayFull(event, attendance, other_is_full=is_all)


def _give_place(event: Event, application: Application, received_at: datetime) -> Registration:
    registration = build(event, application, received_at)
    db.session.add(registration)
    db.session.flush()
    letters.write_confirmation(registration, received_at)
    audit.record(
        "registration.made",
        actor=audit.PARTICIPANT,
        at=received_at,
        event_id=event.id,
        registration_id=registration.id,
    )
    return registration


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
        attendance=application.attendance,
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
    registration.search_text = _search_text(registration)
    if application.tells_of_health and application.attendance is Attendance.ON_SITE:
        registration.health = HealthNote(
            diets=list(application.diets),
            diet_other=application.diet_other,
            access_needs=application.access_needs,
            consented_at=received_at,
        )
    return registration


def _search_text(registration: Registration) -> str:
    return text.search_key(
        registration.first_name,
        registration.last_name,
        registration.email,
        registration.workplace,
        registration.department,
        registration.profession_other,
    )
