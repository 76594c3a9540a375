"""Attempts that registered nobody; a form that was sent has an answer page of its own."""

import sqlalchemy as sa
from alembic import op

revision = "003"
down_revision = "002"


def upgrade() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("event_id", sa.Integer, sa.ForeignKey("event.id", ondelete="CASCADE"), nullable=False),
        sa.Column("first_name", sa.String(100), nullable=False),
        sa.Column("last_name", sa.String(100), nullable=False),
        sa.Column("name_key", sa.String(400), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("email_key", sa.String(254), nullable=False),
        sa.Column("wish", wish(), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_told", sa.Boolean, nullable=False),
    )
    op.create_index("uq_attempt", "attempt", ["event_id", "email_key", "name_key", "wish"], unique=True)
    op.create_index("ix_attempt_by_time", "attempt", ["event_id", "at", "id"])
    extend_submission()


def wish() -> sa.Enum:
    values = ("on_site", "online", "online_and_line", "line")
    return sa.Enum(*values, name="wish", native_enum=False, create_constraint=True, length=32)


def extend_submission() -> None:
    """Forms that were sent before keep counting once; their address can't be corrected any more."""
    with op.batch_alter_table("submission") as submission:
        submission.add_column(sa.Column("form_key", sa.String(64), nullable=False, server_default=""))
        submission.add_column(sa.Column("answer_id", sa.String(32), nullable=True))
        submission.add_column(sa.Column("link_version", sa.Integer, nullable=False, server_default="0"))
        submission.add_column(sa.Column("name", sa.String(201), nullable=False, server_default=""))
    op.execute("UPDATE submission SET form_key = key, answer_id = substr(key, 1, 32)")
    with op.batch_alter_table("submission") as submission:
        submission.alter_column("answer_id", existing_type=sa.String(32), nullable=False)
        for name, kind in (("form_key", sa.String(64)), ("link_version", sa.Integer()), ("name", sa.String(201))):
            submission.alter_column(name, existing_type=kind, server_default=None)
        submission.create_unique_constraint("uq_submission_answer_id", ["answer_id"])


def downgrade() -> None:
    with op.batch_alter_table("submission") as submission:
        submission.drop_constraint("uq_submission_answer_id", type_="unique")
        for name in ("name", "link_version", "answer_id", "form_key"):
            submission.drop_column(name)
    op.drop_table("attempt")
