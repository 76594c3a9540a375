"""The form to register and the page that answers it."""

from flask import g, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from markupsafe import escape
from sqlalchemy import bindparam, select

from regapp.core.db import db
from regapp.core.errors import RuleBroken
from regapp.core.web import bilingual, page_url
from regapp.events import finding
from regapp.events.models import Event
from regapp.registrations import keeping, places, registering, submissions
from regapp.registrations.forms import FormKey, RegistrationForm
from regapp.registrations.models import Submission
from regapp.registrations.person_forms import AddressForm
from regapp.registrations.public import bp, get_visible
from regapp.registrations.refusals import RegistrationClosed
from regapp.registrations.workplaces import WORKPLACES

# Where each visitor's own goes in a page that is drawn once for many.
KEY, TOKEN, ADDRESS = "\x02key\x03", "\x02token\x03", "\x02address\x03"

_SUBMISSION = select(Submission).join(Event).where(Submission.key == bindparam("key"), Event.slug == bindparam("slug"))


@bilingual(bp, "/<slug:slug>/register", methods=["GET", "POST"])
def register(slug: str) -> ResponseReturnValue:
    if request.method != "POST":
        return _blank(slug)
    form = RegistrationForm()
    # Before the database is asked anything: from then on others wait for us.
    key = form.check_key(g.received_at) if form.validate() else None
    if key is not None and _take_in(slug, form, key):
        return redirect(page_url(".received", slug=slug))
    return _show(get_visible(slug), form), 422


def _blank(slug: str) -> str:
    """The form with nothing typed in it, drawn once for many; each that is shown has its own key and token."""
    page = keeping.page("register", slug, g.received_at, lambda: _draw_blank(slug))
    return page.replace(KEY, FormKey().new(g.received_at)).replace(TOKEN, generate_csrf())


def _draw_blank(slug: str) -> str:
    form = RegistrationForm()
    page = _show(get_visible(slug), form)
    return page.replace(form.form_key.data, KEY).replace(form.csrf_token.current_token, TOKEN)


def _take_in(slug: str, form: RegistrationForm, key: str) -> bool:
    """Whether the form counted; if not, it says why."""
    try:
        submission = registering.submit(finding.get_id(slug), form.to_application(), key, g.received_at)
    except RuleBroken as error:
        db.session.rollback()
        form.refuse(error)
        return False
    session["submission"] = submission.key
    db.session.commit()
    return True


def _show(event: Event, form: RegistrationForm) -> str:
    form.renew_key(g.received_at)
    closed = None if event.is_open(g.received_at) else RegistrationClosed(event, g.received_at)
    if closed and form.is_submitted() and closed.message not in form.form_errors:
        form.refuse(closed)
    day_places = places.count(event)
    if has_line := day_places.has_line(event, g.received_at):
        form.offer_line()
    return render_template(
        "registrations/register.html",
        event=event,
        form=form,
        closed=closed and closed.message,
        places=day_places,
        has_line=has_line,
        workplaces=WORKPLACES,
    )


@bilingual(bp, "/<slug:slug>/received")
def received(slug: str) -> ResponseReturnValue:
    submission = _own_submission(slug)
    if submission is None:
        return _draw_received(slug, None)
    page = keeping.page("received", slug, g.received_at, lambda: _draw_received(slug, ADDRESS))
    return page.replace(ADDRESS, escape(submission.email))


def _draw_received(slug: str, address: str | None) -> str:
    return render_template("registrations/received.html", event=get_visible(slug), address=address)


@bilingual(bp, "/<slug:slug>/correct-address", methods=["GET", "POST"])
def correct_address(slug: str) -> ResponseReturnValue:
    event = get_visible(slug)
    submission = _own_submission(slug)
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


def _own_submission(slug: str) -> Submission | None:
    """What this browser sent a short while ago; its address can still be corrected."""
    if not isinstance(key := session.get("submission"), str):
        return None
    submission = db.session.scalar(_SUBMISSION, {"key": key, "slug": slug})
    return submission if submission and submissions.is_correctable(submission, g.received_at) else None
