"""Who is found by words and choices, and in which order."""

import pytest

from regapp.attendees import listing
from regapp.attendees.filtering import Filter, Message, Order, count, words_of
from regapp.attendees.seeing import Detail
from regapp.core.db import db
from regapp.core.errors import RuleBroken
from regapp.events.models import Attendance, Event
from regapp.registrations.choices import Profession, Wish
from regapp.registrations.models import Status
from tests.attendees.people import add, add_many
from tests.support.days import WHILE_OPEN, new_day


@pytest.fixture
def day(context: None) -> Event:
    return new_day(seats_on_site=None)


def names(event: Event, **chosen: object) -> list[str]:
    return [row.last_name for row in listing.find_page(event.id, Filter(**chosen), 1).rows]  # type: ignore[arg-type]


@pytest.mark.both_databases("LIKE finds the words")
def test_words_are_found_whatever_their_case(day: Event) -> None:
    add(day, "ÅSA", "ÖBERG")
    add(day, "Bo", "Ek")
    assert names(day, words=words_of("åsa öb")) == ["ÖBERG"]
    assert names(day, words=words_of("öberg ek")) == []


@pytest.mark.both_databases("LIKE takes each letter for itself")
def test_each_letter_is_found_as_it_is_typed(day: Event) -> None:
    add(day, "Åsa", "Söderström", email="asa@exämple.org")
    add(day, "Åse", "Vasa")
    for typed in ("soderstrom", "Soderström", "Söderstrom", "soederstroem", "Åsa", "asa@xn--exmple-cua.org"):
        assert names(day, words=words_of(typed)) == ["Söderström"], typed
    for typed in ("Säderström", "Söderstråm", "Äsa", "S_derstr_m"):
        assert names(day, words=words_of(typed)) == [], typed


@pytest.mark.both_databases("LIKE has signs of its own")
def test_signs_are_letters_in_a_search(day: Event) -> None:
    add(day, "Bo", "Ek")
    signs = {"%": "Percent", "_": "Line", "\\": "Backslash", "/": "Slash", "'": "Quote", '"': "Quotes"}
    for sign, name in signs.items():
        add(day, "Åsa", name, workplace=f"Klinik {sign} A")
    for sign, name in signs.items():
        assert names(day, words=words_of(sign)) == [name]


@pytest.mark.both_databases("the collation orders the names")
def test_names_stand_in_swedish_order(day: Event) -> None:
    for name in ("Öberg", "Zander", "Åkesson", "ärlig", "Andersson", "Ärla", "andersen"):
        add(day, "A", name)
    order = ["andersen", "Andersson", "Zander", "Åkesson", "Ärla", "ärlig", "Öberg"]
    assert names(day) == order
    assert names(day, order=Order.NAME_BACKWARDS) == order[::-1]


@pytest.mark.both_databases("the collation orders the workplaces")
def test_workplaces_stand_in_swedish_order(day: Event) -> None:
    for workplace in ("Östersunds sjukhus", "Akademiska", "Ängelholms sjukhus"):
        add(day, "A", workplace[:2], workplace=workplace)
    assert names(day, order=Order.WORKPLACE) == ["Ak", "Än", "Ös"]


@pytest.mark.both_databases("each choice is a condition of SQL's")
def test_choices_narrow_the_list(day: Event) -> None:
    add(day, "A", "Online", wish=Wish.ONLINE)
    gone = add(day, "B", "Gone", message="Hej")
    add(day, "C", "Doctor", profession=Profession.PHYSICIAN, message="Hej")
    gone.cancelled_from = Status.CONFIRMED
    gone.status, gone.cancelled_at, gone.message_read_at = Status.CANCELLED, WHILE_OPEN, WHILE_OPEN
    db.session.commit()
    assert names(day, attendance=Attendance.ONLINE) == ["Online"]
    assert names(day, status=Status.CANCELLED) == ["Gone"]
    assert names(day, profession=Profession.PHYSICIAN) == ["Doctor"]
    assert names(day, message=Message.ANY) == ["Doctor", "Gone"]
    assert names(day, message=Message.UNREAD) == ["Doctor"]


@pytest.mark.both_databases("LIMIT and OFFSET cut the order")
def test_pages_hold_everybody_once(day: Event) -> None:
    add_many(day, 120)
    pages = [listing.find_page(day.id, Filter(order=Order.WORKPLACE), n) for n in (1, 2, 3)]
    assert [len(page.rows) for page in pages] == [50, 50, 20]
    assert len({row.public_id for page in pages for row in page.rows}) == 120
    assert listing.find_page(day.id, Filter(), 99).page == 3
    assert count(day.id, Filter(attendance=Attendance.ON_SITE)) == 60


@pytest.mark.parametrize("typed", ["a\x00b", "x" * 201, "a b c d e f g h i j k", "\ud800"])
def test_a_search_that_cannot_be_made_is_refused_in_words(typed: str) -> None:
    with pytest.raises(RuleBroken):
        words_of(typed)


@pytest.mark.both_databases("LIKE finds what our own code has folded")
def test_a_search_knows_swedish_letters_from_accents(day: Event) -> None:
    add(day, "Åsa", "Müller")
    add(day, "Sean", "O’Brien")
    assert names(day, words=words_of("asa muller")) == names(day, words=words_of("Müller, Åsa")) == ["Müller"]
    assert names(day, words=words_of("Sean O'Brien")) == ["O’Brien"]
    assert names(day, words=words_of("seån")) == []


def test_what_is_found_by_follows_a_changed_name(day: Event) -> None:
    person = add(day, "Bo", "Ek")
    person.first_name, person.last_name, person.workplace = "Åsa", "Öberg", "Ängelholm"
    db.session.commit()
    assert names(day, words=words_of("åsa ängelholm")) == ["Öberg"]
    assert names(day, words=words_of("bo")) == []
    assert names(day, words=words_of("asa"), seen=frozenset({Detail.LAST_NAME})) == ["Öberg"]
