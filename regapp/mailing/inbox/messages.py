"""What an incoming message is: a delivery report, a calendar's answer, an automatic one, or nothing that we know."""

import hashlib
import json
import re
from dataclasses import astuple, dataclass
from email.message import Message

from config import Settings
from regapp.mailing.inbox import bounces, calendar_replies, returns
from regapp.mailing.inbox.bounces import Report
from regapp.mailing.inbox.calendar_replies import Reply
from regapp.mailing.inbox.mime_parts import Unreadable, header, shown_header, take_apart, take_as_text
from regapp.mailing.inbox.returns import Unclear

_BEGINNING = 20_000
"""Octets of a message too large or too odd to be read: enough for its headers and first lines."""

_BROKEN = (Unreadable, RecursionError, ValueError, LookupError, TypeError, AttributeError)
"""The standard library's readers raise any of these at a message that is broken on purpose."""

_AWAY = re.compile(
    r"\W*(autosvar|automatiskt svar|frånvarande|auto(matic)?[- ]?(reply|response)|out of (the )?office)\b"
    r"(?P<alone>( auto-?reply)?\s*(:|\Z))?",
    re.IGNORECASE,
)
"""A person may begin a subject with these words as well, a program sets them before it."""

_MARKS = ("Auto-Submitted", "Precedence", "X-Auto-Response-Suppress")


@dataclass(frozen=True)
class AutoReply:
    """Somebody is out of office, and the like."""


Meaning = Report | Reply | AutoReply | Unclear


@dataclass(frozen=True)
class Incoming:
    """A message that is understood, or is about a letter of ours at least.

    `meanings` are what it may be, the likeliest first: the first one that fits what we have counts. `key` tells the
    message from others, however often and by whichever way it comes.
    """

    meanings: tuple[Meaning, ...]
    key: str

    @property
    def meaning(self) -> Meaning:
        return self.meanings[0]


def understand(octets: bytes, settings: Settings) -> Incoming | None:
    """What the message means, or None: then it is not ours to touch."""
    try:
        return _understand(take_apart(octets), settings)
    except _BROKEN:
        return understand_beginning(octets, settings)


def understand_beginning(octets: bytes, settings: Settings) -> Incoming | None:
    """The same for a message that can't be read whole: at the best it is known which letter it came for."""
    for take in (take_apart, take_as_text):
        try:
            message = take(octets[:_BEGINNING])
            unclear = returns.unclear(message, settings)
            return _incoming(message, [unclear]) if unclear else None
        except _BROKEN:
            continue
    return None


def _understand(message: Message, settings: Settings) -> Incoming | None:
    meanings: list[Meaning | None] = [bounces.read(message, settings) or calendar_replies.read(message)]
    if meanings == [None]:
        meanings = [returns.read(message, settings), _auto_reply(message, settings)]
    found = [meaning for meaning in (*meanings, returns.unclear(message, settings)) if meaning is not None]
    return _incoming(message, found) if found else None


def _incoming(message: Message, meanings: list[Meaning]) -> Incoming:
    meaning = meanings[0]
    identity = [header(message, "Message-ID"), type(meaning).__name__, *astuple(meaning)]
    if isinstance(meaning, AutoReply):
        identity += [header(message, name) for name in ("From", "Date", "Subject")]
    return Incoming(tuple(meanings), hashlib.sha256(json.dumps(identity).encode()).hexdigest())


def _auto_reply(message: Message, settings: Settings) -> AutoReply | None:
    """RFC 3834 §5, and what was there before it; Exchange says `auto-generated`, which alone says too little.

    A mail server's own words are no such reply, though they are marked as one, whatever name it goes by.
    """
    came_back = bool(bounces.letter_ids(message, settings))
    away = _AWAY.match(shown_header(message, "Subject"))
    # Who says in the subject to be away may well write of a delay.
    tells_of_delivery = came_back and (
        returns.says_it_is_a_report(message) or (away is None and returns.has_given_up(message) is not None)
    )
    if returns.is_from_machine(message) or tells_of_delivery:
        return None
    submitted = header(message, "Auto-Submitted").lower()
    answers_us = re.search(rf"@{re.escape(settings.mail_domain)}>", header(message, "In-Reply-To")) is not None
    is_marked = any(header(message, name) for name in _MARKS)
    is_one = (
        submitted.startswith("auto-replied")
        or (submitted.startswith("auto-generated") and answers_us)
        or bool(header(message, "X-Autoreply") or header(message, "X-Autorespond"))
        or header(message, "Precedence").lower() == "auto_reply"
        or (came_back and away is not None and (away["alone"] is not None or is_marked))
    )
    return AutoReply() if is_one else None
