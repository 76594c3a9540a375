"""The form to register and the page that answers it."""

from flask import g, redirect, render_template, session
from flask.typing import ResponseReturnValue

from regapp.core.db import db
from regapp.core.errors import RuleBroken
from regapp.core.web import bilingual, page_url
from regapp.events.models import Event
from regapp.registrations import places, registering, submissions
from regapp.registrations.forms import AddressForm, RegistrationForm
from regapp.registrations.models import Submission
from regapp.registrations.public import bp, get_visible
from regapp.registrations.refusals import RegistrationClosed
from regapp.registrations.workplaces import WORKPLACES


@bilingual(bp, "/<slug:slug>/register", methods=["GET", "POST"])
def register(slug: str) -> ResponseReturnValue:
    event = get_visible(slug)
    form = RegistrationForm()
    if form.is_submitted() and _take_in(event, form):
        return redirect(page_url(".received", slug=slug))
    return _show(event, form), 422 if form.is_submitted() else 200


def _take_in(event: Event, form: RegistrationForm) -> bool:
    """Whether the form counted; if not, it says why."""
    valid = form.validate()
    key = form.check_key(g.received_at) if valid else None
    if key is None:
        return False
    try:
        registering.submit(event.id, form.to_application(), key, g.received_at)
    except RuleBroken as error:
        db.session.rollback()
        form.refuse(error)
        return False
    db.session.commit()
    session["submission"] = key
    return True


def _show(event: Event, form: RegistrationForm) -> str:
    form.renew_key(g.received_at)
    closed = None if event.is_open(g.received_at) else RegistrationClosed(event, g.received_at)
    if closed and form.is_submitted() and closed.message not in form.form_errors:
        form.refuse(closed)
    return render_template(
        "registrations/register.html",
        event=event,
        form=form,
        closed=closed and closed.message,
        places=places.count(event),
        workplaces=WORKPLACES,
    )


@bilingual(bp, "/<slug:slug>/received")
def received(slug: str) -> ResponseReturnValue:
    event = get_visible(slug)
    submission = _own_submission(event)
    return render_template(
        "registrations/received.html", event=event, address=submission and submission.email
    )


@bilingual(bp, "/<slug:slug>/correct-address", methods=["GET", "POST"])
def correct_address(slug: str) -> ResponseReturnValue:
    event = get_visible(slug)
    submission = _own_submission(event)
    if submission is None:
        return redirect(page_url(".received", slug=slug))
    form = AddressForm(email=submission.email)
    if form.validate_on_submit() and _correct(submission.key, form):
        return redirect(page_url(".received", slug=slug))
    page = render_template("registrations/correct_address.html", event=event, form=form)
    return page, 422 if form.is_submitted() else 200


def _correct(key: str, form: AddressForm) -> bool:
    try:
        registering.correct_address(key, form.email.data, g.received_at)
    except RuleBroken as error:
        db.session.rollback()
        form.refuse(error)
        return False
    db.session.commit()
    return True


def _own_submission(event: Event) -> Submission | None:
    """What this browser sent a short while ago; its address can still be corrected."""
    key = session.get("submission")
    submission = db.session.get(Submission, key) if isinstance(key, str) else None
    if submission is None or submission.event_id != event.id:
        return None
    return submission if submissions.is_correctable(submission, g.received_at) else None
