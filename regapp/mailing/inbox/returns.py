"""What came back without a report of RFC 3464: as plain text from a mail server, or as something else altogether.

Only final words make it a bounce: an `X-Failed-Recipients` with them, or what flufl.bounce knows of the formats of old
and odd servers. Words of a delay outweigh both, except where a server says that it has given up for good.
"""

import logging
import re
from dataclasses import dataclass
from email.message import Message
from email.utils import getaddresses

from config import Settings
from regapp.mailing.inbox import bounces
from regapp.mailing.inbox.bounces import Report
from regapp.mailing.inbox.mime_parts import beginning_of_text, header, one_line, parts_of, shown_header

_PERMANENT = re.compile(
    r"permanent(ly)?\b.{0,20}\b(error|fail)|permanent fatal|\bfailed permanently|\bgiv(en|ing) up\b", re.IGNORECASE
)
_NOT_PERMANENT = re.compile(
    r"(\bnot|n't|\bno|\bbecomes?|\bbefore|\bwithout)( yet)?( an?)? (permanent|giv(en|ing) up)", re.IGNORECASE
)
_DELAY = re.compile(
    r"\bdelayed\b|\bwarning (message )?only\b|\bhas not yet been delivered|\bnot yet been delivered|\bwill be retried"
    r"|\bwill retry\b|\bstill being retried|\bdelivery attempts will continue|\bno action is required"
    r"|\bneed not (re)?send|\bnot need to resend|\bdelivery incomplete|\btemporary (problem|failure)"
    r"|\bkeep(s|ing)? trying|\bstill undelivered|\bfurther attempts|\btransient\b|\bdeferred\b|\bdelivered yet\b"
    r"|\b(är|blir|har blivit) försena|\bfördröj|\bnytt försök kommer|\bförsöker igen|\bännu\b|\bnoch nicht\b",
    re.IGNORECASE,
)
_FINAL = re.compile(
    r"\b(address(es)?|address\(es\)|recipients?|recipient\(s\)|delivery) (has |have )?failed|\bundeliver(ed|able)"
    r"|\b(could|can) ?not be delivered|\b(un|not )able to deliver|\breturning message to sender|\breturned mail"
    r"|\bfailure notice|\bdelivery failed|\(failure\)|\bdelivery failure|\bgick inte att leverera"
    r"|\b(kunde|kan) inte levereras|\bmisslyckades",
    re.IGNORECASE,
)
_DELAYED_SUBJECT = re.compile(
    r"^\W*(warning\b|delay|(leveransen är )?(fördröj|försena))|\bdelayed \d|\(delay\)|\bstill being retried",
    re.IGNORECASE,
)
"""At their place: a subject may quote our own."""

_TAG = re.compile(r"^\s*\[[^\[\]]{1,40}\]")

_MACHINES = re.compile(r"\b(mailer|mail|post)[-_.]?(daemon|master)\b|\bmail delivery (sub)?system\b", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s<>\"(),:;@]{1,64}@[^\s<>\"(),:;@]{1,189}")
_CODE = re.compile(r"(?<![\d.])[45]\.[0-9]{1,3}\.[0-9]{1,3}(?![\d.])")
_NAMED = re.compile(r"^[>\s]{0,4}Message-ID:\s*(<[!-;=?-~]{1,318}>)", re.IGNORECASE | re.MULTILINE)
_COPY = re.compile(
    r"^(-{2,}.*\b(copy|original|below|returned|headers?|unsent)\b.*|Return-Path: .*|Received: .*)$",
    re.MULTILINE | re.IGNORECASE,
)

_LINES, _LONGEST_LINE = 200, 200
"""Of a text that is searched: flufl's patterns take the square of a line's length."""

_MOST_KEPT = 1000


@dataclass(frozen=True)
class Unclear:
    """It came to a letter's own address, or a mail server sent it about a letter; what it means we can't tell.

    `sender`, `subject` and `lines`, the first of its text, are as they were written, without what can't be shown.
    """

    letter_ids: tuple[str, ...]
    message_ids: tuple[str, ...]
    sender: str
    subject: str
    lines: str


def read(message: Message, settings: Settings) -> Report | None:
    """The report that the message amounts to; None when it tells nothing for certain."""
    letter_ids, message_ids = _named(message, settings)
    if not letter_ids and not message_ids:
        return None
    text = _own_words(message)
    is_final = has_given_up(message)
    failed = _addresses(header(message, "X-Failed-Recipients"))
    if failed:
        only_for = () if letter_ids else failed
        return None if is_final is None else _report(letter_ids, message_ids, is_final, text, failed, only_for)
    if not is_from_machine(message):
        return None
    temporary, permanent = _known_failures(message)
    if permanent and is_final is not False:
        return _report(letter_ids, message_ids, True, text, permanent, permanent)
    if temporary or is_final is False:
        return _report(letter_ids, message_ids, False, text, (), temporary)
    return None


