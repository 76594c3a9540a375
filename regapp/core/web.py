"""What every request and every page has in common: the instant, the language, the headers, the error pages."""

import io
import re
from collections.abc import Callable
from typing import IO, Any, Final, TypeVar
from urllib.parse import urljoin

from flask import Blueprint, Flask, Response, abort, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter, IntegerConverter, Map, RequestRedirect
from werkzeug.wsgi import LimitedStream

from regapp.core import addresses, clock, i18n
from regapp.core.context import settings
from regapp.core.db import begin_reading, begin_writing

MAX_BODY = 256 * 1024
"""Bytes of a request's body; the longest honest form is a day's editor with a full programme."""

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]")

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


class SlugConverter(BaseConverter):
    """A day's name in an address: its year, and a word where a year has two."""

    regex = r"20\d\d(?:-[a-z0-9]+)*"


class IdConverter(IntegerConverter):
    """A row's number in an address: what an INTEGER column holds, in ASCII digits."""

    regex = "[0-9]{1,10}"

    def __init__(self, map: Map) -> None:
        super().__init__(map, min=1, max=2**31 - 1)


def bilingual(blueprint: Blueprint, rule: str, **options: Any) -> Callable[[View], View]:
    """A public page in both languages: Swedish at `rule`, English at `/en` + `rule`."""

    def decorate(view: View) -> View:
        for language, prefix in (("sv", ""), ("en", "/en")):
            blueprint.add_url_rule(prefix + rule, view.__name__, view, defaults={"lang": language}, **options)
        return view

    return decorate


def page_url(endpoint: str, lang: str | None = None, **values: Any) -> str:
    """The page's path, in the current language or in `lang`."""
    if lang is not None and current_app.url_map.is_endpoint_expecting(endpoint, "lang"):
        values["lang"] = lang
    return url_for(endpoint, **values)


def alternates() -> dict[str, str]:
    """The path of the page being shown in each language; none for a page that follows a person's own."""
    endpoint = request.endpoint
    if endpoint is None or not current_app.url_map.is_endpoint_expecting(endpoint, "lang"):
        return {}
    return {language: page_url(endpoint, language, **(request.view_args or {})) for language in i18n.LANGUAGES}


def absolute(path: str) -> str:
    """The address that people see; never built from the request's Host."""
    return urljoin(settings().base_url, path)


def is_ours(address: str) -> bool:
    """Whether the address is a path on this site, and no trick to leave it."""
    is_path = address.startswith("/") and not address.startswith("//")
    return is_path and "\\" not in address and not any(ord(character) < 33 for character in address)


def personal(response: Response) -> Response:
    """Mark a page that a personal link opened: kept by nobody, found by nobody, told to nobody."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def init_app(app: Flask) -> None:
    config = settings()
    app.url_map.converters.update(slug=SlugConverter, int=IdConverter)
    app.config.update(
        SECRET_KEY=config.secret_key,
        SECRET_KEY_FALLBACKS=list(config.secret_key_fallbacks),
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
        SESSION_COOKIE_SECURE=config.is_https,
        SESSION_COOKIE_NAME="__Host-regapp" if config.is_https else "regapp",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SEND_FILE_MAX_AGE_DEFAULT=3600,
        WTF_CSRF_TIME_LIMIT=None,
        TEMPLATES_AUTO_RELOAD=False,
    )
    if config.trusted_proxies:
        proxies = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.before_request(_begin)
    app.before_request(_measure_body)
    app.before_request(_refuse_controls)
    app.before_request(_stay_here)
    app.before_request(_leave_form)
    app.teardown_request(lambda _error: begin_reading())
    app.url_value_preprocessor(_take_language)
    app.url_defaults(_give_language)
    app.after_request(_add_headers)
    app.jinja_env.globals.update(_WORDS)
    app.jinja_env.filters["shown"] = addresses.shown
    app.context_processor(_template_words)


def _begin() -> None:
    # Taken before the body is read and before any lock: who waits for the lock over midnight was in time.
    # Once, also for a request that is answered on a second connection.
    g.received_at = request.environ.setdefault("regapp.received_at", clock.now())
    begin_reading() if request.method in SAFE_METHODS else begin_writing()


def _measure_body() -> None:
    """Hold the body to what it tells of itself: one that breaks off, or whose chunks are none, is refused.

    One in chunks comes without its length (RFC 9112 §7.1); beyond the limit Werkzeug would cut it.
    """
    environ = request.environ
    if environ.get("CONTENT_LENGTH"):
        # Werkzeug would trust the server that what came is all, and a form that broke off would count.
        environ.pop("wsgi.input_terminated", None)
    elif environ.get("wsgi.input_terminated"):
        body = _read_chunks(environ["wsgi.input"])
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        environ.update({"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))})


def _read_chunks(stream: IO[bytes]) -> bytes:
    try:
        body = LimitedStream(stream, MAX_BODY + 1, is_max=True).readall()
    except HTTPException:
        raise
    except Exception:  # each server raises its own for what is no chunk
        abort(400)
    if len(body) > MAX_BODY:
        abort(413)
    return body


def _refuse_controls() -> None:
    """Nothing has a control character in its name, and PostgreSQL can't be asked for a NUL.

    A token is only compared, and its pages say in their own words that it is damaged.
    """
    names = [value for part, value in (request.view_args or {}).items() if part != "token"]
    if any(isinstance(name, str) and _CONTROLS.search(name) for name in names):
        abort(404)


def _stay_here() -> ResponseReturnValue | None:
    """The router's own redirect (a slash too few) as a path: it would name the host that the request claims."""
    wanted = request.routing_exception
    if not isinstance(wanted, RequestRedirect):
        return None
    return redirect("/" + wanted.new_url.removeprefix(request.host_url).lstrip("/"), wanted.code)


def _leave_form() -> ResponseReturnValue | None:
    """The button beside a form that leads elsewhere: what was typed is not looked at, and stays in the browser."""
    there = request.form.get("leave", "") if request.method == "POST" else ""
    return redirect(there, 303) if is_ours(there) else None


def _take_language(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    in_path = "en" if request.path.startswith("/en/") else i18n.DEFAULT_LANGUAGE
    i18n.set_language((values or {}).pop("lang", in_path))


def _give_language(endpoint: str, values: dict[str, Any]) -> None:
    if "lang" not in values and current_app.url_map.is_endpoint_expecting(endpoint, "lang"):
        values["lang"] = i18n.current_language()


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CSP)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    headers.setdefault("Cache-Control", "no-store")
    if settings().is_https:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if response.mimetype == "text/html":
        headers.setdefault("Content-Language", i18n.current_language())
    return response


_WORDS: dict[str, Any] = {
    "t": i18n.t,
    "languages": i18n.LANGUAGES,
    "page_url": page_url,
    "alternates": alternates,
    "absolute": absolute,
    "format_day": i18n.format_day,
    "format_time": i18n.format_clock,
    "format_time_in_table": i18n.format_clock_in_table,
    "format_instant": i18n.format_instant,
    "format_short": i18n.format_short,
    "format_span": i18n.format_span,
    "local": i18n.local,
}
"""Functions for templates: globals, since macros see nothing of a page's own context."""


def _template_words() -> dict[str, Any]:
    return {
        "lang": i18n.current_language(),
        "settings": settings(),
        "now": g.get("received_at") or clock.now(),
    }
