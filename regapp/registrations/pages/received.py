"""The pages that answer a form: where the letter goes, and the address corrected."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import escape

from regapp.core.forms import answered, counts
from regapp.core.i18n import Text
from regapp.core.links import Purpose, sign
from regapp.core.web import bilingual, page_url
from regapp.registrations import registering
from regapp.registrations.pages import page_cache, sent_forms
from regapp.registrations.pages.day import bp, get_visible
from regapp.registrations.pages.forms import CorrectionForm
from regapp.registrations.submissions import Submission

# Where each visitor's own goes in a page that is drawn once for many.
NAME, ADDRESS, ANSWER = "\x02name\x03", "\x02address\x03", "~answer~"

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
    submission = sent_forms.find(slug, answer_id)
    if submission is None:
        return redirect(page_url(".received", slug=slug))
    page = page_cache.page("received", slug, g.received_at, lambda: _draw_answer(slug, answer_id))
    own = {NAME: escape(submission.name), ADDRESS: escape(submission.email), ANSWER: answer_id}
    for mark, value in own.items():
        page = page.replace(mark, value)
    return page


def _draw_answer(slug: str, answer_id: str) -> str:
    values = {"event": get_visible(slug), "answer_id": answer_id, "name": NAME, "address": ADDRESS}
    return render_template("registrations/register/received.html", **values).replace(answer_id, ANSWER)


@bilingual(bp, "/<slug:slug>/received/<answer_id>/correct-address", methods=["GET", "POST"])
def correct_address(slug: str, answer_id: str) -> ResponseReturnValue:
    event = get_visible(slug)
    submission = sent_forms.find(slug, answer_id)
    application = registering.application_in(submission) if submission else None
    if submission is None or application is None:
        flash(str(TOO_LATE), "warning")
        return redirect(page_url(".received", slug=slug))
    proof = sign(Purpose.CORRECT, answer_id, submission.link_version)
    form = CorrectionForm(answer_id, asks_for_needs=application.wish.wants_seat, email=submission.email, proof=proof)
    if counts(form, lambda: _correct(submission, form)):
        return redirect(page_url(".answer", slug=slug, answer_id=answer_id), 303)
    refused = registering.why_not_correctable(submission, g.received_at)
    values = {"event": event, "form": form, "submission": submission, "refused": refused and refused.message}
    return answered(form, render_template("registrations/register/correct_address.html", **values))


def _correct(submission: Submission, form: CorrectionForm) -> None:
    sender = request.remote_addr or ""
    email, needs = form.email.data, form.to_needs()
    registering.correct_address(submission.answer_id, form.shown_version, email, needs, g.received_at, sender)