def unclear(message: Message, settings: Settings) -> Unclear | None:
    """The message as one that nobody understood; None when it is about none of the letters."""
    letter_ids, message_ids = _named(message, settings)
    if not letter_ids and not (message_ids and is_from_machine(message)):
        return None
    lines = [line for line in (one_line(line) for line in _own_words(message).splitlines()) if line]
    return Unclear(
        letter_ids,
        message_ids,
        sender=shown_header(message, "From")[:254],
        subject=shown_header(message, "Subject")[:200],
        lines="\n".join(lines[:12])[:_MOST_KEPT],
    )


def is_from_machine(message: Message) -> bool:
    """Whether a mail server wrote it, by its sender's name: people's automatic answers bear their own."""
    return _MACHINES.search(header(message, "From")) is not None


def says_it_is_a_report(message: Message) -> bool:
    """Whether its form, its headers or its subject do, whether or not it can be told what it reports."""
    return (
        message.get_param("report-type") == "delivery-status"
        or bool(header(message, "X-Failed-Recipients"))
        or _FINAL.search(shown_header(message, "Subject")) is not None
    )


def has_given_up(message: Message) -> bool | None:
    """Whether its words say that a delivery failed for good (True) or for a time (False); None for neither."""
    return _is_final(shown_header(message, "Subject"), _own_words(message))


def _named(message: Message, settings: Settings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The letters whose own address it came to, and the Message-IDs in what it returns and answers."""
    found = _NAMED.findall(beginning_of_text(message)) + bounces.returned_ids(list(parts_of(message)))
    answered = [header(message, name) for name in ("In-Reply-To", "References")]
    ids = found or re.findall(r"<[^<>\s]{1,318}>", " ".join(answered))
    return bounces.letter_ids(message, settings), tuple(dict.fromkeys(ids))[:10]


def _own_words(message: Message) -> str:
    """What the server itself says, up to the copy of our letter."""
    text = beginning_of_text(message)
    copy = _COPY.search(text, 1)
    return text[: copy.start()] if copy else text


def _is_final(subject: str, text: str) -> bool | None:
    """Whether the words give up (True) or tell of a delay (False); None when they do neither."""
    if _DELAYED_SUBJECT.search(_TAG.sub("", subject)):
        return False
    words = one_line(text)
    if _PERMANENT.search(_NOT_PERMANENT.sub("", words)):
        return True
    if _DELAY.search(words):
        return False
    return True if _FINAL.search(f"{subject} {words}") else None


def _addresses(field: str) -> tuple[str, ...]:
    found = (address.lower() for _name, address in getaddresses([field]))
    return tuple(dict.fromkeys(address for address in found if _ADDRESS.fullmatch(address)))[:10]


def _known_failures(message: Message) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The addresses for which delivery failed for a time, and for good, as flufl.bounce finds them."""
    # Imported late: no web process needs it. It logs the words of what trips it.
    from flufl.bounce import all_failures

    logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)
    try:
        temporary, permanent = all_failures(_abridged(message))
    except Exception:
        # Its readers of forty formats raise whatever they please.
        return (), ()
    return _lower(temporary), _lower(permanent)


def _lower(found: frozenset[bytes]) -> tuple[str, ...]:
    return tuple(sorted(address.decode("ascii", "replace").lower() for address in found))[:10]


def _abridged(message: Message) -> Message:
    """The beginning of the message's texts, decoded, under the headers that flufl looks at."""
    whole = Message()
    for name in ("From", "X-Mailer"):
        whole[name] = header(message, name)
    whole["Content-Type"] = message.get_content_type()
    texts = [part for part in parts_of(message) if part.get_content_type() == "text/plain"][:3]
    if not message.is_multipart():
        whole.set_payload(_short(message))
        return whole
    for text in texts:
        part = Message()
        part["Content-Type"] = "text/plain"
        part["Content-Description"] = header(text, "Content-Description")
        part.set_payload(_short(text))
        whole.attach(part)
    # The text of some formats must not be the last part.
    rest = Message()
    rest["Content-Type"] = "application/octet-stream"
    rest.set_payload("")
    whole.attach(rest)
    return whole


def _short(part: Message) -> str:
    lines = beginning_of_text(part).splitlines()[:_LINES]
    return "\n".join(line[:_LONGEST_LINE] for line in lines).encode("ascii", "replace").decode()


def _report(
    letter_ids: tuple[str, ...],
    message_ids: tuple[str, ...],
    has_failed: bool,
    text: str,
    named: tuple[str, ...],
    only_for: tuple[str, ...],
) -> Report:
    reason = _reason(text, named)
    code = _CODE.search(reason)
    status = code[0] if code and has_failed else ("5.0.0" if has_failed else "4.0.0")
    return Report(letter_ids, message_ids, has_failed, status, reason, only_for)


def _reason(text: str, named: tuple[str, ...]) -> str:
    """The paragraph that names the address, without it; otherwise the first one."""
    paragraphs = [paragraph for paragraph in re.split(r"\n\s*\n", text.replace("\r\n", "\n")) if paragraph.strip()]
    told = next((one for one in paragraphs if any(name in one.lower() for name in named)), (paragraphs or [""])[0])
    after = told
    for name in named:
        at = told.lower().find(name)
        after = told[at + len(name) :].lstrip(">: \n") if at >= 0 else after
    return one_line(after.strip() or told)[:500] or "no reason given"
