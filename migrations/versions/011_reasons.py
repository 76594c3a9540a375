"""Why organisers did something moves out of the audit log, which is kept longer than what they wrote."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "011"
down_revision = "007"

ENTRY = sa.table("audit_entry", sa.column("id", sa.Integer), sa.column("details", sa.JSON))
REASON = sa.table("reason", sa.column("audit_entry_id", sa.Integer), sa.column("text", sa.Text))


def upgrade() -> None:
    entry = sa.ForeignKey("audit_entry.id", ondelete="CASCADE")
    op.create_table(
        "reason",
        sa.Column("audit_entry_id", sa.Integer, entry, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
    )
    connection = op.get_bind()
    with_reason = sa.select(ENTRY).where(sa.cast(ENTRY.c.details, sa.Text).contains('"reason"'))
    for entry_id, details in connection.execute(with_reason).all():
        if reason := details.pop("reason", ""):
            connection.execute(REASON.insert().values(audit_entry_id=entry_id, text=reason))
        write(connection, entry_id, details)


def downgrade() -> None:
    connection = op.get_bind()
    joined = sa.select(ENTRY, REASON.c.text).join(REASON, REASON.c.audit_entry_id == ENTRY.c.id)
    for entry_id, details, reason in connection.execute(joined).all():
        write(connection, entry_id, {**details, "reason": reason})
    op.drop_table("reason")


def write(connection: sa.Connection, entry_id: int, details: Mapping[str, Any]) -> None:
    connection.execute(ENTRY.update().where(ENTRY.c.id == entry_id).values(details=details))
