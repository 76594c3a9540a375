"""The blueprint with all of the room's pages on it."""

from regapp.registrations import (
    answer_pages,
    answering_pages,
    changing_pages,
    join_pages,
    link_pages,
    own_pages,
    receiving,
)
from regapp.registrations.public import bp

__all__ = [
    "answer_pages",
    "answering_pages",
    "bp",
    "changing_pages",
    "join_pages",
    "link_pages",
    "own_pages",
    "receiving",
]
