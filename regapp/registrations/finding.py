"""Finding a registration."""

from sqlalchemy import bindparam, select

from regapp.core import addresses
from regapp.core.db import db
from regapp.registrations.models import Registration, Status

# Built once: it is asked while the day's row is locked.
_ACTIVE = select(Registration).where(
    Registration.event_id == bindparam("event_id"),
    Registration.email_key == bindparam("email_key"),
    Registration.status != Status.CANCELLED,
)


def find_active(event_id: int, email: str) -> Registration | None:
    """The day's registration with this address that isn't cancelled."""
    return db.session.scalar(_ACTIVE, {"event_id": event_id, "email_key": addresses.key(email)})
