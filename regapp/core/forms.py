"""What every form has in common: cleaned text, lengths in words, and errors that say what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import current_app, g, request
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from werkzeug.local import LocalProxy
from wtforms import Field, StringField, TextAreaField
from wtforms.validators import StopValidation

from regapp.core import addresses, text
from regapp.core.context import settings
from regapp.core.db import db
from regapp.core.errors import RuleBroken
from regapp.core.i18n import Text
from regapp.core.limits import TooMany

TOO_LONG = Text(
    "Du kan skriva högst {most} tecken. Ta bort {over} tecken.",
    "You can write at most {most} characters. Remove {over}.",
)
PAGE_TOO_OLD = Text(
    "Sidan hade varit öppen för länge. Det du har fyllt i finns kvar: skicka igen.",
    "The page had been open for too long. What you filled in is still here: send again.",
)
whom_to_write_to: LocalProxy[str] = LocalProxy(lambda: g.get("contact") or addresses.shown(settings().contact))
"""The contact of the day that the page is about, known when the page is written; otherwise the organisation's."""

COOKIES_NEEDED = Text(
    "Din webbläsare skickade inte med någon kaka (cookie), och utan den kan vi inte ta emot ett formulär. Tillåt kakor "
    "för den här webbplatsen och skicka sedan igen, två gånger om det behövs: det du har fyllt i finns kvar. "
    "Går det inte? Skriv till {contact}.",
    "Your browser sent no cookie along, and without one we can’t receive a form. Allow cookies for this site and then "
    "send again, twice if need be: what you filled in is still here. If that doesn’t help, write to {contact}.",
    {"contact": whom_to_write_to},
)
SWITCH = "switch_language"
"""The name of a button that shows the same form in the other language, with what is typed and without sending it."""

Check = Callable[[FlaskForm, Field], None]


class Form(FlaskForm):
    """A form whose forgery check speaks as an error of the whole form, with everything typed still there."""

    has_typed = False
    """Whether it shows what somebody typed, which is then newer than anything that their browser kept."""

    outcome: Any = None
    """What the rule gave that the form was sent to (see follow)."""

    retry_after = 0
    """Seconds after which what a limit refused may be sent again."""

    class Meta(FlaskForm.Meta):
        locales = ("en",)

        def wrap_formdata(self, form: Form, formdata: Any) -> Any:
            """Only what a form sends; Flask-WTF would take JSON too, with values that are no text."""
            typed = None if request.is_json else super().wrap_formdata(form, formdata)
            form.has_typed = bool(typed)
            return typed

    def is_submitted(self) -> bool:
        """Whether it was sent; to be seen in the other language is not to be sent."""
        return bool(super().is_submitted()) and SWITCH not in request.form

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        valid = bool(super().validate(*args, **kwargs))
        if self._fields.get("csrf_token") is not None and self.csrf_token.errors:
            self.csrf_token.errors = []
            self.form_errors.append(PAGE_TOO_OLD if _sends_cookies() else COOKIES_NEEDED)
        return valid

    def refuse(self, error: RuleBroken) -> None:
        """Show what a rule said where it belongs: at its field, or for the whole form."""
        if isinstance(error, TooMany):
            self.retry_after = error.retry_after
        field = self._fields.get(error.field or "")
        if field is None:
            self.form_errors.append(error.message)
        else:
            field.errors = [*field.errors, error.message]


def _sends_cookies() -> bool:
    """Whether the browser keeps our cookie: each page with a form sets it."""
    return current_app.config["SESSION_COOKIE_NAME"] in request.cookies


class ButtonForm(Form):
    """A form that is only a button: it carries the token that shows that the click came from our page."""


def follow(form: Form, rule: Callable[[], object]) -> bool:
    """Whether the form was sent, valid and carried out (see carry_out)."""
    return form.validate_on_submit() and carry_out(form, rule)


def carry_out(form: Form, rule: Callable[[], object]) -> bool:
    """Follow the rule and commit, with what it gave in `form.outcome`; if it said no, the form says why."""
    try:
        form.outcome = rule()
    except RuleBroken as error:
        db.session.rollback()
        form.refuse(error)
        return False
    db.session.commit()
    return True


def answered(form: Form, page: str) -> ResponseReturnValue:
    """The form's page with the status of what became of it: 422 to be corrected, 429 to be sent again later."""
    if form.retry_after:
        return page, 429, {"Retry-After": str(form.retry_after)}
    return page, 422 if form.errors else 200


class TextLine(StringField):
    """One line of text: cleaned, at most `most` characters."""

    def __init__(self, label: Text, most: int, *checks: Check, **options: Any) -> None:
        super().__init__(label, [tidy(most), *checks], **options)
        self.most = most


class AddressLine(TextLine):
    """An e-mail address; what a copy brings along is taken off before anything is checked."""

    def __init__(self, label: Text, *checks: Check, **options: Any) -> None:
        filters = [lambda typed: addresses.bare(typed or "")]
        super().__init__(label, addresses.MAX_LENGTH, *checks, filters=filters, **options)


class TextArea(TextAreaField):
    """Several lines of text: cleaned, at most `most` characters."""

    def __init__(self, label: Text, most: int, *checks: Check, **options: Any) -> None:
        super().__init__(label, [tidy(most, lines=True), *checks], **options)
        self.most = most


def tidy(most: int, *, lines: bool = False) -> Check:
    """Clean the field's text and hold it to its length; what can't be cleaned stays as it was typed."""

    def check(_form: FlaskForm, field: Field) -> None:
        try:
            field.data = text.clean(field.data or "", lines=lines)
        except RuleBroken as error:
            field.data = text.without_controls(field.data or "")
            raise StopValidation(error.message) from None
        if (over := len(field.data) - most) > 0:
            raise StopValidation(TOO_LONG.format(most=most, over=over))

    return check


def needed(message: Text) -> Check:
    """Something must be filled in or chosen; `message` says what."""

    def check(_form: FlaskForm, field: Field) -> None:
        if not field.data:
            raise StopValidation(message)

    check.field_flags = {"required": True}  # type: ignore[attr-defined]
    return check


def a_name(_form: FlaskForm, field: Field) -> None:
    """A person's name, which letters greet."""
    try:
        text.check(field.data or "")
    except RuleBroken as error:
        raise StopValidation(error.message) from None


def address_like(like_this: Text = addresses.LIKE_THIS, *, of_participant: bool = False) -> Check:
    """An e-mail address, asked for in the words `like_this`.

    One `of_participant` gets the letters to participants: none that they come from or are answered at.
    """

    def check(_form: FlaskForm, field: Field) -> None:
        try:
            field.data = addresses.normalise(field.data or "", like_this)
        except RuleBroken as error:
            raise StopValidation(error.message) from None
        if of_participant and (addresses.is_ours(field.data) or addresses.is_answered(field.data)):
            raise StopValidation(addresses.OUR_OWN)

    check.field_flags = {"required": True}  # type: ignore[attr-defined]
    return check


email_address = address_like()
participants_address = address_like(of_participant=True)
