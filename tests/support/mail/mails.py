"""Every letter as a person reads it: the files in tests/mails are what is sent, word for word.

A test with a stored letter (an `OutgoingMail`, in an app context) says

    compare("reminder-online", "sv", mail)

and the letter's bytes must be well made (see arrived.py) and its words be what stands in
`tests/mails/reminder-online.sv.txt` (subject, text, calendar entry) and in `reminder-online.sv.html`. Each name has its
line in `tests/mails/README.md`, both languages, and stands in quotation marks, whole, in the test that makes the
letter: tests/letters/test_snapshots.py finds files that belong to nobody.
`WRITE_MAILS=1 pytest …` writes the files anew after a change of words; read the difference before you commit it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from regapp.core.context import settings
from regapp.mailing import message, orders, outbox
from regapp.mailing.letters import WIDTH
from regapp.mailing.models import OutgoingMail
from tests.support.mail import arrived
from tests.support.mail.arrived import Arrived
from tests.support.mail.smtp import Received

MAILS = Path(__file__).parents[2] / "mails"
WRITE_ANEW = bool(os.environ.get("WRITE_MAILS"))
LANGUAGES = ("sv", "en")

languages = pytest.mark.parametrize("language", LANGUAGES)

_MARK = re.compile("\x02([a-z_]+)\x03")
_UID = re.compile("(?<=UID:)[0-9a-f-]{36}(?=@)")


def compare(name: str, language: str, mail: OutgoingMail) -> None:
    """The letter is what its two files say. An order is rendered first, as when a worker claims it."""
    if mail.is_order:
        assert orders.render(mail), "the order is overtaken"
    assert name in names(), f"{name} has no line in tests/mails/README.md"
    assert mail.language == language
    check(mail)
    _compare(MAILS / f"{name}.{language}.txt", readable(mail))
    _compare(MAILS / f"{name}.{language}.html", opened(mail))


def check(mail: OutgoingMail) -> None:
    """Its bytes, as they would be sent now, are what every letter's are; text and HTML say the same."""
    octets = message.to_bytes(message.fill(mail, outbox.links_of(mail)), settings())
    letter = Arrived(Received("", [mail.recipient], octets, connection=0, over_tls=False))
    arrived.check_bytes(letter)
    arrived.check_tree(letter, mail.method.value if mail.method else None)
    arrived.check_html(letter, settings().base_url)
    arrived.check_same_words(letter)
    assert letter.message["To"] == mail.recipient
    assert letter.message["Content-Language"] == letter.html.lang == mail.language
    assert max(len(line) for line in letter.text.splitlines() if "://" not in line) <= WIDTH


def readable(mail: OutgoingMail) -> str:
    """Subject, text and calendar entry with the links named, and without what differs from run to run."""
    parts = [f"Subject: {mail.subject}", "", mail.text or ""]
    if mail.calendar:
        parts += [f"Calendar ({mail.method.value if mail.method else ''}):", "", mail.calendar.replace("\r\n", "\n")]
    return _MARK.sub(r"<\1 link>", _UID.sub("the-entrys-uid", "\n".join(parts)))


def opened(mail: OutgoingMail) -> str:
    """The HTML as a file that a browser opens; a link shows its name and leads nowhere."""
    return _MARK.sub(r"#\1-link", mail.html or "")


def names() -> list[str]:
    """The letters that tests/mails/README.md tells of."""
    return re.findall(r"^\| `([A-Za-z0-9_-]+)` \|", (MAILS / "README.md").read_text(encoding="utf-8"), re.MULTILINE)


def _compare(file: Path, words: str) -> None:
    if WRITE_ANEW:
        file.write_text(words, encoding="utf-8")
    assert file.exists(), f"{file.name} is not written yet: run this test with WRITE_MAILS=1"
    assert words == file.read_text(encoding="utf-8"), file.name
