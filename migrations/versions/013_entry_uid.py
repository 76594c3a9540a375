"""A letter names the calendar entry that it is about in a column, instead of in its key."""

import re
import uuid

import sqlalchemy as sa
from alembic import op

revision = "013"
down_revision = "012"

AT_A_TIME = 1000
ENTRY = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MAIL = sa.table("outgoing_mail", sa.column("id"), sa.column("key"), sa.column("entry_uid", sa.Uuid))


def upgrade() -> None:
    with op.batch_alter_table("outgoing_mail") as mail:
        mail.add_column(sa.Column("entry_uid", sa.Uuid, nullable=True))
    bind, last = op.get_bind(), ""
    read = sa.select(MAIL.c.id, MAIL.c.key).order_by(MAIL.c.id).limit(AT_A_TIME)
    write = sa.update(MAIL).where(MAIL.c.id == sa.bindparam("row")).values(entry_uid=sa.bindparam("uid", type_=sa.Uuid))
    while rows := bind.execute(read.where(MAIL.c.id > last)).all():
        named = [(row.id, ENTRY.search(row.key)) for row in rows]
        if found := [{"row": identity, "uid": uuid.UUID(entry[0])} for identity, entry in named if entry]:
            bind.execute(write, found)
        last = rows[-1].id
    given = sa.text("entry_uid IS NOT NULL")
    op.create_index(
        "ix_outgoing_mail_entry_uid", "outgoing_mail", ["entry_uid"], sqlite_where=given, postgresql_where=given
    )


def downgrade() -> None:
    op.drop_index("ix_outgoing_mail_entry_uid", "outgoing_mail")
    with op.batch_alter_table("outgoing_mail") as mail:
        mail.drop_column("entry_uid")
