"""Forms that registered nobody, since their address has a registration: who is told, and what organisers see of it."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ForeignKey, Index, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from regapp.core import addresses, text
from regapp.core.db import Model, db, enum_type
from regapp.events.models import Event
from regapp.mailing import provoked
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
        if counted or provoked.may_write(known.event_id, known.email, at, is_news=False):
            writing.write_link(known, at, by_colleague=by_colleague)
        return
    attempt = _find(known.event_id, application)
    is_news = attempt is None or not attempt.is_told
    attempt = attempt or _add(known.event_id, application)
    attempt.at = at
    if counted or provoked.may_write(known.event_id, known.email, at, is_news=is_news):
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
