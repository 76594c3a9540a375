"""Deleting what is no longer needed, by itself."""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select

from regapp.core import audit
from regapp.core.audit import AuditEntry, Reason
from regapp.core.context import settings
from regapp.core.db import db
from regapp.events.models import Event
from regapp.registrations.models import UNDO_FOR, HealthNote, Registration

REASONS_KEPT_FOR = timedelta(days=90)
"""How long after the day it is kept why organisers did something, in their own words."""


def dispose_of_health(now: datetime) -> None:
    """Delete diets and access needs some days after their day (HEALTH_DAYS), and note how many there were.

    Those of a cancelled registration go as soon as the cancellation can't be undone.
    """
    cancelled = select(Registration.id).where(Registration.cancelled_at <= now - UNDO_FOR)
    db.session.execute(delete(HealthNote).where(HealthNote.registration_id.in_(cancelled)))
    over = select(Event.id).where(Event.ends_at <= now - timedelta(days=settings().health_days))
    with_notes = select(Registration.event_id).join(HealthNote).where(Registration.event_id.in_(over)).distinct()
    for event_id in db.session.scalars(with_notes).all():
        of_the_day = select(Registration.id).where(Registration.event_id == event_id)
        gone = db.session.scalars(
            delete(HealthNote).where(HealthNote.registration_id.in_(of_the_day)).returning(HealthNote.registration_id)
        ).all()
        # None, when another worker was quicker.
        if gone:
            audit.record("health_notes.disposed_of", actor=audit.SYSTEM, at=now, event_id=event_id, number=len(gone))


def dispose_of_reasons(now: datetime) -> None:
    """Delete why organisers did something, REASONS_KEPT_FOR after the day; of a day that is gone, after it was done."""
    end = now - REASONS_KEPT_FOR
    over = select(Event.id).where(Event.ends_at <= end)
    old = select(AuditEntry.id).where(
        or_(AuditEntry.event_id.in_(over), AuditEntry.event_id.is_(None) & (AuditEntry.at <= end))
    )
    gone = db.session.execute(delete(Reason).where(Reason.audit_entry_id.in_(old)).returning(Reason.audit_entry_id))
    if number := len(gone.all()):
        audit.record("reasons.disposed_of", actor=audit.SYSTEM, at=now, number=number)
