"""Which letters are about which calendar entry: told by their keys."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from regapp.core.db import db
from regapp.mailing.models import CalendarMethod, OutgoingMail
from regapp.registrations.models import Registration


def key(kind: str, registration: Registration) -> str:
    """The key of a letter about the entry as it is now; day_orders writes the same in SQL."""
    return f"{kind}:{registration.public_id}:{registration.calendar_uid}.{registration.calendar_sequence}"


def about(registration: Registration) -> ColumnElement[bool]:
    """The letters and orders about the entry that the registration has now: another mailbox had another entry."""
    return OutgoingMail.key.contains(str(registration.calendar_uid))


def find_last(registration: Registration, below: int | None = None) -> OutgoingMail | None:
    """The latest letter or order about the entry that may have come to its mailbox, or may come still.

    `below` leaves out those with this SEQUENCE or a higher one. Read anew: a worker may have made a letter of an order
    while we waited for a lock.
    """
    written = (
        select(OutgoingMail)
        .where(
            OutgoingMail.registration_id == registration.id,
            OutgoingMail.recipient == registration.email,
            OutgoingMail.sequence.is_not(None) if below is None else OutgoingMail.sequence < below,
            about(registration),
        )
        .order_by(OutgoingMail.sequence.desc(), OutgoingMail.dated_at.desc())
    )
    found = db.session.scalars(written, execution_options={"populate_existing": True})
    return next((mail for mail in found if mail.may_have_arrived), None)


def confirmation_id(registration: Registration) -> str | None:
    """The Message-ID of the letter that brought this mailbox the entry, so that mail programs keep the others with it.

    In line, with an online place meanwhile, that is the letter about the line.
    """
    return db.session.scalar(
        select(OutgoingMail.message_id)
        .where(
            OutgoingMail.registration_id == registration.id,
            OutgoingMail.recipient == registration.email,
            OutgoingMail.kind.in_(("confirmation", "waiting")),
            OutgoingMail.method == CalendarMethod.REQUEST,
        )
        .order_by(OutgoingMail.dated_at.desc())
        .limit(1)
    )
