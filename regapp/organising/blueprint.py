"""The organisers' pages, who may open them, and what each page knows about whom it speaks to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint

from regapp.accounts import roles, sessions
from regapp.accounts.models import Organiser
from regapp.attendees.letters import Fate
from regapp.attendees.seeing import HEALTH, SEEN, Detail
from regapp.mailing import kinds
from regapp.organising.mail.words import ANSWERS, outcome_words

bp = Blueprint("organising", __name__, url_prefix="/organiser")

EDITORS = roles.EDITORS
READERS = roles.READERS


@dataclass(frozen=True)
class May:
    """What the person may do and sees of a registration, for a page to show no door that is closed to them."""

    edit: bool
    read: bool
    sees: frozenset[Detail]

    @classmethod
    def of(cls, organiser: Organiser | None) -> May:
        if organiser is None:
            return cls(edit=False, read=False, sees=frozenset())
        return cls(organiser.has_role(*EDITORS), organiser.has_role(*READERS), SEEN[organiser.role])

    @property
    def see_health(self) -> bool:
        return self.sees >= HEALTH


def may() -> May:
    """What whoever is signed in may do."""
    return May.of(sessions.find_organiser())


@bp.context_processor
def _words() -> dict[str, Any]:
    return {
        "may": may(),
        "kind_words": kinds.words,
        "outcome_words": outcome_words,
        "answers": ANSWERS,
        "all_fates": Fate,
    }
