"""What anybody sees: the day, its calendar entry, and the organisation's information."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import bindparam, select

from regapp.accounts.sessions import find_organiser
from regapp.core import markdown
from regapp.core.db import db
from regapp.core.errors import NotFound
from regapp.core.i18n import current_language
from regapp.core.web import bilingual, page_url
from regapp.events import finding
from regapp.events.models import Event, Publication
from regapp.registrations import application, places
from regapp.registrations.letters import entries

bp = Blueprint("registrations", __name__)

KEPT_FOR: Final = timedelta(seconds=1)
"""How old the count of places on a day's page may be: drawing it takes nine tenths of the page's time."""

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
    """A day's page, and the day's row as it was when the page was drawn."""

    saved: tuple[Any, ...]
    drawn_at: datetime
    until: datetime
    page: str


def get_visible(slug: str) -> Event:
    """The day, if this visitor may see it: a draft is there for organisers alone; raises NotFound."""
    event = finding.get_by_slug(slug)
    if not event.is_public() and find_organiser() is None:
        raise NotFound
    g.contact = event.contact_email
    return event


@bilingual(bp, "/")
def home() -> ResponseReturnValue:
    event = finding.find_current(g.received_at)
    if event is None:
        return render_template("registrations/day/no_day.html")
    return redirect(page_url(".day", slug=event.slug))


@bilingual(bp, "/<slug:slug>/")
def day(slug: str) -> ResponseReturnValue:
    has_session = current_app.config["SESSION_COOKIE_NAME"] in request.cookies
    response = make_response(_draw(slug) if has_session else _drawn(slug, g.received_at))
    response.headers["Cache-Control"] = "no-cache"
    return response


def _drawn(slug: str, now: datetime) -> str:
    """The page as a visitor without a session gets it: the one drawn a moment ago for the same save and phase."""
    # Past the session, which would take longer than the question.
    with db.engine.connect() as connection:
        saved = connection.execute(_SAVED, {"slug": slug}).one_or_none()
    if saved is None or saved.publication is Publication.DRAFT:
        return _draw(slug)
    kept: dict[tuple[str, str], Kept] = current_app.extensions.setdefault("regapp.days", {})
    key = (slug, current_language())
    page = kept.get(key)
    if page is None or page.saved != tuple(saved) or not page.drawn_at <= now < page.until:
        changes = [at for at in (saved.opens_at, saved.closes_at, saved.promote_until, saved.ends_at) if at > now]
        page = kept[key] = Kept(tuple(saved), now, min([now + KEPT_FOR, *changes]), _draw(slug))
    return page.page


def _draw(slug: str) -> str:
    event = get_visible(slug)
    day_places = places.count(event)
    return render_template(
        "registrations/day/day.html",
        event=event,
        phase=event.phase(g.received_at),
        places=day_places,
        has_line=day_places.has_line(event, g.received_at),
        description_html=markdown.render(event.description),
        directions_html=markdown.render(event.directions),
        google_url=google_url(event),
        outlook_url=outlook_url(event),
    )


@bilingual(bp, "/<slug:slug>/event.ics")
def event_file(slug: str) -> ResponseReturnValue:
    event = get_visible(slug)
    return calendar_file(entries.day_entry(event, g.received_at).publish(), event)


def calendar_file(content: bytes, event: Event) -> Response:
    response = Response(content, content_type="text/calendar; charset=utf-8; method=PUBLISH")
    response.headers["Content-Disposition"] = f'attachment; filename="swecarnet-{event.slug}.ics"'
    return response


def google_url(event: Event) -> str:
    """A prefilled entry in Google's calendar; its times are UTC without punctuation."""
    stamp = "%Y%m%dT%H%M%SZ"
    values = {
        "action": "TEMPLATE",
        "text": event.title,
        "dates": f"{event.starts_at.strftime(stamp)}/{event.ends_at.strftime(stamp)}",
        "location": entries.place(event),
        "details": entries.day_url(event),
    }
    return "https://calendar.google.com/calendar/render?" + urlencode(values)


def outlook_url(event: Event) -> str:
    """A prefilled entry in Outlook's calendar on the web."""
    values = {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": event.title,
        "startdt": event.starts_at.isoformat(),
        "enddt": event.ends_at.isoformat(),
        "location": entries.place(event),
        "body": entries.day_url(event),
    }
    return "https://outlook.office.com/calendar/0/deeplink/compose?" + urlencode(values)


@bilingual(bp, "/privacy")
def privacy() -> ResponseReturnValue:
    return render_template("registrations/day/privacy.html", notice_version=application.NOTICE_VERSION)


@bilingual(bp, "/accessibility")
def accessibility() -> ResponseReturnValue:
    return render_template("registrations/day/accessibility.html")


@bilingual(bp, "/cookies")
def cookies() -> ResponseReturnValue:
    return render_template("registrations/day/cookies.html")
