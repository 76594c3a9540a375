"""The browser's side of being signed in: Flask-Security's session in a cookie, valid while its row exists."""

from datetime import datetime
from typing import Any, cast

import flask_security
from flask import Flask, g, session
from flask_login import current_user
from flask_security import Security, SQLAlchemyUserDatastore
from flask_wtf.csrf import generate_csrf

from regapp.accounts import signing_in
from regapp.accounts.models import Organiser
from regapp.accounts.roles import Role
from regapp.core.context import settings
from regapp.core.db import db

REFRESH_S = 60
"""How often at most the cookie says anew when the session was last used."""


def init_app(app: Flask) -> None:
    """Flask-Security for passwords and sessions; its pages stay away, ours stand in views.py."""
    app.config.update(
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106  # the method, no password
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        # What we never make is not loaded: cheaper to start.
        SECURITY_HASHING_SCHEMES=["argon2"],
        SECURITY_PASSWORD_SALT=settings().password_salt,
        SECURITY_CLI_USERS_NAME=None,
        SECURITY_CLI_ROLES_NAME=None,
        # It would put a hash of the client's address in the cookie and sign out everybody on a train.
        SESSION_PROTECTION=None,
    )
    # The models have what Flask-Security asks of them, but not its base classes: models know no Flask.
    people = SQLAlchemyUserDatastore(db, cast(Any, Organiser), cast(Any, Role))
    security = Security(app, people, register_blueprint=False)
    security.login_manager.user_loader(_load)
    # No tokens in addresses and headers, and no look at who it is before a page asks for it.
    security.login_manager.request_loader(None)
    security.principal.identity_loaders.clear()
    app.jinja_env.globals["csrf_token"] = generate_csrf


def begin(organiser: Organiser, at: datetime) -> None:
    """Sign in: a new session, in which nothing of the old one is left."""
    end()
    flask_security.login_user(cast(Any, organiser))
    del session["_id"]
    session["token"] = signing_in.open_session(organiser, at)
    session["used"] = int(at.timestamp())


def end() -> None:
    """Sign out here; copies of the cookie open nothing any more."""
    if token := session.get("token"):
        signing_in.close_session(token)
    flask_security.logout_user()
    session.clear()


def find_organiser() -> Organiser | None:
    """Who is signed in."""
    return current_user._get_current_object() if current_user.is_authenticated else None


def actor() -> str:
    """Who acts, for the audit log: the organiser who is signed in."""
    return get_organiser().actor


def get_organiser() -> Organiser:
    """Who is signed in, on a page that is open to organisers only."""
    organiser = find_organiser()
    if organiser is None:
        raise RuntimeError("a page without a rule asks who is signed in")
    return organiser


def _load(uniquifier: str) -> Organiser | None:
    at: datetime = g.received_at
    token, used = session.get("token"), session.get("used", 0)
    if not token or at.timestamp() - used > signing_in.IDLE.total_seconds():
        return None
    organiser = signing_in.find_by_session(token, uniquifier, at)
    if organiser is not None and at.timestamp() - used > REFRESH_S:
        session["used"] = int(at.timestamp())
    return organiser
