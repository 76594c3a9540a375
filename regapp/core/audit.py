"""Who did what, when: the audit log, written in the transaction of the thing itself."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from regapp.core.db import Model, db


class AuditEntry(Model):
    """One thing done. `details` holds no personal data: the entry outlives the registration it tells of."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    action: Mapped[str] = mapped_column(String(64))
    actor: Mapped[str] = mapped_column(String(64))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id", ondelete="SET NULL"), index=True)
    registration_id: Mapped[int | None] = mapped_column(ForeignKey("registration.id", ondelete="SET NULL"), index=True)
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    given: Mapped["Reason | None"] = relationship(lazy="joined", cascade="all, delete-orphan", passive_deletes=True)

    @property
    def reason(self) -> str:
        """Why it was done, in the organiser's words, as long as they are kept; "" where none were given."""
        return self.given.text if self.given else ""


class Reason(Model):
    """Why an organiser did something. It may name somebody, and is kept for a shorter time than the entry."""

    __tablename__ = "reason"

    audit_entry_id: Mapped[int] = mapped_column(ForeignKey("audit_entry.id", ondelete="CASCADE"), primary_key=True)
    text: Mapped[str] = mapped_column(Text)


PARTICIPANT = "participant"
SYSTEM = "system"


def is_organiser(actor: str) -> bool:
    return actor.startswith("organiser:")


def record(
    action: str,
    *,
    actor: str,
    at: datetime,
    event_id: int | None = None,
    registration_id: int | None = None,
    reason: str = "",
    **details: Any,
) -> None:
    """Note that `actor` (PARTICIPANT, SYSTEM or `organiser:<id>`) did `action`, named in the past tense.

    A `reason` is what a person wrote, and is kept apart; `details` are the program's own words and numbers.
    """
    db.session.add(
        AuditEntry(
            action=action,
            actor=actor,
            at=at,
            event_id=event_id,
            registration_id=registration_id,
            details=details,
            given=Reason(text=reason) if reason else None,
        )
    )
