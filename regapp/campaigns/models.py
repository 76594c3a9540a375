"""The reminders of a day."""

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from regapp.core.db import Model, enum_type
from regapp.core.i18n import SWEDISH_TIME, Labelled, Text, local, pick
from regapp.events.models import Attendance, Event


class Audience(Labelled):
    """Whom a reminder goes to."""

    EVERYBODY = "everybody", Text("alla som har en plats", "everybody who has a place")
    ON_SITE = "on_site", Text("dem som deltar på plats", "those who take part on site")
    ONLINE = "online", Text("dem som deltar digitalt", "those who take part online")

    def has(self, attendance: Attendance) -> bool:
        """Whether it includes those who take part so."""
        return self is Audience.EVERYBODY or self.value == attendance.value


class Reminder(Model):
    """A letter to those registered when it falls due, so many days before the day, at that clock in Sweden.

    `written_at`: the letters were written; `missed_at`: it fell due while the service was down and was of no use any
    more. Neither: it is still ahead. The message is an organiser's own words, beside what every reminder says.
    """

    __tablename__ = "reminder"
    __table_args__ = (
        CheckConstraint("days_before >= 0", name="days_before"),
        CheckConstraint("written_at IS NULL OR missed_at IS NULL", name="one_end"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    days_before: Mapped[int]
    clock: Mapped[time]
    audience: Mapped[Audience] = mapped_column(enum_type(Audience))
    message_sv: Mapped[str] = mapped_column(default="")
    message_en: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    written_at: Mapped[datetime | None]
    missed_at: Mapped[datetime | None]

    event: Mapped[Event] = relationship()

    @property
    def message(self) -> str:
        return pick(self.message_sv, self.message_en)

    @property
    def due_at(self) -> datetime:
        """The instant; it moves with the day.

        A day that was moved may bring it to a clock that comes twice, or to none: then it is the first of the two,
        or an hour later.
        """
        return datetime.combine(day_of(self.event, self.days_before), self.clock, SWEDISH_TIME).astimezone(UTC)

    @property
    def is_ahead(self) -> bool:
        """Whether its letters are still to be written."""
        return self.written_at is None and self.missed_at is None


def day_of(event: Event, days_before: int) -> date:
    """The date so many days before the day, by the calendar at the venue."""
    return local(event.starts_at).date() - timedelta(days=days_before)
