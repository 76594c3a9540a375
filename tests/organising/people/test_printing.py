"""The list on paper: whole, by surname, with what it is a list of; and a page of it, which says that it is a page."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event

from regapp.events import finding
from tests.attendees.people import add_many
from tests.support.client import CheckingClient

LIST = "/organiser/2026/attendees"
PRINT = "/organiser/2026/print"


def add_people(app: Flask, number: int) -> None:
    with app.app_context():
        add_many(finding.get_by_slug("2026"), number)


@contextmanager
def counted() -> Any:
    """The statements that are run meanwhile."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_the_print_holds_all_that_is_filtered_by_surname(app: Flask, organiser: CheckingClient) -> None:
    add_people(app, 120)
    linked = [link for link in organiser.page(f"{LIST}?attendance=online&order=-received").links() if "/print" in link]
    assert linked == [f"{PRINT}?attendance=online"]
    page = organiser.page(linked[0])
    assert "61 av 122 anmälningar · Deltagandeform: Digitalt" in page.text
    assert "Så såg listan ut torsdag 1 oktober 2026 kl. 10.00." in page.text
    names = [" ".join(row.itertext()) for row in page.all("th") if row.get("scope") == "row"]
    assert len(names) == 61
    assert names[0] == "Ek, Bo"
    assert [row.get("scope") for row in page.all("th")].count("col") == 7
    assert "122 av 122 anmälningar · alla, också de avanmälda" in organiser.page(PRINT).text


def test_a_printed_page_of_the_list_says_that_it_is_one(app: Flask, organiser: CheckingClient) -> None:
    add_people(app, 120)
    text = organiser.page(f"{LIST}?page=3&order=-name").text
    for words in (
        "122 anmälningar · sida 3 av 3, rad 101–122",
        "Sortering: Namn Ö–A. Så såg listan ut torsdag 1 oktober 2026 kl. 10.00.",
        "Utskriften är ett utdrag: sida 3 av 3.",
    ):
        assert words in text
    assert "utdrag" not in organiser.page(f"{LIST}?words=ek").text


def test_other_printed_lists_say_what_they_are_narrowed_to(organiser: CheckingClient) -> None:
    assert (
        "0 brev · Sök namn eller adress: åsa · Läge: Väntar"
        in organiser.page("/organiser/2026/mail?state=waiting&words=åsa").text
    )
    assert "Bara olästa meddelanden." in organiser.page("/organiser/2026/messages?show=unread").text


def test_a_long_print_asks_the_database_no_more_often_than_a_short_one(app: Flask, organiser: CheckingClient) -> None:
    numbers = []
    for number in (0, 300):
        add_people(app, number)
        for path in (LIST, PRINT):
            with counted() as seen:
                organiser.page(path)
            numbers.append((path, len(seen)))
    assert numbers[:2] == numbers[2:]


def test_a_filter_that_there_is_not_leads_to_the_list_that_says_so(organiser: CheckingClient) -> None:
    answer = organiser.get(f"{PRINT}?status=nothing")
    assert (answer.status_code, answer.location) == (303, f"{LIST}?status=nothing")
    assert "Ingen anmälan stämmer med urvalet." in organiser.page(f"{PRINT}?words=zzz").text
