"""Delivery reports: another server tells what became of a letter (RFC 3464, codes of RFC 3463)."""

import re
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser

from config import Settings
from regapp.mailing.inbox.mime_parts import MOST_PARTS, carried, header, parts_of, text_of
from regapp.mailing.message import letters_in

_ADDRESSED = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "Original-Recipient")
_STATUSES = {"message/delivery-status", "message/global-delivery-status"}
_RETURNED = {"message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers"}
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,318}>")
_STATUS = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")
_LONGEST_HEADERS = 100_000


@dataclass(frozen=True)
class Report:
    """What became of one letter, which is named by its envelope sender (`letter_ids`) or by a Message-ID.

    That is the one of what is returned; where nothing is, of what the report answers.

    `has_failed` when the other server gave up; a delay, however long, is none. `status` as "5.1.1"; `reason` in that
    server's own words, which may name the address. With `only_for`, addresses in lower case, it is about the letter
    only when that went to one of them.
    """

    letter_ids: tuple[str, ...]
    message_ids: tuple[str, ...]
    has_failed: bool
    status: str
    reason: str
    only_for: tuple[str, ...] = ()


def read(message: Message, settings: Settings) -> Report | None:
    """The report that the message is; None when it is none."""
    parts = list(parts_of(message))
    status = next((part for part in parts if part.get_content_type() in _STATUSES), None)
    recipients = _recipients(status) if status is not None else []
    if not recipients:
        return None
    told = next((block for block in recipients if _has_failed(block)), recipients[0])
    has_failed = _has_failed(told)
    return Report(
        letter_ids=letter_ids(message, settings),
        message_ids=_unique(returned_ids(parts) or _MESSAGE_ID.findall(header(message, "In-Reply-To"))),
        has_failed=has_failed,
        status=_status(told) or ("5.0.0" if has_failed else "4.0.0"),
        reason=_reason(told),
    )


def _recipients(status: Message) -> list[Message]:
    """The blocks about a recipient (RFC 3464 §2.3): of the message itself no Action or Status is told.

    The standard library leaves as text what is in base64, and all but the first block of RFC 6533's kind.
    """
    blocks = carried(status)
    rest = Message()
    rest.set_payload("\n".join(text for block in blocks if isinstance(text := block.get_payload(), str)))
    if header(status, "Content-Transfer-Encoding").lower() == "base64":
        rest["Content-Transfer-Encoding"] = "base64"
    texts = re.split(r"(?:\r?\n){2,}", text_of(rest)[:_LONGEST_HEADERS].strip())[:MOST_PARTS]
    blocks += [HeaderParser().parsestr(text) for text in texts]
    return [block for block in blocks if header(block, "Action") or header(block, "Status")]


def letter_ids(message: Message, settings: Settings) -> tuple[str, ...]:
    """The letters whose own address the message came to."""
    return _unique(id for name in _ADDRESSED for id in letters_in(header(message, name), settings))


def _has_failed(block: Message) -> bool:
    """Given up, also after days of tries (4.4.7); without an action, by the code's class."""
    # A comment may stand behind it.
    action = header(block, "Action").lower().partition("(")[0].strip()
    return action == "failed" or (not action and _status(block).startswith("5"))


def _status(block: Message) -> str:
    found = _STATUS.search(header(block, "Status"))
    return found[0] if found else ""


def _reason(block: Message) -> str:
    """The other server's answer; `smtp;` before it says only what kind it is (RFC 3464 §2.3.6)."""
    words = header(block, "Diagnostic-Code")
    kind, _, rest = words.partition(";")
    return (rest.strip() if rest and " " not in kind.strip() else words)[:500] or "no reason given"


def returned_ids(parts: list[Message]) -> list[str]:
    """The Message-ID of the letter that is returned, whole or only its headers."""
    found: list[str] = []
    for part in parts:
        if part.get_content_type() in _RETURNED:
            returned = carried(part) or [HeaderParser().parsestr(text_of(part)[:_LONGEST_HEADERS].lstrip())]
            found += _MESSAGE_ID.findall(header(returned[0], "Message-ID"))
    return found


def _unique(found: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))[:10]  # type: ignore[call-overload]
