"""The overview, one day, and its messages."""

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from regapp.accounts.access import requires
from regapp.accounts.roles import EVERYBODY
from regapp.attendees import listing
from regapp.campaigns import reminding
from regapp.core.db import db
from regapp.core.forms import ButtonForm
from regapp.core.i18n import t
from regapp.events import finding
from regapp.events.models import Event
from regapp.organising import overview
from regapp.organising.blueprint import READERS, bp
from regapp.organising.days.editing_forms import StateForm
from regapp.organising.overview import queue_now


@bp.get("/")
@requires(*EVERYBODY)
def dashboard() -> ResponseReturnValue:
    days = overview.all_days(g.received_at)
    nearest = overview.find_nearest(days)
    return render_template(
        "organising/days/dashboard.html",
        days=days,
        shown=overview.of(nearest, g.received_at) if nearest else None,
        queue=queue_now(),
    )


@bp.get("/<slug:slug>/")
@requires(*EVERYBODY)
def day(slug: str) -> ResponseReturnValue:
    return day_page(finding.get_by_slug(slug))


def day_page(event: Event, form: StateForm | None = None) -> str:
    """The day with its buttons; `form` is one that was sent in vain."""
    return render_template(
        "organising/days/day.html",
        event=event,
        shown=overview.of(event, g.received_at),
        missed=reminding.has_missed(event.id) and not event.is_over(g.received_at),
        queue=queue_now(),
        form=form or StateForm(version=event.version),
    )


@bp.get("/<slug:slug>/messages")
@requires(*READERS)
def messages(slug: str) -> ResponseReturnValue:
    return _messages(finding.get_by_slug(slug), ButtonForm())


def _messages(event: Event, form: ButtonForm) -> str:
    only_unread = request.args.get("show") == "unread"
    page = request.args.get("page", 1, int)
    return render_template(
        "organising/days/messages.html",
        event=event,
        found=listing.find_messages(event.id, only_unread=only_unread, page=page),
        only_unread=only_unread,
        form=form,
    )


@bp.post("/<slug:slug>/messages/<public_id>/<any(read, unread):mark>")
@requires(*READERS)
def mark_message(slug: str, public_id: str, mark: str) -> ResponseReturnValue:
    event = finding.get_by_slug(slug)
    form = ButtonForm()
    if not form.validate_on_submit():
        return _messages(event, form), 422
    listing.mark_message(event.id, public_id, g.received_at, read=mark == "read")
    db.session.commit()
    words = (
        ("Markerat som läst.", "Marked as read.") if mark == "read" else ("Markerat som oläst.", "Marked as unread.")
    )
    flash(t(*words))
    return redirect(url_for(".messages", slug=slug, show=request.args.get("show")), 303)
