"""Every organiser page: the overview, the day's editor, the attendee list, the line, one person, mail, exports."""

from regapp.organising import (
    arranging_views,
    attempt_views,
    attendee_views,
    day_views,
    editing_views,
    line_views,
    mail_views,
    plan_views,
    queue_views,
    reminder_views,
    resending_views,
)
from regapp.organising.blueprint import bp

__all__ = [
    "arranging_views",
    "attempt_views",
    "attendee_views",
    "bp",
    "day_views",
    "editing_views",
    "line_views",
    "mail_views",
    "plan_views",
    "queue_views",
    "reminder_views",
    "resending_views",
]
