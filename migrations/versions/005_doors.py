"""When the doors open."""

import sqlalchemy as sa
from alembic import op

revision = "005"
down_revision = "004"


def upgrade() -> None:
    op.add_column("event", sa.Column("doors_open", sa.Time, nullable=True))


def downgrade() -> None:
    op.drop_column("event", "doors_open")
