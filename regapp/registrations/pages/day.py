"""What anybody sees: the day, its calendar entry, and the organisation's information."""

from urllib.parse import urlencode

from flask import Blueprint, Response, g, make_response, redirect, render_template
from flask.typing import ResponseReturnValue

from regapp.accounts.sessions import find_organiser
from regapp.core import markdown
from regapp.core.errors import NotFound
from regapp.core.web import bilingual, page_url
from regapp.events import finding
from regapp.events.models import Event
from regapp.registrations import application, places
from regapp.registrations.letters import entries
from regapp.registrations.pages import page_cache

bp = Blueprint("registrations", __name__)


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
    response = make_response(page_cache.page("day", slug, g.received_at, lambda: _draw(slug)))
    response.headers["Cache-Control"] = "no-cache"
    return response


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
