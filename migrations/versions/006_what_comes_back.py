"""Which worker has a letter; what came back and wasn't understood; a calendar's answer from another address."""

import sqlalchemy as sa
from alembic import op

revision = "006"
down_revision = "005"

OUTCOMES = ("bounced", "declined", "ignored")


def upgrade() -> None:
    op.add_column("outgoing_mail", sa.Column("claimed_by", sa.String(32), nullable=True))
    letter = sa.ForeignKey("outgoing_mail.id", ondelete="CASCADE")
    op.create_table(
        "unclear_return",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("mail_id", sa.String(32), letter, nullable=False, index=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sender", sa.String(254), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("lines", sa.String(1000), nullable=False),
    )
    op.create_table(
        "other_answer",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("registration_id", sa.Integer, sa.ForeignKey("registration.id", ondelete="CASCADE"), nullable=False),
        sa.Column("entry", sa.String(60), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("answer", one_of("calendaranswer", "accepted", "declined", "tentative"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("registration_id", "entry", "address"),
    )
    allow_outcomes(*OUTCOMES, "answered_by_other", "unclear")


def downgrade() -> None:
    op.execute("DELETE FROM inbox_message WHERE outcome IN ('answered_by_other', 'unclear')")
    allow_outcomes(*OUTCOMES)
    op.drop_table("other_answer")
    op.drop_table("unclear_return")
    with op.batch_alter_table("outgoing_mail") as mail:
        mail.drop_column("claimed_by")


def one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def allow_outcomes(*values: str) -> None:
    listed = ", ".join(f"'{value}'" for value in values)
    with op.batch_alter_table("inbox_message") as message:
        message.drop_constraint("inboxoutcome", type_="check")
        message.create_check_constraint("inboxoutcome", f"outcome IN ({listed})")
