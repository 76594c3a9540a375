"""E-mail addresses: checked without asking the network, compared the same way everywhere."""

import functools
import re
import unicodedata
from typing import Final
from urllib.parse import unquote

from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from regapp.core import text
from regapp.core.context import settings
from regapp.core.errors import RuleBroken
from regapp.core.i18n import Text

MAX_LENGTH = 254
"""RFC 5321 §4.5.3.1.3: a path of 256 octets with its angle brackets."""

MAX_LOCAL_PART: Final = 64
MAX_LABEL: Final = 63
"""Octets before the @ (RFC 5321 §4.5.3.1.1), and between two full stops after it (RFC 1035 §2.3.4)."""

_NAMED: Final = re.compile("([^<>]*)<([^<>]+)")
_MAILTO: Final = re.compile(r"mailto:\s*(?://)?([^?]*)(\?.*)?", re.IGNORECASE | re.DOTALL)
_WIRE_DOMAIN: Final = re.compile(
    r"(?<![a-z0-9.-])(?>(?:[a-z0-9-]+\.)*xn--[a-z0-9-]+(?:\.[a-z0-9-]+)*)(?![^\s@<>]*@)", re.IGNORECASE
)
"""The name of a host, and nothing that stands before an @."""
_LOCAL_SIGNS: Final = frozenset("!#$%&'*+-/=?^_`{|}~.")
"""What may stand before the @ beside letters and digits (RFC 5322 §3.2.3, without quotes)."""

NO_AT = Text(
    "E-postadressen saknar @. Kontrollera att den är rätt.",
    "The e-mail address has no @. Check that it is right.",
)
LIKE_THIS = Text(
    "Fyll i din e-postadress, till exempel namn@ki.se.",
    "Enter your e-mail address, for example name@ki.se.",
)
NON_ASCII_LOCAL_PART = Text(
    "Delen före @ får bara ha bokstäverna a–z, siffror och vanliga tecken. "
    "Använd en annan e-postadress, alla e-postservrar kan inte ta emot den här.",
    "The part before @ may only have the letters a–z, digits and common signs. "
    "Use another e-mail address, not all mail servers can receive this one.",
)

INVISIBLE: Final = Text(
    "E-postadressen har ett osynligt tecken efter ”{before}”. Ta bort det, eller skriv adressen för hand.",
    "The e-mail address has an invisible sign after “{before}”. Remove it, or type the address by hand.",
)
SPACE: Final = Text(
    "E-postadressen har ett mellanslag efter ”{before}”. Ta bort det.",
    "The e-mail address has a space after “{before}”. Remove it.",
)
SIGN: Final = Text(
    "E-postadressen har tecknet ”{sign}” efter ”{before}”. Det kan inte stå där. Kontrollera att adressen är rätt.",
    "The e-mail address has the sign “{sign}” after “{before}”. It can’t stand there. Check that the address is right.",
)
LONG_LOCAL_PART: Final = Text(
    "Delen före @ får ha högst {most} tecken, och den här har {length}. Kontrollera att adressen är rätt.",
    "The part before @ may have at most {most} characters, and this one has {length}. Check that the address is right.",
)
LONG_LABEL: Final = Text(
    "En del av adressen efter @ är för lång: högst {most} tecken mellan två punkter. Kontrollera att adressen är rätt.",
    "A part of the address after @ is too long: at most {most} characters between two full stops. "
    "Check that the address is right.",
)
LONG_ADDRESS: Final = Text(
    "E-postadressen får ha högst {most} tecken, och den här har {length}. Kontrollera att den är rätt.",
    "The e-mail address may have at most {most} characters, and this one has {length}. Check that it is right.",
)
OUR_OWN = Text(
    "Det är utbildningsdagens egen e-postadress, som mejlen kommer från. Fyll i en annan.",
    "That is the training day’s own e-mail address, which the e-mails come from. Enter another one.",
)


def bare(pasted: str) -> str:
    """The address without what a copy brings along.

    That is blanks and unseen signs around it, a name before it, angle brackets, `mailto:`, a full stop at the end.
    """
    address = _trimmed(unicodedata.normalize("NFC", pasted) if text.is_quick_to_normalise(pasted) else pasted)
    if named := _NAMED.fullmatch(address):
        name, inner = _trimmed(named[1]), _without_mailto(_trimmed(named[2]))
        # A name that is another address leaves it open which of the two is meant.
        address = inner if "@" not in name or name.casefold() == inner.casefold() else address
    return _without_mailto(address)


