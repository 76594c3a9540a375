"""Forms that registered nobody, since their address has a registration: who is told, and what organisers see of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ForeignKey, Index, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from regapp.core import addresses, limits, text
from regapp.core.context import settings
from regapp.core.db import Model, db, enum_type
from regapp.core.i18n import Text
from regapp.core.limits import Limit, TooMany
from regapp.events.models import Event
from regapp.registrations.application import Application, wish_behind
from regapp.registrations.choices import Wish
from regapp.registrations.letters import writing
from regapp.registrations.models import Registration

KEPT_FOR: Final = timedelta(days=30)
"""How long after the day attempts are kept."""


class Attempt(Model):
    """Somebody who was not registered, or not as they wished, because the address has a registration already.

    One row for each name and wish that came with an address, with the instant of the latest form. `name_key` is the
    name as it is compared (see core.text); `is_told` tells whether a letter to the address said so.
    """

    __tablename__ = "attempt"
    __table_args__ = (
        Index("uq_attempt", "event_id", "email_key", "name_key", "wish", unique=True),
        Index("ix_attempt_by_time", "event_id", "at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    name_key: Mapped[str] = mapped_column(String(400))
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254))
    wish: Mapped[Wish] = mapped_column(enum_type(Wish))
    language: Mapped[str] = mapped_column(String(2))
    at: Mapped[datetime]
    is_told: Mapped[bool] = mapped_column(default=False)

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


def answer(
    known: Registration, application: Application, at: datetime, *, counted: bool = False, by_colleague: bool = False
) -> None:
    """Tell the mailbox of a registration that a form came with its address; the sender learns nothing of it.

    Whoever asks for what they have gets their link; otherwise the letter says who is not registered, or what is not
    changed. Its number is limited (see provoked), unless the caller has `counted` it. `by_colleague`: the form gave a
    place away.
    """
    if is_theirs(known, application):
        if counted or may_write(known.event_id, known.email, at, is_news=False):
            writing.write_link(known, at, by_colleague=by_colleague)
        return
    attempt = _find(known.event_id, application)
    is_news = attempt is None or not attempt.is_told
    attempt = attempt or _add(known.event_id, application)
    attempt.at = at
    if counted or may_write(known.event_id, known.email, at, is_news=is_news):
        _write(known, attempt, application, at, by_colleague)
        attempt.is_told = True


def _write(known: Registration, attempt: Attempt, application: Application, at: datetime, by_colleague: bool) -> None:
    db.session.flush()
    key = f"not_registered:{known.public_id}:{attempt.id}:{at.isoformat()}"
    wish = application.wish.label if is_of_same_name(known, application) else None
    writing.write_not_registered(known, application.name, at, wish=wish, by_colleague=by_colleague, key=key)


def is_theirs(known: Registration, application: Application) -> bool:
    """Whether the form asks for what the registration is, by somebody of that name."""
    return has_wish(known, application.wish) and is_of_same_name(known, application)


def has_wish(known: Registration, wish: Wish) -> bool:
    return wish.wants_seat if known.has_seat else wish is wish_behind(known)


def is_of_same_name(known: Registration, application: Application | Attempt) -> bool:
    asked = text.name_key(application.first_name, application.last_name)
    return text.name_key(known.first_name, known.last_name) == asked


def find(event_id: int, attempt_id: int) -> Attempt | None:
    """The day's attempt with this id; a number that no column holds is nobody's."""
    if not 0 < attempt_id < 2**31:
        return None
    return db.session.scalar(select(Attempt).where(Attempt.id == attempt_id, Attempt.event_id == event_id))


def of(registration: Registration) -> list[Attempt]:
    """What the person tried with their own address; what others tried with it is not theirs."""
    with_address = select(Attempt).where(
        Attempt.event_id == registration.event_id, Attempt.email_key == registration.email_key
    )
    return [attempt for attempt in db.session.scalars(with_address) if is_of_same_name(registration, attempt)]


def forget_old(now: datetime) -> None:
    """Delete the attempts of days that are long over."""
    over = select(Event.id).where(Event.ends_at <= now - KEPT_FOR)
    db.session.execute(delete(Attempt).where(Attempt.event_id.in_(over)))


def _find(event_id: int, application: Application) -> Attempt | None:
    return db.session.scalar(
        select(Attempt).where(
            Attempt.event_id == event_id,
            Attempt.email_key == addresses.key(application.email),
            Attempt.name_key == text.name_key(application.first_name, application.last_name),
            Attempt.wish == application.wish,
        )
    )


def _add(event_id: int, application: Application) -> Attempt:
    attempt = Attempt(
        event_id=event_id,
        first_name=application.first_name,
        last_name=application.last_name,
        name_key=text.name_key(application.first_name, application.last_name),
        email=application.email,
        email_key=addresses.key(application.email),
        wish=application.wish,
        language=application.language,
    )
    db.session.add(attempt)
    return attempt


A_DAY: Final = Limit("letters.provoked", 5, timedelta(days=1))
"""All forms and all training days together. What is over it is left out without a word."""

TYPED: Final = Limit("letters.typed", A_DAY.times, A_DAY.within)
"""How often an address is typed until a form that brings it a letter is refused.

