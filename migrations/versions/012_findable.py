"""What a registration is found and sorted by, folded anew; its name alone, and the name as namesakes share it."""

import unicodedata
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

from regapp.registrations import findable

revision = "012"
down_revision = "011"

AT_A_TIME = 1000
EARLIER_WORDS = ("first_name", "last_name", "email", "workplace", "department", "profession_other")
EARLIER_ORDER = str.maketrans({"å": "z1", "ä": "z2", "ö": "z3", "æ": "z2", "ø": "z3", "ü": "y"})


def upgrade() -> None:
    with op.batch_alter_table("registration") as registration:
        registration.add_column(sa.Column("search_name", sa.String, nullable=False, server_default=""))
        registration.add_column(sa.Column("namesake_key", sa.String(400), nullable=False, server_default=""))
    # The keys are the program's own: what is stored must be folded as what is typed, whichever release does it.
    fold(findable.WORDS, findable.keys)
    with op.batch_alter_table("registration") as registration:
        registration.alter_column("search_name", server_default=None)
        registration.alter_column("namesake_key", server_default=None)
    op.create_index("ix_registration_namesakes", "registration", ["event_id", "namesake_key"])


def downgrade() -> None:
    op.drop_index("ix_registration_namesakes", "registration")
    with op.batch_alter_table("registration") as registration:
        registration.drop_column("namesake_key")
        registration.drop_column("search_name")
    fold(EARLIER_WORDS, earlier_keys)


def fold(words: tuple[str, ...], keys: Callable[[dict[str, str]], dict[str, str]]) -> None:
    """Write the keys of every row, a thousand rows at a time."""
    bind = op.get_bind()
    registration = sa.Table("registration", sa.MetaData(), autoload_with=bind)
    read = sa.select(registration.c.id, *(registration.c[name] for name in words)).order_by(registration.c.id)
    write = sa.update(registration).where(registration.c.id == sa.bindparam("row"))
    last = 0
    while rows := bind.execute(read.where(registration.c.id > last).limit(AT_A_TIME)).mappings().all():
        bind.execute(write, [{"row": row["id"], **keys({name: row[name] for name in words})} for row in rows])
        last = rows[-1]["id"]


def earlier_keys(words: dict[str, str]) -> dict[str, str]:
    """The keys as the program before this revision writes and looks for them."""
    spoken = " ".join(word for word in words.values() if word)
    return {
        "search_text": unicodedata.normalize("NFC", spoken).casefold(),
        "sort_key": earlier_sort_key(words["last_name"], words["first_name"]),
        "workplace_key": earlier_sort_key(words["workplace"]),
    }


def earlier_sort_key(*parts: str) -> str:
    return "\x01".join(map(earlier_sortable, parts))[:400]


def earlier_sortable(part: str) -> str:
    letters = unicodedata.normalize("NFC", part).casefold().replace("z", "z0").translate(EARLIER_ORDER)
    return "".join(sign for sign in unicodedata.normalize("NFD", letters) if not unicodedata.combining(sign))
