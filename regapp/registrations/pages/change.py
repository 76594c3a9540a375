"""The forms behind a personal link: how one takes part, details, needs, language, address, a colleague instead."""

from datetime import timedelta

from flask import g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from regapp.core import limits
from regapp.core.forms import ButtonForm, follow
from regapp.core.i18n import Text, set_language
from regapp.core.limits import Limit
from regapp.core.web import bilingual, page_url
from regapp.registrations import cancelling, changing, filling, moving, transferring
from regapp.registrations.application import Needs
from regapp.registrations.choices import WORKPLACES, Wish
from regapp.registrations.models import UNDO_FOR, Registration
from regapp.registrations.pages.day import bp, get_visible
from regapp.registrations.pages.forms import AddressForm, ColleagueForm, DetailsForm, LanguageForm, MoveForm, NeedsForm
from regapp.registrations.pages.mine import back, get_changeable, get_standing, show, show_my

SAVED = Text("Ändringen är sparad.", "The change is saved.")
MOVED = Text(
    "Din deltagandeform är ändrad. Vi har skickat ett mejl om det.",
    "Your form of attendance is changed. We have sent an e-mail about it.",
)
NO_MOVE = Text(
    "Det finns inget att ändra till längre. Din anmälan gäller som förut.",
    "There is nothing to change to any more. Your registration stands as before.",
)
WITHDRAWN = Text(
    "Uppgifterna om kost och tillgänglighet är raderade.", "What you wrote about diet and access is deleted."
)
LANGUAGE_CHANGED = Text("Nu skriver vi till dig på svenska.", "From now on we write to you in English.")

ADDRESSES = Limit("registrations.address", 5, timedelta(days=1))
"""How often a registration moves to another mailbox: each one gets a letter."""


@bp.route("/my/<token>/attendance", methods=["GET", "POST"])
def attendance(token: str) -> ResponseReturnValue:
    registration = get_changeable(token)
    moves = moving.moves(registration, g.received_at)
    if not moves:
        return back(token, NO_MOVE if request.method == "POST" else None)
    form = MoveForm()
    form.offer(moves)
    if follow(form, lambda: moving.move(registration.id, Wish(form.attendance.data), g.received_at)):
        return back(token, MOVED)
    hints = {move.to.value: move.follows for move in moves}
    closed = [move.to.value for move in moves if not move.is_open]
    return show("attendance", token, registration, form, hints=hints, closed=closed)


@bp.route("/my/<token>/details", methods=["GET", "POST"])
def details(token: str) -> ResponseReturnValue:
    registration = get_changeable(token)
    form = DetailsForm(obj=registration)
    if follow(form, lambda: changing.change_details(registration.id, form.to_details(), g.received_at)):
        return back(token, SAVED)
    return show("details", token, registration, form, workplaces=WORKPLACES)


@bp.route("/my/<token>/needs", methods=["GET", "POST"])
def needs(token: str) -> ResponseReturnValue:
    registration = get_changeable(token)
    form = NeedsForm(obj=registration.health, health_consent=registration.health is not None)
    if follow(form, lambda: changing.change_needs(registration.id, form.to_needs(), g.received_at)):
        return back(token, SAVED)
    return _show_needs(token, registration, form)


@bp.route("/my/<token>/withdraw-consent", methods=["GET", "POST"])
def withdraw_consent(token: str) -> ResponseReturnValue:
    registration = get_changeable(token)
    form = ButtonForm()
    if follow(form, lambda: changing.change_needs(registration.id, Needs(), g.received_at)):
        return back(token, WITHDRAWN)
    if registration.health is None:
        return show_my(token, registration, form) if form.errors else back(token)
    return show("withdraw_consent", token, registration, form)


def _show_needs(token: str, registration: Registration, form: NeedsForm) -> ResponseReturnValue:
    can_change = registration.can_change_needs(g.received_at) and registration.wants_seat
    return show("needs", token, registration, form, can_change=can_change)


