"""The blueprint with all of the room's pages on it."""

from regapp.registrations.pages import answering, change, link, meeting, mine, received, register
from regapp.registrations.pages.day import bp

__all__ = ["answering", "bp", "change", "link", "meeting", "mine", "received", "register"]
