"""A cancelled day that can be taken back for a while; who filled in a registration."""

import sqlalchemy as sa
from alembic import op

revision = "004"
down_revision = "003"

_UNTOLD_IS_CANCELLED = "cancellation_due_at IS NULL OR publication = 'cancelled'"
_BY_WHOM = "registered_by IN ('themselves', 'colleague', 'organiser')"


def upgrade() -> None:
    with op.batch_alter_table("event") as event:
        event.add_column(sa.Column("cancellation_due_at", sa.DateTime(timezone=True), nullable=True))
        event.create_check_constraint(op.f("ck_event_cancellation_due_when_cancelled"), _UNTOLD_IS_CANCELLED)
    with op.batch_alter_table("registration") as registration:
        column = sa.Column("registered_by", sa.String(32), nullable=False, server_default="themselves")
        registration.add_column(column)
        registration.create_check_constraint(op.f("ck_registration_registeredby"), _BY_WHOM)
    with op.batch_alter_table("registration") as registration:
        # Only for the rows that were there.
        registration.alter_column("registered_by", server_default=None)
    tell_who_registered("colleague", "registration.taken_over", "%")
    tell_who_registered("organiser", "registration.made", "organiser:%")


def tell_who_registered(who: str, action: str, actor: str) -> None:
    """The audit log knows it of registrations from before."""
    entry = sa.table("audit_entry", sa.column("registration_id"), sa.column("action"), sa.column("actor"))
    registration = sa.table("registration", sa.column("id"), sa.column("registered_by"))
    made = sa.select(entry.c.registration_id).where(
        entry.c.action == action, entry.c.actor.like(actor), entry.c.registration_id.is_not(None)
    )
    op.execute(sa.update(registration).where(registration.c.id.in_(made)).values(registered_by=who))


def downgrade() -> None:
    with op.batch_alter_table("registration") as registration:
        registration.drop_constraint(op.f("ck_registration_registeredby"), type_="check")
        registration.drop_column("registered_by")
    with op.batch_alter_table("event") as event:
        event.drop_constraint(op.f("ck_event_cancellation_due_when_cancelled"), type_="check")
        event.drop_column("cancellation_due_at")
