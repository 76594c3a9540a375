"""The blueprint with all of the room's pages on it."""

from regapp.registrations.pages import change, mine, register
from regapp.registrations.pages.day import bp

__all__ = ["bp", "change", "mine", "register"]
