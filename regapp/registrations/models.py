"""A registration, and what it says about health."""

from __future__ import annotations

import enum
import secrets
import uuid
from datetime import datetime, timedelta

from sqlalchemy import JSON, CheckConstraint, ColumnElement, ForeignKey, Index, String, and_, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from regapp.core.db import Model, enum_type
from regapp.core.i18n import Labelled, Text
from regapp.events.models import Attendance, Event, Publication
from regapp.registrations.choices import Diet, Profession
from regapp.registrations.findable import Findable


class Status(Labelled):
    """Where a registration stands; waiting is in line for a seat without a place meanwhile."""

    CONFIRMED = "confirmed", Text("Anmäld", "Registered")
    WAITING = "waiting", Text("I kö", "In line")
    CANCELLED = "cancelled", Text("Avanmäld", "Cancelled")


class RegisteredBy(enum.StrEnum):
    """Who filled in the form: whoever is written to without having done so is told where it comes from."""

    THEMSELVES = "themselves"
    COLLEAGUE = "colleague"
    ORGANISER = "organiser"


IN_LINE = Text("I kö för en plats i lokalen", "In line for an on-site place")
ONLINE_IN_LINE = Text("Digitalt, och i kö för en plats i lokalen", "Online, and in line for an on-site place")

UNDO_FOR = timedelta(minutes=10)
"""How long a cancellation can be undone."""

LINKS_LIVE = timedelta(days=30)
"""How long after the day its personal links still open."""


def new_public_id() -> str:
    """128 random bits, fit for an address."""
    return secrets.token_urlsafe(16)


