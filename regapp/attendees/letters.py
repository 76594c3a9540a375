"""A day's letters: how many became what, a list to search in, and one of them."""

import math
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from regapp.attendees.deliveries import has_bounced
from regapp.attendees.filtering import finds
from regapp.core.db import db
from regapp.core.errors import NotFound
from regapp.core.i18n import Labelled, Text
from regapp.mailing.models import DELIVERED, UNSENT, Bounce, MailState, OutgoingMail, UnclearReturn
from regapp.registrations.models import Registration

PAGE_SIZE = 50

_HAS_UNCLEAR = exists().where(UnclearReturn.mail_id == OutgoingMail.id)


class Fate(Labelled):
    """What has become of a letter, as organisers see it: one that came back was sent.

    UNCLEAR is beside the others: for a letter, sent as a rule, something came back that wasn't understood.
    """

    WAITING = "waiting", Text("väntar", "waiting")
    SENT = "sent", Text("skickade", "sent")
    FAILED = "failed", Text("kunde inte levereras", "failed")
    BOUNCED = "bounced", Text("kom tillbaka", "bounced")
    UNCLEAR = "unclear", Text("kom tillbaka, gick inte att tolka", "came back, not understood")
    WITHDRAWN = "withdrawn", Text("återkallade", "withdrawn")

    @property
    def condition(self) -> ColumnElement[bool]:
        if self is Fate.BOUNCED:
            return has_bounced()
        if self is Fate.UNCLEAR:
            return _HAS_UNCLEAR
        fits = OutgoingMail.state.in_(_STATES[self])
        return and_(fits, ~has_bounced()) if self is Fate.SENT else fits


_STATES = {
    Fate.WAITING: UNSENT,
    Fate.SENT: DELIVERED,
    Fate.FAILED: (MailState.FAILED,),
    Fate.WITHDRAWN: (MailState.WITHDRAWN,),
}
_FATES = {state: fate for fate, states in _STATES.items() for state in states}


@dataclass(frozen=True)
class Counts:
    """How many of a day's letters became what, and how many there are of each kind."""

    by_fate: Counter[Fate]
    by_kind: Counter[str]

    def of(self, fate: Fate) -> int:
        return self.by_fate[fate]

    @property
    def total(self) -> int:
        return self.by_kind.total()


def count(event_id: int) -> Counts:
    bounced = has_bounced().label("bounced")
    found = db.session.execute(
        select(OutgoingMail.state, OutgoingMail.kind, bounced, func.count())
        .where(OutgoingMail.event_id == event_id)
        .group_by(OutgoingMail.state, OutgoingMail.kind, bounced)
    )
    counts = Counts(Counter(), Counter())
    for state, kind, is_bounced, number in found:
        counts.by_fate[Fate.BOUNCED if is_bounced else _FATES[state]] += number
        counts.by_kind[kind] += number
    unclear = select(func.count()).where(OutgoingMail.event_id == event_id, _HAS_UNCLEAR)
    counts.by_fate[Fate.UNCLEAR] = db.session.scalar(unclear) or 0
    return counts


@dataclass(frozen=True)
class Chosen:
    """Which letters are meant; all of `words` must be found in the address or in what people are found by."""

    words: tuple[str, ...] = ()
    fate: Fate | None = None
    kind: str = ""

    def conditions(self, event_id: int) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = [OutgoingMail.event_id == event_id]
        for word in self.words:
            # Escaped: `%` and `_` are letters in a search.
            address = func.lower(OutgoingMail.recipient).contains(word, autoescape=True)
            found.append(or_(address, finds(Registration.search_text, word)))
        if self.fate is not None:
            found.append(self.fate.condition)
        if self.kind:
            found.append(OutgoingMail.kind == self.kind)
        return found


class Row(NamedTuple):
    """A letter as a line in a list, without its contents; whose it is, where a registration is left."""

    id: str
    kind: str
    subject: str | None
    recipient: str
    dated_at: datetime
    state: MailState
    attempts: int
    last_answer: str | None
    again_of: str | None
    bounced_at: datetime | None
    bounce_reason: str | None
    public_id: str | None
    first_name: str | None
    last_name: str | None
    has_unclear: bool

    @property
    def shown_state(self) -> str:
        return "bounced" if self.bounced_at else self.state.value

    @property
    def obstacle(self) -> str | None:
        """What the other side said, where something stands in the way."""
        if self.bounced_at:
            return self.bounce_reason
        is_in_trouble = self.state is MailState.FAILED or (self.state in UNSENT and self.attempts)
        return self.last_answer if is_in_trouble else None


_COLUMNS: tuple[Any, ...] = (
    *(getattr(OutgoingMail, name) for name in Row._fields[:9]),
    Bounce.at,
    Bounce.reason,
    Registration.public_id,
    Registration.first_name,
    Registration.last_name,
    _HAS_UNCLEAR,
)


@dataclass(frozen=True)
class LetterPage:
    rows: list[Row]
    page: int
    pages: int
    total: int


def find_page(event_id: int, chosen: Chosen, page: int) -> LetterPage:
    """Page `page` (from 1) of the letters, the newest first; the last one when there aren't so many."""
    conditions = chosen.conditions(event_id)
    counted = select(func.count()).select_from(OutgoingMail)
    if chosen.words:
        counted = counted.outerjoin(Registration, Registration.id == OutgoingMail.registration_id)
    total = db.session.scalar(counted.where(*conditions)) or 0
    pages = max(math.ceil(total / PAGE_SIZE), 1)
    page = min(max(page, 1), pages)
    statement = _rows().where(*conditions).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)
    return LetterPage([Row(*row) for row in db.session.execute(statement)], page, pages, total)


def of_person(registration_id: int) -> list[Row]:
    """One person's letters, the latest first."""
    found = db.session.execute(_rows().where(OutgoingMail.registration_id == registration_id))
    return [Row(*row) for row in found]


def get(event_id: int, mail_id: str) -> OutgoingMail:
    """One of the day's letters; raises NotFound."""
    found = db.session.scalar(select(OutgoingMail).where(OutgoingMail.event_id == event_id, OutgoingMail.id == mail_id))
    if found is None:
        raise NotFound
    return found


def find_addressee(mail: OutgoingMail) -> Registration | None:
    """Whose letter it is; None for one to nobody in particular."""
    return db.session.get(Registration, mail.registration_id) if mail.registration_id else None


def repeats(mail: OutgoingMail) -> list[Row]:
    """The letters that this one was sent again as, the first one first."""
    found = db.session.execute(_rows().where(OutgoingMail.again_of == mail.id))
    return [Row(*row) for row in found][::-1]


def _rows() -> Select[Any]:
    return (
        select(*_COLUMNS)
        .select_from(OutgoingMail)
        .outerjoin(Registration, Registration.id == OutgoingMail.registration_id)
        .outerjoin(Bounce, Bounce.mail_id == OutgoingMail.id)
        .order_by(OutgoingMail.dated_at.desc(), OutgoingMail.id)
    )
