"""Deleting what is no longer needed, by itself."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from regapp.core import audit
from regapp.core.context import settings
from regapp.core.db import db
from regapp.events.models import Event
from regapp.registrations.models import UNDO_FOR, HealthNote, Registration


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