class Registration(Findable, Model):
    """One person's place on one day.

    `email_key` is the address as it is compared (see core.addresses); a person has one active registration a day.
    `link_version` rises when the personal links must change, `calendar_sequence` with every change of the entry
    (RFC 5545 §3.8.7.4); `has_entry` tells whether the last letter left one in the person's calendar.

    `in_line_since` orders the line for a seat on site; None for who isn't in it. While `answer_by` is set the person
    is offered a seat that counts as taken; `cancelled_from` is what an undone cancellation goes back to.

    `declined_at`: their calendar answered no, which cancels nothing; `joined_at`: when they first went to the online
    meeting.
    """

    __tablename__ = "registration"
    __table_args__ = (
        Index(
            "uq_registration_active",
            "event_id",
            "email_key",
            unique=True,
            sqlite_where=text("status <> 'cancelled'"),
            postgresql_where=text("status <> 'cancelled'"),
        ),
        Index("ix_registration_places", "event_id", "status", "attendance", "answer_by"),
        Index("ix_registration_sorted", "event_id", "sort_key", "id"),
        Index("ix_registration_by_workplace", "event_id", "workplace_key", "sort_key", "id"),
        Index("ix_registration_namesakes", "event_id", "namesake_key"),
        Index("ix_registration_by_time", "event_id", "received_at", "id"),
        Index("ix_registration_line", "event_id", "in_line_since", "id"),
        CheckConstraint("(status = 'cancelled') = (cancelled_at IS NOT NULL)", name="cancelled_at"),
        CheckConstraint("(status = 'cancelled') = (cancelled_from IS NOT NULL)", name="cancelled_from_kept"),
        CheckConstraint("status <> 'waiting' OR in_line_since IS NOT NULL", name="waiting_in_line"),
        CheckConstraint(
            "answer_by IS NULL OR (in_line_since IS NOT NULL AND status <> 'cancelled')", name="offered_in_line"
        ),
        CheckConstraint(
            "in_line_since IS NULL OR status <> 'confirmed' OR attendance = 'online'",
            name="in_line",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    link_version: Mapped[int] = mapped_column(default=1)
    status: Mapped[Status] = mapped_column(enum_type(Status), default=Status.CONFIRMED)
    attendance: Mapped[Attendance] = mapped_column(enum_type(Attendance))
    language: Mapped[str] = mapped_column(String(2))
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254))
    profession: Mapped[Profession] = mapped_column(enum_type(Profession))
    profession_other: Mapped[str] = mapped_column(String(100), default="")
    workplace: Mapped[str] = mapped_column(String(200))
    department: Mapped[str] = mapped_column(String(200), default="")
    message: Mapped[str] = mapped_column(default="")
    message_read_at: Mapped[datetime | None]
    wants_news: Mapped[bool] = mapped_column(default=False)
    notice_version: Mapped[str] = mapped_column(String(20))
    registered_by: Mapped[RegisteredBy] = mapped_column(enum_type(RegisteredBy), default=RegisteredBy.THEMSELVES)
    received_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    cancelled_from: Mapped[Status | None] = mapped_column(enum_type(Status, "cancelled_from"))
    is_transferred: Mapped[bool] = mapped_column(default=False)
    declined_at: Mapped[datetime | None]
    joined_at: Mapped[datetime | None]
    in_line_since: Mapped[datetime | None]
    answer_by: Mapped[datetime | None]
    changed_at: Mapped[datetime]
    has_entry: Mapped[bool] = mapped_column(default=False)
    calendar_uid: Mapped[uuid.UUID] = mapped_column(default=uuid.uuid4)
    calendar_domain: Mapped[str] = mapped_column(String(253))
    calendar_sequence: Mapped[int] = mapped_column(default=0)

    event: Mapped[Event] = relationship()
    health: Mapped[HealthNote | None] = relationship(cascade="all, delete-orphan", passive_deletes=True)

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def profession_label(self) -> str:
        return self.profession_other or str(self.profession.label)

    @hybrid_property
    def is_active(self) -> bool:
        return self.status != Status.CANCELLED

    @hybrid_property
    def is_in_line(self) -> bool:
        return self.is_active and self.in_line_since is not None

    @is_in_line.inplace.expression
    @classmethod
    def _is_in_line(cls) -> ColumnElement[bool]:
        return and_(cls.is_active, cls.in_line_since.is_not(None))

    @hybrid_property
    def is_offered(self) -> bool:
        """Whether a seat waits for the person's answer; it counts as taken."""
        return self.answer_by is not None

    @is_offered.inplace.expression
    @classmethod
    def _is_offered(cls) -> ColumnElement[bool]:
        return cls.answer_by.is_not(None)

    @hybrid_property
    def has_place(self) -> bool:
        return self.status == Status.CONFIRMED

    @hybrid_property
    def has_seat(self) -> bool:
        return self.has_place & (self.attendance == Attendance.ON_SITE)

    @hybrid_property
    def is_online(self) -> bool:
        return self.has_place & (self.attendance == Attendance.ONLINE)

    @property
    def wants_seat(self) -> bool:
        """Whether diets and access needs are of use: for who comes, or waits to."""
        return self.has_seat or self.is_in_line

    @property
    def form_label(self) -> Text:
        """The form of attendance in words, with the line where the person stands in it."""
        if Status.WAITING in {self.status, self.cancelled_from}:
            return IN_LINE
        return ONLINE_IN_LINE if self.is_in_line else self.attendance.label

    def leave_line(self) -> None:
        self.in_line_since = self.answer_by = None
        self.health = self.health if self.has_seat else None  # kept only for who comes, or waits to

    def has_living_links(self, now: datetime) -> bool:
        """Personal links open to some time after the day, and no longer."""
        return now < self.event.ends_at + LINKS_LIVE

    def can_cancel(self, now: datetime) -> bool:
        """Cancelling ends when the day starts."""
        return self.is_active and now < self.event.starts_at

    @property
    def undo_until(self) -> datetime | None:
        """The instant at which undoing a cancellation ends; None for who hasn't cancelled."""
        return self.cancelled_at and min(self.cancelled_at + UNDO_FOR, self.event.starts_at)

    def can_undo(self, now: datetime) -> bool:
        """A cancellation can be undone for a while, and not after the day has started."""
        if self.undo_until is None or self.is_transferred or self.event.publication is not Publication.PUBLISHED:
            return False
        may_wait_again = self.in_line_since is not None and self.event.fills_seats(now)
        return (self.cancelled_from is Status.CONFIRMED or may_wait_again) and now < self.undo_until

    def can_change_needs(self, now: datetime) -> bool:
        """Diets, access needs and moving to a seat wait for nobody after the kitchen has its numbers."""
        return self.is_active and now < self.event.changes_close_at


class HealthNote(Model):
    """Diets and access needs, kept apart: seen by few, with the person's explicit consent, and gone soon."""

    __tablename__ = "health_note"

    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"), primary_key=True)
    diets: Mapped[list[str]] = mapped_column(JSON, default=list)
    diet_other: Mapped[str] = mapped_column(String(500), default="")
    access_needs: Mapped[str] = mapped_column(String(500), default="")
    consented_at: Mapped[datetime]

    @property
    def diet_labels(self) -> list[str]:
        return [str(Diet(diet).label) for diet in self.diets]
