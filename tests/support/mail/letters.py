"""Letters and invitations to test with."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from regapp.core import clock
from regapp.core.db import db, writing
from regapp.mailing import outbox
from regapp.mailing.invites import Invitation
from regapp.mailing.letters import Action, Facts, Heading, Letter, Paragraph
from regapp.mailing.marks import mark
from regapp.mailing.models import CalendarMethod, MailState, OutgoingMail

WRITTEN_AT = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
LINKS = {"manage": "https://anmalan.example.org/my/tokenM", "join": "https://anmalan.example.org/join/tokenJ"}


def a_letter(**changes: Any) -> Letter:
    values: dict[str, Any] = {
        "subject": "Du är anmäld: Utbildningsdag om CAR T 2026",
        "blocks": [
            Heading("Du är anmäld"),
            Paragraph("Hej Åsa! Tack för din anmälan."),
            Facts([("När", "onsdag 25 november 2026 kl. 9.00–16.30, svensk tid"), ("Var", "Provsalen, Stockholm")]),
            Action("Se eller avanmäl din anmälan", mark("manage")),
        ],
    }
    return Letter(**{**values, **changes})


def an_invitation(**changes: Any) -> Invitation:
    values: dict[str, Any] = {
        "uid": "5d0c@example.org",
        "sequence": 0,
        "written_at": WRITTEN_AT,
        "created_at": WRITTEN_AT,
        "changed_at": WRITTEN_AT,
        "starts_at": datetime(2026, 11, 25, 8, 0, tzinfo=UTC),
        "ends_at": datetime(2026, 11, 25, 15, 30, tzinfo=UTC),
        "summary": "Utbildningsdag om CAR T 2026",
        "location": mark("join"),
        "description": f"Du deltar digitalt. Anslut här: {mark('join')}\nFrågor: fraga@example.org",
        "url": "https://anmalan.example.org/2026/",
        "organiser_name": "SWECARNET, Karolinska Institutet",
        "organiser_address": "utbildningsdag@swecarnet.example.org",
        "attendee_name": "Åsa-Märta O’Brien Öberg",
        "attendee_address": "asa@example.org",
        "conference": mark("join"),
        "conference_label": "Delta digitalt",
    }
    return Invitation(**{**values, **changes})


def plain(words: str) -> str:
    """The words without the signs that only keep them from being broken at the end of a line."""
    return words.replace("\u2011", "-").replace("\u2060", "")


def put(key: str = "confirmation:1", *, letter: Letter | None = None, **changes: Any) -> str:
    """A letter in the outbox, committed; its id."""
    values: dict[str, Any] = {
        "key": key,
        "kind": "confirmation",
        "to": "asa@example.org",
        "language": "sv",
        "at": clock.now(),
    }
    with writing():
        return outbox.enqueue(letter or a_letter(), **{**values, **changes})


def put_invited(key: str = "confirmation:1", method: CalendarMethod = CalendarMethod.REQUEST, **changes: Any) -> str:
    """The same with a calendar part."""
    entry = an_invitation()
    calendar = entry.request() if method is CalendarMethod.REQUEST else entry.cancel()
    return put(key, calendar=calendar, method=method, **changes)


def count_letters() -> Counter[MailState]:
    """How many letters are in each state."""
    return Counter(db.session.scalars(select(OutgoingMail.state)))
