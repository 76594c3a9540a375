"""The outbox's tables: letters, what became of each try, and whether the queue stands still."""

from __future__ import annotations

import enum
import uuid
from datetime import datetime
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from regapp.core.db import Model, enum_type


class MailState(enum.Enum):
    """Where a letter is: waiting, in a worker's hand, or at one of its four ends."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    FILED = "filed"


UNSENT: Final = (MailState.QUEUED, MailState.SENDING)
DELIVERED: Final = (MailState.SENT, MailState.FILED)


class TryOutcome(enum.Enum):
    """What one try came to. An interrupted one never got an answer: its worker vanished."""

    SENT = "sent"
    FILED = "filed"
    RETRY = "retry"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class CalendarMethod(enum.Enum):
    """METHOD of a letter's calendar part, RFC 5546 §1.4."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


def _new_id() -> str:
    return uuid.uuid4().hex


def _where_given(column: str) -> Index:
    """An index of the few letters that have it: an order for each of a crowd is written without it."""
    given = text(f"{column} IS NOT NULL")
    return Index(f"ix_outgoing_mail_{column}", column, sqlite_where=given, postgresql_where=given)


class OutgoingMail(Model):
    """One letter to one person, written in the transaction of the thing that it tells about.

    An *order*, a letter of a crowd's that is rendered when it is claimed (see orders), has no subject, text and HTML
    yet. The texts hold marks where personal links belong; `calendar` is unfolded and holds them too.

    `sequence` is the SEQUENCE of the calendar part, for an order the one that it was written for: when the
    registration's has moved on, the order is overtaken. `entry_uid` is the UID of the calendar entry that the letter is
    about, with or without a calendar part; each mailbox gets its own UID. Letters of a crowd (`is_bulk`) wait for the
    others, so that a confirmation comes at once. `again_of` is the letter that this one repeats. `claimed_by` is the
    worker that took it last (see presence).
    """

    __tablename__ = "outgoing_mail"
    __table_args__ = (
        CheckConstraint("(subject IS NULL) = (text IS NULL) AND (text IS NULL) = (html IS NULL)", name="written_whole"),
        CheckConstraint("text IS NOT NULL OR state NOT IN ('sent', 'filed')", name="sent_is_written"),
        CheckConstraint("(calendar IS NULL) = (method IS NULL)", name="calendar_has_method"),
        CheckConstraint("(state = 'sending') = (leased_until IS NOT NULL)", name="leased_while_sending"),
        CheckConstraint("(state IN ('sent', 'filed')) = (sent_at IS NOT NULL)", name="sent_has_instant"),
        Index("ix_outgoing_mail_state_is_bulk_due_at", "state", "is_bulk", "due_at"),
        _where_given("reminder_id"),
        _where_given("again_of"),
        _where_given("entry_uid"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=_new_id)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id", ondelete="SET NULL"), index=True)
    registration_id: Mapped[int | None] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"), index=True)
    reminder_id: Mapped[int | None] = mapped_column(ForeignKey("reminder.id", ondelete="SET NULL"))
    again_of: Mapped[str | None] = mapped_column(ForeignKey("outgoing_mail.id", ondelete="SET NULL"))
    is_bulk: Mapped[bool] = mapped_column(default=False, server_default=false())
    language: Mapped[str] = mapped_column(String(2))
    recipient: Mapped[str] = mapped_column(String(254))
    message_id: Mapped[str] = mapped_column(String(320), unique=True)
    in_reply_to: Mapped[str | None] = mapped_column(String(320))
    subject: Mapped[str | None] = mapped_column(String(400))
    text: Mapped[str | None]
    html: Mapped[str | None]
    calendar: Mapped[str | None]
    method: Mapped[CalendarMethod | None] = mapped_column(enum_type(CalendarMethod))
    sequence: Mapped[int | None]
    entry_uid: Mapped[uuid.UUID | None]
    dated_at: Mapped[datetime]
    state: Mapped[MailState] = mapped_column(enum_type(MailState), default=MailState.QUEUED)
    due_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    claimed_by: Mapped[str | None] = mapped_column(String(32))
    attempts: Mapped[int] = mapped_column(default=0)
    last_answer: Mapped[str | None] = mapped_column(String(500))
    sent_at: Mapped[datetime | None]

    tries: Mapped[list[DeliveryTry]] = relationship(
        order_by="DeliveryTry.id", passive_deletes=True, cascade="all, delete-orphan"
    )
    bounce: Mapped[Bounce | None] = relationship(passive_deletes=True, cascade="all, delete-orphan")
    unclear_returns: Mapped[list[UnclearReturn]] = relationship(
        order_by="UnclearReturn.at", passive_deletes=True, cascade="all, delete-orphan"
    )

    @property
    def is_order(self) -> bool:
        """Whether it waits to be rendered."""
        return self.text is None

    @property
    def may_have_arrived(self) -> bool:
        """A refused letter never did, nor one that came back; one whose worker vanished may have."""
        if self.state in {MailState.FAILED, MailState.WITHDRAWN}:
            return any(attempt.outcome is TryOutcome.INTERRUPTED for attempt in self.tries)
        return self.bounce is None


class DeliveryTry(Model):
    """One try to deliver a letter, with the mail server's own words (which may name the address)."""

    __tablename__ = "delivery_try"

    id: Mapped[int] = mapped_column(primary_key=True)
    mail_id: Mapped[str] = mapped_column(ForeignKey("outgoing_mail.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(index=True)
    outcome: Mapped[TryOutcome] = mapped_column(enum_type(TryOutcome))
    answer: Mapped[str] = mapped_column(String(500))


class Bounce(Model):
    """A letter that the mail server took and that came back later (RFC 3464).

    `status` is the enhanced code (RFC 3463), "5.1.1", `reason` the other server's own words.
    """

    __tablename__ = "bounce"

    mail_id: Mapped[str] = mapped_column(ForeignKey("outgoing_mail.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(500))


class WordsBrought(Model):
    """A letter that told of a place, and brought a reminder's words to whom the reminder itself hadn't gone."""

    __tablename__ = "words_brought"

    mail_id: Mapped[str] = mapped_column(ForeignKey("outgoing_mail.id", ondelete="CASCADE"), primary_key=True)
    reminder_id: Mapped[int] = mapped_column(
        ForeignKey("reminder.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class UnclearReturn(Model):
    """Something that came back for a letter and wasn't understood; the letter counts as delivered all the same.

    `key` as InboxMessage has it; `sender`, `subject` and `lines`, the first of its text, are another's words.
    """

    __tablename__ = "unclear_return"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    mail_id: Mapped[str] = mapped_column(ForeignKey("outgoing_mail.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    sender: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(200))
    lines: Mapped[str] = mapped_column(String(1000))


class CalendarAnswer(enum.Enum):
    """What a calendar says to an invitation, as PARTSTAT of RFC 5545 §3.2.12 in lower case."""

    YES = "accepted"
    NO = "declined"
    MAYBE = "tentative"


class OtherAnswer(Model):
    """What the calendar of another address than the invited one answered, to one version of the entry.

    It is a delegate's, an alias's, or that of somebody to whom the invitation was forwarded, and never counts as the
    participant's. `entry` is the UID without its domain and SEQUENCE, with a point between them.
    """

    __tablename__ = "other_answer"
    __table_args__ = (UniqueConstraint("registration_id", "entry", "address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"))
    entry: Mapped[str] = mapped_column(String(60))
    address: Mapped[str] = mapped_column(String(254))
    answer: Mapped[CalendarAnswer] = mapped_column(enum_type(CalendarAnswer))
    at: Mapped[datetime]


class InboxOutcome(enum.Enum):
    """What an incoming message was."""

    BOUNCED = "bounced"
    DECLINED = "declined"
    IGNORED = "ignored"
    ANSWERED_BY_OTHER = "answered_by_other"
    UNCLEAR = "unclear"


class InboxMessage(Model):
    """An incoming message that was dealt with, so that it is dealt with once; `key` is a hash, nothing of its own."""

    __tablename__ = "inbox_message"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    outcome: Mapped[InboxOutcome] = mapped_column(enum_type(InboxOutcome))
    handled_at: Mapped[datetime] = mapped_column(index=True)


class QueueStop(Model):
    """The queue stands still because of the mail server itself; no row while all is well.

    `tries` counts connections refused since `stopped_at`; the next one is made at `resumes_at`.
    """

    __tablename__ = "queue_stop"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    stopped_at: Mapped[datetime]
    resumes_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(500))
    tries: Mapped[int] = mapped_column(default=1)


class QueuePause(Model):
    """An organiser told the queue to wait; no row while it runs. `paused_by` as the audit log names them."""

    __tablename__ = "queue_pause"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    paused_at: Mapped[datetime]
    paused_by: Mapped[str] = mapped_column(String(64))
