"""Text as people write it: cleaned on its way in, searched and sorted the Swedish way."""

import unicodedata

from regapp.core.errors import RuleBroken
from regapp.core.i18n import Text

MAX_COMBINING = 4
"""Combining marks on one letter; more are no name in any script, but a way to paint over a page."""

MAX_NON_STARTERS = 30
"""Combining marks in a row, before they are composed (UAX #15 §13, Stream-Safe Text Format)."""

_NOT_ALLOWED = {"Cc", "Cs", "Co", "Cn"}
_BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
INVISIBLE = set(
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2800\u3164\ufeff\uffa0"
)

UNREADABLE = Text(
    "Texten innehåller tecken som inte går att visa. Skriv den för hand i stället för att klistra in den.",
    "The text has characters that can’t be shown. Type it instead of pasting it.",
)


def clean(value: str, *, lines: bool = False) -> str:
    """The text as NFC without spaces around it; raises RuleBroken for what can't be shown.

    One line unless `lines`; then line ends are `\\n`.
    """
    text = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not is_quick_to_normalise(text):
        raise RuleBroken(UNREADABLE)
    text = unicodedata.normalize("NFC", text.replace("\t", " "))
    if not lines and any(end in text for end in "\n\u2028\u2029\x85"):
        raise RuleBroken(Text("Skriv allt på en rad.", "Write everything on one line."))
    if _has_unshowable(text):
        raise RuleBroken(UNREADABLE)
    if text and all(map(is_invisible, text)):
        raise RuleBroken(UNREADABLE)
    return text


def is_quick_to_normalise(value: str) -> bool:
    """Whether marks stand in no endless row: Unicode's normal forms sort each row, which takes its length squared."""
    if value.isascii():
        return True
    row = 0
    for character in value:
        row = row + 1 if unicodedata.combining(character) else 0
        if row > MAX_NON_STARTERS:
            return False
    return True


def without_controls(value: str) -> str:
    """The text without what no page can hold, to show it again as well as it can be shown."""
    return "".join(letter for letter in value if letter in "\n\t" or unicodedata.category(letter) not in _NOT_ALLOWED)


def is_invisible(character: str) -> bool:
    """Whether it shows nothing by itself: space, a sign that steers others, a mark without its letter."""
    return character in INVISIBLE or character.isspace() or unicodedata.category(character) in {"Cf", "Mn", "Me", "Zs"}


def _has_unshowable(text: str) -> bool:
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks > MAX_COMBINING or character in _BIDI or character in "\u2028\u2029\ufffd":
            return True
        if category in _NOT_ALLOWED and character != "\n":
            return True
    return False


def search_key(*parts: str) -> str:
    """The parts in one string to find words in, the same on every database: case folded, NFC."""
    return unicodedata.normalize("NFC", " ".join(part for part in parts if part)).casefold()


def name_key(first_name: str, last_name: str) -> str:
    """A name as it is compared: without a difference of case or of white space."""
    return " ".join(search_key(first_name, last_name).split())[:400]


_SWEDISH_ORDER = str.maketrans({"å": "z1", "ä": "z2", "ö": "z3", "æ": "z2", "ø": "z3", "ü": "y"})


def sort_key(*parts: str) -> str:
    """A key whose binary order is the Swedish alphabet's: å, ä, ö after z, é with e."""
    return "\x01".join(_sortable(part) for part in parts)[:400]


def _sortable(part: str) -> str:
    letters = unicodedata.normalize("NFC", part).casefold().replace("z", "z0").translate(_SWEDISH_ORDER)
    decomposed = unicodedata.normalize("NFD", letters)
    return "".join(character for character in decomposed if not unicodedata.combining(character))
