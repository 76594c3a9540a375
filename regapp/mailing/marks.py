"""Marks that stand in a stored letter where its personal links belong, and their filling-in.

Nothing in the database opens a door: a link exists only from the moment that its letter is sent.
"""

import re
from collections.abc import Callable, Mapping

_MARK = re.compile("\x02([a-z_]+)\x03")


def mark(name: str) -> str:
    """Stands for the link called `name`."""
    return f"\x02{name}\x03"


def has_marks(text: str) -> bool:
    return _MARK.search(text) is not None


def fill(text: str, links: Mapping[str, str], *, escape: Callable[[str], str] = str) -> str:
    """The text with every mark replaced by its link; raises KeyError for a mark that has none."""
    return _MARK.sub(lambda found: escape(links[found[1]]), text)


def blank(text: str, words: str) -> str:
    """The text with `words` instead of every link, for eyes that aren't the reader's."""
    return _MARK.sub(lambda _found: words, text)
