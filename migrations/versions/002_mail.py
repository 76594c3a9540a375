"""Mail that can't be lost: reminders, orders, bounces, the inbox, a pause, alarms; attendance online."""

import re

import sqlalchemy as sa
from alembic import op

revision = "002"
down_revision = "001"


def upgrade() -> None:
    create_reminder()
    extend_outgoing_mail()
    tell_sequence_of_letters()
    create_bounce()
    create_inbox_message()
    create_queue_pause()
    create_notice()
    with op.batch_alter_table("event") as event:
        event.add_column(instant("meeting_url_changed_at", nullable=True))
        event.add_column(line("sound_test_url", 2000, server_default=""))
    with op.batch_alter_table("event") as event:
        # Only for the rows that were there.
        event.alter_column("sound_test_url", server_default=None)
    with op.batch_alter_table("registration") as registration:
        registration.add_column(instant("declined_at", nullable=True))
        registration.add_column(instant("joined_at", nullable=True))
    leave_room_for_new_versions()
    with op.batch_alter_table("organiser") as organiser:
        organiser.add_column(no("wants_alarms"))
        organiser.add_column(no("wants_digest"))


def leave_room_for_new_versions() -> None:
    """When the day changes every registration gets another SEQUENCE.

    PostgreSQL writes a changed row beside the old one, and an entry in each of its eight indexes unless the page has
    room.
    """
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE registration SET (fillfactor = 45)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE registration RESET (fillfactor)")
    with op.batch_alter_table("organiser") as organiser:
        organiser.drop_column("wants_digest")
        organiser.drop_column("wants_alarms")
    with op.batch_alter_table("registration") as registration:
        registration.drop_column("joined_at")
        registration.drop_column("declined_at")
    with op.batch_alter_table("event") as event:
        event.drop_column("sound_test_url")
        event.drop_column("meeting_url_changed_at")
    op.drop_table("notice")
    op.drop_table("queue_pause")
    op.drop_table("inbox_message")
    op.drop_table("bounce")
    with op.batch_alter_table("outgoing_mail") as mail:
        mail.drop_index("ix_outgoing_mail_state_is_bulk_due_at")
        mail.drop_index("ix_outgoing_mail_again_of")
        mail.drop_index("ix_outgoing_mail_reminder_id")
        mail.drop_constraint("fk_outgoing_mail_again_of_outgoing_mail", type_="foreignkey")
        mail.drop_constraint("fk_outgoing_mail_reminder_id_reminder", type_="foreignkey")
        for name in ("sequence", "is_bulk", "again_of", "reminder_id"):
            mail.drop_column(name)
        mail.create_index("ix_outgoing_mail_state_due_at", ["state", "due_at"])
    op.drop_table("reminder")


def instant(name: str, **options: bool) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), **{"nullable": False, **options})


def line(name: str, length: int, **options: object) -> sa.Column[object]:
    return sa.Column(name, sa.String(length), nullable=False, **options)


def no(name: str) -> sa.Column[object]:
    """A yes or no that is no for the rows that are there."""
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


def one_of(name: str, *values: str, named: str) -> sa.Column[object]:
    kind = sa.Enum(*values, name=named, native_enum=False, create_constraint=True, length=32)
    return sa.Column(name, kind, nullable=False)


def create_reminder() -> None:
    op.create_table(
        "reminder",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("event_id", sa.Integer, sa.ForeignKey("event.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("days_before", sa.Integer, nullable=False),
        sa.Column("clock", sa.Time, nullable=False),
        one_of("audience", "everybody", "on_site", "online", named="audience"),
        sa.Column("message_sv", sa.String, nullable=False),
        sa.Column("message_en", sa.String, nullable=False),
        instant("created_at"),
        instant("written_at", nullable=True),
        instant("missed_at", nullable=True),
        sa.CheckConstraint("days_before >= 0", name="days_before"),
        sa.CheckConstraint("written_at IS NULL OR missed_at IS NULL", name="one_end"),
    )


def extend_outgoing_mail() -> None:
    with op.batch_alter_table("outgoing_mail") as mail:
        mail.add_column(sa.Column("reminder_id", sa.Integer, nullable=True))
        mail.add_column(sa.Column("again_of", sa.String(32), nullable=True))
        mail.add_column(no("is_bulk"))
        mail.add_column(sa.Column("sequence", sa.Integer, nullable=True))
        mail.create_foreign_key(
            "fk_outgoing_mail_reminder_id_reminder", "reminder", ["reminder_id"], ["id"], ondelete="SET NULL"
        )
        mail.create_foreign_key(
            "fk_outgoing_mail_again_of_outgoing_mail", "outgoing_mail", ["again_of"], ["id"], ondelete="SET NULL"
        )
        for name in ("reminder_id", "again_of"):
            given = sa.text(f"{name} IS NOT NULL")
            mail.create_index(f"ix_outgoing_mail_{name}", [name], sqlite_where=given, postgresql_where=given)
        mail.drop_index("ix_outgoing_mail_state_due_at")
        mail.create_index("ix_outgoing_mail_state_is_bulk_due_at", ["state", "is_bulk", "due_at"])


def tell_sequence_of_letters() -> None:
    """Letters from before hold it in their calendar alone, and it tells who has been told what they have."""
    mail = sa.table("outgoing_mail", sa.column("id"), sa.column("calendar"), sa.column("sequence"))
    connection = op.get_bind()
    letters = connection.execute(sa.select(mail.c.id, mail.c.calendar).where(mail.c.calendar.is_not(None)))
    found = [
        {"letter": letter, "number": int(sequence[1])}
        for letter, calendar in letters
        if (sequence := re.search(r"^SEQUENCE:([0-9]+)\s*$", calendar, re.MULTILINE))
    ]
    if found:
        told = sa.update(mail).where(mail.c.id == sa.bindparam("letter")).values(sequence=sa.bindparam("number"))
        connection.execute(told, found)


def create_bounce() -> None:
    op.create_table(
        "bounce",
        sa.Column("mail_id", sa.String(32), sa.ForeignKey("outgoing_mail.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, index=True),
        line("status", 20),
        line("reason", 500),
    )


def create_inbox_message() -> None:
    op.create_table(
        "inbox_message",
        sa.Column("key", sa.String(64), primary_key=True),
        one_of("outcome", "bounced", "declined", "ignored", named="inboxoutcome"),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=False, index=True),
    )


def create_queue_pause() -> None:
    op.create_table(
        "queue_pause",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        instant("paused_at"),
        line("paused_by", 64),
        sa.CheckConstraint("id = 1", name="only_one"),
    )


def create_notice() -> None:
    op.create_table(
        "notice",
        sa.Column("key", sa.String(60), primary_key=True),
        sa.Column("told", sa.Integer, nullable=False),
        instant("risen_at", nullable=True),
        instant("told_at", nullable=True),
        sa.CheckConstraint("told >= 0", name="told"),
    )
