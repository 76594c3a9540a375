"""Correcting what a registration says: name, workplace, needs, language, address."""

import dataclasses
import uuid
from datetime import datetime

from sqlalchemy import ColumnElement, select

from regapp.core import addresses, audit
from regapp.core.db import db
from regapp.core.errors import NotFound, RuleBroken
from regapp.core.i18n import Text
from regapp.events.models import Publication
from regapp.mailing import outbox, provoked
from regapp.mailing.models import OutgoingMail
from regapp.registrations import attempts, filling, finding
from regapp.registrations.application import Application, Details, Needs
from regapp.registrations.letters import told, writing
from regapp.registrations.models import HealthNote, Registration
from regapp.registrations.places import DayCancelled, NotRegistered, why_not_changeable

TOO_LATE_FOR_NEEDS = Text(
    "Köket har redan fått sina siffror. Skriv till arrangören: {contact}.",
    "The kitchen already has its numbers. Write to the organiser: {contact}.",
)

NEEDS_NOT_KEPT = Text(
    "Kost och tillgänglighetsbehov sparas bara för den som deltar på plats eller står i kö.",
    "Diet and access needs are kept only for who takes part on site or stands in line.",
)


def change_details(
    registration_id: int, details: Details, at: datetime, *, actor: str = audit.PARTICIPANT
) -> Registration:
    """Correct name, workplace and the like; the calendar entry shows none of it. Raises RuleBroken, NotFound."""
    registration = filling.get_settled(registration_id, at)
    if refused := why_not_changeable(registration, actor):
        raise refused
    keep_details(registration, details)
    registration.changed_at = at
    finding.record("registration.changed", registration, at, actor)
    return registration


def keep_details(registration: Registration, details: Details) -> None:
    """Keep these details in place of those that are kept."""
    for name, value in vars(details).items():
        setattr(registration, name, value)


def change_needs(
    registration_id: int, needs: Needs, at: datetime, *, actor: str = audit.PARTICIPANT, late: bool = False
) -> Registration:
    """Correct diets and access needs; deleting them is possible at any time, adding until the kitchen has its numbers.

    Organisers may go on after that (`late`). Raises RuleBroken, NotFound.
    """
    registration = filling.get_settled(registration_id, at)
    if needs and (refused := _why_not_kept(registration, at, actor, late)):
        raise refused
    keep_needs(registration, needs, at)
    finding.record("registration.needs_changed", registration, at, actor)
    return registration


def _why_not_kept(registration: Registration, at: datetime, actor: str, late: bool) -> RuleBroken | None:
    if refused := why_not_changeable(registration, actor):
        return refused
    if not registration.wants_seat:
        return RuleBroken(NEEDS_NOT_KEPT)
    if late or registration.can_change_needs(at):
        return None
    return RuleBroken(TOO_LATE_FOR_NEEDS.format(contact=registration.event.contact_email))


def keep_needs(registration: Registration, needs: Needs, at: datetime) -> None:
    """Keep these needs in place of those that are kept."""
    registration.health = (
        HealthNote(
            registration_id=registration.id,
            diets=list(needs.diets),
            diet_other=needs.diet_other,
            access_needs=needs.access_needs,
            consented_at=at,
        )
        if needs
        else None
    )


def change_language(registration_id: int, language: str, at: datetime) -> Registration:
    """Write to the participant in another language from now on, and in their calendar too; a letter says so.

    Who was cancelled without a letter gets none of this either. Raises RuleBroken for a cancelled day, NotFound.
    """
    registration = finding.get_locked(registration_id)
    if registration.event.publication is Publication.CANCELLED:
        raise DayCancelled(registration.event)
    is_other = registration.language != language
    registration.language = language
    if is_other and registration.is_active:
        writing.write_language(registration, at)
    finding.record("registration.language_changed", registration, at, audit.PARTICIPANT)
    return registration


def change_own_address(registration_id: int, email: str, at: datetime, client: str | None = None) -> None:
    """A participant, at the network address `client`, gives another mailbox (see change_address).

    Raises TooMany when it is one letter too many for either mailbox or from the client, DayCancelled, NotRegistered,
    NotFound.
    """
    if (registration := db.session.get(Registration, registration_id)) is None:
        raise NotFound
    provoked.hold(registration.email, email)
    provoked.take_from(client, at)
    registration = finding.get_locked(registration_id)
    if registration.event.publication is Publication.CANCELLED:
        raise DayCancelled(registration.event)
    if addresses.key(email) != registration.email_key:
        provoked.take(registration.event_id, {registration.email, email}, at)
        change_address(registration_id, email, at)


def change_address(
    registration_id: int, email: str, at: datetime, *, actor: str = audit.PARTICIPANT
) -> Registration | None:
    """Write to another mailbox from now on: new links, and the old mailbox loses its calendar entry.

    None when the address is registered already: that registration stays, with a letter to it, and this one is
    cancelled. The caller has counted the letters that a participant provokes. Raises NotRegistered, NotFound.
    """
    registration = filling.get_settled(registration_id, at)
    if not registration.is_active:
        raise NotRegistered
    known = finding.find_active(registration.event_id, email)
    if known is registration:
        return registration
    done = writing.by(actor, writing.ADDRESS)
    take_back_entry(registration, at, done=done)
    registration.link_version += 1
    if known is not None:
        asked = dataclasses.replace(Application.of(registration), email=email)
        filling.give_up(registration, at, actor=actor)
        attempts.answer(known, asked, at, counted=True)
        filling.settle(registration.event, at)
        return None
    registration.email, registration.email_key = email, addresses.key(email)
    registration.changed_at = at
    told.take_over_entry(registration)
    writing.write_what_they_have(registration, at, done=done)
    finding.record("registration.address_corrected", registration, at, actor)
    return registration


def take_back_entry(registration: Registration, at: datetime, *, done: Text | None = None) -> None:
    """Undo what a mailbox that isn't the participant's got: letters that wait still never leave, and the entry goes.

    Whoever got any of them is told that the links are dead, also where they brought no entry: perhaps somebody else
    changed the address. Afterwards the registration has an entry that nobody has seen.
    """
    to_mailbox = (OutgoingMail.registration_id == registration.id) & (OutgoingMail.recipient == registration.email)
    outbox.withdraw_all(
        to_mailbox & (OutgoingMail.sequence.is_(None) | (OutgoingMail.entry_uid == registration.calendar_uid))
    )
    registration.has_entry = told.may_show(registration)
    if registration.has_entry or _has_heard(to_mailbox):
        writing.write_address_changed(registration, at, done=done)
    registration.calendar_uid = uuid.uuid4()
    registration.calendar_sequence = 0
    registration.has_entry = False
    registration.declined_at = None


def _has_heard(to_mailbox: ColumnElement[bool]) -> bool:
    return any(mail.may_have_arrived for mail in db.session.scalars(select(OutgoingMail).where(to_mailbox)))
