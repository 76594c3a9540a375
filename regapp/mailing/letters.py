"""What a letter is made of, and how its one source becomes the text and the HTML."""

import functools
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from regapp.core.i18n import use_language

WIDTH = 72
"""Columns of the text: room for two levels of quoting within 78 (RFC 5322 §2.1.1)."""

_TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_TIED = re.compile(r"(?<=\bkl\.) (?=\d)")
"""The blank of `kl. 9.00`, where no line ends."""

_HYPHEN = re.compile(r"(?<![\w./@+-])(e)-(?=(?:post|mail)\w*(?![\w.-]*[@/]|\.\w))", re.IGNORECASE)
"""That of `e-post` and `e-mail`, but not in an address."""

_SPAN = re.compile(r"(?<=\d)–(?=\d)")
_PLAIN_WORD = re.compile(r"(?<!\S)(?!\S*(?:://|@))\S+")
"""No address: a sign within one leads elsewhere."""

_TIE = "\x00"
"""Stands for such a blank while lines are made: words hold no control characters."""

_LINE_ENDS = re.compile(r"\r\n|[\r\x85\u2028\u2029]")


@dataclass(frozen=True)
class Link:
    """Words that lead somewhere; `href` is an address or a mark."""

    words: object
    href: str


@dataclass(frozen=True)
class Heading:
    """The letter's own heading when it comes first, otherwise one of a part."""

    words: object


@dataclass(frozen=True)
class Paragraph:
    """Plain words; a line end in them stays one."""

    words: object


@dataclass(frozen=True)
class Facts:
    """Labels with their values: when, where, how."""

    rows: Sequence[tuple[object, object | Link]]


@dataclass(frozen=True)
class Action:
    """The one thing to do, as a button; `quiet` for the lesser ones, as ordinary links."""

    words: object
    href: str
    quiet: bool = False


@dataclass(frozen=True)
class Bar:
    """How much of a whole is taken, drawn without an image, and the words that say the same.

    Without a `whole` (there is no limit) only the words stand.
    """

    label: object
    words: object
    part: int
    whole: int | None

    @property
    def percent(self) -> int | None:
        """0 and 100 only when none or all is taken."""
        if not self.whole:
            return None
        if 0 < self.part < self.whole:
            return min(max(round(100 * self.part / self.whole), 1), 99)
        return 0 if self.part <= 0 else 100


Block = Heading | Paragraph | Facts | Action | Bar


@dataclass(frozen=True)
class Letter:
    """A subject and blocks, in the reader's language; words may be `Text` or anything that str() turns into words."""

    subject: object
    blocks: Sequence[Block]
    footer: object = ""


@dataclass(frozen=True)
class Written:
    """A letter as it is stored."""

    subject: str
    text: str
    html: str


def words(value: object) -> str:
    """The words without control characters, of writing direction too: what is turned round hides what it says.

    A mark's own go as well: only a whole href may be a mark.
    """
    return _CONTROL.sub("", _LINE_ENDS.sub("\n", str(value)).replace("\t", " "))


def one_line(value: object) -> str:
    return " ".join(words(value).split())


def bound(value: object) -> str:
    """The words, with what no reader's program should break at the end of a line: `e-postprogram`, `9.00–16.30`."""
    return _PLAIN_WORD.sub(lambda word: _SPAN.sub("\u2060–\u2060", word[0]), _HYPHEN.sub("\\1\u2011", words(value)))


def wrapped(value: object) -> str:
    """The words in lines of WIDTH; what has no blank, such as an address, is never cut."""
    lines = _TIED.sub(_TIE, bound(value)).split("\n")
    filled = (textwrap.fill(line, WIDTH, break_long_words=False, break_on_hyphens=False) for line in lines)
    return "\n".join(filled).replace(_TIE, " ")


def broken(value: object) -> Markup:
    """The words as HTML; Outlook knows <br> but no `white-space: pre-line`."""
    return Markup("<br>").join(_TIED.sub("\u00a0", bound(value)).split("\n"))


def write(letter: Letter, language: str) -> Written:
    """The letter's text and HTML, which say the same, in `language`."""
    with use_language(language):
        subject = one_line(letter.subject)
        values = {"letter": letter, "subject": subject, "language": language}
        text = _environment().get_template("mail/letter.txt").render(values)
        html = _environment().get_template("mail/letter.html").render(values)
    return Written(subject, text.strip("\n") + "\n", html.strip("\n") + "\n")


@functools.cache
def _environment() -> Environment:
    # Parsed once per process: letters are written inside the registration's transaction.
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(["html"], default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(words=words, bound=bound, broken=broken, wrapped=wrapped, one_line=one_line)
    environment.tests.update({kind.__name__.lower(): _test_for(kind) for kind in (Link, *get_args(Block))})
    return environment


def _test_for(kind: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, kind)
