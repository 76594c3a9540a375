"""Every day is held in Swedish time; who was an organiser before there were alarms gets them."""

import sqlalchemy as sa
from alembic import op

revision = "009"
down_revision = "008"


def upgrade() -> None:
    op.drop_column("event", "time_zone")
    op.execute(ALARMS_FOR_THOSE_WHO_DID_NOT_CHOOSE)


ALARMS_FOR_THOSE_WHO_DID_NOT_CHOOSE = """
UPDATE organiser SET wants_alarms = true
WHERE role IN ('admin', 'organiser') AND NOT wants_alarms AND NOT EXISTS (
    SELECT 1 FROM audit_entry WHERE action = 'organiser.preferences_changed'
        AND CAST(details AS TEXT) LIKE '%"organiser_id": ' || organiser.id || ',%'
)
"""
"""As for a new one. Who chose has an entry in the log, whose details begin with the account."""


def downgrade() -> None:
    op.add_column("event", sa.Column("time_zone", sa.String(64), nullable=False, server_default="Europe/Stockholm"))
