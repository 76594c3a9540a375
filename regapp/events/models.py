"""One year's training day and its programme."""

from __future__ import annotations

import enum
from datetime import date, datetime, time, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from regapp.core.db import Model, enum_type
from regapp.core.i18n import Labelled, Text, local, pick


class Publication(enum.StrEnum):
    """Who sees the day: a draft only organisers, a cancelled one everybody, with the word cancelled."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


NEXT: dict[Publication, set[Publication]] = {
    Publication.DRAFT: {Publication.PUBLISHED},
    Publication.PUBLISHED: {Publication.DRAFT, Publication.CANCELLED},
    Publication.CANCELLED: {Publication.PUBLISHED},
}
"""What may follow what; a day with registrations doesn't become a draft again, and a cancelled one comes back only
while it can be restored (see editing)."""

RESTORABLE_FOR = timedelta(minutes=5)
"""How long a cancelled day can be taken back; nobody is written to before that."""


class Phase(enum.StrEnum):
    """What the public page has to say at an instant."""

    DRAFT = "draft"
    CANCELLED = "cancelled"
    OVER = "over"
    NOT_OPEN = "not_open"
    OPEN = "open"
    CLOSED = "closed"


class Attendance(Labelled):
    """Form of attendance."""

    ON_SITE = "on_site", Text("På plats", "On site")
    ONLINE = "online", Text("Digitalt", "Online")


class Event(Model):
    """One year's training day.

    `closes_at` and `changes_close_at` are exclusive: the instants after the last day to register, and after the last
    day to change what catering and seats need. Until `promote_until` a free seat goes to whoever is first in line;
    from `offer_days` before the start it is offered, with a time to answer by. The number of places is None when
    unlimited. `version` counts saves, so that a second organiser's older copy is noticed. `doors_open` is the clock
    on the wall of the venue.

    `meeting_url_changed_at` is set when a published day's meeting gets another address; at `sound_test_url`
    participants try their sound before.

    `cancellation_due_at`: when everybody is to be told that the day is cancelled; None once that is done.
    """

    __tablename__ = "event"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("closes_at > opens_at", name="closes_after_opening"),
        CheckConstraint("closes_at <= starts_at", name="closes_before_start"),
        CheckConstraint("changes_close_at <= starts_at", name="changes_close_before_start"),
        CheckConstraint("promote_until <= starts_at", name="promotion_ends_before_start"),
        CheckConstraint("offer_days >= 0", name="offer_days"),
        CheckConstraint("seats_on_site IS NULL OR seats_on_site >= 0", name="seats_on_site"),
        CheckConstraint("seats_online IS NULL OR seats_online >= 0", name="seats_online"),
        CheckConstraint(
            "cancellation_due_at IS NULL OR publication = 'cancelled'", name="cancellation_due_when_cancelled"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    publication: Mapped[Publication] = mapped_column(enum_type(Publication), default=Publication.DRAFT)
    title_sv: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(200), default="")
    description_sv: Mapped[str] = mapped_column(default="")
    description_en: Mapped[str] = mapped_column(default="")
    audience_sv: Mapped[str] = mapped_column(String(500), default="")
    audience_en: Mapped[str] = mapped_column(String(500), default="")
    language_note_sv: Mapped[str] = mapped_column(String(200), default="")
    language_note_en: Mapped[str] = mapped_column(String(200), default="")
    starts_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime]
    doors_open: Mapped[time | None]
    venue: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(String(300), default="")
    directions_sv: Mapped[str] = mapped_column(default="")
    directions_en: Mapped[str] = mapped_column(default="")
    contact_email: Mapped[str] = mapped_column(String(254))
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    changes_close_at: Mapped[datetime]
    promote_until: Mapped[datetime]
    offer_days: Mapped[int] = mapped_column(default=14)
    seats_on_site: Mapped[int | None]
    seats_online: Mapped[int | None]
    meeting_url: Mapped[str] = mapped_column(String(2000), default="")
    meeting_url_changed_at: Mapped[datetime | None]
    sound_test_url: Mapped[str] = mapped_column(String(2000), default="")
    join_minutes_before: Mapped[int] = mapped_column(default=30)
    cancellation_due_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    programme: Mapped[list[ProgrammeItem]] = relationship(
        order_by="ProgrammeItem.starts, ProgrammeItem.position",
        cascade="all, delete-orphan",
        back_populates="event",
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  # as SQLAlchemy declares it

    @property
    def title(self) -> str:
        return pick(self.title_sv, self.title_en)

    @property
    def description(self) -> str:
        return pick(self.description_sv, self.description_en)

    @property
    def audience(self) -> str:
        return pick(self.audience_sv, self.audience_en)

    @property
    def language_note(self) -> str:
        return pick(self.language_note_sv, self.language_note_en)

    @property
    def directions(self) -> str:
        return pick(self.directions_sv, self.directions_en)

    @property
    def last_day(self) -> date:
        """The last day to register, in Swedish time; the whole of it counts."""
        return (local(self.closes_at) - timedelta(microseconds=1)).date()

    @property
    def last_change_day(self) -> date:
        """The last day to change what catering and seats need; the whole of it counts."""
        return (local(self.changes_close_at) - timedelta(microseconds=1)).date()

    @property
    def closes_visibly_at(self) -> datetime:
        """The last minute of the last day, as people name it: 23.59."""
        return self.closes_at - timedelta(minutes=1)

    @property
    def join_opens_at(self) -> datetime:
        return self.starts_at - timedelta(minutes=self.join_minutes_before)

    def is_open(self, now: datetime) -> bool:
        """Whether a registration received at `now` counts; the last day counts to its last instant."""
        return self.publication is Publication.PUBLISHED and self.opens_at <= now < self.closes_at

    def fills_seats(self, now: datetime) -> bool:
        """Whether a free seat goes to the line: from publication to its own end, whatever the last day to register."""
        return self.publication is Publication.PUBLISHED and now < self.promote_until

    def offers_seats(self, now: datetime) -> bool:
        """Whether a seat is offered first: near the day not everybody can still come."""
        return now >= self.offers_from

    @property
    def offers_from(self) -> datetime:
        """The instant from which a free seat is offered instead of given."""
        return self.starts_at - timedelta(days=self.offer_days)

    def is_over(self, now: datetime) -> bool:
        return self.ends_at <= now

    def is_public(self) -> bool:
        return self.publication is not Publication.DRAFT

    @property
    def is_cancellation_untold(self) -> bool:
        """Whether the day is cancelled and nobody has been written to about it."""
        return self.cancellation_due_at is not None

    def can_be_restored(self, now: datetime) -> bool:
        """Whether a cancelled day can still be taken back: nobody has been told."""
        return self.cancellation_due_at is not None and now < self.cancellation_due_at

    def can_be_joined(self, now: datetime) -> bool:
        """Whether the online meeting's door stands open: from a while before the start to the end."""
        return self.publication is Publication.PUBLISHED and self.join_opens_at <= now < self.ends_at

    def phase(self, now: datetime) -> Phase:
        if self.publication is not Publication.PUBLISHED:
            return Phase(self.publication.value)
        if self.is_over(now):
            return Phase.OVER
        if now < self.opens_at:
            return Phase.NOT_OPEN
        return Phase.OPEN if now < self.closes_at else Phase.CLOSED


class ProgrammeItem(Model):
    """A session or a break; `starts` is the clock on the wall of the venue."""

    __tablename__ = "programme_item"
    __table_args__ = (UniqueConstraint("event_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    position: Mapped[int]
    starts: Mapped[time]
    title_sv: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(200), default="")
    speaker: Mapped[str] = mapped_column(String(200), default="")
    place: Mapped[str] = mapped_column(String(200), default="")

    event: Mapped[Event] = relationship(back_populates="programme")

    @property
    def title(self) -> str:
        return pick(self.title_sv, self.title_en)
