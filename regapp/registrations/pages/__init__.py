"""The blueprint with all of the room's pages on it."""

from regapp.registrations.pages import answering, link, meeting, mine, received
from regapp.registrations.pages import change as changing_pages
from regapp.registrations.pages import register as receiving
from regapp.registrations.pages.day import bp

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
