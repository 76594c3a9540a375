"""Every organiser page: the overview, the day's editor, the attendee list, one person, messages, exports."""

from regapp.organising import attendee_views, day_views, editing_views
from regapp.organising.blueprint import bp

__all__ = ["attendee_views", "bp", "day_views", "editing_views"]
