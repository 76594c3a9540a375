"""Messages as they come back: tests/mailing/incoming, filled in with a letter that was really written."""

from __future__ import annotations

import base64
import quopri
import re
from pathlib import Path

from regapp.core.context import settings
from regapp.core.db import db
from regapp.mailing.message import envelope_sender
from regapp.mailing.models import OutgoingMail

FOLDER = Path(__file__).parents[2] / "mailing" / "incoming"

_ENCODED = re.compile(r"^\{\{(base64|quoted-printable) (\S+)\n(.*?)^\}\}\n", re.MULTILINE | re.DOTALL)


def about(mail: OutgoingMail, **others: str) -> dict[str, str]:
    """What a message that answers to this letter says; of its entry where it has one."""
    uid = re.search(r"^UID:(.*?)\r?$", mail.calendar or "", re.MULTILINE)
    return {
        "recipient": mail.recipient,
        "sender": settings().mail_default_sender,
        "bounce": envelope_sender(mail.id, settings()),
        "message-id": mail.message_id,
        "uid": uid[1] if uid else "",
        "sequence": str(mail.sequence or 0),
        **others,
    }


def sample(name: str, values: dict[str, str]) -> bytes:
    """The message of this name as it comes over the wire."""
    return filled((FOLDER / f"{name}.eml").read_text(encoding="utf-8"), values)


def filled(text: str, values: dict[str, str]) -> bytes:
    for mark, value in values.items():
        text = text.replace("{{" + mark + "}}", value)
    encoded = _ENCODED.sub(_encode, text)
    assert "{{" not in encoded, "a value is wanted that wasn't given"
    return encoded.replace("\n", "\r\n").encode()


def coming_back(name: str, mail_id: str, **others: str) -> bytes:
    """The message of this name about the letter with this id; needs an app context."""
    mail = db.session.get(OutgoingMail, mail_id)
    assert mail is not None
    return sample(name, about(mail, **others))


def _encode(found: re.Match[str]) -> str:
    octets = found[3].encode(found[2])
    return (base64.encodebytes(octets) if found[1] == "base64" else quopri.encodestring(octets)).decode()
