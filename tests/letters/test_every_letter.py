"""Each letter in each language and calendar case, as its bytes arrive at a mail server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest

from regapp.core.db import db
from regapp.mailing.models import CalendarMethod, OutgoingMail
from regapp.registrations.letters.links import links_of
from regapp.registrations.models import Registration
from tests.letters.conftest import READER
from tests.support.machine.server import SENDER
from tests.support.mail import arrived
from tests.support.mail.arrived import Arrived
from tests.support.mail.catalogue import BOTH, CASES, LINE, ON_SITE, ONLINE, Case, Story
from tests.support.mail.letters import plain
from tests.support.mail.mails import compare, languages
from tests.support.organisers import add_organiser

BASE_URL = "https://anmalan.example.org"
TITLE = {"sv": "Utbildningsdag om CAR T 2026", "en": "CAR T training day 2026"}
WHEN = {
    "sv": "onsdag 25 november 2026 kl. 9.00–16.30 svensk tid",
    "en": "Wednesday 25 November 2026, 09:00–16:30 (Swedish time)",
}
VENUE = "Provsalen, Exempelvägen 1, Stockholm"
JOIN_PAGE = {"sv": "Digitalt, på din anslutningssida", "en": "Online, on your join page"}
FORM = {
    "sv": {
        ON_SITE: "Deltagandeform: På plats",
        ONLINE: "Deltagandeform: Digitalt Deltagare",
        BOTH: "Deltagandeform: Digitalt, och i kö för en plats i lokalen",
        LINE: "Deltagandeform: I kö för en plats i lokalen",
    },
    "en": {
        ON_SITE: "Form of attendance: On site",
        ONLINE: "Form of attendance: Online Participant",
        BOTH: "Form of attendance: Online, and in line for an on-site place",
        LINE: "Form of attendance: In line for an on-site place",
    },
}
ENTRY_COMES = {"sv": "Kalenderinbjudan följer med mejlet.", "en": "The calendar invitation comes with this e-mail."}
ENTRY_CHANGES = {"sv": "Kalenderposten uppdateras av det här mejlet.", "en": "This e-mail updates the calendar entry."}
ENTRY_GOES = {"sv": "Kalenderposten tas bort av det här mejlet.", "en": "This e-mail removes the calendar entry."}
IF_ASKED = {
    CalendarMethod.REQUEST: {
        "sv": "Svara Ja om ditt e-postprogram frågar.", "en": "Answer Yes if your mail program asks.",
    },
    CalendarMethod.CANCEL: {
        "sv": "Välj Ta bort från kalendern om ditt program frågar.",
        "en": "Choose Remove from calendar if your program asks.",
    },
}  # fmt: skip
OFFERED = {"sv": "Erbjuden plats: På plats", "en": "Offered place: On site"}


@languages
@pytest.mark.parametrize("name", CASES)
def test_each_letter_arrives_whole_and_says_what_its_files_say(
    begin: Callable[..., Story], name: str, language: str
) -> None:
    case, story = CASES[name], begin(language)
    for step in case.steps:
        step(story)
    story.deliver()
    with story.app.app_context():
        mail = story.letter(case.kind, case.to)
        compare(name, language, mail)
        letter = story.arrived(mail)
        _check_message(letter, mail, case)
        _check_words(letter, mail, case)
        if case.method:
            _check_entry(letter, mail, case)


@languages
def test_a_link_to_sign_in_comes_without_personal_data(begin: Callable[..., Story], language: str) -> None:
    story = begin(language)
    add_organiser(story.app, email=READER, language=language)
    story.app.test_client().submit("/organiser/forgot-password", email=READER)  # type: ignore[attr-defined]
    with story.app.app_context():
        story.deliver()
        mail = story.letter("sign_in_link", READER)
        compare("sign-in-link", language, mail)
        letter = story.arrived(mail)
        _check_message(letter, mail, Case("sign_in_link", (), answers=False, to=READER))
        assert READER not in letter.text and READER not in letter.html.html
        assert letter.html.links() == [
            link for link in letter.text.split() if link.startswith(f"{BASE_URL}/organiser/")
        ]


def _check_message(letter: Arrived, mail: OutgoingMail, case: Case) -> None:
    arrived.check_bytes(letter)
    arrived.check_headers(letter, to=case.to, answers=case.answers)
    arrived.check_tree(letter, case.method.value if case.method else None)
    arrived.check_html(letter, BASE_URL)
    arrived.check_same_words(letter)
    message = letter.message
    assert letter.received.sender == SENDER
    assert message["From"] == f"SWECARNET <{SENDER}>"
    assert message["Reply-To"] == READER
    assert message["Subject"] == mail.subject
    assert message["Content-Language"] == letter.html.lang == mail.language
    assert parsedate_to_datetime(message["Date"]) == mail.dated_at
    if case.answers:
        confirmation = _what_it_answers(mail)
        assert message["In-Reply-To"] == message["References"] == confirmation.message_id


def _what_it_answers(mail: OutgoingMail) -> OutgoingMail:
    """The letter that brought this mailbox the entry."""
    brought = db.session.query(OutgoingMail).filter_by(
        registration_id=mail.registration_id, recipient=mail.recipient, method=CalendarMethod.REQUEST, sequence=0
    )
    return brought.one()


def _check_words(letter: Arrived, mail: OutgoingMail, case: Case) -> None:
    """What, when, where, in which form, how to change or cancel, how the calendar entry gets there."""
    said = plain(" ".join(letter.text.split()))
    language, links = mail.language, links_of(mail)
    assert max(len(line) for line in letter.text.splitlines() if "://" not in line) <= 72
    assert "secret-room" not in letter.text
    assert TITLE[language] in letter.message["Subject"]
    assert WHEN[language] in said and TITLE[language] in said
    if case.form:
        assert (JOIN_PAGE[language] if case.form in {ONLINE, BOTH} else VENUE) in said
        assert (OFFERED[language] if case.kind == "offer" else FORM[language][case.form]) in said
        assert "Åsa-Märta O’Brien Öberg" in said or case.to != "asa@example.org"
    assert "fraga@example.org" in said
    is_end = case.method is CalendarMethod.CANCEL or case.kind in {"cancellation", "day_cancelled"}
    keeps = not is_end or case.kind == "waiting"
    assert (links["manage"] in letter.text) == (keeps and case.form is not None)
    words = {CalendarMethod.REQUEST: ENTRY_CHANGES if case.kind in {"update", "day_changed"} else ENTRY_COMES}
    words[CalendarMethod.CANCEL] = ENTRY_GOES
    expected = words[case.method][language] if case.method else None
    told = [note[language] for note in (ENTRY_COMES, ENTRY_CHANGES, ENTRY_GOES) if note[language] in said]
    assert told == ([expected] if expected else [])
    asked = [method for method, words in IF_ASKED.items() if words[language] in said]
    assert asked == ([case.method] if case.method else [])
    _check_way_on(letter, mail, said)


def _check_way_on(letter: Arrived, mail: OutgoingMail, said: str) -> None:
    """There is something to do next, and a person to ask; what is to be pressed leads to a page in the language."""
    ask = (
        "Har du frågor? Skriv till fraga@example.org" if mail.language == "sv" else "Questions? Write to fraga@example"
    )
    assert ask in said
    public = f"{BASE_URL}/2026/" if mail.language == "sv" else f"{BASE_URL}/en/2026/"
    ways = [link for link in letter.html.links() if link in links_of(mail).values() or link.startswith(public)]
    assert ways or mail.kind in {"cancellation", "transfer"}, "nothing to do next"


def _check_entry(letter: Arrived, mail: OutgoingMail, case: Case) -> None:
    assert case.method is not None
    registration = db.session.get_one(Registration, mail.registration_id)
    online = "CONFERENCE" in letter.entry.event
    arrived.check_calendar(letter, method=case.method.value, is_online=online)
    arrived.check_read_alike(letter.entry)
    event = letter.entry.event
    assert event["SEQUENCE"] == mail.sequence == case.sequence
    if not case.is_to_an_earlier_mailbox:
        assert str(event["UID"]) == f"{registration.calendar_uid}@swecarnet.example.org"
    assert str(event["SUMMARY"]) == TITLE[mail.language]
    assert event["DTSTART"].dt == registration.event.starts_at
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(hours=7, minutes=30)
    assert (event["DTSTAMP"].dt, event["LAST-MODIFIED"].dt) == (mail.dated_at, registration.changed_at)
    assert event["CREATED"].dt == registration.received_at
    assert str(event["URL"]) == BASE_URL + ("/2026/" if mail.language == "sv" else "/en/2026/")
    assert letter.entry.parameters("ATTENDEE")["CN"] == registration.name
    assert letter.entry.parameters("ORGANIZER")["CN"] == "SWECARNET, Karolinska Institutet"
    if not case.form:
        return
    assert online is (case.form in {ONLINE, BOTH})
    place = links_of(mail)["join"] if online else VENUE
    assert str(event["LOCATION"]) == place and place in str(event["DESCRIPTION"])
    if online:
        label = "Delta digitalt" if mail.language == "sv" else "Join online"
        assert str(event["CONFERENCE"]) == place
        assert letter.entry.parameters("CONFERENCE") == {"VALUE": "URI", "FEATURE": "VIDEO", "LABEL": label}
