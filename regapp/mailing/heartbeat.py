"""The worker's sign of life in the database, which also tells that the database can be written to."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from regapp.core.db import Model, db
from regapp.mailing.outbox import inserting

WORKER: Final = "worker"


class Heartbeat(Model):
    """When one of the processes of this name last wrote that it lives."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    beat_at: Mapped[datetime]


def beat(now: datetime) -> None:
    """Some worker lives; the caller commits."""
    values = {"name": WORKER, "beat_at": now}
    db.session.execute(inserting(Heartbeat).on_conflict_do_update(index_elements=["name"], set_=values), values)


def silent_for(now: datetime) -> timedelta | None:
    """How long no worker has given a sign of life; None when none ever did."""
    last = db.session.scalar(select(Heartbeat.beat_at).where(Heartbeat.name == WORKER))
    return None if last is None else now - last
