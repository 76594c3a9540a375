"""The blueprint with all of the room's pages on it."""

from regapp.registrations import own_pages, receiving
from regapp.registrations.public import bp

__all__ = ["bp", "own_pages", "receiving"]
