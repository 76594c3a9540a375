"""The demo: a day that is always ahead, people who plainly don't exist, and hands off everything else."""

from __future__ import annotations

import stat
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

import config
from regapp.accounts import managing, passwords
from regapp.accounts.roles import Role
from regapp.core import clock
from regapp.core.audit import AuditEntry
from regapp.core.db import Model, db, writing
from regapp.demo import filling, people
from regapp.events.models import Attendance, Event, Phase
from regapp.mailing.models import OutgoingMail
from regapp.registrations.models import HealthNote, Registration, Status


@pytest.fixture
def environ(database_url: str, tmp_path: Path) -> dict[str, str]:
    return {"REGAPP_DEMO": "1", "REGAPP_DATABASE_URL": database_url, "REGAPP_INSTANCE": str(tmp_path / "instance")}


def everything() -> dict[str, list[object]]:
    db.session.rollback()
    return {
        table.name: [tuple(row) for row in db.session.execute(select(table).order_by(*table.primary_key))]
        for table in Model.metadata.sorted_tables
    }


@pytest.mark.parametrize(
    ("today", "last_day", "day"),
    [
        (date(2026, 11, 10), date(2026, 11, 11), date(2026, 11, 25)),
        (date(2026, 11, 11), date(2027, 11, 11), date(2027, 11, 25)),
        (date(2026, 11, 23), date(2027, 11, 11), date(2027, 11, 25)),
        (date(2027, 12, 31), date(2028, 11, 11), date(2028, 11, 27)),
        (date(2029, 1, 1), date(2029, 11, 11), date(2029, 11, 26)),
        (date(2028, 2, 29), date(2028, 11, 11), date(2028, 11, 27)),
    ],
)
def test_the_demo_day_follows_the_next_11_november_still_ahead(today: date, last_day: date, day: date) -> None:
    assert filling.dates(today) == (last_day, day)
    assert day.weekday() < 5


@pytest.mark.usefixtures("context")
def test_the_day_is_open_and_whole_in_both_languages() -> None:
    demo = filling.fill()
    event = db.session.scalars(select(Event)).one()
    assert event.slug == demo.slug == str(event.starts_at.year)
    assert event.phase(clock.now()) is Phase.OPEN
    assert event.last_day.day, event.last_day.month == (11, 11)
    assert (event.seats_on_site, event.seats_online) == (120, None)
    for name in ("title", "description", "audience", "language_note", "directions"):
        assert getattr(event, f"{name}_sv")
        assert getattr(event, f"{name}_en")
        assert getattr(event, f"{name}_sv") != getattr(event, f"{name}_en")
    starts = [item.starts for item in event.programme]
    assert starts == sorted(starts)
    assert (starts[0].hour, starts[0].minute) == (8, 30)
    assert all(item.title_sv and item.title_en for item in event.programme)


@pytest.mark.usefixtures("context")
def test_a_hundred_people_who_plainly_do_not_exist() -> None:
    filling.fill()
    found = list(db.session.scalars(select(Registration).order_by(Registration.received_at)))
    now = clock.now()
    assert len(found) == people.NUMBER
    assert len({registration.email_key for registration in found}) == people.NUMBER
    assert all(registration.email.endswith("@example.org") for registration in found)
    assert all(found[0].event.opens_at <= registration.received_at < now for registration in found)
    assert all((registration.cancelled_at or now) <= now for registration in found)
    assert Counter(registration.status for registration in found)[Status.CANCELLED] == people.CANCELLED
    assert {registration.attendance for registration in found} == set(Attendance)
    assert {registration.language for registration in found} == {"sv", "en"}
    assert len({registration.profession for registration in found}) > 5
    messages = [registration for registration in found if registration.message]
    assert {registration.message_read_at is None for registration in messages} == {True, False}
    assert db.session.scalar(select(func.count()).select_from(HealthNote)) > 3


@pytest.mark.usefixtures("context")
def test_their_letters_have_all_come_to_an_end_so_that_the_demo_sends_none() -> None:
    filling.fill()
    found = list(db.session.scalars(select(OutgoingMail)))
    fates = Counter("bounced" if mail.bounce else mail.state.value for mail in found)
    assert fates == {"sent": people.NUMBER + people.CANCELLED - 4, "failed": 3, "bounced": 1}
    assert {len(mail.tries) for mail in found} == {1, 3}
    now = clock.now()
    assert all(attempt.at < now for mail in found for attempt in mail.tries)
    sequences = {mail.sequence for mail in found if mail.kind == "cancellation"}
    assert sequences == {1}


@pytest.mark.usefixtures("context")
def test_health_is_told_only_by_those_who_come() -> None:
    filling.fill()
    for note in db.session.scalars(select(HealthNote)):
        registration = db.session.get_one(Registration, note.registration_id)
        assert (registration.attendance, registration.status) == (Attendance.ON_SITE, Status.CONFIRMED)


@pytest.mark.usefixtures("context")
def test_they_are_the_same_people_each_time(tmp_path: Path) -> None:
    now = datetime(2027, 3, 1, 12, tzinfo=UTC)
    first, again = ([r.name for r in people.registrations(filling.build_day(now), now)] for _ in range(2))
    assert first == again


@pytest.mark.usefixtures("context")
def test_filling_again_changes_nothing() -> None:
    first = filling.fill()
    before = everything()
    with time_machine.travel(datetime(2028, 1, 1, tzinfo=UTC), tick=False):
        assert filling.fill() == first
    assert everything() == before


@pytest.mark.usefixtures("context")
def test_a_database_with_anything_else_in_it_is_left_alone() -> None:
    with writing():
        managing.add("anna@example.org", Role.ADMIN, clock.now(), actor="system")
    before = everything()
    with pytest.raises(filling.NotForDemo):
        filling.fill()
    assert everything() == before


def test_the_demo_exists_only_where_it_was_asked_for(app: Flask, environ: dict[str, str]) -> None:
    from regapp.core import context

    context.use_settings(config.load({**PRODUCTION, "REGAPP_DATABASE_URL": environ["REGAPP_DATABASE_URL"]}))
    with app.app_context(), pytest.raises(filling.NotForDemo):
        filling.fill()


PRODUCTION = {
    "REGAPP_SECRET_KEY": "9f2b7c1de04a58637fd1c09b3e6a8d24",
    "REGAPP_PASSWORD_SALT": "4c8e1a7f35d90b26ce7f1a3d5b8e0924",
    "REGAPP_BASE_URL": "https://anmalan.example.org",
    "REGAPP_MAIL_SERVER": "smtp.example.org",
    "REGAPP_MAIL_DEFAULT_SENDER": "utbildningsdag@example.org",
}


@pytest.mark.usefixtures("context")
def test_the_organiser_signs_in_with_the_password_that_is_printed(settings: config.Settings) -> None:
    demo = filling.fill()
    assert stat.S_IMODE(demo.password_file.stat().st_mode) == 0o600
    password = demo.password_file.read_text().strip()
    organiser = managing.get_by_email(demo.organiser)
    assert organiser.role is Role.ADMIN
    assert passwords.matches(password, organiser.password)
    told = filling.greet(demo)
    for part in (password, demo.organiser, f"/{demo.slug}/", f"/en/{demo.slug}/", "/organiser/", "outbox"):
        assert part in told


@pytest.mark.usefixtures("context")
def test_a_crash_while_filling_leaves_an_empty_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(managing, "set_password", crash)
        with pytest.raises(KeyboardInterrupt):
            filling.fill()
    assert not any(everything().values())
    filling.fill()
    assert db.session.scalars(select(AuditEntry).where(AuditEntry.action == filling.FILLED)).one()
