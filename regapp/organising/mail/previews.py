"""A letter as its reader sees it, for organisers: no link in it works, and nothing in it runs."""

from __future__ import annotations

from flask import Response

from regapp.core.i18n import t
from regapp.mailing import marks

FRAME_CSP = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""A letter's styles are in its lines, which pages forbid: a preview is a document of its own, in a frame."""


def framed(html: str) -> Response:
    """The letter's HTML as a document for the frame of a page (templates/macros/letters.html)."""
    response = Response(marks.blank(html, "#"), mimetype="text/html")
    response.headers["Content-Security-Policy"] = FRAME_CSP
    return response


def readable(text: str) -> str:
    """The letter's text, with words where its personal links will stand."""
    return marks.blank(text, t("[personlig länk]", "[personal link]"))
