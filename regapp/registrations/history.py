"""What happened to a registration, for the audit log."""

from datetime import datetime

from regapp.core import audit
from regapp.registrations.models import Registration


def record(action: str, registration: Registration, at: datetime, actor: str, reason: str = "", **details: str) -> None:
    """Note what was done to the registration and by whom (see core.audit); a reason only where one was given."""
    audit.record(
        action,
        actor=actor,
        at=at,
        event_id=registration.event_id,
        registration_id=registration.id,
        **({"reason": reason} if reason else {}),
        **details,
    )
