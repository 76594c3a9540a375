"""What takes one press: cancelling, undoing that, leaving the line, answering an offer."""

from __future__ import annotations

from datetime import timedelta

from flask import g, request
from flask.typing import ResponseReturnValue

from regapp.core.forms import Press, counts
from regapp.core.i18n import Text
from regapp.registrations import cancelling, filling, moving
from regapp.registrations.models import UNDO_FOR
from regapp.registrations.pages.day import bp
from regapp.registrations.pages.mine import back, get_changeable, get_standing, show, show_my

ACCEPTED = Text("Välkommen! Platsen på plats är din.", "Welcome! The on-site place is yours.")
DECLINED = Text("Du har tackat nej till platsen.", "You have declined the place.")
IN_LINE = Text("Du står i kö för en plats i lokalen.", "You are in line for an on-site place.")
LEFT_LINE = Text("Du står inte längre i kön.", "You are no longer in line.")
UNDONE = Text("Avanmälan är ångrad. Du är anmäld igen.", "The cancellation is undone. You are registered again.")


@bp.route("/my/<token>/cancel", methods=["GET", "POST"])
def cancel(token: str) -> ResponseReturnValue:
    registration = get_standing(token)
    form = Press()
    if counts(form, lambda: cancelling.cancel(registration.id, g.received_at)):
        return back(token)
    if registration.can_cancel(g.received_at):
        return show("cancel", token, registration, form, minutes=UNDO_FOR // timedelta(minutes=1))
    return show_my(token, registration, form) if form.errors else back(token)


@bp.route("/my/<token>/undo", methods=["GET", "POST"])
def undo(token: str) -> ResponseReturnValue:
    registration = get_standing(token)
    form = Press()
    if counts(form, lambda: cancelling.undo(registration.id, g.received_at)):
        return back(token, UNDONE)
    return show_my(token, registration, form) if form.errors else back(token)


@bp.route("/my/<token>/wait", methods=["GET", "POST"])
def wait(token: str) -> ResponseReturnValue:
    registration = get_standing(token)
    form = Press()
    if counts(form, lambda: cancelling.undo_into_line(registration.id, g.received_at)):
        return back(token, IN_LINE)
    return show_my(token, registration, form) if form.errors else back(token)


@bp.route("/my/<token>/leave-line", methods=["GET", "POST"])
def leave_line(token: str) -> ResponseReturnValue:
    registration = get_changeable(token)
    form = Press()
    if counts(form, lambda: moving.leave_line(registration.id, g.received_at)):
        return back(token, LEFT_LINE)
    if not registration.is_in_line:
        return show_my(token, registration, form) if form.errors else back(token)
    return show("leave_line", token, registration, form)


@bp.route("/my/<token>/accept", methods=["GET", "POST"])
def accept(token: str) -> ResponseReturnValue:
    return _answer(token, accepted=True)


@bp.route("/my/<token>/decline", methods=["GET", "POST"])
def decline(token: str) -> ResponseReturnValue:
    return _answer(token, accepted=False)


def _answer(token: str, *, accepted: bool) -> ResponseReturnValue:
    """The buttons stand on the registration's page; an address typed or opened leads there."""
    registration = get_standing(token)
    form = Press()
    rule, words = (filling.accept, ACCEPTED) if accepted else (filling.decline, DECLINED)
    if request.method == "POST" and registration.has_seat and accepted:
        return back(token)
    if counts(form, lambda: rule(registration.id, g.received_at)):
        return back(token, words)
    return show_my(token, registration, form) if form.errors else back(token)
