"""The people who arrange the day, and where they are signed in."""

import secrets
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, false
from sqlalchemy.orm import Mapped, mapped_column

from regapp.accounts.roles import Role
from regapp.core.db import Model, enum_type


def new_uniquifier() -> str:
    return secrets.token_hex(32)


class Organiser(Model):
    """Somebody who may sign in.

    `email_key` is the address as it is compared. `password` is an argon2 hash, None until one was chosen.
    `fs_uniquifier` (Flask-Security's name for it) is in every session's cookie: a new one ends them all.
    """

    __tablename__ = "organiser"
    __table_args__ = (CheckConstraint("language IN ('sv', 'en')", name="language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(100), default="")
    language: Mapped[str] = mapped_column(String(2), default="sv")
    role: Mapped[Role] = mapped_column(enum_type(Role))
    active: Mapped[bool] = mapped_column(default=True)
    wants_alarms: Mapped[bool] = mapped_column(default=False, server_default=false())
    wants_digest: Mapped[bool] = mapped_column(default=False, server_default=false())
    password: Mapped[str | None] = mapped_column(String(255))
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True, default=new_uniquifier)
    created_at: Mapped[datetime]
    password_changed_at: Mapped[datetime | None]
    signed_in_at: Mapped[datetime | None]

    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        return self.active

    @property
    def actor(self) -> str:
        """How the audit log names them."""
        return f"organiser:{self.id}"

    def has_role(self, *roles: Role) -> bool:
        return self.role in roles

    def get_id(self) -> str:
        return self.fs_uniquifier


class SignIn(Model):
    """One signed-in browser; without its row the browser's cookie, or a copy of it, opens nothing.

    The cookie holds the token, the row only the token's hash. `ends_at` is the absolute limit.
    """

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    organiser_id: Mapped[int] = mapped_column(ForeignKey("organiser.id", ondelete="CASCADE"), index=True)
    began_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)