def _trimmed(pasted: str) -> str:
    start, end = 0, len(pasted)
    while start < end and (text.is_invisible(pasted[start]) or pasted[start] == "<"):
        start += 1
    while start < end and (text.is_invisible(pasted[end - 1]) or pasted[end - 1] in ">.,;"):
        end -= 1
    return pasted[start:end]


def _without_mailto(address: str) -> str:
    found = _MAILTO.fullmatch(address)
    # In a link signs may be written as their octets (RFC 6068 §5), and `%2B` is a `+`.
    return _trimmed(unquote(found[1])) if found else address


def normalise(typed: str, like_this: Text = LIKE_THIS) -> str:
    """The address as people read it: bare, its domain in small letters and in its own script.

    Raises RuleBroken, which names a sign that can't stand there; with the words `like_this` for what is no address.
    """
    address = bare(typed)
    if "@" not in address:
        raise RuleBroken(NO_AT if address else like_this)
    if address.count("@") == 1:
        _check_signs(address)
    try:
        checked = validate_email(address, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError:
        _check_lengths(address)
        raise RuleBroken(like_this) from None
    _check_lengths(checked.ascii_email or address)
    return checked.normalized


def _check_signs(address: str) -> None:
    """Name the first sign that no address has there."""
    at = address.index("@")
    for place, sign in enumerate(address):
        before = address[max(place - 20, 0) : place]
        if sign.isspace():
            raise RuleBroken(SPACE.format(before=before))
        if not sign.isprintable() or sign in text.INVISIBLE:
            raise RuleBroken(INVISIBLE.format(before=before))
        if _is_letter(sign):
            if place < at and not sign.isascii():
                raise RuleBroken(NON_ASCII_LOCAL_PART)
        elif sign not in (_LOCAL_SIGNS if place < at else "@-."):
            raise RuleBroken(SIGN.format(sign=sign, before=before))


def _is_letter(sign: str) -> bool:
    """Whether it is a letter, a mark on one, or a digit."""
    return unicodedata.category(sign)[0] in "LMN"


def _check_lengths(address: str) -> None:
    local_part, _, domain = address.rpartition("@")
    if (length := len(local_part)) > MAX_LOCAL_PART:
        raise RuleBroken(LONG_LOCAL_PART.format(most=MAX_LOCAL_PART, length=length))
    if any(_octets(label) > MAX_LABEL for label in domain.split(".")):
        raise RuleBroken(LONG_LABEL.format(most=MAX_LABEL))
    if (length := len(address)) > MAX_LENGTH:
        raise RuleBroken(LONG_ADDRESS.format(most=MAX_LENGTH, length=length))


def _octets(label: str) -> int:
    """How long a part of a domain is on the wire (RFC 5891 §4.4)."""
    return len(label) if label.isascii() else len("xn--") + len(label.encode("punycode"))


@functools.lru_cache(maxsize=1024)
def _domain(domain: str) -> ValidatedEmail | None:
    """The domain in both forms, as one of an address; None for what can't be one."""
    try:
        return validate_email(f"a@{domain}", check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError:
        return None


def on_the_wire(address: str) -> str:
    """The address as headers, SMTP and calendars have it: its domain in IDNA ASCII (RFC 5890 §2.3.2.1)."""
    local_part, at, domain = address.rpartition("@")
    found = None if domain.isascii() else _domain(domain)
    return f"{local_part}{at}{found.ascii_domain}" if found else address


def shown(words: str) -> str:
    """The words with each domain in them in its own script, that of an address or of a server."""

    def in_its_script(found: re.Match[str]) -> str:
        domain = _domain(found[0])
        return domain.domain if domain else found[0]

    return _WIRE_DOMAIN.sub(in_its_script, words)


def key(address: str) -> str:
    """The address as it is compared: as on the wire, in lower case; dots and +tags stay as they are."""
    return on_the_wire(address).lower()


def is_ours(address: str) -> bool:
    """Whether the service itself writes from the address: its sender, or its bounce address; a +tag makes no other."""
    name, _, domain = key(address).rpartition("@")
    ours = {key(settings().mail_default_sender), key(settings().mail_bounce_address)} - {""}
    return key(address) in ours or f"{name.partition('+')[0]}@{domain}" in ours


def is_answered(address: str) -> bool:
    """Whether answers to the letters go to the address."""
    return bool(address) and key(address) == key(settings().mail_reply_to)
