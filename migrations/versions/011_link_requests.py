"""Questions for a link, which the worker answers."""

import sqlalchemy as sa
from alembic import op

revision = "011"
down_revision = "010"


def upgrade() -> None:
    door = sa.Enum("participant", "organiser", name="door", native_enum=False, create_constraint=True, length=32)
    event = sa.ForeignKey("event.id", ondelete="CASCADE")
    op.create_table(
        "link_request",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("door", door, nullable=False),
        sa.Column("event_id", sa.Integer, event, nullable=True, index=True),
        sa.Column("email_key", sa.String(254), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("link_request")
