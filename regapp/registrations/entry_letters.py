"""Which letters are about which calendar entry: told by their keys."""

from sqlalchemy import ColumnElement

from regapp.mailing.models import OutgoingMail
from regapp.registrations.models import Registration


def key(kind: str, registration: Registration) -> str:
    """The key of a letter about the entry as it is now; day_orders writes the same in SQL."""
    return f"{kind}:{registration.public_id}:{registration.calendar_uid}.{registration.calendar_sequence}"


def about(registration: Registration) -> ColumnElement[bool]:
    """The letters and orders about the entry that the registration has now: another mailbox had another entry."""
    return OutgoingMail.key.contains(str(registration.calendar_uid))
