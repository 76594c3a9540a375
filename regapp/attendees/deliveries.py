"""Who has not got the letter that tells what they have, and whose address letters don't reach."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from regapp.core.db import db
from regapp.events.models import Event
from regapp.mailing.models import DELIVERED, UNSENT, Bounce, MailState, OutgoingMail
from regapp.registrations.letters import told
from regapp.registrations.models import Registration

SLOW: Final = timedelta(minutes=5)
"""How long a letter may wait before somebody should know."""

# Names of their own, so that a condition stands in whatever statement it is put.
_Letter = aliased(OutgoingMail)
_Later = aliased(OutgoingMail)
_Return = aliased(Bounce)


class Undelivered(NamedTuple):
    """Somebody to whom nothing that tells what they have was delivered, and the last letter that should have.

    Without `mail_id` none was written. `bounced_at` and `bounce_reason`: the letter came back.
    """

    public_id: str
    first_name: str
    last_name: str
    email: str
    received_at: datetime
    is_on_its_way: bool
    mail_id: str | None
    state: MailState | None
    dated_at: datetime | None
    due_at: datetime | None
    attempts: int | None
    last_answer: str | None
    bounced_at: datetime | None
    bounce_reason: str | None


@dataclass(frozen=True)
class Missing:
    """Those without a delivered letter: who needs somebody's attention first, at most as many as asked for.

    `on_their_way` of them were written to just now, which is nothing to worry about.
    """

    rows: list[Undelivered]
    total: int
    on_their_way: int

    @property
    def overdue(self) -> int:
        return self.total - self.on_their_way


def find_undelivered(event: Event, now: datetime, most: int) -> Missing:
    on_its_way = _is_on_its_way(now)
    joined = _with_last_letter(event, on_its_way).where(is_undelivered(event))
    counted = joined.with_only_columns(func.count(), func.count().filter(on_its_way))
    total, on_their_way = db.session.execute(counted).one()
    rows = db.session.execute(joined.order_by(on_its_way, Registration.sort_key, Registration.id).limit(most))
    return Missing([Undelivered(*row) for row in rows], total, on_their_way)


def is_undelivered(event: Event) -> ColumnElement[bool]:
    """Registered or in line, and nothing that tells so has reached the address that they have now."""
    delivered = exists().where(_is_to(_Letter), told.tells_place(event, _Letter), _is_delivered(_Letter))
    return and_(Registration.is_active, ~delivered)


def is_failing() -> ColumnElement[bool]:
    """Letters to the address that the person has now fail or come back, and none has got there since."""
    later = exists().where(
        _Later.registration_id == _Letter.registration_id,
        _Later.recipient == _Letter.recipient,
        _Later.dated_at > _Letter.dated_at,
        _is_delivered(_Later),
    )
    has_failed = or_(_Letter.state == MailState.FAILED, has_bounced(_Letter))
    return exists().where(_is_to(_Letter), has_failed, ~later)


def has_bounced(mail: Any = OutgoingMail) -> ColumnElement[bool]:
    return exists().where(_Return.mail_id == mail.id)


def failing_among(public_ids: Iterable[str]) -> set[str]:
    """Whose of these addresses letters don't reach."""
    found = select(Registration.public_id).where(Registration.public_id.in_(list(public_ids)), is_failing())
    return set(db.session.scalars(found))


def _is_to(mail: Any) -> ColumnElement[bool]:
    return and_(mail.registration_id == Registration.id, mail.recipient == Registration.email)


def _is_delivered(mail: Any) -> ColumnElement[bool]:
    return and_(mail.state.in_(DELIVERED), ~has_bounced(mail))


def _is_on_its_way(now: datetime) -> ColumnElement[bool]:
    is_fresh = and_(OutgoingMail.state.in_(UNSENT), OutgoingMail.dated_at > now - SLOW)
    return case((is_fresh, True), else_=False)


_PERSON: Final[tuple[Any, ...]] = (
    Registration.public_id,
    Registration.first_name,
    Registration.last_name,
    Registration.email,
    Registration.received_at,
)
_LAST_LETTER: Final[tuple[Any, ...]] = (
    OutgoingMail.id,
    OutgoingMail.state,
    OutgoingMail.dated_at,
    OutgoingMail.due_at,
    OutgoingMail.attempts,
    OutgoingMail.last_answer,
    Bounce.at,
    Bounce.reason,
)


def _with_last_letter(event: Event, on_its_way: ColumnElement[bool]) -> Select[Any]:
    """The day's registrations with the last letter that tells what they have, where there is one."""
    last = (
        select(_Later.id)
        .where(_is_to(_Later), told.tells_place(event, _Later), _Later.state != MailState.WITHDRAWN)
        .order_by(_Later.dated_at.desc(), _Later.id)
        .limit(1)
        .correlate(Registration)
        .scalar_subquery()
    )
    found: Select[Any] = select(*_PERSON, on_its_way, *_LAST_LETTER)
    return (
        found.select_from(Registration)
        .outerjoin(OutgoingMail, OutgoingMail.id == last)
        .outerjoin(Bounce, Bounce.mail_id == OutgoingMail.id)
        .where(Registration.event_id == event.id)
    )
