"""Which role a page is open to. A page of the organisers' that doesn't say so stops the start."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from regapp.accounts import sessions
from regapp.accounts.forms import SignInForm
from regapp.accounts.roles import Role
from regapp.core.db import db
from regapp.core.i18n import set_language
from regapp.core.web import SAFE_METHODS

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

GUARDED = "/organiser"
_NOT_CARRIED = ("csrf_token", "password", "sign_in-")


def requires(*roles: Role) -> Callable[[View], View]:
    """The page is open to these roles; it speaks the organiser's language.

    Anybody else is asked to sign in. What they were sending is carried through the sign-in.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(**values: Any) -> ResponseReturnValue:
            organiser = sessions.find_organiser()
            if organiser is None:
                return _ask_to_sign_in()
            set_language(organiser.language)
            if not organiser.has_role(*roles):
                abort(403)
            return view(**values)

        guarded.open_to = frozenset(roles)  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def open_to_all(view: View) -> View:
    """The page is for people who are not signed in, too."""
    view.open_to = None  # type: ignore[attr-defined]
    return view


def refuse_undeclared(app: Flask) -> None:
    """Raises RuntimeError when an organisers' page has no rule; called when all pages are registered."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if (rule.rule + "/").startswith(GUARDED + "/") and not hasattr(view, "open_to"):
            raise RuntimeError(f"{rule.endpoint} ({rule.rule}) doesn't say which roles it is open to")


def _ask_to_sign_in() -> ResponseReturnValue:
    here = request.full_path if request.query_string else request.path
    if request.method in SAFE_METHODS:
        return redirect(url_for("accounts.sign_in", next=here))
    db.session.rollback()
    page = sign_in_page(here, carried_fields())
    return render_template(page.pop("template"), form=SignInForm(formdata=None), **page), 401


def carried_fields() -> list[tuple[str, str]]:
    """What was being sent when the session was found to be over; no passwords, and none of the sign-in's own."""
    fields = request.form.items(multi=True)
    return [(name, value) for name, value in fields if not any(word in name for word in _NOT_CARRIED)]


def sign_in_page(then: str, carried: list[tuple[str, str]] | None) -> dict[str, Any]:
    """What the page to sign in on needs; `carried` is sent on to `then`."""
    return {"template": "accounts/sign_in.html", "then": then, "carried": carried}
