"""What becomes of letters, without a mail server: as the worker and the inbox would note it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from regapp.core import clock
from regapp.core.db import db, writing
from regapp.mailing import link_requests, orders
from regapp.mailing.models import Bounce, OutgoingMail, TryOutcome
from regapp.mailing.sending import claiming
from regapp.mailing.sending.claiming import Answer

REFUSAL = "550 5.1.1 No such user <b>here</b>"
RETURN = "552 5.2.2 Mailbox <i>full</i>"


def answer_questions(app: Flask) -> None:
    """Who asked for a link gets the letter written, as in a worker's round."""
    with app.app_context():
        while link_requests.answer_next():
            pass


def all_go(app: Flask, outcome: TryOutcome = TryOutcome.SENT, words: str = "250 Ok") -> None:
    """Every letter that is due gets this answer; questions for a link are answered first."""
    answer_questions(app)
    with app.app_context():
        while _one_goes(Answer(outcome, words)):
            pass


def _one_goes(answer: Answer) -> bool:
    with writing():
        claimed = claiming.claim(clock.now())
        if claimed is not None and made(claimed.id):
            claiming.note_answer(claimed.id, answer, clock.now())
        return claimed is not None


def made(mail_id: str) -> bool:
    """Whether a claimed letter is one: of an order it is made now, and an overtaken order is dropped."""
    mail = db.session.get_one(OutgoingMail, mail_id, populate_existing=True)
    is_letter = not mail.is_order or orders.render(mail)
    db.session.flush()
    if not is_letter:
        claiming.drop(mail_id)
    return is_letter


def refuse(app: Flask) -> None:
    all_go(app, TryOutcome.FAILED, REFUSAL)


def bounce(app: Flask, email: str) -> None:
    """The letters to this address come back an hour later."""
    with app.app_context(), writing():
        for mail in db.session.scalars(select(OutgoingMail).filter_by(recipient=email)):
            mail.bounce = Bounce(at=clock.now() + timedelta(hours=1), status="5.2.2", reason=RETURN)


def letters(app: Flask, email: str = "") -> list[OutgoingMail]:
    """The letters, or those to one address, the earliest first, to be read outside the app's context."""
    with app.app_context():
        statement = select(OutgoingMail).order_by(OutgoingMail.dated_at)
        found = list(db.session.scalars(statement.filter_by(recipient=email) if email else statement))
        db.session.expunge_all()
        return found


def change(app: Flask, model: type[Any], how: Callable[[Any], None], **which: Any) -> None:
    """Change one row past the rules."""
    with app.app_context(), writing():
        how(db.session.scalars(select(model).filter_by(**which)).one())
