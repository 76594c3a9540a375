"""How fast letters may go, over all workers on all hosts. 0 letters a minute is no limit."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select

from regapp.core.db import db
from regapp.mailing.models import DeliveryTry, MailState, OutgoingMail, TryOutcome

RATE_WINDOW = timedelta(minutes=1)

_COUNT_ALONE = select(func.pg_advisory_xact_lock(func.hashtext(bindparam("what"))))


def has_room(now: datetime, per_minute: int) -> bool:
    """Whether the rate allows another letter now. Who may ask at the same time waits until this claim is committed."""
    if per_minute and db.session.get_bind().dialect.name == "postgresql":
        # Two that count at once would each find the same room. On SQLite the write lock has seen to that.
        db.session.execute(_COUNT_ALONE, {"what": "regapp mail rate"})
    return room_at(now, per_minute) is None


def room_at(now: datetime, per_minute: int) -> datetime | None:
    """When the rate allows another letter, over all workers; None when it does now. 0 is no limit.

    Tries that lie ahead were made before the clock was put back, and don't count.
    """
    if not per_minute:
        return None
    in_hand = db.session.scalar(
        select(func.count()).where(OutgoingMail.state == MailState.SENDING, OutgoingMail.leased_until >= now)
    )
    allowed = per_minute - (in_hand or 0)
    if allowed <= 0:
        return now + timedelta(seconds=1)
    last = db.session.scalar(
        select(DeliveryTry.at)
        .where(DeliveryTry.at > now - RATE_WINDOW, DeliveryTry.at <= now)
        .where(DeliveryTry.outcome != TryOutcome.INTERRUPTED)
        .order_by(DeliveryTry.at.desc())
        .offset(allowed - 1)
        .limit(1)
    )
    return last + RATE_WINDOW if last else None
