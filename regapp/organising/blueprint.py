"""The organisers' pages, who may open them, and what each page knows about whom it speaks to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint

from regapp.accounts import roles, sessions
from regapp.accounts.models import Organiser
from regapp.attendees.letters import Fate
from regapp.organising.mail_words import ANSWERS, kind_words, outcome_words

bp = Blueprint("organising", __name__, url_prefix="/organiser")

EDITORS = roles.EDITORS
READERS = roles.READERS


@dataclass(frozen=True)
class May:
    """What the person may do, for a page to show no door that is closed to them."""

    edit: bool
    read: bool
    see_health: bool

    @classmethod
    def of(cls, organiser: Organiser | None) -> May:
        edits = organiser is not None and organiser.has_role(*EDITORS)
        return cls(edit=edits, read=organiser is not None and organiser.has_role(*READERS), see_health=edits)


def may() -> May:
    """What whoever is signed in may do."""
    return May.of(sessions.find_organiser())


@bp.context_processor
def _words() -> dict[str, Any]:
    return {
        "may": may(),
        "kind_words": kind_words,
        "outcome_words": outcome_words,
        "answers": ANSWERS,
        "all_fates": Fate,
    }
