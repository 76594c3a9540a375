"""The first tables: the day, its registrations, its organisers, the outbox and the audit log."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "001"
down_revision = None

TABLES = (
    "event",
    "programme_item",
    "registration",
    "health_note",
    "submission",
    "organiser",
    "sign_in",
    "taken_try",
    "outgoing_mail",
    "delivery_try",
    "queue_stop",
    "audit_entry",
)
"""In the order in which they refer to each other. Constraints get their names by the convention in core/db.py."""

ACTIVE = sa.text("status <> 'cancelled'")


def upgrade() -> None:
    create_event()
    create_programme_item()
    create_registration()
    create_health_note()
    create_submission()
    create_organiser()
    create_sign_in()
    create_taken_try()
    create_outgoing_mail()
    create_delivery_try()
    create_queue_stop()
    create_audit_entry()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def identity() -> sa.Column[Any]:
    return sa.Column("id", sa.Integer, primary_key=True)


def refers(name: str, to: str, on_delete: str, of: Any = sa.Integer, **options: Any) -> sa.Column[Any]:
    key = sa.ForeignKey(to, ondelete=on_delete)
    return sa.Column(name, of, key, **{"nullable": False, **options})


def column(name: str, kind: Any, **options: Any) -> sa.Column[Any]:
    """A column that must have a value unless it is said to be nullable."""
    return sa.Column(name, kind, **{"nullable": False, **options})


def line(name: str, length: int, **options: Any) -> sa.Column[Any]:
    return column(name, sa.String(length), **options)


def sortable(name: str, length: int, **options: Any) -> sa.Column[Any]:
    """Sorted byte by byte: PostgreSQL would use the rules of its own language."""
    kind = sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")
    return column(name, kind, **options)


def prose(name: str, **options: Any) -> sa.Column[Any]:
    return column(name, sa.String, **options)


def instant(name: str, **options: Any) -> sa.Column[Any]:
    return column(name, sa.DateTime(timezone=True), **options)


def clock(name: str, **options: Any) -> sa.Column[Any]:
    return column(name, sa.Time, **options)


def number(name: str, **options: Any) -> sa.Column[Any]:
    return column(name, sa.Integer, **options)


def yes_or_no(name: str, **options: Any) -> sa.Column[Any]:
    return column(name, sa.Boolean, **options)


def json(name: str, **options: Any) -> sa.Column[Any]:
    return column(name, sa.JSON, **options)


def uuid(name: str, **options: Any) -> sa.Column[Any]:
    return column(name, sa.Uuid, **options)


def one_of(name: str, *values: str, named: str, **options: Any) -> sa.Column[Any]:
    kind = sa.Enum(*values, name=named, native_enum=False, create_constraint=True, length=32)
    return column(name, kind, **options)


def create_event() -> None:
    op.create_table(
        "event",
        identity(),
        line("slug", 40, unique=True),
        one_of("publication", "draft", "published", "cancelled", named="publication"),
        line("title_sv", 200),
        line("title_en", 200),
        prose("description_sv"),
        prose("description_en"),
        line("audience_sv", 500),
        line("audience_en", 500),
        line("language_note_sv", 200),
        line("language_note_en", 200),
        instant("starts_at", index=True),
        instant("ends_at"),
        line("time_zone", 64),
        line("venue", 200),
        line("address", 300),
        prose("directions_sv"),
        prose("directions_en"),
        line("contact_email", 254),
        instant("opens_at"),
        instant("closes_at"),
        instant("changes_close_at"),
        instant("promote_until"),
        number("offer_days"),
        number("seats_on_site", nullable=True),
        number("seats_online", nullable=True),
        line("meeting_url", 2000),
        number("join_minutes_before"),
        number("version"),
        instant("created_at"),
        instant("updated_at"),
        sa.CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        sa.CheckConstraint("closes_at > opens_at", name="closes_after_opening"),
        sa.CheckConstraint("closes_at <= starts_at", name="closes_before_start"),
        sa.CheckConstraint("changes_close_at <= starts_at", name="changes_close_before_start"),
        sa.CheckConstraint("promote_until <= starts_at", name="promotion_ends_before_start"),
        sa.CheckConstraint("offer_days >= 0", name="offer_days"),
        sa.CheckConstraint("seats_on_site IS NULL OR seats_on_site >= 0", name="seats_on_site"),
        sa.CheckConstraint("seats_online IS NULL OR seats_online >= 0", name="seats_online"),
    )


def create_programme_item() -> None:
    op.create_table(
        "programme_item",
        identity(),
        refers("event_id", "event.id", "CASCADE"),
        number("position"),
        clock("starts"),
        line("title_sv", 200),
        line("title_en", 200),
        line("speaker", 200),
        line("place", 200),
        sa.UniqueConstraint("event_id", "position"),
    )


def create_registration() -> None:
    op.create_table(
        "registration",
        identity(),
        refers("event_id", "event.id", "CASCADE"),
        line("public_id", 32, unique=True),
        number("link_version"),
        one_of("status", "confirmed", "waiting", "cancelled", named="status"),
        one_of("attendance", "on_site", "online", named="attendance"),
        line("language", 2),
        line("first_name", 100),
        line("last_name", 100),
        line("email", 254),
        line("email_key", 254),
        one_of(
            "profession",
            "physician",
            "nurse",
            "pharmacist",
            "biomedical",
            "researcher",
            "student",
            "coordinator",
            "industry",
            "authority",
            "patient",
            "other",
            named="profession",
        ),
        line("profession_other", 100),
        line("workplace", 200),
        line("department", 200),
        prose("message"),
        instant("message_read_at", nullable=True),
        yes_or_no("wants_news"),
        line("notice_version", 20),
        instant("received_at"),
        instant("cancelled_at", nullable=True),
        one_of("cancelled_from", "confirmed", "waiting", "cancelled", named="cancelled_from", nullable=True),
        yes_or_no("is_transferred"),
        instant("in_line_since", nullable=True),
        instant("answer_by", nullable=True),
        instant("changed_at"),
        yes_or_no("has_entry"),
        uuid("calendar_uid"),
        line("calendar_domain", 253),
        number("calendar_sequence"),
        prose("search_text"),
        sortable("sort_key", 400),
        sortable("workplace_key", 400),
        sa.CheckConstraint("(status = 'cancelled') = (cancelled_at IS NOT NULL)", name="cancelled_at"),
        sa.CheckConstraint("(status = 'cancelled') = (cancelled_from IS NOT NULL)", name="cancelled_from_kept"),
        sa.CheckConstraint("status <> 'waiting' OR in_line_since IS NOT NULL", name="waiting_in_line"),
        sa.CheckConstraint(
            "answer_by IS NULL OR (in_line_since IS NOT NULL AND status <> 'cancelled')", name="offered_in_line"
        ),
        sa.CheckConstraint("in_line_since IS NULL OR status <> 'confirmed' OR attendance = 'online'", name="in_line"),
    )
    op.create_index("ix_registration_line", "registration", ["event_id", "in_line_since", "id"])
    op.create_index("ix_registration_by_time", "registration", ["event_id", "received_at", "id"])
    op.create_index("ix_registration_by_workplace", "registration", ["event_id", "workplace_key", "sort_key", "id"])
    op.create_index("ix_registration_places", "registration", ["event_id", "status", "attendance", "answer_by"])
    op.create_index("ix_registration_sorted", "registration", ["event_id", "sort_key", "id"])
    op.create_index(
        "uq_registration_active",
        "registration",
        ["event_id", "email_key"],
        unique=True,
        sqlite_where=ACTIVE,
        postgresql_where=ACTIVE,
    )


def create_health_note() -> None:
    op.create_table(
        "health_note",
        refers("registration_id", "registration.id", "CASCADE", primary_key=True),
        json("diets"),
        line("diet_other", 500),
        line("access_needs", 500),
        instant("consented_at"),
    )


def create_submission() -> None:
    op.create_table(
        "submission",
        line("key", 64, primary_key=True),
        refers("event_id", "event.id", "CASCADE", index=True),
        refers("registration_id", "registration.id", "CASCADE", nullable=True, index=True),
        line("email", 254),
        json("application", nullable=True),
        instant("received_at", index=True),
    )


def create_organiser() -> None:
    op.create_table(
        "organiser",
        identity(),
        line("email", 254),
        line("email_key", 254, unique=True),
        line("name", 100),
        line("language", 2),
        one_of("role", "admin", "organiser", "viewer", "door", named="role"),
        yes_or_no("active"),
        line("password", 255, nullable=True),
        line("fs_uniquifier", 64, unique=True),
        instant("created_at"),
        instant("password_changed_at", nullable=True),
        instant("signed_in_at", nullable=True),
        sa.CheckConstraint("language IN ('sv', 'en')", name="language"),
    )


def create_sign_in() -> None:
    op.create_table(
        "sign_in",
        identity(),
        line("token_hash", 64, unique=True),
        refers("organiser_id", "organiser.id", "CASCADE", index=True),
        instant("began_at"),
        instant("ends_at", index=True),
    )


def create_taken_try() -> None:
    op.create_table(
        "taken_try",
        identity(),
        line("limit_name", 40),
        line("key", 32),
        instant("expires_at", index=True),
    )
    op.create_index("ix_taken_try_of_key", "taken_try", ["limit_name", "key", "expires_at"])


def create_outgoing_mail() -> None:
    op.create_table(
        "outgoing_mail",
        line("id", 32, primary_key=True),
        line("key", 200, unique=True),
        line("kind", 40),
        refers("event_id", "event.id", "SET NULL", nullable=True, index=True),
        refers("registration_id", "registration.id", "CASCADE", nullable=True, index=True),
        line("language", 2),
        line("recipient", 254),
        line("message_id", 320, unique=True),
        line("in_reply_to", 320, nullable=True),
        line("subject", 400, nullable=True),
        prose("text", nullable=True),
        prose("html", nullable=True),
        prose("calendar", nullable=True),
        one_of("method", "REQUEST", "CANCEL", named="calendarmethod", nullable=True),
        instant("dated_at"),
        one_of("state", "queued", "sending", "sent", "failed", "withdrawn", "filed", named="mailstate"),
        instant("due_at"),
        instant("leased_until", nullable=True),
        number("attempts"),
        line("last_answer", 500, nullable=True),
        instant("sent_at", nullable=True),
        sa.CheckConstraint(
            "(subject IS NULL) = (text IS NULL) AND (text IS NULL) = (html IS NULL)", name="written_whole"
        ),
        sa.CheckConstraint("text IS NOT NULL OR state NOT IN ('sent', 'filed')", name="sent_is_written"),
        sa.CheckConstraint("(calendar IS NULL) = (method IS NULL)", name="calendar_has_method"),
        sa.CheckConstraint("(state = 'sending') = (leased_until IS NOT NULL)", name="leased_while_sending"),
        sa.CheckConstraint("(state IN ('sent', 'filed')) = (sent_at IS NOT NULL)", name="sent_has_instant"),
    )
    op.create_index("ix_outgoing_mail_state_due_at", "outgoing_mail", ["state", "due_at"])


def create_delivery_try() -> None:
    op.create_table(
        "delivery_try",
        identity(),
        refers("mail_id", "outgoing_mail.id", "CASCADE", of=sa.String(32), index=True),
        instant("at", index=True),
        one_of("outcome", "sent", "filed", "retry", "failed", "interrupted", named="tryoutcome"),
        line("answer", 500),
    )


def create_queue_stop() -> None:
    op.create_table(
        "queue_stop",
        number("id", primary_key=True, autoincrement=False),
        instant("stopped_at"),
        instant("resumes_at"),
        line("reason", 500),
        number("tries"),
        sa.CheckConstraint("id = 1", name="only_one"),
    )


def create_audit_entry() -> None:
    op.create_table(
        "audit_entry",
        identity(),
        instant("at", index=True),
        line("action", 64),
        line("actor", 64),
        refers("event_id", "event.id", "SET NULL", nullable=True, index=True),
        refers("registration_id", "registration.id", "SET NULL", nullable=True, index=True),
        json("details"),
    )
