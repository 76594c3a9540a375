"""What a registration is found and sorted by: stored columns that follow its words, whoever changes these."""

from typing import Any

from sqlalchemy import String, event
from sqlalchemy.orm import Mapped, mapped_column

from regapp.core import text

SORTED = String(400).with_variant(String(400, collation="C"), "postgresql")
"""A key in Swedish order (see core.text), compared byte by byte on every database."""

NAMES = ("first_name", "last_name")
WORDS = (*NAMES, "email", "email_key", "workplace", "department", "profession_other")
"""The columns that a search looks in, for whoever sees them all; others search in the names. An address is found
both as it is shown and as mail programs write it."""


class Findable:
    """Columns for a model that has the WORDS.

    `namesake_key` is the same for two who may be one person.
    """

    search_text: Mapped[str]
    search_name: Mapped[str]
    namesake_key: Mapped[str] = mapped_column(String(400))
    sort_key: Mapped[str] = mapped_column(SORTED)
    workplace_key: Mapped[str] = mapped_column(SORTED)


def keys(words: dict[str, str]) -> dict[str, str]:
    """The columns of a Findable with these WORDS."""
    first_name, last_name = words["first_name"], words["last_name"]
    return {
        "search_text": text.search_key(*dict.fromkeys(words[name] or "" for name in WORDS)),
        "search_name": text.search_key(first_name, last_name),
        "namesake_key": text.namesake_key(first_name, last_name),
        "sort_key": text.sort_key(last_name, first_name),
        "workplace_key": text.sort_key(words["workplace"]),
    }


@event.listens_for(Findable, "before_insert", propagate=True)
@event.listens_for(Findable, "before_update", propagate=True)
def _follow(_mapper: Any, _connection: Any, target: Any) -> None:
    for name, key in keys({name: getattr(target, name) for name in WORDS}).items():
        setattr(target, name, key)
