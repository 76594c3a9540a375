"""The pages that a personal link opens: the registration, its calendar file, and the door to the meeting."""

from flask import Response, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from regapp.core.db import db
from regapp.core.errors import NotFound
from regapp.core.forms import Press
from regapp.core.i18n import set_language
from regapp.core.links import Purpose, read
from regapp.core.web import personal
from regapp.registrations import cancelling, entries, letters
from regapp.registrations.models import Registration
from regapp.registrations.public import bp, calendar_file


def get_own(purpose: Purpose, token: str) -> Registration:
    """The registration that the link is for, and its language from here on; raises NotFound."""
    claim = read(purpose, token)
    registration = claim and db.session.scalar(
        select(Registration).where(
            Registration.public_id == claim.public_id, Registration.link_version == claim.version
        )
    )
    if not registration or not registration.has_living_links(g.received_at):
        raise NotFound
    set_language(registration.language)
    return registration


@bp.after_request
def keep_private(response: Response) -> Response:
    return personal(response) if request.path.startswith(("/my/", "/join/")) else response


@bp.route("/my/<token>")
def my(token: str) -> ResponseReturnValue:
    registration = get_own(Purpose.MANAGE, token)
    return render_template(
        "registrations/my.html",
        token=token,
        event=registration.event,
        registration=registration,
        can_cancel=registration.can_cancel(g.received_at),
    )


@bp.route("/my/<token>/cancel", methods=["GET", "POST"])
def cancel(token: str) -> ResponseReturnValue:
    registration = get_own(Purpose.MANAGE, token)
    form = Press()
    if form.validate_on_submit():
        cancelling.cancel(registration.id, g.received_at)
        db.session.commit()
        return redirect(url_for(".my", token=token))
    if not registration.can_cancel(g.received_at):
        return redirect(url_for(".my", token=token))
    return render_template(
        "registrations/cancel.html",
        token=token,
        event=registration.event,
        registration=registration,
        form=form,
    )


@bp.route("/my/<token>/event.ics")
def my_event_file(token: str) -> ResponseReturnValue:
    registration = get_own(Purpose.MANAGE, token)
    if not registration.is_active:
        raise NotFound
    join_url = letters.personal_links(registration)["join"]
    entry = entries.invitation(registration, g.received_at, join_url)
    return calendar_file(entry.publish(), registration.event)


@bp.route("/join/<token>", methods=["GET", "POST"])
def join(token: str) -> ResponseReturnValue:
    registration = get_own(Purpose.JOIN, token)
    event = registration.event
    form = Press()
    may_join = registration.can_join(g.received_at)
    return render_template(
        "registrations/join.html",
        event=event,
        registration=registration,
        form=form,
        may_join=may_join,
        meeting_url=event.meeting_url if may_join and form.validate_on_submit() else None,
    )
