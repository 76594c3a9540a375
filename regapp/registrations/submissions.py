"""Forms that were sent: how long they can be corrected, and when they are forgotten."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, update

from regapp.core.db import db
from regapp.registrations.models import Submission

CORRECTABLE_FOR: Final = timedelta(minutes=30)
"""How long a mistyped address can be corrected from the browser that sent the form."""

REMEMBERED_FOR: Final = timedelta(days=1)
"""How long a form that is sent once more is known again; later the address itself is."""


def is_correctable(submission: Submission, at: datetime) -> bool:
    return at < submission.received_at + CORRECTABLE_FOR


def forget_old(now: datetime) -> None:
    """Delete what forms were kept for once its time is over; what they told stands in the registrations."""
    db.session.execute(delete(Submission).where(Submission.received_at <= now - REMEMBERED_FOR))
    db.session.execute(
        update(Submission)
        .where(Submission.received_at <= now - CORRECTABLE_FOR, Submission.email != "")
        .values(email="", application=None)
    )
