"""Whatever stands in the database, a letter stays one letter to one person, with one entry and no markup of others.

The values are put into the rows themselves, as an import could, so that no form has cleaned them before.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select

import config
from regapp.core.db import db, lock, writing
from regapp.events.models import Attendance, Event
from regapp.mailing.models import MailState, OutgoingMail
from regapp.registrations.letters import writing as letters
from regapp.registrations.models import Registration, Status
from tests.letters.conftest import READER
from tests.support.days import WHILE_OPEN
from tests.support.machine.server import SENDER, environment
from tests.support.mail import arrived
from tests.support.mail.arrived import Arrived, tree
from tests.support.mail.catalogue import ASA, BO, Story
from tests.support.mail.smtp import SmtpServer

BASE_URL = "https://anmalan.example.org"
WORDS = [
    "Åsa\r\nBcc: x@example.net",
    "Åsa\nATTENDEE:mailto:x@example.net\nEND:VEVENT",
    "x\r\nBEGIN:VEVENT\r\nUID:other\r\nEND:VEVENT",
    "a\0b",
    "a\x85b\u2028c\u2029BEGIN:VALARM",
    '"Åsa", Öberg; CN=x:mailto:x@example.net',
    "a\\nb\\,c\\\\;d\\",
    "å" * 300,
    "🎉" * 300,
    "👩\u200d👩\u200d👧\u200d👦" * 60,
    "\u202eelpmaxe\u202c \u2067rtl\u2069 \u200f\u200e\u061c",
    "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334" * 20,
    "<script>alert(1)</script><img src=https://example.net/x.png onerror=a>",
    '"><a href="https://example.net">klicka</a><br/>&amp;&lt;',
    "{x.__class__} {0} {title} %(x)s %s ${x} {{ 7*7 }} {% raw %}",
    "=?utf-8?b?w4VzYQ0KQmNjOiB4QGV4YW1wbGUubmV0?=",
    "\x02manage\x03 \x02join\x03",
    "--=_mixed_0\r\nContent-Type: text/html\r\n\r\n<b>x</b>",
    ".\r\n.\r\nQUIT\r\n",
    "\t \u00a0\u3000\u200b",
    "",
]
CHARACTERS = st.characters(exclude_categories=["Cs"])
hostile = st.sampled_from(WORDS) | st.text(CHARACTERS, max_size=300)
USUAL = {
    "first_name": "Åsa", "last_name": "Öberg", "workplace": "Provsjukhuset", "department": "", "title_sv": "Dagen",
    "title_en": "The day", "venue": "Provsalen", "address": "Exempelvägen 1", "contact_email": "fraga@example.org",
    "directions_sv": "Ingång A", "directions_en": "Entrance A",
}  # fmt: skip
DAY_USUAL = {
    "first_name": "Åsa", "last_name": "Öberg", "workplace": "Provsjukhuset", "department": "", "title_sv": "Dagen",
    "title_en": "The day", "venue": "Provsalen", "address": "Exempelvägen 1", "contact_email": "fraga@example.org",
    "directions_sv": "Ingång A", "directions_en": "Entrance A",
}  # fmt: skip


@pytest.fixture
def story(begin: Callable[..., Story]) -> Story:
    """Åsa is registered, and her letters are gone."""
    story = begin("sv")
    story.register("on_site")
    return story


Usual = Callable[[Attendance, str], list[list[object]]]


@pytest.fixture
def usual(story: Story) -> Usual:
    """What the letters are made of when all values are as usual."""

    @functools.cache
    def make(attendance: Attendance, language: str) -> list[list[object]]:
        return [skeleton(letter) for letter in write_letters(story, USUAL, attendance, language)]

    return make


def write_letters(story: Story, values: dict[str, str], attendance: Attendance, language: str) -> list[Arrived]:
    """The letters about a place, a place in line, an offer, and a cancellation, with these values in the rows."""
    with story.app.app_context(), writing():
        _put(values, attendance, language)
    with story.app.app_context(), writing():
        registration = db.session.query(Registration).one()
        letters.write_place(registration, WHILE_OPEN)
        letters.write_offer(registration, WHILE_OPEN)
        letters.write_waiting(registration, WHILE_OPEN)
        letters.write_cancellation(registration, WHILE_OPEN)
    story.deliver()
    with story.app.app_context():
        return [story.arrived(mail) for mail in db.session.query(OutgoingMail).order_by(OutgoingMail.kind)]


def _put(values: dict[str, str], attendance: Attendance, language: str) -> None:
    lock(Event, db.session.scalars(select(Event.id)).one())
    for mail in db.session.query(OutgoingMail):
        db.session.delete(mail)
    registration, event = db.session.query(Registration).one(), db.session.query(Event).one()
    registration.has_entry, registration.calendar_sequence = False, 0
    registration.attendance, registration.language, registration.status = attendance, language, Status.CONFIRMED
    for name, value in values.items():
        setattr(event if hasattr(Event, name) else registration, name, value)


def skeleton(letter: Arrived) -> list[object]:
    """Everything of a letter but its words."""
    tags = [(element.tag, element.get("class")) for element in letter.html.all() if element.tag != "br"]
    return [
        letter.message.keys(),
        tree(letter.message),
        letter.received.sender,
        letter.received.recipients,
        tags,
        letter.html.links(),
        letter.entry.property_names() if letter.calendar else None,
    ]


def check_whole(letter: Arrived) -> None:
    method = letter.parts["text/calendar"].get_param("method") if letter.calendar else None
    arrived.check_bytes(letter)
    arrived.check_headers(letter, to=ASA, answers="In-Reply-To" in letter.message)
    arrived.check_tree(letter, method)
    arrived.check_html(letter, BASE_URL)
    arrived.check_same_words(letter)
    if method:
        arrived.check_calendar(letter, method=method, is_online="CONFERENCE" in letter.entry.event)
        arrived.check_read_alike(letter.entry)


def everywhere(words: str) -> dict[str, str]:
    return dict.fromkeys(USUAL, words or "x")


def each_of_the_words(test: Any) -> Any:
    for words in WORDS:
        test = example(everywhere(words), Attendance.ON_SITE, "sv")(test)
    return example(everywhere(WORDS[0]), Attendance.ONLINE, "en")(test)


@each_of_the_words
@given(
    st.fixed_dictionaries(dict.fromkeys(USUAL, hostile.map(lambda words: f"x{words}"))),
    st.sampled_from(Attendance),
    st.sampled_from(["sv", "en"]),
)
@hypothesis_settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_words_made_to_harm_change_nothing_but_words(
    story: Story, usual: Usual, values: dict[str, str], attendance: Attendance, language: str
) -> None:
    hurt = write_letters(story, values, attendance, language)
    for letter in hurt:
        check_whole(letter)
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", letter.text + letter.html.html)
    assert [skeleton(letter) for letter in hurt] == usual(attendance, language)


@pytest.mark.parametrize(
    "address",
    ["asa@example.org\r\nBcc: x@example.net", "asa@example.org, x@example.net", "asa@example.org\0", "åsa@example.org",
     "Åsa <asa@example.org>", "<asa@example.org>", "asa@example.org\nx@example.net", "asa@ex_ämple.org", ""],
)  # fmt: skip
def test_an_address_that_is_not_one_gets_nothing_and_stands_in_nobodys_way(story: Story, address: str) -> None:
    with story.app.app_context(), writing():
        _put({"email": address}, Attendance.ON_SITE, "sv")
        letters.write_place(db.session.query(Registration).one(), WHILE_OPEN)
    story.register("online", BO)
    story.deliver()
    with story.app.app_context():
        states = {mail.recipient: mail.state for mail in db.session.query(OutgoingMail)}
    assert (states[address], states[BO]) == (MailState.FAILED, MailState.SENT)
    assert {recipient for received in story.server.received for recipient in received.recipients} == {BO}


NAMES = ["Ö\u2028BEGIN:VEVENT", '"KI"; CN=x', "=?utf-8?q?a=0D=0ABcc:x?=", "å" * 300, "{x.__class__} %s", "\u202eIK\\"]


class TestOrganisersOfEveryKind:
    @pytest.fixture(params=NAMES, ids=range(len(NAMES)))
    def environ(self, request: pytest.FixtureRequest, database_url: str, instance: Path, server: SmtpServer) -> Any:
        named = {"ORGANISATION_NAME": request.param, "MAIL_REPLY_TO": READER}
        return environment(database_url, instance, MAIL_PORT=str(server.port), **named)

    def test_an_organisers_name_changes_no_header_and_no_line(self, story: Story) -> None:
        for letter in write_letters(story, {}, Attendance.ONLINE, "sv"):
            check_whole(letter)
            assert letter.message["From"] == f"SWECARNET <{SENDER}>"
            assert letter.message["Reply-To"] == READER


@pytest.mark.parametrize("name", ["MAIL_DEFAULT_SENDER", "MAIL_REPLY_TO", "ORGANISATION_CONTACT"])
@pytest.mark.parametrize("address", ["a@example.org\r\nBcc: x@example.net", "a@example.org, x@example.net", "å@b.se"])
def test_an_organisers_address_that_is_not_one_is_refused_at_the_start(
    environ: dict[str, str], name: str, address: str
) -> None:
    with pytest.raises(config.SettingsError):
        config.load({**environ, f"REGAPP_{name}": address})
