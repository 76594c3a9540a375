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
    op.execute(BROUGHT_BEFORE)


BROUGHT_BEFORE = """
INSERT INTO words_brought (mail_id, reminder_id)
SELECT outgoing_mail.id, reminder.id
FROM outgoing_mail
JOIN registration ON registration.id = outgoing_mail.registration_id
JOIN reminder ON reminder.event_id = registration.event_id AND reminder.written_at <= outgoing_mail.dated_at
WHERE outgoing_mail.reminder_id IS NULL AND outgoing_mail.method = 'REQUEST'
    AND reminder.audience IN ('everybody', registration.attendance)
    AND (outgoing_mail.text LIKE '%Från arrangörerna%' OR outgoing_mail.text LIKE '%From the organisers%')
"""
"""A letter with their heading brought the words of the reminders that had gone to the reader's form of attendance."""


def downgrade() -> None:
    op.drop_table("words_brought")
