"""Organisers for tests, and browsers in which they are signed in."""

import functools
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.http import parse_cookie
from werkzeug.test import TestResponse

from regapp.accounts import managing, passwords, sessions
from regapp.accounts.models import Organiser
from regapp.accounts.roles import Role
from regapp.core import audit, clock
from regapp.core.db import db, writing
from tests.support.client import CheckingClient

PASSWORD = "korrekt häst batteri"
OVERVIEW = "/organiser/"


@functools.cache
def _hashed(_salt: str) -> str:
    return passwords.hash_password(PASSWORD)


def add_organiser(app: Flask, role: Role = Role.ORGANISER, email: str = "", *, language: str = "sv") -> int:
    """Somebody with the PASSWORD; their id."""
    email = email or f"{role}@example.org"
    with app.app_context(), writing():
        added: Organiser = managing.add(email, role, clock.now(), actor=audit.SYSTEM, language=language)
        added.password = _hashed(app.config["SECURITY_PASSWORD_SALT"])
        return added.id


def try_to_sign_in(
    client: CheckingClient, email: str, password: str = PASSWORD, path: str = "/organiser/sign-in"
) -> TestResponse:
    fields = {"sign_in-email": email, "sign_in-password": password}
    return client.submit(path, action=None, follow=False, **fields)


def sign_in(client: CheckingClient, email: str, password: str = PASSWORD) -> CheckingClient:
    response = try_to_sign_in(client, email, password)
    assert response.status_code == 303, response.status
    return client


def signed_in(app: Flask, role: Role = Role.ORGANISER, *, language: str = "sv") -> CheckingClient:
    """A browser of its own, in which a new organiser with this role is signed in.

    The session is the one that signing in begins, without its two pages and the work of argon2.
    """
    organiser_id = add_organiser(app, role, language=language)
    client = app.test_client()
    assert isinstance(client, CheckingClient)
    with app.test_request_context(base_url=client.base_url, method="POST"):
        app.preprocess_request()
        sessions.begin(db.session.get_one(Organiser, organiser_id), clock.now())
        db.session.commit()
        answer = app.process_response(app.make_response(""))
    ((name, value),) = parse_cookie(answer.headers["Set-Cookie"].partition(";")[0]).items()
    client.set_cookie(name, value, domain=urlsplit(client.base_url).netloc, secure=True)
    return client
