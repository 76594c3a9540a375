"""The day's page and the empty form: drawn once for everybody without a session, and kept for a moment."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask import current_app, request
from sqlalchemy import bindparam, select

from regapp.core.db import db
from regapp.core.i18n import current_language
from regapp.events.models import Event, Publication

KEPT_FOR = timedelta(seconds=1)
"""How old the count of places on a page may be."""

# Built once: building and naming it takes as long as asking.
_SAVED = select(
    Event.id,
    Event.version,
    Event.updated_at,
    Event.publication,
    Event.opens_at,
    Event.closes_at,
    Event.promote_until,
    Event.ends_at,
).where(Event.slug == bindparam("slug"))


class Kept(NamedTuple):
    """A page, and the day's row as it was when the page was drawn."""

    saved: tuple[Any, ...]
    drawn_at: datetime
    until: datetime
    page: str


def page(name: str, slug: str, now: datetime, draw: Callable[[], str]) -> str:
    """What `draw` gives, or gave a moment ago in this language for the same save of the day and the same phase.

    Drawn anew for a visitor with a session, whose page may say what is theirs alone, and while the day isn't public.
    """
    if current_app.config["SESSION_COOKIE_NAME"] in request.cookies:
        return draw()
    # Past the session, which would take longer than the question.
    with db.engine.connect() as connection:
        saved = connection.execute(_SAVED, {"slug": slug}).one_or_none()
    if saved is None or saved.publication is Publication.DRAFT:
        return draw()
    pages: dict[tuple[str, str, str], Kept] = current_app.extensions.setdefault("regapp.kept", {})
    key = (name, slug, current_language())
    kept = pages.get(key)
    if kept is None or kept.saved != tuple(saved) or not kept.drawn_at <= now < kept.until:
        changes = [at for at in (saved.opens_at, saved.closes_at, saved.promote_until, saved.ends_at) if at > now]
        kept = pages[key] = Kept(tuple(saved), now, min([now + KEPT_FOR, *changes]), draw())
    return kept.page
