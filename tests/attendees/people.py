"""Many registrations at once, made as the service itself makes them."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from regapp.core.db import db, writing
from regapp.events.models import Event
from regapp.registrations.application import Application
from regapp.registrations.choices import Profession, Wish
from regapp.registrations.models import Registration
from tests.support.days import WHILE_OPEN

_numbers = count(1)


def add(event: Event, first_name: str, last_name: str, at: datetime = WHILE_OPEN, **changes: Any) -> Registration:
    """One registration, saved; `changes` are the application's fields."""
    values: dict[str, Any] = {
        "email": f"person{next(_numbers)}@example.org",
        "profession": Profession.NURSE,
        "workplace": "Akademiska sjukhuset",
        "wish": Wish.ON_SITE,
        "language": "sv",
    }
    application = Application(first_name=first_name, last_name=last_name, **{**values, **changes})
    with writing():
        registration = application.to_registration(db.session.merge(event), at)
        db.session.add(registration)
    return registration


def add_many(event: Event, number: int) -> None:
    """So many different people, a minute apart."""
    with writing():
        day = db.session.merge(event)
        for n in range(number):
            application = Application(
                first_name=f"Förnamn{n}", last_name=f"Öman{n % 97}", email=f"p{n}@example.org",
                profession=list(Profession)[n % 10], workplace=f"Sjukhus {n % 31}",
                wish=(Wish.ON_SITE, Wish.ONLINE)[n % 2], language="sv",
            )  # fmt: skip
            db.session.add(application.to_registration(day, WHILE_OPEN + timedelta(minutes=n)))
