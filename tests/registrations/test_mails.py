"""Every letter as a person reads it: the files in tests/mails are what is sent, word for word."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from flask import Flask

from regapp.core.db import db, writing
from regapp.mailing.models import OutgoingMail
from regapp.registrations import cancelling
from regapp.registrations.models import Registration
from tests.support.client import CheckingClient
from tests.support.days import APPLICATION, WHILE_OPEN

MAILS = Path(__file__).parents[1] / "mails"
WRITE_ANEW = bool(os.environ.get("WRITE_MAILS"))
"""Set it to write the files anew after a change of words, then read the difference."""

pytestmark = pytest.mark.usefixtures("day")


def readable(mail: OutgoingMail, changing: dict[str, str]) -> str:
    """The letter with its links named and what differs from run to run taken out."""
    parts = [f"Subject: {mail.subject}", "", mail.text or ""]
    if mail.calendar:
        parts += [f"Calendar ({mail.method.value if mail.method else ''}):", "", mail.calendar.replace("\r\n", "\n")]
    words = "\n".join(parts)
    for found, name in changing.items():
        words = words.replace(found, name)
    return words.replace("\x02", "<").replace("\x03", " link>")


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("attendance", ["on_site", "online"])
def test_the_letters_say_what_the_files_say(
    app: Flask, client: CheckingClient, clock, language: str, attendance: str
) -> None:
    path = "/2026/register" if language == "sv" else "/en/2026/register"
    client.submit(path, **{**APPLICATION, "attendance": attendance})
    clock.shift(2 * 3600)
    app.test_client().submit(path, **APPLICATION)
    with app.app_context():
        with writing():
            cancelling.cancel_day(1, 1, WHILE_OPEN, actor="organiser:1")
            cancelling.cancel(1, WHILE_OPEN)
        uid = str(db.session.query(Registration).one().calendar_uid)
        mails = {mail.kind: readable(mail, {uid: "the-entrys-uid"}) for mail in db.session.query(OutgoingMail)}
    assert set(mails) == {"confirmation", "link", "day_cancelled", "cancellation"}
    for kind, words in mails.items():
        file = MAILS / f"{kind}-{attendance.replace('_', '-')}.{language}.txt"
        if WRITE_ANEW:
            file.parent.mkdir(exist_ok=True)
            file.write_text(words, encoding="utf-8")
        assert words == file.read_text(encoding="utf-8"), file.name
