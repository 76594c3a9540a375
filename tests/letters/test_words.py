"""What stands in a letter, in which order, and what its reader can do next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time

import pytest

from regapp.campaigns import letters as reminder_letters
from regapp.core.db import db
from regapp.core.i18n import use_language
from regapp.mailing.letters import write
from regapp.registrations import filling, moving
from regapp.registrations.models import Registration
from tests.support.mail.catalogue import (
    ASA,
    IN_LINE_ONLY,
    OFFERED,
    Story,
    follow,
    letters_go_out,
    others_take_the_seats,
    register,
    the_day_changes,
    the_line_closes,
    the_offer_ends,
)
from tests.support.mail.letters import plain
from tests.support.mail.mails import languages

DOORS = {"sv": "Dörrarna öppnar: kl. 8.30", "en": "Doors open: 08:30"}
DAY_PAGE = {"sv": "https://anmalan.example.org/2026/", "en": "https://anmalan.example.org/en/2026/"}


def text_of(story: Story, kind: str) -> str:
    with story.app.app_context():
        return plain(story.letter(kind, ASA).text or "")


@languages
def test_who_comes_to_the_venue_is_told_when_its_doors_open(begin: Callable[..., Story], language: str) -> None:
    story = begin(language, doors_open=time(8, 30))
    path = "/2026/" if language == "sv" else "/en/2026/"
    assert "8.30" in story.app.test_client().get("/2026/").get_data(as_text=True)
    assert "08:30" in story.app.test_client().get("/en/2026/").get_data(as_text=True)
    story.register("online")
    assert DOORS[language] not in text_of(story, "confirmation")
    story.follow(moving.move_on_site)
    assert DOORS[language] in text_of(story, "update")
    assert DOORS[language] in reminder(story) and DAY_PAGE[language] in reminder(story)
    assert path in text_of(story, "update")


def reminder(story: Story) -> str:
    with story.app.app_context(), use_language(story.language):
        person = db.session.query(Registration).filter_by(email=ASA).one()
        return plain(write(reminder_letters.compose(person, ""), story.language).text)


@languages
def test_a_changed_day_says_first_what_holds_and_last_what_held(begin: Callable[..., Story], language: str) -> None:
    story = begin(language, directions_sv="Ta hissen.", directions_en="Take the lift.", doors_open=time(8, 30))
    story.register("on_site")
    letters_go_out(story)
    the_day_changes(venue="Aulan")(story)
    letters_go_out(story)
    text = text_of(story, "day_changed")
    now, before = text.split("Det här gällde tidigare" if language == "sv" else "This is what held before")
    assert "Aulan" in now and "Provsalen" not in now and DOORS[language] in now
    assert ("Ta hissen." if language == "sv" else "Take the lift.") in now and DAY_PAGE[language] in now
    assert ("Kalenderposten" if language == "sv" else "calendar entry") in now and "fraga@example.org" in now
    assert len(before.strip().splitlines()) == 1 and "Provsalen" in before


def test_directions_flow_as_they_do_on_the_page(begin: Callable[..., Story]) -> None:
    story = begin("sv", directions_sv="Tag hissen\ntill plan 4.\n\nGå sedan\nrakt fram.")
    story.register("on_site")
    assert "Tag hissen till plan 4.\n\nGå sedan rakt fram." in text_of(story, "confirmation")


@languages
@pytest.mark.parametrize(("seats_online", "way"), [(None, "online"), (0, "line")])
def test_who_lost_an_offer_while_registration_is_open_is_shown_the_form(
    begin: Callable[..., Story], language: str, seats_online: int | None, way: str
) -> None:
    story = begin(language, offer_days=90, seats_online=seats_online)
    for step in (*IN_LINE_ONLY, *OFFERED[1:], lambda story: story.now.shift(60 * 60 * 24 * 5)):
        step(story)
    story.day(filling.settle)
    text = " ".join(text_of(story, "offer_passed").split())
    assert DAY_PAGE[language] + "register" in text
    said = {
        "online": {"sv": "Du kan fortfarande delta digitalt.", "en": "You can still take part online."},
        "line": {"sv": "Du kan ställa dig i kö igen.", "en": "You can stand in line again."},
    }
    assert said[way][language] in text


@languages
def test_an_offer_that_ran_out_is_not_said_to_have_gone_on_where_nobody_else_waits(
    begin: Callable[..., Story], language: str
) -> None:
    story = begin(language)
    for step in (*IN_LINE_ONLY, *OFFERED, the_offer_ends):
        step(story)
    with story.app.app_context():
        mail = story.letter("offer_passed", ASA)
        assert {"sv": "Erbjudandet gick ut", "en": "The offer ran out"}[language] in mail.subject
        assert {"sv": "vidare", "en": " on to "}[language] not in mail.text


@languages
@pytest.mark.parametrize(
    ("kind", "end"), [("offer_passed", (*OFFERED, the_offer_ends)), ("line_closed", (the_line_closes,))]
)
def test_who_is_out_of_the_line_after_the_last_day_is_told_whom_to_ask(
    begin: Callable[..., Story], language: str, kind: str, end: tuple[Callable[[Story], None], ...]
) -> None:
    story = begin(language)
    for step in (*IN_LINE_ONLY, *end):
        step(story)
    text = " ".join(text_of(story, kind).split())
    ask = "Skriv till arrangören om du vill fråga" if language == "sv" else "Write to the organiser to ask for a place"
    assert ask in text and DAY_PAGE[language] in text and "/register" not in text
    assert "Hitta hit" not in text and "Deltagandeform" not in text


def test_who_was_moved_without_a_letter_has_a_true_calendar_after_the_next_one(begin: Callable[..., Story]) -> None:
    story = begin("sv")
    for step in (register("on_site"), letters_go_out, follow(moving.move_online, actor="organiser:1", tell=False)):
        step(story)
    others_take_the_seats(story)
    story.follow(moving.join_line)
    with story.app.app_context():
        letter = story.letter("waiting", ASA)
        assert letter.sequence == 1 and "Kalenderposten uppdateras" in letter.text
        assert "join" in (letter.calendar or "")
