"""Alarms: what organisers are told, when, how often, and that nobody is named in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update

import config
from regapp import worker
from regapp.accounts.models import Organiser
from regapp.accounts.roles import Role
from regapp.core.context import use_settings
from regapp.core.db import db, writing
from regapp.events.models import Event, Publication
from regapp.mailing.models import OutgoingMail, TryOutcome
from regapp.mailing.sending import claiming, holding
from regapp.mailing.sending.delivery import deliver_due
from regapp.mailing.sending.transport import SmtpTransport
from regapp.organising.alarms.conditions import raise_alarms
from regapp.registrations import cancelling
from regapp.registrations.choices import Diet, Wish
from regapp.worker import Worker
from tests.support.days import WHILE_OPEN, new_day
from tests.support.machine.server import environment
from tests.support.mail.letters import put
from tests.support.mail.smtp import SmtpServer
from tests.support.mail.telling import (
    MINUTE,
    answer_all,
    bounce_all,
    do,
    miss_a_reminder,
    register,
    rounds,
    told,
    two_at_once,
)
from tests.support.organisers import add_organiser

pytestmark = pytest.mark.usefixtures("context")

HOUR, T = timedelta(hours=1), WHILE_OPEN


@pytest.fixture
def environ(database_url: str, instance: Path, server: SmtpServer) -> dict[str, str]:
    return environment(database_url, instance, MAIL_PORT=str(server.port))


@pytest.fixture(autouse=True)
def anna(app: Flask, context: None) -> str:
    """An organiser, with alarms as every new one."""
    add_organiser(app, email="anna@example.org")
    return "anna@example.org"


@pytest.fixture
def event(context: None) -> int:
    return new_day(seats_on_site=2, seats_online=1).id


@pytest.fixture
def roomy(context: None) -> int:
    return new_day(seats_on_site=None, seats_online=None).id


def alarms() -> list[str]:
    return [mail.subject or "" for mail in told("alarm")]


def test_letters_that_failed_are_told_together_after_five_minutes_and_once(roomy: int) -> None:
    for number in range(3):
        register(roomy, number, is_sent=False)
    assert answer_all(TryOutcome.FAILED, T) == 3
    do(raise_alarms, *rounds(T, T + 4 * MINUTE))
    assert alarms() == []
    do(raise_alarms, *rounds(T + 5 * MINUTE, T + 3 * HOUR))
    assert alarms() == ["Larm: 3 brev kom inte fram – Utbildningsdag om CAR T 2026"]


@pytest.mark.both_databases("SQL counts what failed and what came back")
def test_a_new_failure_alarms_again_but_not_within_the_hour(roomy: int) -> None:
    register(roomy, 1, is_sent=False)
    answer_all(TryOutcome.FAILED, T)
    do(raise_alarms, *rounds(T, T + 10 * MINUTE))
    register(roomy, 2, is_sent=False)
    answer_all(TryOutcome.SENT, T + 11 * MINUTE)
    bounce_all(T + 12 * MINUTE)
    do(raise_alarms, *rounds(T + 12 * MINUTE, T + 64 * MINUTE))
    assert len(alarms()) == 1
    do(raise_alarms, T + 65 * MINUTE)
    assert len(alarms()) == 2
    assert "Nya brev som inte kom fram: 1\n" in (told("alarm")[1].text or "")
    assert "Kunde inte lämnas, sammanlagt: 1\nKom tillbaka efteråt, sammanlagt: 1\n" in (told("alarm")[1].text or "")


def test_an_alarm_that_doesnt_arrive_is_no_reason_for_another(event: int) -> None:
    register(event, 1)
    do(raise_alarms, T)
    (before,) = alarms()
    assert answer_all(TryOutcome.FAILED, T) == 1
    do(raise_alarms, *rounds(T, T + 20 * MINUTE))
    assert alarms() == [before]


def stop(at: datetime) -> None:
    with writing():
        holding.stop("535 fridolina1@hemligt.example.org may not sign in", at)


def resume() -> None:
    with writing():
        holding.end_stop()


def test_a_queue_that_stands_still_is_told_after_five_minutes_and_once_for_each_time(event: int) -> None:
    stop(T)
    do(raise_alarms, *rounds(T, T + 4 * MINUTE))
    assert alarms() == []
    stop(T + 4 * MINUTE)
    do(raise_alarms, *rounds(T + 5 * MINUTE, T + 4 * HOUR))
    assert alarms() == ["Larm: Breven stod stilla från torsdag 1 oktober 2026 kl. 10.00"]
    # It ran for a moment between two rounds.
    resume()
    stop(T + 4 * HOUR + MINUTE)
    do(raise_alarms, *rounds(T + 4 * HOUR + 2 * MINUTE, T + 6 * HOUR))
    assert alarms()[1:] == ["Larm: Breven stod stilla från torsdag 1 oktober 2026 kl. 14.01"]


def test_a_short_standstill_is_nobodys_trouble(event: int) -> None:
    for number in range(10):
        start = T + number * 10 * MINUTE
        stop(start)
        do(raise_alarms, *rounds(start, start + 4 * MINUTE))
        resume()
        do(raise_alarms, start + 5 * MINUTE)
    assert alarms() == []


def test_the_alarm_leaves_before_a_crowds_letters_when_the_server_is_back(event: int) -> None:
    put("crowd:1", at=T)
    with writing():
        db.session.execute(update(OutgoingMail).values(is_bulk=True))
    stop(T)
    do(raise_alarms, T + 5 * MINUTE)
    with writing():
        claimed = claiming.claim(T + HOUR)
        assert claimed is not None
        assert claimed.kind == "alarm"


def test_a_pause_longer_than_an_hour_is_told_and_the_alarm_leaves_during_it(
    event: int, settings: config.Settings, server: SmtpServer
) -> None:
    register(event, 1, Wish.ON_SITE, is_sent=False)
    with writing():
        holding.pause(T, actor="organiser:1")
    do(raise_alarms, *rounds(T, T + 59 * MINUTE))
    assert alarms() == []
    do(raise_alarms, *rounds(T + HOUR, T + 5 * HOUR))
    assert alarms() == ["Larm: Brevkön är pausad sedan torsdag 1 oktober 2026 kl. 10.00"]
    with time_machine.travel(T + 5 * HOUR, tick=False):
        deliver_due(SmtpTransport(settings))
    assert [received.recipients for received in server.received] == [["anna@example.org"]]


@pytest.mark.both_databases("SQL finds the oldest of the letters that wait")
def test_letters_that_wait_for_an_hour_are_told(event: int) -> None:
    register(event, 1, Wish.ON_SITE, is_sent=False)
    do(raise_alarms, *rounds(T, T + HOUR - MINUTE))
    answer_all(TryOutcome.RETRY, T, "450 4.2.0 later")
    do(raise_alarms, *rounds(T + HOUR, T + HOUR + 4 * MINUTE))
    assert alarms() == []
    do(raise_alarms, *rounds(T + HOUR + 5 * MINUTE, T + 5 * HOUR))
    assert alarms() == ["Larm: 1 brev har väntat i mer än en timme"]


def test_letters_that_leave_at_once_after_a_long_standstill_are_not_called_late(event: int) -> None:
    register(event, 1, Wish.ON_SITE, is_sent=False)
    stop(T)
    do(raise_alarms, *rounds(T, T + 3 * HOUR))
    resume()
    do(raise_alarms, T + 3 * HOUR + MINUTE)
    answer_all(TryOutcome.SENT, T + 3 * HOUR + 2 * MINUTE)
    do(raise_alarms, *rounds(T + 3 * HOUR + 2 * MINUTE, T + 4 * HOUR))
    assert len(alarms()) == 1
    assert "stod stilla" in alarms()[0]


def test_a_crowd_that_waits_for_its_turn_is_not_late_but_one_whose_letters_were_refused_is(event: int) -> None:
    register(event, 1, Wish.ON_SITE, is_sent=False)
    with writing():
        db.session.execute(update(OutgoingMail).values(is_bulk=True))
    do(raise_alarms, *rounds(T, T + 3 * HOUR))
    assert alarms() == []
    answer_all(TryOutcome.RETRY, T + 3 * HOUR, "the letter can't be made ready")
    do(raise_alarms, *rounds(T + 3 * HOUR, T + 3 * HOUR + 5 * MINUTE))
    assert alarms() == ["Larm: 1 brev har väntat i mer än en timme"]


def test_a_day_is_told_to_be_full_when_it_becomes_so_each_form_by_itself(event: int) -> None:
    register(event, 1, Wish.ON_SITE)
    do(raise_alarms, T)
    assert alarms() == []
    register(event, 2, Wish.ON_SITE)
    do(raise_alarms, *rounds(T + MINUTE, T + 3 * HOUR))
    assert alarms() == ["Larm: Fullbokat på plats – Utbildningsdag om CAR T 2026"]
    register(event, 3)
    do(raise_alarms, *rounds(T + 3 * HOUR, T + 5 * HOUR))
    assert alarms()[1:] == ["Larm: Fullbokat digitalt – Utbildningsdag om CAR T 2026"]


def test_a_day_that_is_full_again_alarms_again_but_not_within_the_hour(event: int) -> None:
    register(event, 1)
    do(raise_alarms, T)
    assert len(alarms()) == 1
    with writing():
        cancelling.cancel(1, T + 10 * MINUTE)
    do(raise_alarms, T + 10 * MINUTE)
    register(event, 2, at=T + 20 * MINUTE)
    do(raise_alarms, *rounds(T + 20 * MINUTE, T + 59 * MINUTE))
    assert len(alarms()) == 1
    do(raise_alarms, *rounds(T + HOUR, T + 5 * HOUR))
    assert len(alarms()) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"seats_online": 0, "seats_on_site": 0},
        {"publication": Publication.DRAFT},
        {"publication": Publication.CANCELLED},
        {"ends_at": T, "starts_at": T - HOUR},
    ],
    ids=["made without places", "a draft", "cancelled", "over"],
)
def test_only_a_day_that_people_can_come_to_is_full(event: int, changes: dict[str, object]) -> None:
    register(event, 1)
    if "ends_at" in changes:
        closing = T - timedelta(days=20)
        changes = {
            **changes,
            **dict.fromkeys(("closes_at", "changes_close_at", "promote_until"), closing),
            "opens_at": closing - HOUR,
        }
    with writing():
        db.session.execute(update(Event).values(**changes))
    do(raise_alarms, *rounds(T, T + 3 * MINUTE))
    assert alarms() == []


def test_registrations_that_come_fast_are_told_once_a_burst(roomy: int, settings: config.Settings) -> None:
    use_settings(replace(settings, alarm_registrations=3))
    known = {"first_name": "Somebody", "last_name": "Else", "email": "fridolina0@hemligt.example.org"}
    for number in range(3):
        register(roomy, number, at=T + number * MINUTE)
    do(raise_alarms, *rounds(T, T + 3 * MINUTE))
    assert alarms() == []
    register(roomy, 3, at=T + 4 * MINUTE, **known)  # which makes a letter, too
    do(raise_alarms, T + 4 * MINUTE)
    for number in range(4, 30):
        register(roomy, number, at=T + number * MINUTE)
        do(raise_alarms, T + number * MINUTE)
    assert alarms() == ["Larm: 4 anmälningar på tio minuter – Utbildningsdag om CAR T 2026"]
    do(raise_alarms, *rounds(T + HOUR, T + 3 * HOUR))
    for number in range(30, 34):
        register(roomy, number, at=T + 3 * HOUR)
    do(raise_alarms, *rounds(T + 3 * HOUR, T + 4 * HOUR))
    assert len(alarms()) == 2


def test_each_reminder_that_was_missed_is_told_once(event: int) -> None:
    miss_a_reminder(event, 7, T)
    do(raise_alarms, *rounds(T, T + 2 * HOUR))
    assert alarms() == ["Larm: En påminnelse gick inte ut – Utbildningsdag om CAR T 2026"]
    miss_a_reminder(event, 1, T + 2 * HOUR)
    do(raise_alarms, *rounds(T + 2 * HOUR, T + 4 * HOUR))
    assert len(alarms()) == 2
    text = told("alarm")[1].text or ""
    assert "Dagen före, till dem som deltar på plats: tisdag 24 november 2026\nkl. 9.00" in text
    assert "7 dagar före" not in text


def test_only_who_chose_alarms_and_has_an_account_in_use_gets_them(app: Flask, event: int) -> None:
    for number, (role, changes) in enumerate(
        [
            (Role.ADMIN, {"language": "en"}),
            (Role.ORGANISER, {"wants_alarms": False}),
            (Role.ORGANISER, {"active": False}),
            (Role.ORGANISER, {"password": None}),
            (Role.VIEWER, {}),
            (Role.VIEWER, {"wants_alarms": True}),
            (Role.DOOR, {"wants_alarms": True}),
        ]
    ):
        identity = add_organiser(app, role, f"o{number}@example.org")
        with writing():
            db.session.execute(update(Organiser).filter_by(id=identity).values(created_at=T, **changes))
    register(event, 1)
    do(raise_alarms, T)
    assert sorted((mail.recipient, mail.subject) for mail in told("alarm")) == [
        ("anna@example.org", "Larm: Fullbokat digitalt – Utbildningsdag om CAR T 2026"),
        ("o0@example.org", "Alarm: Full online – CAR T training day 2026"),
        ("o5@example.org", "Larm: Fullbokat digitalt – Utbildningsdag om CAR T 2026"),
    ]


def test_who_chooses_alarms_later_is_not_told_what_is_past(app: Flask, event: int) -> None:
    with writing():
        db.session.execute(update(Organiser).values(wants_alarms=False))
    register(event, 1)
    do(raise_alarms, T)
    with writing():
        db.session.execute(update(Organiser).values(wants_alarms=True))
    do(raise_alarms, *rounds(T + MINUTE, T + 2 * HOUR))
    assert alarms() == []


@pytest.mark.both_databases("a lock and ON CONFLICT let the second worker wait")
def test_two_workers_at_once_write_one_letter(app: Flask, event: int) -> None:
    register(event, 1)
    two_at_once(app, raise_alarms, T, T + timedelta(seconds=1))
    assert len(alarms()) == 1
    with writing():
        cancelling.cancel(1, T + 2 * HOUR)
    do(raise_alarms, T + 2 * HOUR)
    register(event, 2, at=T + 2 * HOUR)
    two_at_once(app, raise_alarms, T + 3 * HOUR, T + 3 * HOUR + timedelta(seconds=1))
    assert len(alarms()) == 2


def test_a_clock_that_is_put_back_neither_repeats_nor_silences_an_alarm(event: int) -> None:
    register(event, 1)
    do(raise_alarms, T + 24 * HOUR, *rounds(T, T + 2 * HOUR))
    assert len(alarms()) == 1
    bounce_all(T)
    do(raise_alarms, T + 24 * HOUR, *rounds(T, T + 6 * MINUTE))
    assert len(alarms()) == 2


@pytest.mark.both_databases("each chore of the worker has SQL of its own")
def test_an_alarm_goes_out_by_the_workers_own_round_and_names_nobody(
    app: Flask, event: int, settings: config.Settings, server: SmtpServer
) -> None:
    route = SmtpTransport(settings)
    register(
        event,
        1,
        Wish.ON_SITE,
        is_sent=False,
        diets=(Diet.KOSHER,),
        access_needs="Ledsagarhund",
        message="Hälsa Gunhild",
    )
    server.faults.recipients["fridolina1@hemligt.example.org"].append("550 5.1.1 fridolina1 Quarnström is unknown")
    with time_machine.travel(T, tick=False) as clock:
        deliver_due(route)
        keep_house(app, route)
        clock.shift(5 * MINUTE)
        keep_house(app, route)
    (received,) = server.received
    assert received.recipients == ["anna@example.org"]
    letter = received.message
    assert letter["Subject"] == "Larm: 1 brev kom inte fram – Utbildningsdag om CAR T 2026"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in letter.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    for part in letter.iter_parts():
        words = part.get_content()
        assert "https://anmalan.example.org/organiser/2026/mail" in words
        assert "https://anmalan.example.org/organiser/account" in words
        for personal in ("ridolina", "uarnstr", "hemligt", "kosher", "Ledsagarhund", "Gunhild", "Tallbacka"):
            assert personal.casefold() not in words.casefold(), personal


def keep_house(app: Flask, route: SmtpTransport) -> None:
    """One round of all that create_app gives the worker to do, and then the letters that are due."""
    working = Worker([*worker.chores(app), lambda now: working.stop()], route)
    working.run()
    deliver_due(route)