Not the number of letters: a registered address gets fewer of them than a new one, and a refusal would tell which it is.
"""

AN_HOUR: Final = Limit("letters.same_again", 1, timedelta(hours=1))
"""A letter about one day that says nothing new."""

CORRECTIONS: Final = Limit(
    "registrations.corrections",
    5,
    timedelta(days=1),
    Text("Adressen har rättats för många gånger.", "The address has been corrected too many times."),
)
"""How many mailboxes one form can bring a letter to, after the first."""

MANY_FROM_NETWORK: Final = Text(
    "Från ditt nätverk har många formulär kommit på kort tid. Det du har fyllt i finns kvar.",
    "Many forms have come from your network in a short time. What you filled in is still here.",
)


def hold(*emails: str) -> None:
    """Wait for whoever else is about to write to these mailboxes, before the day is locked.

    Everything loaded before is forgotten: it may have changed while we waited.
    """
    limits.hold(A_DAY, *{addresses.key(email) for email in emails})
    db.session.expire_all()


def take_from(client: str | None, at: datetime) -> None:
    """Count a letter that the client at this network address provokes; raises TooMany.

    Counted whether or not the typed address is registered, so that it doesn't tell. None: no public form was used.
    """
    if client is None:
        return
    most = {
        "minute": (settings().client_registrations_per_minute, timedelta(minutes=1)),
        "hour": (settings().client_registrations_per_hour, timedelta(hours=1)),
    }
    for name, (times, within) in most.items():
        limits.take(Limit(f"client.{name}", times, within, MANY_FROM_NETWORK), limits.client_key(client), at)


def typed(email: str, at: datetime) -> None:
    """Count that somebody typed the address into a form whose answer doesn't depend on how often."""
    limits.note(TYPED, addresses.key(email), at)


def take(event_id: int, emails: set[str], at: datetime) -> None:
    """Count a letter to each; raises TooMany, and then nobody is written to and the form says so."""
    for email in sorted({addresses.key(email) for email in emails}):
        limits.take_held(TYPED, email, at)
        note(event_id, email, at)


def take_correction(event_id: int, form_key: str, emails: set[str], at: datetime) -> None:
    """Count that a form's address is corrected, and a letter to both mailboxes, whichever of them is registered.

    Raises TooMany.
    """
    limits.take(CORRECTIONS, form_key, at)
    take(event_id, emails, at)


def note(event_id: int, email: str, at: datetime) -> None:
    """Count a letter that goes whatever the number: the first one of a registration."""
    limits.note(A_DAY, addresses.key(email), at)
    limits.note(AN_HOUR, _of_day(event_id, email), at)


def may_write(event_id: int, email: str, at: datetime, *, is_news: bool) -> bool:
    """Whether one more letter may go, which is counted then; `is_news` goes whatever the hour's limit."""
    try:
        if not is_news:
            limits.take_held(AN_HOUR, _of_day(event_id, email), at)
        limits.take_held(A_DAY, addresses.key(email), at)
    except TooMany:
        return False
    if is_news:
        limits.note(AN_HOUR, _of_day(event_id, email), at)
    return True


def _of_day(event_id: int, email: str) -> str:
    return f"{event_id}:{addresses.key(email)}"
