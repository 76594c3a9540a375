"""Which calendar entry a letter is about, in a column of its own; until now it was read out of the letter's key."""

import re
from collections.abc import Callable
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision = "013"
down_revision = "012"

AT_A_TIME = 1000
UID = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
IN_KEY, IN_CALENDAR = re.compile(UID), re.compile(f"^UID:({UID})@", re.MULTILINE)
MAIL = sa.table(
    "outgoing_mail",
    sa.column("id", sa.String),
    sa.column("key", sa.String),
    sa.column("registration_id", sa.Integer),
    sa.column("calendar", sa.Text),
    sa.column("entry_uid", sa.Uuid),
)


def upgrade() -> None:
    with op.batch_alter_table("outgoing_mail") as mail:
        mail.add_column(sa.Column("entry_uid", sa.Uuid, nullable=True))
        given = sa.text("entry_uid IS NOT NULL")
        mail.create_index("ix_outgoing_mail_entry_uid", ["entry_uid"], sqlite_where=given, postgresql_where=given)
    rewrite(MAIL.c.entry_uid, MAIL.c.registration_id.is_not(None), entry_of)


def downgrade() -> None:
    rewrite(MAIL.c.key, MAIL.c.entry_uid.is_not(None), earlier_key)
    with op.batch_alter_table("outgoing_mail") as mail:
        mail.drop_index("ix_outgoing_mail_entry_uid")
        mail.drop_column("entry_uid")


def rewrite(column: sa.ColumnClause[object], which: sa.ColumnElement[bool], value: Callable[[sa.Row], object]) -> None:
    """Write a column of these letters anew, a thousand letters at a time."""
    bind = op.get_bind()
    letters = sa.select(MAIL).where(which).order_by(MAIL.c.id)
    write = MAIL.update().where(MAIL.c.id == sa.bindparam("letter")).values({column: sa.bindparam("value")})
    last = ""
    while rows := bind.execute(letters.where(MAIL.c.id > last).limit(AT_A_TIME)).all():
        bind.execute(write, [{"letter": row.id, "value": value(row)} for row in rows])
        last = rows[-1].id


def entry_of(letter: sa.Row) -> UUID | None:
    """An order has no calendar part yet; an answer to a calendar never gets one."""
    if found := IN_CALENDAR.search(letter.calendar or ""):
        return UUID(found[1])
    found = IN_KEY.search(letter.key)
    return UUID(found[0]) if found else None


def earlier_key(letter: sa.Row) -> str:
    """The program before this revision finds a letter by the entry in its key, in five groups of digits."""
    uid = letter.entry_uid
    key = letter.key.replace(uid.hex, str(uid))
    return key if str(uid) in key else f"{key}:{uid}"
