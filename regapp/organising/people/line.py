"""The line for a seat on site."""

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from regapp.accounts import sessions
from regapp.accounts.access import requires
from regapp.attendees import listing, statistics
from regapp.core.db import db
from regapp.core.forms import follow
from regapp.core.i18n import t
from regapp.events import finding
from regapp.organising.blueprint import EDITORS, READERS, bp
from regapp.organising.people.person_forms import FirstForm
from regapp.registrations import on_behalf, places
from regapp.registrations.finding import in_line, position, positions


@bp.get("/<slug:slug>/line")
@requires(*READERS)
def line(slug: str) -> ResponseReturnValue:
    event = finding.get_by_slug(slug)
    return render_template(
        "organising/people/line.html",
        event=event,
        people=db.session.scalars(in_line(event.id)).all(),
        positions=positions(event.id),
        places=places.count(event),
        standing=statistics.standing(event.id),
        is_open=event.fills_seats(g.received_at),
        offers=event.offers_seats(g.received_at),
    )


@bp.route("/<slug:slug>/line/<public_id>/first", methods=["GET", "POST"])
@requires(*EDITORS)
def move_to_front(slug: str, public_id: str) -> ResponseReturnValue:
    event = finding.get_by_slug(slug)
    registration = listing.get(event.id, public_id)
    form = FirstForm()
    if follow(form, lambda: _move(registration.id, form)):
        flash(t("Personen står nu först i kön.", "The person is now first in line."))
        return redirect(url_for(".line", slug=slug), 303)
    page = render_template(
        "organising/people/move_to_front.html",
        event=event,
        registration=registration,
        position=position(registration),
        form=form,
    )
    return page, 422 if request.method == "POST" else 200


def _move(registration_id: int, form: FirstForm) -> None:
    on_behalf.move_to_front(registration_id, form.reason.data, g.received_at, actor=sessions.actor())
