"""Addresses that a mail program or a hand has damaged: a full stop too much, a slash, capitals."""

import re
from typing import Final
from urllib.parse import quote

from flask import Response, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from regapp.core.web import personal

LONGEST: Final = 500
"""Characters; no page of ours has a longer address."""

_AT_THE_END: Final = re.compile(r"(?:[&<]/?[a-z]+|%[0-9a-f]{2}|[^\w\x00-\x08\x0e-\x1f=+-])+$", re.IGNORECASE)
"""What a mail program takes for a part of the link before it: signs and spaces of any script, and what is left of
markup or of a sign that was encoded twice. No token of ours ends with any of these.
"""


def lead_to_page() -> ResponseReturnValue | None:
    """A redirect to the page that is meant; None when there is none, or when something is sent rather than opened."""
    if request.method not in {"GET", "HEAD"}:
        return None
    path = _mend(request.path)
    if path is None or path == request.path:
        return None
    query = request.query_string.decode("ascii", "replace")
    response = Response(status=308)
    response.headers["Location"] = quote(path) + (f"?{query}" if query else "")
    return personal(response)


def _mend(path: str) -> str | None:
    """The path of one of our pages, with its own values as they were written."""
    if len(path) > LONGEST:
        return None
    tidy = _AT_THE_END.sub("", re.sub("/+", "/", path))
    if not (tidy.isascii() and tidy.isprintable()):
        return None
    for candidate in (tidy, tidy + "/"):
        if pattern := _find_pattern(candidate.lower()):
            return _in_small_letters(candidate, pattern)
    return None


def _find_pattern(path: str) -> str | None:
    try:
        rule, _ = current_app.url_map.bind_to_environ(request.environ).match(path, "GET", return_rule=True)
    except HTTPException:
        return None
    # A file's name is as it is.
    return None if "<path:" in rule.rule else rule.rule


def _in_small_letters(path: str, pattern: str) -> str:
    """A page's own words and a day's name are written small; a token is as it is."""
    parts = zip(path.split("/"), pattern.split("/"), strict=True)
    return "/".join(
        given if own.startswith("<") and not own.startswith("<slug:") else given.lower() for given, own in parts
    )
