"""The digest: every morning at seven, to who chose it, when there is something to tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update

import config
from regapp import worker
from regapp.accounts.models import Organiser
from regapp.core.db import db, writing
from regapp.events.models import Event, Publication
from regapp.mailing.models import TryOutcome
from regapp.mailing.sending.delivery import deliver_due
from regapp.mailing.sending.transport import SmtpTransport
from regapp.organising.alarms.mornings import write_digests
from regapp.registrations import cancelling
from regapp.registrations.choices import Diet, Wish
from regapp.registrations.models import Registration
from regapp.worker import Worker
from tests.support.days import STOCKHOLM, new_day
from tests.support.machine.server import environment
from tests.support.mail.smtp import SmtpServer
from tests.support.mail.telling import MINUTE, answer_all, bounce_all, do, register, told, two_at_once
from tests.support.organisers import add_organiser

pytestmark = pytest.mark.usefixtures("context")

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY = datetime(2026, 10, 5, 7, 0, tzinfo=STOCKHOLM)


@pytest.fixture
def environ(database_url: str, instance: Path, server: SmtpServer) -> dict[str, str]:
    return environment(database_url, instance, MAIL_PORT=str(server.port))


@pytest.fixture
def event(app: Flask, context: None) -> int:
    """A day, an organiser who wants the digest, and a worker that began on Sunday at noon."""
    add_organiser(app, email="anna@example.org")
    with writing():
        db.session.execute(update(Organiser).values(wants_digest=True, wants_alarms=False))
    do(write_digests, MONDAY - 19 * HOUR)
    return new_day(seats_on_site=10, seats_online=None).id


def digests() -> list[str]:
    return [mail.text or "" for mail in told("digest")]


def facts(text: str) -> dict[str, str]:
    """What the letter says, by its labels."""
    return dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)


def test_it_comes_at_seven_and_once_a_morning(event: int) -> None:
    register(event, 1, at=MONDAY - HOUR)
    do(write_digests, MONDAY - MINUTE)
    assert digests() == []
    do(write_digests, MONDAY, MONDAY + MINUTE, MONDAY + 8 * HOUR, MONDAY + 16 * HOUR)
    assert len(digests()) == 1
    assert told("digest")[0].subject == "Läget måndag 5 oktober 2026: 1 ny anmälan, inget oläst meddelande"


def test_a_morning_without_news_has_no_letter_all_day(event: int) -> None:
    do(write_digests, MONDAY)
    register(event, 1, at=MONDAY + 2 * HOUR)
    do(write_digests, MONDAY + 2 * HOUR, MONDAY + 16 * HOUR)
    assert digests() == []
    do(write_digests, MONDAY + DAY)
    assert facts(digests()[0])["Nya anmälningar"] == "1"


@pytest.mark.both_databases("SQL compares the instants at both ends of the time")
def test_what_happened_is_told_once_and_nothing_is_left_out(event: int) -> None:
    register(event, 1, at=MONDAY - 2 * HOUR)
    # Received before seven by a request that waits for the lock; committed after the letter was written.
    do(write_digests, MONDAY)
    register(event, 2, at=MONDAY - timedelta(seconds=5))
    with writing():
        cancelling.cancel(1, MONDAY + HOUR)
    do(write_digests, MONDAY + DAY)
    first, second = (facts(text) for text in digests())
    assert (first["Nya anmälningar"], first["Avanmälda"]) == ("1", "0")
    assert (second["Nya anmälningar"], second["Avanmälda"]) == ("1", "1")


def test_unread_messages_are_told_every_morning_until_somebody_reads_them(event: int) -> None:
    register(event, 1, at=MONDAY - HOUR, message="Hej")
    do(write_digests, MONDAY, MONDAY + DAY)
    assert [facts(text)["Olästa meddelanden"] for text in digests()] == ["1", "1"]
    with writing():
        db.session.execute(update(Registration).values(message_read_at=MONDAY + DAY))
    do(write_digests, MONDAY + 2 * DAY)
    assert len(digests()) == 2


@pytest.mark.both_databases("SQL compares the instants of tries and returns")
def test_letters_that_failed_or_came_back_are_told(event: int) -> None:
    register(event, 1, at=MONDAY - 3 * DAY, is_sent=False)
    answer_all(TryOutcome.FAILED, MONDAY - HOUR)
    register(event, 2, at=MONDAY - 3 * DAY)
    bounce_all(MONDAY - 2 * HOUR)
    do(write_digests, MONDAY, MONDAY + DAY)
    (text,) = digests()
    assert facts(text)["Brev som inte kom fram"] == "2"


@pytest.mark.parametrize("hours", [1, 16.9])
def test_a_worker_that_was_down_writes_it_when_it_is_back_the_same_day(event: int, hours: float) -> None:
    register(event, 1, at=MONDAY - HOUR)
    do(write_digests, MONDAY + hours * HOUR, MONDAY + hours * HOUR + MINUTE)
    assert len(digests()) == 1


def test_a_worker_that_comes_back_the_next_day_writes_none_before_seven(event: int) -> None:
    register(event, 1, at=MONDAY - HOUR)
    do(write_digests, MONDAY + 17 * HOUR, MONDAY + DAY - MINUTE)
    assert digests() == []
    do(write_digests, MONDAY + DAY)
    assert facts(digests()[0])["Nya anmälningar"] == "1"


@pytest.mark.parametrize(
    ("before", "seven"),
    [
        # The clocks go back in the night to 25 October 2026, and forward in the night to 28 March 2027.
        (datetime(2026, 10, 25, 5, 59, tzinfo=UTC), datetime(2026, 10, 25, 6, 0, tzinfo=UTC)),
        (datetime(2027, 3, 28, 4, 59, tzinfo=UTC), datetime(2027, 3, 28, 5, 0, tzinfo=UTC)),
    ],
    ids=["back", "forward"],
)
def test_it_is_seven_in_sweden_when_the_clocks_were_changed(event: int, before: datetime, seven: datetime) -> None:
    with writing():
        later = dict.fromkeys(("closes_at", "changes_close_at", "promote_until"), seven + 20 * DAY)
        db.session.execute(update(Event).values(**later, starts_at=seven + 30 * DAY, ends_at=seven + 31 * DAY))
    do(write_digests, before - DAY)
    register(event, 1, at=before - HOUR)
    do(write_digests, before)
    assert digests() == []
    do(write_digests, seven)
    assert len(digests()) == 1


def test_a_clock_that_is_put_back_over_seven_brings_no_second_letter(event: int) -> None:
    register(event, 1, at=MONDAY - HOUR, message="Hej")
    do(write_digests, MONDAY + MINUTE, MONDAY - 30 * MINUTE, MONDAY, MONDAY + 2 * MINUTE)
    assert len(digests()) == 1


def test_days_that_are_over_or_not_public_are_left_out(event: int) -> None:
    register(event, 1, at=MONDAY - HOUR, message="Hej")
    new_day(slug="2027", title_sv="Utkastdagen", publication=Publication.DRAFT)
    new_day(slug="2028", title_sv="Den inställda", publication=Publication.CANCELLED)
    do(write_digests, MONDAY)
    assert "Utbildningsdag om CAR T 2026" in digests()[0]
    assert "Utkastdagen" not in digests()[0]
    assert "Den inställda" not in digests()[0]
    with writing():
        over = MONDAY - timedelta(days=9)
        db.session.execute(
            update(Event)
            .filter_by(id=event)
            .values(
                opens_at=over - HOUR, closes_at=over, changes_close_at=over, promote_until=over,
                starts_at=over, ends_at=over + HOUR,
            )
        )  # fmt: skip
    do(write_digests, MONDAY + DAY)
    assert len(digests()) == 1


@pytest.mark.parametrize(
    ("seats", "words", "widths"),
    [
        (10, "1 av 10 tagna, 9 kvar", ['width="10%"', 'width="90%"']),
        (1, "1 av 1 tagna, 0 kvar", ['width="100%"']),
        (1000, "1 av 1000 tagna, 999 kvar", ['width="1%"', 'width="99%"']),
        (None, "1 tagna, ingen gräns", []),
    ],
)
def test_places_are_drawn_and_written(event: int, seats: int | None, words: str, widths: list[str]) -> None:
    with writing():
        db.session.execute(update(Event).values(seats_on_site=seats))
    register(event, 1, Wish.ON_SITE, MONDAY - HOUR)
    do(write_digests, MONDAY)
    (mail,) = told("digest")
    assert facts(mail.text or "")["Platser på plats"] == words
    drawn = [part.split(" style")[0].removeprefix('press" ') for part in (mail.html or "").split("<td ")]
    assert [part.removeprefix('class="press" ') for part in drawn if "%" in part] == widths


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (1, "onsdag 11 november 2026 (om 10 dagar)"),
        (10, "onsdag 11 november 2026 (i morgon)"),
        (11, "onsdag 11 november 2026 (i dag)"),
        (12, "onsdag 11 november 2026 (anmälan är stängd)"),
    ],
)
def test_it_tells_how_long_is_left(event: int, day: int, words: str) -> None:
    register(event, 1, at=MONDAY - HOUR, message="Hej")
    do(write_digests, datetime(2026, 11, day, 7, 0, tzinfo=STOCKHOLM))
    assert facts(digests()[0])["Sista anmälningsdag"] == words


@pytest.mark.both_databases("a lock and ON CONFLICT let the second worker wait")
def test_two_workers_at_once_write_one_letter(app: Flask, event: int) -> None:
    register(event, 1, at=MONDAY - HOUR)
    two_at_once(app, write_digests, MONDAY, MONDAY + timedelta(seconds=1))
    assert len(digests()) == 1


def test_it_goes_out_by_the_workers_own_round_and_names_nobody(
    app: Flask, event: int, settings: config.Settings, server: SmtpServer
) -> None:
    register(
        event, 1, Wish.ON_SITE, MONDAY - HOUR,
        diets=(Diet.KOSHER,), access_needs="Ledsagarhund", message="Hälsa Gunhild",
    )  # fmt: skip
    route = SmtpTransport(settings)
    with time_machine.travel(MONDAY, tick=False):
        working = Worker([*worker.chores(app), lambda now: working.stop()], route)
        working.run()
        deliver_due(route)
    (received,) = server.received
    assert received.recipients == ["anna@example.org"]
    assert received.message["Subject"] == "Läget måndag 5 oktober 2026: 1 ny anmälan, 1 oläst meddelande"
    assert received.message["Auto-Submitted"] == "auto-generated"
    for part in received.message.iter_parts():
        words = part.get_content()
        assert "https://anmalan.example.org/organiser/2026/" in words
        assert "https://anmalan.example.org/organiser/account" in words
        for personal in ("ridolina", "uarnstr", "hemligt", "kosher", "Ledsagarhund", "Gunhild", "Tallbacka"):
            assert personal.casefold() not in words.casefold(), personal
