"""Which forms this browser has sent: the session names their answer pages, and nothing of what they said."""

from __future__ import annotations

from typing import Final

from flask import g, session

from regapp.registrations import submissions
from regapp.registrations.submissions import Submission

MOST: Final = 20
"""How many of the latest a session remembers: a secretary's morning, in a cookie of a few hundred octets."""

_KEY: Final = "sent"


def sent_here() -> list[str]:
    """The answer pages of what this browser has sent."""
    kept = session.get(_KEY)
    return [name for name in kept if isinstance(name, str)] if isinstance(kept, list) else []


def remember(submission: Submission) -> None:
    """Let this browser, and no other, see the form's answer for a while."""
    others = [name for name in sent_here() if name != submission.answer_id]
    session[_KEY] = [*others, submission.answer_id][-MOST:]


def find(slug: str, answer_id: str) -> Submission | None:
    """What this browser sent to the day a short while ago; its address can still be corrected."""
    if answer_id not in sent_here():
        return None
    submission = submissions.find_of_day(slug, answer_id)
    return submission if submission and submissions.is_correctable(submission, g.received_at) else None
