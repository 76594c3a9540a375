"""Forms that were sent: each counts once, can be corrected for a while, and is forgotten."""

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import JSON, ForeignKey, String, bindparam, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from regapp.core import addresses, text
from regapp.core.context import settings
from regapp.core.db import Model, db
from regapp.core.errors import NotFound
from regapp.events.models import Event
from regapp.registrations.application import Application
from regapp.registrations.models import Registration, new_public_id

CORRECTABLE_FOR: Final = timedelta(minutes=30)
"""How long a mistyped address can be corrected from the browser that sent the form."""

REMEMBERED_FOR: Final = timedelta(days=1)
"""How long a form that is sent once more is known again; later the address itself is."""


class Submission(Model):
    """A form that was sent.

    `form_key` is the shown form's; `key` is made of that and of whom and what was asked for, so that a double click
    counts once while another name or wish, sent by going back, counts too. `answer_id` names the page that answers,
    and opens nothing by itself.

    With `registration_id` it made a registration, whose links had `link_version` then. Without, the address was known
    already, and `application` (without diets and access needs) is kept for the half hour in which a mistyped address
    can be corrected; `name` and `email`, as they stand on the answer page, are kept as long.
    """

    __tablename__ = "submission"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    form_key: Mapped[str] = mapped_column(String(64))
    answer_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    registration_id: Mapped[int | None] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"), index=True)
    link_version: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(201))
    email: Mapped[str] = mapped_column(String(254))
    application: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    received_at: Mapped[datetime] = mapped_column(index=True)

    def stands_for(self, registration: Registration | None) -> None:
        """Note the registration that the form made, as its links are now, or that it made none."""
        self.registration_id = registration.id if registration else None
        self.link_version = registration.link_version if registration else 0


def key_of(event_id: int, form_key: str, application: Application) -> str:
    """The same for each time that this form asks for the same for the same person at the same address."""
    asked = (str(event_id), form_key, _name(application), addresses.key(application.email), application.wish.value)
    secret = settings().secret_key.encode()[:64]
    return hashlib.blake2b("\n".join(asked).encode(), key=secret, digest_size=16).hexdigest()


def get(answer_id: str) -> Submission:
    """The form that this page answers; raises NotFound."""
    submission = db.session.scalar(select(Submission).where(Submission.answer_id == answer_id))
    if submission is None:
        raise NotFound
    return submission


def find_of_day(slug: str, answer_id: str) -> Submission | None:
    return db.session.scalar(_OF_DAY, {"slug": slug, "answer": answer_id})


# Built once: many look at their answer.
_OF_DAY = (
    select(Submission).join(Event).where(Event.slug == bindparam("slug"), Submission.answer_id == bindparam("answer"))
)


def find_mistyped(
    form_key: str, application: Application, sent_here: Collection[str], at: datetime
) -> Submission | None:
    """What this form said of this person before its sender went back and gave them another address in time.

    `sent_here` are the answer pages of the forms that the sender's browser has sent.
    """
    if not sent_here:
        return None
    sent = select(Submission).where(
        Submission.form_key == form_key,
        Submission.answer_id.in_(sent_here),
        Submission.received_at > at - CORRECTABLE_FOR,
    )
    latest = db.session.scalars(sent.order_by(Submission.received_at.desc()))
    return next((found for found in latest if _is_of(found, application)), None)


def _is_of(submission: Submission, application: Application) -> bool:
    same_address = addresses.key(submission.email) == addresses.key(application.email)
    return not same_address and text.name_key(submission.name, "") == _name(application)


def _name(application: Application) -> str:
    return text.name_key(application.first_name, application.last_name)


def count_since(instant: datetime) -> dict[int, int]:
    """How many forms were received after the instant, by the id of their day; days without any are left out."""
    counting = select(Submission.event_id, func.count()).where(Submission.received_at > instant)
    return {event_id: number for event_id, number in db.session.execute(counting.group_by(Submission.event_id))}


def is_correctable(submission: Submission, at: datetime) -> bool:
    return at < submission.received_at + CORRECTABLE_FOR


def forget_old(now: datetime) -> None:
    """Delete what forms were kept for once its time is over; what they told stands in the registrations."""
    db.session.execute(delete(Submission).where(Submission.received_at <= now - REMEMBERED_FOR))
    db.session.execute(
        update(Submission)
        .where(Submission.received_at <= now - CORRECTABLE_FOR, Submission.email != "")
        .values(name="", email="", application=None)
    )
