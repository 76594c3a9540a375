"""What a person sees when something can't be done, in their language and with what they typed kept."""

from flask import Flask, Response, current_app, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from regapp.core.db import db, was_stale
from regapp.core.errors import NotFound, RuleBroken, where
from regapp.core.i18n import Text
from regapp.core.mending import lead_to_page
from regapp.core.web import SAFE_METHODS, personal

RETRY_AFTER_S = 5

_ASKED_AGAIN = "regapp.asked_again"


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, _show_http_error)
    app.register_error_handler(404, _show_missing)
    app.register_error_handler(NotFound, _show_missing)
    app.register_error_handler(RuleBroken, lambda error: error_page(409, error.message))
    app.register_error_handler(OperationalError, _show_database_trouble)
    app.register_error_handler(PoolTimeout, _show_database_trouble)
    app.register_error_handler(Exception, _show_bug)


def _show_missing(_error: Exception) -> ResponseReturnValue:
    return lead_to_page() or error_page(404)


def _show_http_error(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or (error.code or 500) < 400:
        return error.get_response()
    response = error_page(error.code or 500)
    for name, value in error.get_headers():
        if name.lower() in {"allow", "retry-after"}:
            response.headers[name] = value
    return response


def _show_database_trouble(error: Exception) -> ResponseReturnValue:
    is_first = not request.environ.get(_ASKED_AGAIN)
    if is_first and isinstance(error, DBAPIError) and was_stale(error):
        return _answer_again()
    # Only the kind of error is logged: its message holds the statement's values, which are personal data.
    current_app.logger.error("the database is out of reach or busy: %s", type(error).__name__)
    # Not rolled back: a connection that is dying could raise once more.
    db.session().invalidate()
    response = error_page(503)
    response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def _answer_again() -> ResponseReturnValue:
    """The request from its beginning, on a connection that lives; what it raises then is shown like any other error."""
    request.environ[_ASKED_AGAIN] = True
    db.session().invalidate()
    try:
        answer = current_app.preprocess_request()
        return current_app.dispatch_request() if answer is None else answer
    except Exception as error:
        return current_app.handle_user_exception(error)


def _show_bug(error: Exception) -> ResponseReturnValue:
    if current_app.testing:
        raise error
    current_app.logger.error("a bug: %s", where(error))
    return error_page(500)


_ERRORS: dict[int, tuple[Text, Text]] = {
    400: (
        Text("Det gick inte att läsa", "It could not be read"),
        Text(
            "Det som skickades gick inte att läsa. Gå tillbaka, ladda om sidan och försök igen.",
            "What was sent could not be read. Go back, reload the page and try again.",
        ),
    ),
    403: (
        Text("Du har inte behörighet", "You don’t have permission"),
        Text(
            "Din roll ger inte tillgång till den här sidan. Be en administratör om hjälp.",
            "Your role doesn’t give access to this page. Ask an administrator for help.",
        ),
    ),
    404: (
        Text("Sidan finns inte", "The page doesn’t exist"),
        Text(
            "Adressen är fel, eller så gäller länken inte längre. Begär en ny länk om den kom i ett mejl.",
            "The address is wrong, or the link is no longer valid. Ask for a new link if it came in an e-mail.",
        ),
    ),
    405: (
        Text("Det går inte att göra så", "That can’t be done this way"),
        Text("Gå tillbaka och använd knappen på sidan.", "Go back and use the button on the page."),
    ),
    409: (
        Text("Det gick inte", "It could not be done"),
        Text("Gå tillbaka och ladda om sidan.", "Go back and reload the page."),
    ),
    413: (
        Text("Det är för mycket text", "It is too much text"),
        Text("Gå tillbaka, korta texten och skicka igen.", "Go back, shorten the text and send again."),
    ),
    429: (
        Text("För många försök", "Too many attempts"),
        Text("Vänta en stund och försök sedan igen.", "Wait a while and then try again."),
    ),
    503: (
        Text("Vi har mycket att göra just nu", "We are very busy right now"),
        Text(
            "Ingenting har gått förlorat. Försök igen om en stund.",
            "Nothing is lost. Try again in a while.",
        ),
    ),
    500: (
        Text("Något gick fel hos oss", "Something went wrong on our side"),
        Text(
            "Det du har fyllt i finns kvar. Försök igen om en stund.",
            "What you filled in is still here. Try again in a while.",
        ),
    ),
}


def error_page(code: int, message: Text | None = None) -> Response:
    """The page for an error, in the person's language; what they had typed waits behind a button."""
    db.session.rollback()
    title, words = _ERRORS.get(code) or _ERRORS[500 if code >= 500 else 400]
    page = render_template(
        "errors/error.html",
        code=code,
        title=str(title),
        message=str(message or words),
        typed=_typed_fields() if code in {409, 429, 500, 503} else [],
    )
    return personal(Response(page, status=code))


def _typed_fields() -> list[tuple[str, str]]:
    """What the form held, so that it can be sent again; never a password."""
    if request.method in SAFE_METHODS:
        return []
    return [(name, value) for name, value in request.form.items(multi=True) if "password" not in name]
