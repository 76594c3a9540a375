"""Attempts without a registration."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from regapp.accounts.access import requires
from regapp.attendees.attempts import find_page
from regapp.events import finding
from regapp.organising.blueprint import READERS, bp


@bp.get("/<slug:slug>/attempts")
@requires(*READERS)
def attempts(slug: str) -> ResponseReturnValue:
    event = finding.get_by_slug(slug)
    found = find_page(event.id, request.args.get("page", 1, int))
    return render_template("organising/people/attempts.html", event=event, found=found)
