"""The alarms and the digest word for word; the files are in tests/mails."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from config import Settings
from regapp.accounts.models import Organiser
from regapp.core.context import use_settings
from regapp.core.db import db, writing
from regapp.mailing.models import TryOutcome
from regapp.mailing.sending import holding
from regapp.organising.alarms.conditions import raise_alarms
from regapp.organising.alarms.mornings import write_digests
from regapp.registrations import cancelling
from regapp.registrations.choices import Wish
from tests.support.days import STOCKHOLM, WHILE_OPEN, new_day
from tests.support.mail.mails import compare, languages
from tests.support.mail.telling import MINUTE, answer_all, do, miss_a_reminder, register, told
from tests.support.organisers import add_organiser

pytestmark = pytest.mark.usefixtures("context")
T = WHILE_OPEN


@pytest.fixture
def event(app: Flask, context: None, language: str) -> int:
    """A day, and an organiser who reads this language."""
    identity = add_organiser(app, email="anna@example.org", language=language)
    with writing():
        db.session.execute(update(Organiser).filter_by(id=identity).values(wants_digest=True))
    return new_day(seats_on_site=2, seats_online=1).id


def _stops(_event: int) -> None:
    with writing():
        holding.stop("connection refused", T)


def _pauses(_event: int) -> None:
    with writing():
        holding.pause(T, actor="organiser:1")


def _misses(event: int) -> None:
    miss_a_reminder(event, 7, T)
    miss_a_reminder(event, 0, T)


HAPPENINGS = {
    "alarm-failed": lambda event: answer_all(TryOutcome.FAILED, T),
    "alarm-missed": _misses,
    "alarm-paused": _pauses,
    "alarm-stopped": _stops,
    "alarm-waiting": lambda event: answer_all(TryOutcome.RETRY, T),
}


@languages
@pytest.mark.parametrize("name", HAPPENINGS)
def test_alarms_say_what_the_files_say(event: int, name: str, language: str) -> None:
    register(event, 1, Wish.ON_SITE, is_sent=False)
    HAPPENINGS[name](event)
    do(raise_alarms, *(T + number * MINUTE for number in (0, 5, 60, 65)))
    compare(name, language, told("alarm")[0])


@languages
def test_the_alarm_of_a_full_hall_says_what_the_file_says(event: int, language: str) -> None:
    for number, wish in enumerate((Wish.ON_SITE, Wish.ON_SITE, Wish.LINE)):
        register(event, number, wish)
    do(raise_alarms, T)
    compare("alarm-full-on-site", language, told("alarm")[0])


@languages
def test_the_alarm_of_a_full_meeting_says_what_the_file_says(event: int, language: str) -> None:
    register(event, 1)
    do(raise_alarms, T)
    compare("alarm-full-online", language, told("alarm")[0])


@languages
def test_the_alarm_of_many_registrations_says_what_the_file_says(event: int, settings: Settings, language: str) -> None:
    use_settings(replace(settings, alarm_registrations=1))
    for number in range(2):
        register(event, number, Wish.ON_SITE if number else Wish.ONLINE)
    do(raise_alarms, T)
    compare("alarm-hasty", language, told("alarm")[-1])


@languages
def test_the_digest_says_what_the_file_says(event: int, language: str) -> None:
    morning = datetime(2026, 11, 10, 7, 0, tzinfo=STOCKHOLM)
    do(write_digests, morning - timedelta(days=1))
    for number, wish in enumerate((Wish.ON_SITE, Wish.ONLINE, Wish.ON_SITE, Wish.LINE)):
        register(event, number, wish, morning - timedelta(hours=2), message="Hej" if number else "", is_sent=number > 0)
    answer_all(TryOutcome.FAILED, morning - timedelta(hours=1))
    with writing():
        cancelling.cancel(2, morning - MINUTE)
    closed = dict.fromkeys(("closes_at", "changes_close_at", "promote_until"), morning - timedelta(days=1))
    names = {"title_sv": "Fortsättningsdag", "title_en": "Second day"}
    new_day(slug="2027", starts_at=morning + timedelta(days=1), seats_on_site=0, **names, **closed)
    do(write_digests, morning)
    compare("digest", language, told("digest")[0])