@bp.route("/my/<token>/language", methods=["GET", "POST"])
def language(token: str) -> ResponseReturnValue:
    registration = get_changeable(token)
    form = LanguageForm(obj=registration)
    if follow(form, lambda: changing.change_language(registration.id, form.language.data, g.received_at)):
        set_language(registration.language)
        return back(token, LANGUAGE_CHANGED)
    return show("language", token, registration, form)


@bp.route("/my/<token>/address", methods=["GET", "POST"])
def address(token: str) -> ResponseReturnValue:
    registration = get_changeable(token)
    slug = registration.event.slug
    form = AddressForm(obj=registration)
    if follow(form, lambda: _change_address(registration, form.email.data)):
        return redirect(page_url(".address_changed", slug=slug), 303)
    return show("address", token, registration, form)


def _change_address(registration: Registration, email: str) -> None:
    limits.take(ADDRESSES, registration.public_id, g.received_at)
    changing.change_own_address(registration.id, email, g.received_at, request.remote_addr or "")


@bilingual(bp, "/<slug:slug>/address-changed")
def address_changed(slug: str) -> ResponseReturnValue:
    """The same words whatever became of it, and no link: the person goes on from the letter."""
    return render_template("registrations/mine/address_changed.html", event=get_visible(slug))


@bp.route("/my/<token>/transfer", methods=["GET", "POST"])
def transfer(token: str) -> ResponseReturnValue:
    registration = get_changeable(token)
    form = ColleagueForm()
    if follow(form, lambda: _transfer(registration, form)):
        return back(token)
    if transferring.why_not(registration, g.received_at):
        return show_my(token, registration, form) if form.errors else back(token)
    return show("transfer", token, registration, form)


def _transfer(registration: Registration, form: ColleagueForm) -> None:
    transferring.transfer(registration.id, form.to_colleague(), g.received_at, request.remote_addr or "")


ACCEPTED = Text("Välkommen! Platsen på plats är din.", "Welcome! The on-site place is yours.")
DECLINED = Text("Du har tackat nej till platsen.", "You have declined the place.")
IN_LINE = Text("Du står i kö för en plats i lokalen.", "You are in line for an on-site place.")
LEFT_LINE = Text("Du står inte längre i kön.", "You are no longer in line.")
UNDONE = Text("Avanmälan är ångrad. Du är anmäld igen.", "The cancellation is undone. You are registered again.")


@bp.route("/my/<token>/cancel", methods=["GET", "POST"])
def cancel(token: str) -> ResponseReturnValue:
    registration = get_standing(token)
    form = ButtonForm()
    if follow(form, lambda: cancelling.cancel(registration.id, g.received_at)):
        return back(token)
    if registration.can_cancel(g.received_at):
        return show("cancel", token, registration, form, minutes=UNDO_FOR // timedelta(minutes=1))
    return show_my(token, registration, form) if form.errors else back(token)


@bp.route("/my/<token>/undo", methods=["GET", "POST"])
def undo(token: str) -> ResponseReturnValue:
    registration = get_standing(token)
    form = ButtonForm()
    if follow(form, lambda: cancelling.undo(registration.id, g.received_at)):
        return back(token, UNDONE)
    return show_my(token, registration, form) if form.errors else back(token)


@bp.route("/my/<token>/wait", methods=["GET", "POST"])
def wait(token: str) -> ResponseReturnValue:
    registration = get_standing(token)
    form = ButtonForm()
    if follow(form, lambda: cancelling.undo_into_line(registration.id, g.received_at)):
        return back(token, IN_LINE)
    return show_my(token, registration, form) if form.errors else back(token)


@bp.route("/my/<token>/leave-line", methods=["GET", "POST"])
def leave_line(token: str) -> ResponseReturnValue:
    registration = get_changeable(token)
    form = ButtonForm()
    if follow(form, lambda: moving.leave_line(registration.id, g.received_at)):
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
    form = ButtonForm()
    rule, words = (filling.accept, ACCEPTED) if accepted else (filling.decline, DECLINED)
    if request.method == "POST" and registration.has_seat and accepted:
        return back(token)
    if follow(form, lambda: rule(registration.id, g.received_at)):
        return back(token, words)
    return show_my(token, registration, form) if form.errors else back(token)
