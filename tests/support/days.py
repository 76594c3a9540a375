"""Days and registrations to test with."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from regapp.core import clock
from regapp.core.db import db, writing
from regapp.events import drafts
from regapp.events.models import Event, ProgrammeItem, Publication

STOCKHOLM = ZoneInfo("Europe/Stockholm")
WHILE_OPEN = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
"""An instant when the day that `new_day` makes takes registrations."""

APPLICATION: dict[str, object] = {
    "first_name": "Åsa-Märta",
    "last_name": "O’Brien Öberg",
    "email": "asa@example.org",
    "profession": "nurse",
    "workplace": "Karolinska Universitetssjukhuset",
    "attendance": "on_site",
}
"""A form filled in as most people do it."""


def new_day(**changes: Any) -> Event:
    """A published day on 25 November 2026 with 11 November as its last day to register, saved."""
    values: dict[str, Any] = {
        "slug": "2026",
        "publication": Publication.PUBLISHED,
        "title_sv": "Utbildningsdag om CAR T 2026",
        "title_en": "CAR T training day 2026",
        "starts_at": datetime(2026, 11, 25, 9, 0, tzinfo=STOCKHOLM),
        "ends_at": datetime(2026, 11, 25, 16, 30, tzinfo=STOCKHOLM),
        "venue": "Provsalen",
        "address": "Exempelvägen 1, Stockholm",
        "contact_email": "fraga@example.org",
        "opens_at": datetime(2026, 9, 1, 8, 0, tzinfo=STOCKHOLM),
        "closes_at": drafts.end_of(date(2026, 11, 11), STOCKHOLM),
        "changes_close_at": drafts.end_of(date(2026, 11, 18), STOCKHOLM),
        "promote_until": datetime(2026, 11, 24, 12, 0, tzinfo=STOCKHOLM),
        "offer_days": 14,
        "seats_on_site": 2,
        "seats_online": None,
        "meeting_url": "https://meeting.example.org/secret-room",
        "created_at": datetime(2026, 8, 1, tzinfo=UTC),
        "updated_at": datetime(2026, 8, 1, tzinfo=UTC),
        "programme": [
            ProgrammeItem(position=1, starts=time(9, 0), title_sv="Välkomna", title_en="Welcome"),
            ProgrammeItem(position=2, starts=time(10, 15), title_sv="Paus", title_en="Break"),
        ],
    }
    event = Event(**{**values, **changes})
    with writing():
        db.session.add(event)
    return event


def new_open_day(**changes: Any) -> Event:
    """The same, taking registrations at this very moment: for what runs by the real clock."""
    now = clock.now()
    values: dict[str, Any] = {
        "opens_at": now - timedelta(days=1),
        "closes_at": now + timedelta(days=7),
        "changes_close_at": now + timedelta(days=14),
        "promote_until": now + timedelta(days=20),
        "starts_at": now + timedelta(days=21),
        "ends_at": now + timedelta(days=21, hours=7),
    }
    return new_day(**{**values, **changes})
