"""A regapp database with so many invented registrations: `python -m bench.filling NUMBER PASSWORD`."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any

from sqlalchemy import insert

import config
from regapp import create_app
from regapp.accounts import managing
from regapp.accounts.roles import Role
from regapp.core import audit, clock
from regapp.core.db import db, writing
from regapp.demo import content
from regapp.demo.filling import build_day
from regapp.events.models import Event
from regapp.registrations import findable
from regapp.registrations.application import NOTICE_VERSION
from regapp.registrations.choices import WORKPLACES
from regapp.registrations.models import Attendance, Profession, Registration, Status

ORGANISER = "organiser@example.org"


def fill(number: int, password: str) -> None:
    now = clock.now()
    with writing():
        event = build_day(now)
        event.slug, event.seats_on_site = "2026", 100_000
        db.session.add(event)
        organiser = managing.add(ORGANISER, Role.ADMIN, now, actor=audit.SYSTEM, name="Organiser")
        managing.set_password(organiser.id, password, now, actor=audit.SYSTEM, proved=organiser.fs_uniquifier)
        db.session.flush()
        rows = [_person(event, n) for n in range(number)]
        if rows:
            db.session.execute(insert(Registration), rows)


def _person(event: Event, number: int) -> dict[str, Any]:
    first = content.FIRST_NAMES[number % len(content.FIRST_NAMES)]
    last = f"{content.LAST_NAMES[number // 30 % len(content.LAST_NAMES)]}-{number}"
    email = f"person{number}@example.org"
    workplace = WORKPLACES[number % len(WORKPLACES)]
    department = content.DEPARTMENTS[number % len(content.DEPARTMENTS)]
    received_at = event.opens_at + timedelta(minutes=number)
    is_cancelled = number % 20 == 19
    found = {
        "event_id": event.id,
        "status": Status.CANCELLED if is_cancelled else Status.CONFIRMED,
        "cancelled_at": received_at if is_cancelled else None,
        "cancelled_from": Status.CONFIRMED if is_cancelled else None,
        "attendance": Attendance.ONLINE if number % 3 else Attendance.ON_SITE,
        "language": "en" if number % 9 == 0 else "sv",
        "first_name": first,
        "last_name": last,
        "email": email,
        "email_key": email,
        "profession": list(Profession)[number % len(Profession)],
        "profession_other": "Sjukhusfysiker" if number % len(Profession) == len(Profession) - 1 else "",
        "workplace": workplace,
        "department": department,
        "message": content.MESSAGES[number % len(content.MESSAGES)] if number % 15 == 4 else "",
        "wants_news": number % 2 == 0,
        "notice_version": NOTICE_VERSION,
        "received_at": received_at,
        "changed_at": received_at,
        "has_entry": not is_cancelled,
        "calendar_domain": "example.org",
    }
    return {**found, **findable.keys(found)}


if __name__ == "__main__":
    with create_app(config.load()).app_context():
        fill(int(sys.argv[1]), sys.argv[2])
