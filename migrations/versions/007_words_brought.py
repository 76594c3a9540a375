"""Which letters brought a reminder's words to whom the reminder didn't go."""

import sqlalchemy as sa
from alembic import op

revision = "007"
down_revision = "006"


def upgrade() -> None:
    letter = sa.ForeignKey("outgoing_mail.id", ondelete="CASCADE")
    reminder = sa.ForeignKey("reminder.id", ondelete="CASCADE")
    op.create_table(
        "words_brought",
        sa.Column("mail_id", sa.String(32), letter, primary_key=True),
        sa.Column("reminder_id", sa.Integer, reminder, primary_key=True, index=True),
    )


def downgrade() -> None:
    op.drop_table("words_brought")
