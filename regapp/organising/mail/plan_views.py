"""The mail plan and the letters in it."""

from __future__ import annotations

from flask import Response, g, render_template, request
from flask.typing import ResponseReturnValue

from regapp.accounts.access import requires
from regapp.core.i18n import LANGUAGES, current_language
from regapp.events import finding
from regapp.events.models import Event
from regapp.mailing.letters import Written
from regapp.organising.blueprint import READERS, bp
from regapp.organising.mail import plan as plans
from regapp.organising.mail import previews, samples
from regapp.organising.mail.samples import Sample
from regapp.registrations.choices import Wish


@bp.get("/<slug:slug>/mail-plan")
@requires(*READERS)
def mail_plan(slug: str) -> ResponseReturnValue:
    event = finding.get_by_slug(slug)
    return render_template("organising/mail/mail_plan.html", event=event, plan=plans.of(event, g.received_at))


@bp.get("/<slug:slug>/mail-plan/<name>")
@requires(*READERS)
def planned_letter(slug: str, name: str) -> ResponseReturnValue:
    """The letter's text, and its HTML in a frame, in the language and for the form that the address asks for."""
    event = finding.get_by_slug(slug)
    sample = samples.find(event, name)
    written = _written(event, sample)
    return render_template(
        "organising/mail/planned_letter.html",
        event=event,
        name=name,
        sample=sample,
        wish=_wish(sample),
        language=_language(),
        subject=written.subject,
        text=previews.readable(written.text),
    )


@bp.get("/<slug:slug>/mail-plan/<name>/html")
@requires(*READERS)
def planned_letter_html(slug: str, name: str) -> Response:
    event = finding.get_by_slug(slug)
    return previews.framed(_written(event, samples.find(event, name)).html)


def _written(event: Event, sample: Sample) -> Written:
    return samples.write(event, sample, _wish(sample), _language(), g.received_at)


def _wish(sample: Sample) -> Wish:
    """The form of attendance asked for, where the letter knows it."""
    return next((wish for wish in sample.wishes if wish == request.args.get("form")), sample.wishes[0])


def _language() -> str:
    asked = request.args.get("language", "")
    return asked if asked in LANGUAGES else current_language()
