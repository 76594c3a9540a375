"""What people wrote: why organisers did something leaves the audit log; addresses are kept as they were written.

Until now a domain with other letters than a–z was kept as mail has it on the wire, in IDNA ASCII.
"""

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

from regapp.core.addresses import on_the_wire, shown

revision = "010"
down_revision = "009"

ENTRY = sa.table("audit_entry", sa.column("id", sa.Integer), sa.column("details", sa.JSON))
REASON = sa.table("reason", sa.column("audit_entry_id", sa.Integer), sa.column("text", sa.Text))

ADDRESSES = (
    ("registration", "email"),
    ("attempt", "email"),
    ("submission", "email"),
    ("organiser", "email"),
    ("event", "contact_email"),
    ("outgoing_mail", "recipient"),
    ("other_answer", "address"),
)


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
    rewrite_addresses("%@%xn--%", shown)


def downgrade() -> None:
    rewrite_addresses("%@%", on_the_wire)
    connection = op.get_bind()
    joined = sa.select(ENTRY, REASON.c.text).join(REASON, REASON.c.audit_entry_id == ENTRY.c.id)
    for entry_id, details, reason in connection.execute(joined).all():
        write(connection, entry_id, {**details, "reason": reason})
    op.drop_table("reason")


def write(connection: sa.Connection, entry_id: int, details: Mapping[str, Any]) -> None:
    connection.execute(ENTRY.update().where(ENTRY.c.id == entry_id).values(details=details))


def rewrite_addresses(like: str, change: Callable[[str], str]) -> None:
    """Write every address anew that another form changes; organisers find people by theirs."""
    connection = op.get_bind()
    for table_name, name in ADDRESSES:
        table = sa.table(table_name, sa.column(name), sa.column("search_text"))
        column = table.c[name]
        for old in connection.scalars(sa.select(column).distinct().where(column.like(like))).all():
            if (new := change(old)) == old:
                continue
            if table_name == "registration":
                found = sa.func.replace(table.c.search_text, old.casefold(), new.casefold())
                connection.execute(table.update().where(column == old).values(search_text=found))
            connection.execute(table.update().where(column == old).values({name: new}))
