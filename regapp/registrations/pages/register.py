"""The form to register."""

from typing import Final

from flask import flash, g, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from regapp.core.forms import answered, carry_out, follow
from regapp.core.i18n import Text
from regapp.core.links import Purpose, sign
from regapp.core.web import bilingual, page_url
from regapp.events import finding
from regapp.events.models import Event
from regapp.registrations import places, registering, submissions
from regapp.registrations.choices import WORKPLACES
from regapp.registrations.pages import page_cache
from regapp.registrations.pages.day import bp, get_visible
from regapp.registrations.pages.forms import CorrectionForm
from regapp.registrations.pages.register_form import FormKey, RegistrationForm
from regapp.registrations.places import RegistrationClosed
from regapp.registrations.submissions import Submission

# Where each visitor's own goes in a form that is drawn once for many.
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
    if key is not None and carry_out(form, lambda: _take_in(slug, form, key)):
        remember(form.outcome)
        return redirect(page_url(".answer", slug=slug, answer_id=form.outcome.answer_id))
    return answered(form, _show(get_visible(slug), form))


def _blank(slug: str) -> str:
    """The form with nothing typed in it; each that is shown has its own key and token."""
    page = page_cache.page("register", slug, g.received_at, lambda: _draw_blank(slug))
    return page.replace(KEY, FormKey().new(g.received_at, slug)).replace(TOKEN, generate_csrf())


def _draw_blank(slug: str) -> str:
    form = RegistrationForm()
    page = _show(get_visible(slug), form)
    return page.replace(form.form_key.data, KEY).replace(form.csrf_token.current_token, TOKEN)


def _take_in(slug: str, form: RegistrationForm, key: str) -> Submission:
    client = request.remote_addr or ""
    return registering.submit(finding.get_id(slug), form.to_application(), key, g.received_at, sent_here(), client)


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


MOST: Final = 20
"""How many of the latest a session remembers: a secretary's morning, in a cookie of a few hundred octets."""

_KEY: Final = "sent"


def sent_here() -> list[str]:
    """The answer pages of what this browser has sent."""
    kept = session.get(_KEY)
    return [name for name in kept if isinstance(name, str)] if isinstance(kept, list) else []


def remember(submission: Submission) -> None:
    """Let this browser, and no other, see the form's answer for a while."""
    others = [name for name in sent_here() if name != submission.answer_id]
    session[_KEY] = [*others, submission.answer_id][-MOST:]


def find(slug: str, answer_id: str) -> Submission | None:
    """What this browser sent to the day a short while ago; its address can still be corrected."""
    if answer_id not in sent_here():
        return None
    submission = submissions.find_of_day(slug, answer_id)
    return submission if submission and submissions.is_correctable(submission, g.received_at) else None


TOO_LATE = Text(
    "Adressen är inte rättad. Den går att rätta i 30 minuter, i den webbläsare som skickade formuläret. Anmäl dig igen "
    "med rätt adress, eller skriv till arrangören.",
    "The address is not corrected. It can be corrected for 30 minutes, in the browser that sent the form. Register "
    "again with the right address, or write to the organiser.",
)


@bilingual(bp, "/<slug:slug>/received")
def received(slug: str) -> ResponseReturnValue:
    """The answer to anybody, and to a correction that came too late."""
    return render_template("registrations/register/received.html", event=get_visible(slug), answer_id=None)


@bilingual(bp, "/<slug:slug>/received/<answer_id>")
def answer(slug: str, answer_id: str) -> ResponseReturnValue:
    """The answer to whoever sent the form, and for a while; to anybody else the one that tells nothing."""
    submission = find(slug, answer_id)
    if submission is None:
        return redirect(page_url(".received", slug=slug))
    return render_template(
        "registrations/register/received.html",
        event=get_visible(slug),
        answer_id=answer_id,
        name=submission.name,
        address=submission.email,
    )


@bilingual(bp, "/<slug:slug>/received/<answer_id>/correct-address", methods=["GET", "POST"])
def correct_address(slug: str, answer_id: str) -> ResponseReturnValue:
    event = get_visible(slug)
    submission = find(slug, answer_id)
    application = registering.application_in(submission) if submission else None
    if submission is None or application is None:
        flash(str(TOO_LATE), "warning")
        return redirect(page_url(".received", slug=slug))
    proof = sign(Purpose.CORRECT, answer_id, submission.link_version)
    form = CorrectionForm(answer_id, asks_for_needs=application.wish.wants_seat, email=submission.email, proof=proof)
    if follow(form, lambda: _correct(submission, form)):
        return redirect(page_url(".answer", slug=slug, answer_id=answer_id), 303)
    refused = registering.why_not_correctable(submission, g.received_at)
    values = {"event": event, "form": form, "submission": submission, "refused": refused and refused.message}
    return answered(form, render_template("registrations/register/correct_address.html", **values))


def _correct(submission: Submission, form: CorrectionForm) -> None:
    sender = request.remote_addr or ""
    email, needs = form.email.data, form.to_needs()
    registering.correct_address(submission.answer_id, form.shown_version, email, needs, g.received_at, sender)
