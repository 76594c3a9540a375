"""The organisers' pages of reminders and of the mail plan."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta

import pytest
from flask import Flask

import config
from regapp.campaigns import sending
from regapp.core import context
from regapp.core.db import db, writing
from regapp.events.models import Event, Publication
from regapp.mailing.models import MailState, OutgoingMail
from tests.support.client import CheckingClient, read
from tests.support.days import APPLICATION, STOCKHOLM
from tests.support.pages import words

PLAN = "/organiser/2026/mail-plan"
REMINDERS = "/organiser/2026/reminders"
NEW = f"{REMINDERS}/new"
FIRST = f"{REMINDERS}/1"
FORM = {"days_before": "7", "clock": "9.00", "audience": "on_site", "message_sv": "Ta med legitimation."}
DUE = datetime(2026, 11, 18, 9, tzinfo=STOCKHOLM)


def set_one(client: CheckingClient, **changes: object) -> None:
    answer = client.submit(NEW, **{**FORM, **changes})
    assert answer.request.path == REMINDERS, read(answer).text


def keep_house(app: Flask, now: datetime) -> None:
    with app.app_context(), writing():
        sending.write_due(now)


def row(client: CheckingClient, path: str, name: str) -> str:
    """The words of the letter in the plan, or the reminder in the list."""
    page = client.page(path)
    return next(words(e) for e in page.all("li", "tr") if words(e).startswith(name))


def test_a_day_without_reminders_offers_the_usual_two_each_with_its_form_filled_in(organiser: CheckingClient) -> None:
    page = organiser.page(REMINDERS)
    offered = [href for href in page.links() if "usual=" in href]
    assert len(offered) == 2
    for href in offered:
        organiser.send(href, organiser.page(href).form())
    page = organiser.page(REMINDERS)
    assert not [href for href in page.links() if "usual=" in href]
    assert "7 dagar före" in page.text and "onsdag 18 november 2026 kl. 9.00".capitalize() in page.text
    assert "dagen före" in page.text and "Tisdag 24 november 2026 kl. 9.00" in page.text
    assert "dem som deltar på plats" in page.text and "dem som deltar digitalt" in page.text


def test_the_list_says_how_many_get_it_as_things_stand(app: Flask, organiser: CheckingClient) -> None:
    set_one(organiser, audience="everybody")
    assert "2 får det som det ser ut nu" in row(organiser, REMINDERS, "Påminnelse, 7")
    app.test_client().submit("/2026/register", **APPLICATION)
    assert "3 får det som det ser ut nu" in row(organiser, REMINDERS, "Påminnelse, 7")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"days_before": "61"}, "Skriv antalet dagar, 0 till 60."),
        ({"days_before": ""}, "Skriv antalet dagar, 0 till 60."),
        ({"days_before": "-1"}, "Skriv antalet dagar, 0 till 60."),
        ({"clock": "25:00"}, "Skriv klockslaget som 09:00."),
        ({"days_before": "0", "clock": "09:00"}, "Påminnelsen måste gå innan dagen börjar, onsdag 25 november 2026"),
        ({"days_before": "56"}, "har redan varit"),
        ({"audience": None}, "Välj vilka påminnelsen går till."),
        ({"audience": "nobody"}, "Välj vilka påminnelsen går till."),
        ({"message_sv": "a" * 2003}, "Ta bort 3 tecken."),
    ],
)
def test_what_is_wrong_is_told_and_what_was_typed_stays(
    organiser: CheckingClient, changes: dict[str, object], message: str
) -> None:
    answer = organiser.submit(NEW, **{**FORM, "message_en": "Bring a pass.", **changes})
    assert answer.status_code == 422
    assert message in read(answer).text
    assert read(answer).form().values["message_en"] == ["Bring a pass."]
    assert "Dagen har inga påminnelser." in organiser.page(REMINDERS).text


def test_a_clock_that_comes_twice_is_told_in_words(app: Flask, organiser: CheckingClient) -> None:
    with app.app_context(), writing():
        event = db.session.query(Event).one()
        event.closes_at = event.changes_close_at = event.promote_until = event.starts_at - timedelta(days=40)
        event.starts_at = datetime(2026, 10, 26, 9, tzinfo=STOCKHOLM)
        event.ends_at = datetime(2026, 10, 26, 16, tzinfo=STOCKHOLM)
    answer = organiser.submit(NEW, **{**FORM, "days_before": "1", "clock": "02:30"})
    assert "Den tiden finns två gånger" in read(answer).text


def test_a_reminder_is_changed_and_removed(organiser: CheckingClient) -> None:
    set_one(organiser)
    organiser.submit(FIRST, days_before="3", message_sv="Ta med en penna.")
    assert "3 dagar före" in organiser.page(REMINDERS).text
    assert "Ta med en penna." in organiser.page(f"{FIRST}/remove").text
    assert "borttagen" in read(organiser.submit(f"{FIRST}/remove")).text
    assert "Dagen har inga påminnelser." in organiser.page(REMINDERS).text
    assert organiser.get(FIRST).status_code == 404


def test_whoever_saves_second_is_told_and_saves_again_if_it_is_meant(organiser: CheckingClient) -> None:
    set_one(organiser)
    mine = organiser.page(FIRST).form()
    organiser.submit(FIRST, days_before="3")
    answer = organiser.send(FIRST, mine, message_sv="Min text")
    page = read(answer)
    assert answer.status_code == 422
    assert "Någon annan har ändrat påminnelsen" in page.text
    assert "söndag 22 november 2026" in page.text
    assert page.form().values["message_sv"] == ["Min text"]
    assert "7 dagar före" in read(organiser.send(FIRST, page.form())).text


def test_what_went_can_be_changed_no_more_and_says_how_many_it_went_to(app: Flask, organiser: CheckingClient) -> None:
    set_one(organiser, audience="everybody")
    form = organiser.page(FIRST).form()
    keep_house(app, DUE)
    with app.app_context(), writing():
        one, two = db.session.query(OutgoingMail).order_by(OutgoingMail.recipient)
        one.subject = one.text = one.html = "x"
        one.state, one.sent_at = MailState.SENT, DUE
        assert two.state is MailState.QUEUED
    assert "1 skickat, 1 väntar" in row(organiser, REMINDERS, "Påminnelse,")
    assert f"{FIRST}/remove" not in organiser.page(REMINDERS).links()
    answer = organiser.send(FIRST, form, days_before="3")
    assert "kan inte ändras eller tas bort" in read(answer).text


def test_a_missed_reminder_is_shown_in_the_list_the_plan_and_on_the_days_page(
    app: Flask, organiser: CheckingClient, door: CheckingClient
) -> None:
    set_one(organiser)
    assert "En påminnelse gick inte ut" not in organiser.page("/organiser/2026/").text
    keep_house(app, DUE + timedelta(hours=25))
    assert "gick inte ut" in row(organiser, REMINDERS, "Påminnelse,")
    assert "gick inte ut" in row(organiser, PLAN, "Påminnelse")
    assert "En påminnelse gick inte ut" in organiser.page("/organiser/2026/").text
    assert "En påminnelse gick inte ut" not in door.page("/organiser/2026/").text


def test_a_viewer_reads_reminders_and_finds_no_door_to_change_them(
    organiser: CheckingClient, viewer: CheckingClient
) -> None:
    set_one(organiser)
    links = viewer.page(REMINDERS).links()
    assert not {NEW, FIRST, f"{FIRST}/remove"} & set(links)
    assert f"{PLAN}/reminder-1" in links


@pytest.mark.both_databases("SQL counts letters, readers and the line")
def test_the_plan_tells_each_letter_with_its_time_in_the_order_of_time(organiser: CheckingClient) -> None:
    set_one(organiser)
    page = organiser.page(PLAN)
    names = [element.text for element in page.all("a") if (element.get("href") or "").startswith(f"{PLAN}/")]
    assert names == [
        "Bekräftelse", "Personlig länk", "Försök utan anmälan", "Ändrad anmälan", "Avanmälan", "Plats i kön",
        "Plats från kön", "Erbjuden plats", "Erbjudandet gick ut", "Påminnelse, 7 dagar före", "Kön är stängd",
    ]  # fmt: skip
    confirmation = row(organiser, PLAN, "Bekräftelse")
    assert "Från tisdag 1 september 2026 kl. 8.00 till onsdag 11 november 2026 kl. 23.59" in confirmation
    assert "pågår" in confirmation
    assert "kommer" in row(organiser, PLAN, "Erbjuden plats")
    assert "1 får det som det ser ut nu" in row(organiser, PLAN, "Påminnelse")
    assert "0 får det som det ser ut nu" in row(organiser, PLAN, "Kön är stängd")


def test_the_answer_to_a_calendars_no_is_planned_where_an_inbox_is_read(
    app: Flask, settings: config.Settings, organiser: CheckingClient
) -> None:
    context.use_settings(dataclasses.replace(settings, inbox_server="imap.example.org"))
    assert "inget skickat än" in row(organiser, PLAN, "Nej i kalendern")
    assert "Du tackade nej i kalendern." in organiser.page(f"{PLAN}/declined").text


def test_the_plan_counts_what_went(app: Flask, organiser: CheckingClient) -> None:
    app.test_client().submit("/2026/register", **APPLICATION)
    assert "0 skickade, 1 väntar" in row(organiser, PLAN, "Bekräftelse")
    with app.app_context(), writing():
        mail = db.session.query(OutgoingMail).one()
        mail.kind = "day_cancelled"
    assert "ett annat brev" in organiser.page(PLAN).text


def test_a_day_without_seats_has_no_letters_of_a_line(app: Flask, organiser: CheckingClient) -> None:
    with app.app_context(), writing():
        db.session.query(Event).one().seats_on_site = 0
    assert "kön" not in organiser.page(PLAN).text.casefold()


@pytest.mark.parametrize(
    ("publication", "message"),
    [
        (Publication.DRAFT, "Dagen är ett utkast. Inga brev"),
        (Publication.CANCELLED, "Dagen är inställd. Inga fler brev"),
    ],
)
def test_the_plan_of_a_draft_and_of_a_cancelled_day_says_that_nothing_goes_out(
    app: Flask, organiser: CheckingClient, publication: Publication, message: str
) -> None:
    set_one(organiser)
    with app.app_context(), writing():
        db.session.query(Event).one().publication = publication
    page = organiser.page(PLAN)
    assert message in page.text
    assert "pågår" not in page.text and "kommer" not in page.text
    assert "går inte ut" in row(organiser, PLAN, "Påminnelse")


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_letter_of_the_plan_has_a_preview_in_both_languages_with_no_link_that_works(
    organiser: CheckingClient, language: str
) -> None:
    set_one(organiser, audience="everybody")
    samples = [href for href in organiser.page(PLAN).links() if href.startswith(f"{PLAN}/")]
    assert len(samples) == 11
    for sample in samples:
        first = organiser.page(f"{sample}?language={language}")
        for href in {f"{sample}?language={language}", *(h for h in first.links() if f"language={language}&" in h)}:
            page = organiser.page(href)
            assert {"sv": "Förnamn", "en": "Firstname"}[language] in page.text
            (frame,) = page.all("iframe")
            letter = organiser.get(frame.get("src") or "")
            assert letter.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
            html = letter.get_data(as_text=True)
            assert f'<html lang="{language}">' in html
            assert "/my/" not in html + page.html and "/join/" not in html + page.html
            assert "\x02" not in html + page.html


def test_a_reminders_preview_has_the_organisers_words_and_differs_by_form(organiser: CheckingClient) -> None:
    set_one(organiser, audience="everybody")
    on_site = organiser.page(f"{PLAN}/reminder-1?form=on_site").text
    online = organiser.page(f"{PLAN}/reminder-1?form=online").text
    assert "Ta med legitimation." in on_site and "Ta med legitimation." in online
    assert "Provsalen, Exempelvägen 1, Stockholm" in on_site
    assert "Till din anslutningssida" in online and "Till din anslutningssida" not in on_site


@pytest.mark.parametrize("name", ["nothing", "reminder-", "reminder-9", "reminder-x", "reminder-1_0", "reminder-٣"])
def test_a_letter_that_isnt_there_is_not_found(organiser: CheckingClient, name: str) -> None:
    assert organiser.get(f"{PLAN}/{name}").status_code == 404
    assert organiser.get(f"{PLAN}/{name}/html").status_code == 404


def test_the_plan_is_reached_from_the_days_page(organiser: CheckingClient, door: CheckingClient) -> None:
    assert PLAN in organiser.page("/organiser/2026/").links()
    assert PLAN not in door.page("/organiser/2026/").links()
