"""The letters that one person was written."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from regapp.core.db import db
from regapp.mailing.models import MailState, OutgoingMail


class LetterRow(NamedTuple):
    """A letter as a line in a list, without its contents."""

    subject: str | None
    kind: str
    recipient: str
    dated_at: datetime
    state: MailState
    last_answer: str | None


def of(registration_id: int) -> list[LetterRow]:
    """The latest first."""
    columns = (getattr(OutgoingMail, name) for name in LetterRow._fields)
    found = db.session.execute(
        select(*columns)
        .where(OutgoingMail.registration_id == registration_id)
        .order_by(OutgoingMail.dated_at.desc(), OutgoingMail.id)
    )
    return [LetterRow(*row) for row in found]
