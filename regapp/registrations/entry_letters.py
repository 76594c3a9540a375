"""Which letters are about which calendar entry: told by their keys."""

from sqlalchemy import ColumnElement

from regapp.mailing.models import OutgoingMail
from regapp.registrations.models import Registration


def key(kind: str, registration: Registration) -> str:
    """The key of a letter about the entry as it is now; day_orders writes the same in SQL."""
    entry = f"{registration.calendar_uid.hex}.{registration.calendar_sequence}"
    return f"{kind}:{registration.public_id}:{entry}"


def about(registration: Registration) -> ColumnElement[bool]:
    """The letters and orders about the entry that the registration has now: another mailbox had another entry.

    A letter that is sent again has a key of its own, but the same calendar.
    """
    is_named = OutgoingMail.key.contains(f":{registration.calendar_uid.hex}.")
    return is_named | OutgoingMail.calendar.contains(f"UID:{registration.calendar_uid}@")
