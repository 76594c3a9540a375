"""The join page: the participant's own door to the online meeting."""

from __future__ import annotations

from flask import g, render_template
from flask.typing import ResponseReturnValue

from regapp.core.db import db
from regapp.core.forms import Press
from regapp.core.links import Purpose
from regapp.registrations import joining
from regapp.registrations.joining import Door
from regapp.registrations.pages.day import bp
from regapp.registrations.pages.mine import get_own


@bp.route("/join/<token>", methods=["GET", "POST"])
def join(token: str) -> ResponseReturnValue:
    registration = get_own(Purpose.JOIN, token)
    form = Press()
    door = joining.door(registration, g.received_at)
    goes_in = door is Door.OPEN and form.validate_on_submit()
    if goes_in:
        joining.join(registration.id, g.received_at)
        db.session.commit()
    page = render_template(
        "registrations/mine/join.html",
        event=registration.event,
        registration=registration,
        door=door,
        goes_in=goes_in,
        form=form,
    )
    return page, 422 if form.errors else 200
