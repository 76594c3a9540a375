"""The form to register."""

from flask import g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from regapp.core.db import db
from regapp.core.errors import RuleBroken
from regapp.core.forms import answered
from regapp.core.web import bilingual, page_url
from regapp.events import finding
from regapp.events.models import Event
from regapp.registrations import places, registering
from regapp.registrations.choices import WORKPLACES
from regapp.registrations.pages import page_cache, sent_forms
from regapp.registrations.pages.day import bp, get_visible
from regapp.registrations.pages.register_form import FormKey, RegistrationForm
from regapp.registrations.refusals import RegistrationClosed
from regapp.registrations.submissions import Submission

# Where each visitor's own goes in a page that is drawn once for many.
KEY, TOKEN = "\x02key\x03", "\x02token\x03"


@bilingual(bp, "/<slug:slug>/register", methods=["GET", "POST"])
def register(slug: str) -> ResponseReturnValue:
    if request.method != "POST":
        return _blank(slug)
    form = RegistrationForm()
    if not form.is_submitted():
        return _show(get_visible(slug), form)
    # Before the database is asked anything: from then on others wait for us.
    key = form.check_key(g.received_at, slug) if form.validate() else None
    if key is not None and (submission := _take_in(slug, form, key)):
        return redirect(page_url(".answer", slug=slug, answer_id=submission.answer_id))
    return answered(form, _show(get_visible(slug), form))


def _blank(slug: str) -> str:
    """The form with nothing typed in it, drawn once for many; each that is shown has its own key and token."""
    page = page_cache.page("register", slug, g.received_at, lambda: _draw_blank(slug))
    return page.replace(KEY, FormKey().new(g.received_at, slug)).replace(TOKEN, generate_csrf())


def _draw_blank(slug: str) -> str:
    form = RegistrationForm()
    page = _show(get_visible(slug), form)
    return page.replace(form.form_key.data, KEY).replace(form.csrf_token.current_token, TOKEN)


def _take_in(slug: str, form: RegistrationForm, key: str) -> Submission | None:
    """What the form counted as; None when it didn't, and then it says why."""
    try:
        submission = registering.submit(
            finding.get_id(slug),
            form.to_application(),
            key,
            g.received_at,
            sent_forms.sent_here(),
            request.remote_addr or "",
        )
    except RuleBroken as error:
        db.session.rollback()
        form.refuse(error)
        return None
    db.session.commit()
    sent_forms.remember(submission)
    return submission


def _show(event: Event, form: RegistrationForm) -> str:
    form.renew_key(g.received_at, event.slug)
    closed = None if event.is_open(g.received_at) else RegistrationClosed(event, g.received_at)
    if closed and form.is_submitted() and closed.message not in form.form_errors:
        form.refuse(closed)
    day_places = places.count(event)
    if has_line := day_places.has_line(event, g.received_at):
        form.offer_line()
    return render_template(
        "registrations/register/register.html",
        event=event,
        form=form,
        closed=closed and closed.message,
        places=day_places,
        has_line=has_line,
        workplaces=WORKPLACES,
    )
