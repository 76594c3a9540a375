"""Signing in and out, choosing a password, and what one gets by mail."""

from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from regapp.accounts import links, managing, passwords, sessions, signing_in
from regapp.accounts.access import carried_fields, open_to_all, requires, sign_in_page
from regapp.accounts.forms import AccountForm, ChangePasswordForm, ChoosePasswordForm, ForgotPasswordForm, SignInForm
from regapp.accounts.models import Organiser
from regapp.accounts.roles import EVERYBODY
from regapp.core import audit, i18n
from regapp.core.db import db
from regapp.core.forms import ButtonForm, Form, follow
from regapp.core.i18n import Text
from regapp.core.mending import lead_to_page
from regapp.core.web import is_ours, personal

bp = Blueprint("accounts", __name__, url_prefix="/organiser")

IS_SAVED = Text("Sparat.", "Saved.")
IS_CHOSEN = Text("Ditt nya lösenord gäller nu.", "Your new password is now in use.")


@bp.before_request
def choose_language() -> None:
    """Swedish until it is known who it is, or until English is asked for."""
    i18n.set_language(request.args.get("language", i18n.DEFAULT_LANGUAGE))


@bp.after_request
def keep_private(response: Response) -> Response:
    return personal(response) if request.endpoint == "accounts.choose_password" else response


@bp.route("/sign-in", methods=["GET", "POST"])
@open_to_all
def sign_in() -> ResponseReturnValue:
    then = on_site(request.args.get("next", ""))
    carried = carried_fields() if "carrying" in request.args else None
    form, page = SignInForm(), sign_in_page(then, carried)
    if follow(form, lambda: _sign_in(form)):
        # 307: the browser sends what was carried on to the page that it was meant for.
        return redirect(then, 303 if carried is None else 307)
    if not form.is_submitted() and sessions.find_organiser():
        return redirect(then)
    return _show(form, **page)


@bp.route("/sign-out", methods=["POST"])
@open_to_all
def sign_out() -> ResponseReturnValue:
    form = ButtonForm()
    if not form.validate_on_submit():
        return render_template("accounts/sign_out.html", button=form), 400
    if organiser := sessions.find_organiser():
        audit.record("organiser.signed_out", actor=organiser.actor, at=g.received_at)
    sessions.end()
    db.session.commit()
    return redirect(url_for(".sign_in"), 303)


@bp.route("/forgot-password", methods=["GET", "POST"])
@open_to_all
def forgot_password() -> ResponseReturnValue:
    form = ForgotPasswordForm()
    if follow(form, lambda: signing_in.ask_for_link(form.email.data, request.remote_addr or "", g.received_at)):
        return redirect(url_for(".link_sent", language=request.args.get("language")), 303)
    return _show(form, "accounts/forgot_password.html")


@bp.route("/forgot-password/sent")
@open_to_all
def link_sent() -> ResponseReturnValue:
    return render_template("accounts/link_sent.html", hours=links.RECOVERY.seconds // 3600)


@bp.route("/choose-password/<token>", methods=["GET", "POST"])
@open_to_all
def choose_password(token: str) -> ResponseReturnValue:
    if (organiser := links.find(token, g.received_at)) is None:
        return lead_to_page() or (render_template("accounts/stale_link.html"), 404)
    i18n.set_language(organiser.language)
    email, form = organiser.email, ChoosePasswordForm()
    if follow(form, lambda: _set_password(organiser, form.new_password.data)):
        return redirect(url_for(".sign_in", language=i18n.current_language()), 303)
    return _show(form, "accounts/choose_password.html", email=email)


@bp.route("/change-password", methods=["GET", "POST"])
@requires(*EVERYBODY)
def change_password() -> ResponseReturnValue:
    form = ChangePasswordForm()
    if follow(form, lambda: _change_password(form)):
        return redirect(url_for(".change_password"), 303)
    return _show(form, "accounts/change_password.html")


@bp.route("/account", methods=["GET", "POST"])
@requires(*EVERYBODY)
def account() -> ResponseReturnValue:
    organiser = sessions.get_organiser()
    form = AccountForm(organiser)
    if form.validate_on_submit():
        preferences = form.preferences(organiser)
        managing.choose(organiser.id, preferences, g.received_at, actor=organiser.actor)
        db.session.commit()
        flash(IS_SAVED.in_language(preferences.language))
        return redirect(url_for(".account"), 303)
    return _show(form, "accounts/account.html", email=organiser.email)


def _change_password(form: ChangePasswordForm) -> None:
    organiser = prove(sessions.get_organiser().email, form.password.data)
    _set_password(organiser, form.new_password.data, is_signed_in=True)


def _sign_in(form: SignInForm) -> None:
    organiser = prove(form.email.data or "", form.password.data or "")
    audit.record("organiser.signed_in", actor=organiser.actor, at=g.received_at)
    sessions.begin(organiser, g.received_at)


def prove(email: str, password: str) -> Organiser:
    """The account whose address and password these are; raises RuleBroken, and wrong tries stay counted."""
    candidate = signing_in.begin(email, request.remote_addr or "", g.received_at)
    db.session.commit()
    if not passwords.matches(password, candidate.password):
        raise signing_in.WrongPassword
    return signing_in.succeed(candidate, g.received_at)


def _set_password(organiser: Organiser, password: str, *, is_signed_in: bool = False) -> None:
    proved = organiser.fs_uniquifier
    managing.set_password(organiser.id, password, g.received_at, actor=organiser.actor, proved=proved)
    if is_signed_in:
        sessions.begin(organiser, g.received_at)
    flash(str(IS_CHOSEN))


def on_site(then: str) -> str:
    """The path to go on to, if it is one of ours; the overview otherwise."""
    return then if is_ours(then) else url_for("organising.dashboard")


def _show(form: Form, template: str, **values: Any) -> ResponseReturnValue:
    page = render_template(template, form=form, **values)
    if form.retry_after:
        return page, 429, {"Retry-After": str(form.retry_after)}
    return page, 400 if form.errors else 200
