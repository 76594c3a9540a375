"""Text as people write it: cleaned on its way in, searched and sorted the Swedish way."""

import re
import unicodedata
from typing import Final
from urllib.parse import unquote

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


# As our own code folds text: the databases know neither å nor the signs that programs put in for ours.
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("’‘‚‛ʼʻʽʹ′‵`´", "'"),
        **dict.fromkeys("“”„‟«»″", '"'),
        **dict.fromkeys("\u2010\u2011‒–—―−⁃", "-"),
    }
)
_OWN_LETTERS = re.compile("a[\u0308\u030a]|[ou][\u0308\u030b]")
"""Letters that Swedish or Hungarian tells apart, as they are decomposed; every other mark is only an accent."""

_FOREIGN = {"ł": "l", "đ": "d", "ð": "d", "þ": "th", "œ": "oe", "ħ": "h", "ŧ": "t", "ŋ": "n", "ı": "i", "ü": "u"}
_FOREIGN |= {"ő": "o", "ű": "u"}
_SWEDISH = str.maketrans({**_FOREIGN, "æ": "ä", "ø": "ö"})
_BARE = str.maketrans({**_FOREIGN, "æ": "ae", "ø": "o", "å": "a", "ä": "a", "ö": "o"})
_SPELLED_OUT = str.maketrans(
    {**_FOREIGN, "å": "aa", "ä": "ae", "æ": "ae", "ö": "oe", "ø": "oe", "ő": "oe", "ü": "ue", "ű": "ue"}
)
_SORTED = str.maketrans({**_FOREIGN, "æ": "ä", "ø": "ö", "ő": "ö", "œ": "ö", "ü": "y", "ű": "y"})
_AFTER_Z = str.maketrans({"z": "z0", "å": "z1", "ä": "z2", "ö": "z3"})
_JOINTS = str.maketrans("", "", " -'.")
_DECOMPOSED = {"å": "a\u030a", "ä": "a\u0308", "ö": "o\u0308"}
_STORED = str.maketrans({**_DECOMPOSED, "a": "a\u034f", "o": "o\u034f"})
"""One mark after each a and o, so that LIKE can ask for å or for any a. U+034F is never seen and never typed."""

_LIKE = str.maketrans({**_DECOMPOSED, "a": "a_", "o": "o_", **{sign: f"/{sign}" for sign in "/%_"}})


def _fold(value: str, letters: dict[int, str]) -> str:
    """Case folded, each sign in one form, without accents and what nobody sees; `letters` replaces what is left."""
    if value.isascii():
        return value.lower().translate(_SIGNS)
    plain = unicodedata.normalize("NFKD", value.translate(_SIGNS)).casefold()
    composed = _OWN_LETTERS.sub(lambda own: unicodedata.normalize("NFC", own[0]), unicodedata.normalize("NFKD", plain))
    return "".join(letter for letter in composed.translate(letters) if not _is_left_out(letter))


def _is_left_out(letter: str) -> bool:
    return bool(unicodedata.combining(letter)) or letter in INVISIBLE or unicodedata.category(letter) == "Cf"


def search_key(*parts: str) -> str:
    """The parts in one string that a `search_pattern` finds words in, the same on every database.

    Where they have å, ä, ö or ü, a second line has these spelled out, as passports do: `Mueller` finds Müller.
    """
    value = " ".join(part for part in parts if part)
    return "\n".join(dict.fromkeys(_fold(value, letters).translate(_STORED) for letters in (_SWEDISH, _SPELLED_OUT)))


def search_pattern(word: str) -> str:
    """What LIKE, with `/` to escape, compares a `search_key` with: å, ä and ö are themselves, an a or o is any."""
    return f"%{word.translate(_LIKE)}%"


_PASTED = str.maketrans({**dict.fromkeys(_BIDI), **dict.fromkeys("\u200b\u2028\u2029\r\n", " ")})
_MAIL_LINK = re.compile(r"\bmailto:\s*(?://)?([^\s?>]*)(\?[^\s>]*)?", re.IGNORECASE)
_BETWEEN_WORDS = re.compile(r'[\s,;<>()\[\]{}"]+')
_AROUND_WORDS = "-'.:·"


def unwrapped(typed: str) -> str:
    """What was pasted, on one line and without the signs that other programs steer the writing's direction with."""
    return typed.translate(_PASTED).strip()


def search_words(typed: str) -> tuple[str, ...]:
    """The words to find in a `search_key`; raises RuleBroken for what can't be shown.

    What a list or a mail program shows may be pasted, as `Åkerlund, Åsa` or `"Åsa Åkerlund" <asa@example.org>;`.
    """
    linked = _MAIL_LINK.sub(lambda link: f" {unquote(link[1])} ", unwrapped(typed))
    folded = _fold(clean(linked), _SWEDISH)
    words = (word.strip(_AROUND_WORDS) for word in _BETWEEN_WORDS.split(folded))
    return tuple(word for word in words if word) or tuple(folded.split())


def name_key(first_name: str, last_name: str) -> str:
    """A name as one person's two forms are compared: without a difference of case or of white space.

    Nor of the form of an apostrophe or a dash: a telephone writes `O’Brien`, a keyboard `O'Brien`.
    """
    name = f"{first_name} {last_name}".translate(_SIGNS)
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())[:400]


def namesake_key(first_name: str, last_name: str) -> str:
    """What two names share that may be one person's: `Åsa Ek–Dahl` and `ASA EK DAHL`."""
    name = f"{first_name} {last_name}"
    return (_fold(name, _BARE).translate(_JOINTS) or name)[:400]


def sort_key(*parts: str) -> str:
    """A key whose binary order is the Swedish alphabet's: w after v, å, ä, ö after z; é with e, ø with ö, ü with y.

    The same whatever white space is between the words.
    """
    return "\x01".join(" ".join(_fold(part, _SORTED).split()).translate(_AFTER_Z) for part in parts)[:400]


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
