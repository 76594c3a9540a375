"""Names of people, which letters greet: no way to send a stranger a link."""

import re
import unicodedata
from typing import Final

from regapp.core.errors import RuleBroken
from regapp.core.i18n import Text

NO_NAME: Final = Text(
    "Skriv bara namnet här, ingen webbadress eller e-postadress. Efter en punkt i namnet ska det vara ett mellanslag.",
    "Write only the name here, no web address or e-mail address. After a full stop in the name there must be a space.",
)

_FULL_STOPS: Final = str.maketrans("。｡", "..")
"""Which browsers take for the dots of a domain (UTS #46 §4), beside those whose normal form is a dot."""

_ADDRESS: Final = re.compile(r"@|//|\\\\|\b(?:h(?:tt|xx)ps?|www|mailto)\b|\d\.\d", re.IGNORECASE)

_DOMAIN: Final = re.compile(r"(?:^|\s)\.\s*\w|[^\s.]\.\w{2}")
"""A full stop that two letters follow at once, or that stands apart: in a name a space comes after it."""

_SHORT: Final = r"(?:[^\W\d_]|[Ss]t|[Dd]r|[Pp]rof)"
_INITIALS: Final = re.compile(rf"(?<![\w.-]){_SHORT}(?:\.{_SHORT})*\.(?=([^\W\d_]\w{{3,}}|Sc)(?![\w/:]))")
"""Initials or a title, written together with a name of four letters at least, or with a degree: M.Sc."""


def check(name: str) -> None:
    """Raises RuleBroken for a name that holds a web address, a domain or an e-mail address, in any script.

    Whatever a mail program makes a link of is refused, also spaced out ("example . com"). What its reader would have
    to type anew ("example dot com") is not.
    """
    plain = unicodedata.normalize("NFKC", name).translate(_FULL_STOPS)
    # Signs without a width of their own would stand between a dot and its letters.
    plain = "".join(sign for sign in plain if unicodedata.category(sign) not in {"Cf", "Mn", "Mc", "Me"})
    if _ADDRESS.search(plain) or _DOMAIN.search(_INITIALS.sub(_apart, plain)):
        raise RuleBroken(NO_NAME)


def _apart(initials: re.Match[str]) -> str:
    """The initials without dots where a name follows: it begins with a capital, and a domain ends in small letters."""
    last = initials[1]
    return initials[0].replace(".", " ") if last[0].isupper() and not last.isupper() else initials[0]
