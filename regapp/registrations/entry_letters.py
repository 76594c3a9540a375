"""Which letters are about which calendar entry: told by their keys."""

from __future__ import annotations

from sqlalchemy import ColumnElement, ScalarResult, select

from regapp.core.db import db
from regapp.mailing.models import DELIVERED, CalendarMethod, OutgoingMail
from regapp.registrations.models import Registration


def key(kind: str, registration: Registration) -> str:
    """The key of a letter about the entry as it is now; day_orders writes the same in SQL."""
    return f"{kind}:{registration.public_id}:{registration.calendar_uid}.{registration.calendar_sequence}"


def about(registration: Registration) -> ColumnElement[bool]:
    """The letters and orders about the entry that the registration has now: another mailbox had another entry."""
    return OutgoingMail.key.contains(str(registration.calendar_uid))


def find_last(registration: Registration, below: int | None = None) -> OutgoingMail | None:
    """The latest letter or order about the entry that may have come to its mailbox, or may come still.

    `below` leaves out those with this SEQUENCE or a higher one.
    """
    sequence = OutgoingMail.sequence
    found = _written(registration, sequence.is_not(None) if below is None else sequence < below)
    return next((mail for mail in found if mail.may_have_arrived), None)


def may_show(registration: Registration) -> bool:
    """Whether the mailbox may show the entry: it may have got it, and nothing that surely arrived took it away.

    The registration alone doesn't tell: of a cancelled day's entry it says that there is none, while the letter that
    takes it away waited still.
    """
    for mail in _written(registration, OutgoingMail.calendar.is_not(None)):
        if mail.method is CalendarMethod.REQUEST and mail.may_have_arrived:
            return True
        if mail.method is CalendarMethod.CANCEL and mail.state in DELIVERED and mail.bounce is None:
            return False
    return False


def _written(registration: Registration, which: ColumnElement[bool]) -> ScalarResult[OutgoingMail]:
    """The letters and orders about the entry, the latest first, also those to who had it before (see taking_over).

    Read anew: a worker may have made a letter of an order while we waited for a lock.
    """
    of_mailbox = select(Registration.id).where(
        Registration.event_id == registration.event_id, Registration.email_key == registration.email_key
    )
    written = (
        select(OutgoingMail)
        .where(OutgoingMail.registration_id.in_(of_mailbox), which, about(registration))
        .order_by(OutgoingMail.sequence.desc(), OutgoingMail.dated_at.desc())
    )
    return db.session.scalars(written, execution_options={"populate_existing": True})


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
