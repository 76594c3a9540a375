"""Filling an empty database with the demo day; a database with anything else in it is left alone."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import select

from regapp.accounts import managing
from regapp.accounts.roles import Role
from regapp.campaigns import reminding
from regapp.campaigns.models import Reminder
from regapp.core import audit, clock
from regapp.core.audit import AuditEntry
from regapp.core.context import settings
from regapp.core.db import Model, db, writing
from regapp.core.errors import RuleBroken
from regapp.core.i18n import SWEDISH_TIME, Text
from regapp.demo import content, letters, people
from regapp.events import drafts
from regapp.events.models import Event, ProgrammeItem, Publication

ORGANISER = "demo@example.org"
FRIDAY = 4
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"
"""No l, o, i, 0, 1, which are mistaken for one another."""

FILLED = "demo.filled"
"""The audit entry by which the demo knows its own database again."""


class NotForDemo(RuleBroken):
    """This is no place for invented people."""


@dataclass(frozen=True)
class Demo:
    """What is there to look at; `slug` is the demo day's."""

    slug: str
    organiser: str
    password_file: Path


def fill() -> Demo:
    """Fill an empty database; one that the demo filled before stays as it is now. Raises NotForDemo."""
    if not settings().demo:
        raise NotForDemo(Text("Demon finns bara med REGAPP_DEMO=1.", "The demo exists only with REGAPP_DEMO=1."))
    with writing():
        slug = _find_own() or _fill(clock.now())
    return Demo(slug, ORGANISER, _password_file())


def dates(today: date) -> tuple[date, date]:
    """The last day to register and the training day: the next 11 November still ahead, and two weeks later.

    A training day is held on a weekday: a Saturday or Sunday gives way to the Monday after it.
    """
    last_day = date(today.year, 11, 11)
    if last_day <= today:
        last_day = last_day.replace(year=today.year + 1)
    day = last_day + timedelta(weeks=2)
    return last_day, day + timedelta(days=7 - day.weekday() if day.weekday() > FRIDAY else 0)


def _find_own() -> str | None:
    entry = db.session.scalar(select(AuditEntry).where(AuditEntry.action == FILLED))
    return str(entry.details["slug"]) if entry else None


def _fill(now: datetime) -> str:
    if _holds_anything():
        raise NotForDemo(
            Text(
                "Databasen innehåller redan något annat; demon rör den inte.",
                "The database already holds something else; the demo leaves it alone.",
            )
        )
    organiser = managing.add(ORGANISER, Role.ADMIN, now, actor=audit.SYSTEM, name="Demo")
    managing.set_password(organiser.id, _password(), now, actor=audit.SYSTEM, proved=organiser.fs_uniquifier)
    event = add_day(now)
    audit.record(FILLED, actor=audit.SYSTEM, at=now, event_id=event.id, slug=event.slug)
    return event.slug


def _holds_anything() -> bool:
    return any(db.session.execute(select(table).limit(1)).first() is not None for table in Model.metadata.sorted_tables)


def add_day(now: datetime) -> Event:
    """The demo day with its people, what was written to them, and what will remind them."""
    event = build_day(now)
    db.session.add(event)
    db.session.add_all(build_reminders(event, now))
    registrations = list(people.registrations(event, now))
    db.session.add_all(registrations)
    letters.write(registrations)
    return event


def build_day(now: datetime) -> Event:
    """The demo day as it is seen from `now`: open for registration since some weeks."""
    last_day, day = dates(now.astimezone(SWEDISH_TIME).date())
    opened_on = now.astimezone(SWEDISH_TIME).date() - timedelta(weeks=people.WEEKS)
    return Event(
        slug=str(day.year),
        publication=Publication.PUBLISHED,
        title_sv=content.TITLE_SV.format(year=day.year),
        title_en=content.TITLE_EN.format(year=day.year),
        description_sv=content.DESCRIPTION_SV,
        description_en=content.DESCRIPTION_EN,
        audience_sv=content.AUDIENCE_SV,
        audience_en=content.AUDIENCE_EN,
        language_note_sv=content.LANGUAGE_NOTE_SV,
        language_note_en=content.LANGUAGE_NOTE_EN,
        starts_at=drafts.instant(day, content.STARTS, SWEDISH_TIME),
        ends_at=drafts.instant(day, content.ENDS, SWEDISH_TIME),
        doors_open=content.DOORS_OPEN,
        venue=content.VENUE,
        address=content.ADDRESS,
        directions_sv=content.DIRECTIONS_SV,
        directions_en=content.DIRECTIONS_EN,
        contact_email=content.CONTACT,
        opens_at=drafts.instant(opened_on, time(8, 0), SWEDISH_TIME),
        closes_at=drafts.end_of(last_day, SWEDISH_TIME),
        changes_close_at=drafts.end_of(day - timedelta(days=content.KITCHEN_DAYS), SWEDISH_TIME),
        promote_until=drafts.instant(day - timedelta(days=1), content.LINE_ENDS, SWEDISH_TIME),
        offer_days=content.OFFER_DAYS,
        seats_on_site=content.SEATS_ON_SITE,
        seats_online=None,
        meeting_url=content.MEETING_URL.format(year=day.year),
        created_at=now,
        updated_at=now,
        programme=_programme(),
    )


def build_reminders(event: Event, now: datetime) -> list[Reminder]:
    """The two that most days have, with a word from the organisers on what to bring."""
    return [
        Reminder(
            event=event,
            created_at=now,
            **vars(draft) | {"message_sv": content.REMINDER_SV, "message_en": content.REMINDER_EN},
        )
        for draft in reminding.USUAL
    ]


def _programme() -> list[ProgrammeItem]:
    return [
        ProgrammeItem(
            position=position,
            starts=session.starts,
            title_sv=session.sv,
            title_en=session.en,
            speaker=session.speaker,
            place=session.place,
        )
        for position, session in enumerate(content.PROGRAMME)
    ]


def _password_file() -> Path:
    return settings().instance / "demo-password"


def _password() -> str:
    """The demo organiser's password, made the first time, in a file that only its owner reads."""
    path = _password_file()
    if not path.exists():
        path.touch(mode=0o600)
        groups = ("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(4))
        path.write_text("-".join(groups) + "\n")
    return path.read_text().strip()


def greet(demo: Demo) -> str:
    """The addresses, and the sign-in of the demo's organiser."""
    base = settings().base_url
    if demo.password_file.exists():
        password = demo.password_file.read_text().strip()
    else:
        password = f"(no longer in {demo.password_file})"
    letters = (
        f"written as .eml files into {settings().instance / 'outbox'}"
        if settings().files_letters
        else f"sent to {settings().mail_server}:{settings().mail_port}"
    )
    return f"""
  The training day  {base}/{demo.slug}/
  in English        {base}/en/{demo.slug}/
  For organisers    {base}/organiser/
    e-mail          {demo.organiser}
    password        {password}
  Letters are {letters}
"""
