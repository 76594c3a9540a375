"""What organisers have been told by letter."""

from datetime import datetime

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from regapp.core.db import Model


class Notice(Model):
    """What organisers know of one thing ("queue_stopped", "full_on_site:3"), so that they are told once of it.

    `told` is the number that they know: of letters that failed, or 1 of what either is or isn't. `risen_at`: since
    when the number is higher than that; `told_at`: when they were last told.
    """

    __tablename__ = "notice"
    __table_args__ = (CheckConstraint("told >= 0", name="told"),)

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    told: Mapped[int] = mapped_column(default=0)
    risen_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
