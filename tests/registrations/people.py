"""People with a registration, and the paths of their pages."""

from __future__ import annotations

from flask import Flask

from regapp.core.db import db
from regapp.mailing.models import MailState, OutgoingMail
from regapp.registrations.letters.links import personal_links
from regapp.registrations.models import Registration
from tests.support.client import CheckingClient
from tests.support.days import APPLICATION


def register(app: Flask, email: str, wish: str = "on_site", language: str = "sv", **fields: object) -> str:
    """Somebody registers from a browser of their own; the path of their page."""
    client: CheckingClient = app.test_client()  # type: ignore[assignment]
    path = "/2026/register" if language == "sv" else "/en/2026/register"
    answer = client.submit(path, **{**APPLICATION, "email": email, "attendance": wish, **fields})
    assert answer.status_code == 200
    return path_of(app, email)


def path_of(app: Flask, email: str) -> str:
    with app.app_context():
        return personal_links(_get(email))["manage"].removeprefix("https://anmalan.example.org")


def find(app: Flask, email: str) -> Registration:
    """The person's registration with its health note, to be read outside the app's context."""
    with app.app_context():
        registration = _get(email)
        _ = registration.health, registration.event
        db.session.expunge_all()
        return registration


def letters_to(app: Flask, email: str) -> list[str]:
    """The kinds of the letters, in the order in which they were written."""
    with app.app_context():
        mails = db.session.query(OutgoingMail).filter_by(recipient=email)
        return [mail.kind for mail in mails.order_by(OutgoingMail.dated_at) if mail.state is not MailState.WITHDRAWN]


def _get(email: str) -> Registration:
    return db.session.query(Registration).filter_by(email=email).order_by(Registration.id.desc()).first()
