"""Every organiser page: the overview, the day's editor, the attendee list, the line, one person, mail, exports."""

from regapp.organising.blueprint import bp
from regapp.organising.days import editing
from regapp.organising.days import views as day_views
from regapp.organising.mail import queue_views, reminders
from regapp.organising.mail import views as mail_views
from regapp.organising.people import line, person, resending
from regapp.organising.people import list as attendee_views

__all__ = [
    "attendee_views",
    "bp",
    "day_views",
    "editing",
    "line",
    "mail_views",
    "person",
    "queue_views",
    "reminders",
    "resending",
]
