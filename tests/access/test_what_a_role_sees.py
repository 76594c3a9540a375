"""What a role sees of a registration: the same in lists, prints, filters, search, order, statistics and files."""

from __future__ import annotations

import dataclasses
import html
import re
from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from regapp.accounts.roles import Role
from regapp.attendees.columns import COLUMNS, HEALTH_COLUMNS
from regapp.attendees.filtering import ORDER_TELLS, TELLS, Filter, Order
from regapp.attendees.seeing import EVERYTHING, HEALTH, SEEN, Detail
from regapp.registrations.choices import Diet, Profession, Wish
from tests.attendees.people import add
from tests.support.client import CheckingClient
from tests.support.days import WHILE_OPEN, new_day
from tests.support.organisers import signed_in

LIST = "/organiser/2026/attendees"
PRINT = "/organiser/2026/print"
SHOWN = {
    Detail.LAST_NAME: "Öberg, Åsa",
    Detail.EMAIL: "asa-m.o'b@ sjukhuset.example",
    Detail.PROFESSION: "Nattsköterska",
    Detail.WORKPLACE: "Östersunds sjukhus",
    Detail.MESSAGE: "oläst meddelande",
    Detail.DIETS: "Veganskt",
}
"""What a page shows of the only person; addresses may break after the @."""


@pytest.fixture
def client(app: Flask, role: Role) -> Iterator[CheckingClient]:
    with time_machine.travel(WHILE_OPEN, tick=False):
        with app.app_context():
            event = new_day(seats_on_site=10)
            add(
                event, "Åsa", "Öberg", email="asa-m.o'b@sjukhuset.example", message="Hej", diets=(Diet.VEGAN,),
                workplace="Östersunds sjukhus", department="Hematologen", profession_other="Nattsköterska",
            )  # fmt: skip
            add(event, "Bo", "Ek", wish=Wish.ONLINE, profession=Profession.PHYSICIAN, workplace="Akademiska")
        yield signed_in(app, role)


def shown(client: CheckingClient, path: str) -> str:
    """The main part of the page, in words; who is signed in stands above it."""
    text = client.get(path).get_data(as_text=True)
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", text.partition("<main")[2].partition("</main>")[0])).split())


def as_typed(word: str) -> str:
    return f"{LIST}?words={word.replace('@', '%40')}"


def test_the_table_says_what_it_should() -> None:
    assert SEEN[Role.DOOR] == {"first_name", "last_name", "attendance", "status", "place_in_line"}
    assert SEEN[Role.VIEWER] == EVERYTHING - HEALTH
    assert SEEN[Role.ORGANISER] == SEEN[Role.ADMIN] == EVERYTHING


def test_every_column_choice_and_order_says_what_it_tells() -> None:
    assert {column.key for column in COLUMNS + HEALTH_COLUMNS} == EVERYTHING - {Detail.DELIVERY}
    assert set(TELLS) == {field.name for field in dataclasses.fields(Filter)} - {"words", "order", "seen"}
    assert set(ORDER_TELLS) == set(Order)


@pytest.mark.parametrize("role", [Role.DOOR, Role.VIEWER, Role.ORGANISER])
def test_lists_and_prints_show_what_the_table_says(client: CheckingClient, role: Role) -> None:
    texts = {path: shown(client, path) for path in (LIST, PRINT)}
    for detail, words in SHOWN.items():
        found = [path for path, text in texts.items() if words in text]
        sees = detail in SEEN[role] and detail is not Detail.DIETS
        # The print needs no message; health is on no list.
        assert found == ([LIST] if detail is Detail.MESSAGE else [LIST, PRINT]) * sees, detail


FORBIDDEN = {
    "profession=nurse": "Yrke",
    "message=any": "Meddelanden",
    "message=nothing": "Meddelanden",
    "delivery=undelivered": "E-post",
    "answer=declined": "Kalendersvar",
    "order=workplace": "Sortering: Arbetsplats A–Ö",
    "order=-received": "Sortering: Senast anmälda först",
}


@pytest.mark.parametrize("role", [Role.DOOR])
def test_door_staff_can_neither_filter_nor_sort_by_what_they_do_not_see(client: CheckingClient) -> None:
    for page in (LIST, PRINT):
        plain = shown(client, page)
        for query, name in FORBIDDEN.items():
            told = f"Listan tar därför ingen hänsyn till {name}."
            text = shown(client, f"{page}?{query}")
            assert told in text
            assert text.replace(f"Din roll ser inte alla uppgifter. {told} ", "") == plain, query
    assert not any("profession" in link for link in client.page(f"{LIST}?profession=nurse&status=confirmed").links())


@pytest.mark.parametrize("role", [Role.DOOR])
@pytest.mark.both_databases("SQL cuts the name out of what is searched")
def test_door_staff_search_names_alone(client: CheckingClient) -> None:
    for word in ("ÅSA", "öberg åsa", "ber"):
        assert "Öberg, Åsa" in shown(client, as_typed(word))
        assert "Ek, Bo" not in shown(client, as_typed(word))
    for word in ("asa-m.o'b@sjukhuset.example", "sjukhus", "hematologen", "nattsköterska", "åsa sjukhuset", "%25", "_"):
        assert "Ingen anmälan stämmer" in shown(client, as_typed(word)), word


@pytest.mark.parametrize("role", [Role.DOOR])
def test_door_staff_see_no_statistics_of_what_they_do_not_see(client: CheckingClient) -> None:
    for path in ("/organiser/", "/organiser/2026/"):
        text = shown(client, path)
        assert "2 anmälda" in text or "anmälda 2" in text
        for words in ("Yrke", "Läkare", "Så har anmälningarna kommit in", "meddelande", "anslutit"):
            assert words not in text, (path, words)
        assert not any("profession" in link for link in client.page(path).links())


@pytest.mark.parametrize("role", [Role.VIEWER])
def test_who_sees_everything_filters_by_everything(client: CheckingClient) -> None:
    for query in ("profession=nurse", "message=any", "words=hematologen", "words=asa-m.o%27b%40sjukhuset.example"):
        text = shown(client, f"{LIST}?{query}")
        assert "Öberg, Åsa" in text
        assert "Ek, Bo" not in text
        assert "Din roll" not in text
