"""Passwords: which are good enough, and how they are kept."""

import gzip
import itertools
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import flask_security

from regapp.core.errors import RuleBroken
from regapp.core.i18n import Text
from regapp.core.text import is_quick_to_normalise

MIN_LENGTH = 12
MAX_LENGTH = 1000
"""Characters. All of them count: they are condensed by an HMAC before argon2 sees them."""

MIN_DIFFERENT = 6
"""Different characters, and characters beside words that anybody would try first."""

FIELD = "new_password"

TOO_SHORT = Text(
    "Lösenordet är för kort. Skriv minst {min} tecken, gärna några ord som inte hör ihop.",
    "The password is too short. Write at least {min} characters, for example some words that don’t belong together.",
    {"min": MIN_LENGTH},
)
TOO_LONG = Text("Du kan skriva högst {max} tecken.", "You can write at most {max} characters.", {"max": MAX_LENGTH})
TOO_COMMON = Text(
    "Lösenordet är lätt att gissa. Välj några ord som inte hör ihop, eller låt webbläsaren föreslå ett.",
    "The password is easy to guess. Choose some words that don’t belong together, or let the browser suggest one.",
)

NOT_YOURS = Text(
    "Det är inte ditt nuvarande lösenord. Kontrollera det och försök igen.",
    "That is not your current password. Check it and try again.",
)

NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$OaOtp9CWs6cia2oHHeqIAQ$GlX5d2RtqRy0UCat4bfZrzKoOt062GpUgSM1R3V2HaQ"
"""A hash that no password has, as dear as those that are made."""

_COMMON = Path(__file__).with_name("common_passwords.txt.gz")
_OURS = {
    "arrangör", "arrangor", "cartcell", "cartceller", "cartcells", "karolinska", "lösenord", "losenord",
    "regapp", "sjukhus", "sjukhuset", "sommar", "sommaren", "stockholm", "svenska", "sverige", "swecarnet",
    "utbildning", "utbildningsdag", "utbildningsdagen", "vinter", "vintern", "välkommen", "valkommen", "hösten",
}  # fmt: skip
"""What people here would think of first."""

_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiopå", "asdfghjklöä", "zxcvbnm")
_NEIGHBOURS = {pair for row in _ROWS for pair in itertools.pairwise(row)}
_LOOK_ALIKE = str.maketrans("013457@$!", "oieastasi")


def normalise(typed: str) -> str:
    """The same password from every keyboard: Unicode's compatibility form; nothing is cut off.

    Endless rows of combining marks stay as they are: no keyboard writes them, and sorting them takes minutes.
    """
    return unicodedata.normalize("NFKC", typed) if is_quick_to_normalise(typed) else typed


def hash_password(password: str) -> str:
    """The argon2id hash; about a tenth of a second of work."""
    return str(flask_security.hash_password(normalise(password)))


def matches(password: str, hashed: str | None) -> bool:
    """Whether it is the password; the same work when there is none to compare with."""
    is_it = bool(flask_security.verify_password(normalise(password), hashed or NOBODYS))
    return is_it and hashed is not None


def check(password: str, *about: str) -> None:
    """Raises RuleBroken for a password that is too short or easy to guess; `about` are words about its owner."""
    password = normalise(password)
    if len(password) < MIN_LENGTH:
        raise RuleBroken(TOO_SHORT, FIELD)
    if len(password) > MAX_LENGTH:
        raise RuleBroken(TOO_LONG, FIELD)
    if _is_guessable(password.casefold(), about):
        raise RuleBroken(TOO_COMMON, FIELD)


def _is_guessable(password: str, about: tuple[str, ...]) -> bool:
    if len(set(password)) < MIN_DIFFERENT or _is_a_run(password):
        return True
    own = {word for text in about for word in re.split(r"[\W_]+", text.casefold()) if len(word) > 2}
    rest = password
    for word in sorted(own | _OURS, key=len, reverse=True):
        rest = rest.replace(word, "")
    return len(rest) < MIN_DIFFERENT or _are_common(set(_cores(password)))


def _is_a_run(password: str) -> bool:
    """Whether most of it goes along the alphabet, the digits or a row of the keyboard."""
    pairs = list(itertools.pairwise(password))
    steps = sum(pair in _NEIGHBOURS or pair[::-1] in _NEIGHBOURS or pair[0] == pair[1] for pair in pairs)
    return steps * 3 > len(pairs) * 2


def _cores(password: str) -> Iterator[str]:
    """The password, and the word it was made from: without ornaments around it, plainly spelt, not repeated."""
    for spelling in (password, password.translate(_LOOK_ALIKE)):
        yield spelling
        letters = re.sub(r"[\W\d_]+", "", spelling)
        yield letters
        yield re.sub(r"^[\W\d_]+|[\W\d_]+$", "", spelling)
        for text in (spelling, letters):
            if found := re.fullmatch(r"(.+?)\1+", text):
                yield found[1]


def _are_common(guesses: set[str]) -> bool:
    # Read anew each time: that is some milliseconds, keeping it in memory would be megabytes.
    with gzip.open(_COMMON, "rt", encoding="utf-8") as lines:
        return any(line.rstrip("\n") in guesses for line in lines)
