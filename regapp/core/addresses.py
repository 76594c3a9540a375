"""E-mail addresses: checked without asking the network, compared the same way everywhere."""

from email_validator import EmailNotValidError, validate_email

from regapp.core.context import settings
from regapp.core.errors import RuleBroken
from regapp.core.i18n import Text

MAX_LENGTH = 254
"""RFC 5321 §4.5.3.1.3: a path of 256 octets with its angle brackets."""

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

OUR_OWN = Text(
    "Det är utbildningsdagens egen e-postadress, som mejlen kommer från. Fyll i en annan.",
    "That is the training day’s own e-mail address, which the e-mails come from. Enter another one.",
)


def normalise(typed: str, like_this: Text = LIKE_THIS) -> str:
    """The address to write to: spaces around it gone, the domain in IDNA ASCII.

    Raises RuleBroken, with the words `like_this` for what is empty or no address.
    """
    address = typed.strip()
    if "@" not in address:
        raise RuleBroken(NO_AT if address else like_this)
    if not address.rpartition("@")[0].isascii():
        raise RuleBroken(NON_ASCII_LOCAL_PART)
    try:
        checked = validate_email(address, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError:
        raise RuleBroken(like_this) from None
    if len(found := checked.ascii_email or "") > MAX_LENGTH:
        raise RuleBroken(like_this)
    return found


def key(address: str) -> str:
    """The normalised address as it is compared: lower case; dots and +tags stay as they are."""
    return address.lower()


def is_ours(address: str) -> bool:
    """Whether the service itself writes from the address: its sender, or its bounce address; a +tag makes no other."""
    name, _, domain = key(address).rpartition("@")
    ours = {key(settings().mail_default_sender), key(settings().mail_bounce_address)} - {""}
    return key(address) in ours or f"{name.partition('+')[0]}@{domain}" in ours


def is_answered(address: str) -> bool:
    """Whether answers to the letters go to the address."""
    return bool(address) and key(address) == key(settings().mail_reply_to)
