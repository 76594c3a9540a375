"""What an incoming message is: a delivery report, a calendar's answer, an automatic one, or nothing that we know."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import astuple, dataclass
from email.message import Message

from config import Settings
from regapp.mailing import replies, reports
from regapp.mailing.parts import Unreadable, header, take_apart
from regapp.mailing.replies import Reply
from regapp.mailing.reports import Report


@dataclass(frozen=True)
class AutoReply:
    """Somebody is out of office, and the like."""


@dataclass(frozen=True)
class Incoming:
    """A message that is understood; `key` tells it from others, however often and by whichever way it comes."""

    meaning: Report | Reply | AutoReply
    key: str


def understand(octets: bytes, settings: Settings) -> Incoming | None:
    """What the message means, or None: then it is not ours to touch."""
    try:
        return _understand(take_apart(octets), settings)
    except (Unreadable, RecursionError, ValueError, LookupError, TypeError, AttributeError):
        # The standard library's readers raise any of these at a message that is broken on purpose.
        return None


def _understand(message: Message, settings: Settings) -> Incoming | None:
    meaning = reports.read(message, settings) or replies.read(message) or _auto_reply(message, settings)
    if meaning is None:
        return None
    identity = [header(message, "Message-ID"), type(meaning).__name__, *astuple(meaning)]
    if isinstance(meaning, AutoReply):
        identity += [header(message, name) for name in ("From", "Date", "Subject")]
    return Incoming(meaning, hashlib.sha256(json.dumps(identity).encode()).hexdigest())


def _auto_reply(message: Message, settings: Settings) -> AutoReply | None:
    """RFC 3834 §5, and what was there before it; Exchange says `auto-generated`, which alone says too little."""
    submitted = header(message, "Auto-Submitted").lower()
    answers_us = re.search(rf"@{re.escape(settings.mail_domain)}>", header(message, "In-Reply-To")) is not None
    is_one = (
        submitted.startswith("auto-replied")
        or (submitted.startswith("auto-generated") and answers_us)
        or bool(header(message, "X-Autoreply") or header(message, "X-Autorespond"))
        or header(message, "Precedence").lower() == "auto_reply"
    )
    return AutoReply() if is_one else None
