"""The letters of a day, and one of them."""

from flask import Response, g, render_template, request
from flask.typing import ResponseReturnValue

from regapp.accounts.access import requires
from regapp.attendees import deliveries, letters
from regapp.core.errors import NotFound
from regapp.core.forms import ButtonForm, Form
from regapp.core.i18n import LANGUAGES, current_language
from regapp.events import finding
from regapp.events.models import Event
from regapp.mailing.letters import Written
from regapp.mailing.models import OutgoingMail
from regapp.mailing.sending.again import times_repeated
from regapp.organising.blueprint import READERS, bp
from regapp.organising.mail import plan as plans
from regapp.organising.mail import previews
from regapp.organising.mail.forms import AgainForm, MailFilterForm
from regapp.organising.mail.previews import Sample
from regapp.organising.mail.words import entry_words
from regapp.organising.overview import queue_now
from regapp.registrations.choices import Wish
from regapp.registrations.letters import again

MOST_MISSING = 20
"""How many people without a delivered confirmation the page shows; the attendee list has them all."""


@bp.get("/<slug:slug>/mail")
@requires(*READERS)
def mail(slug: str) -> ResponseReturnValue:
    return mail_page(finding.get_by_slug(slug), ButtonForm())


def mail_page(event: Event, hurry: ButtonForm) -> ResponseReturnValue:
    """The letters and who lacks one; `hurry` is a button that was pressed in vain."""
    counts = letters.count(event.id)
    form = MailFilterForm(counts.by_kind)
    is_valid = form.validate()
    page = render_template(
        "organising/mail/mail.html",
        event=event,
        counts=counts,
        missing=deliveries.find_undelivered(event, g.received_at, MOST_MISSING),
        queue=queue_now(),
        form=form,
        hurry=hurry,
        found=letters.find_page(event.id, form.to_chosen(), request.args.get("page", 1, int)) if is_valid else None,
        now=g.received_at,
    )
    return page, 200 if is_valid and not hurry.errors else 422


@bp.get("/<slug:slug>/mail/<string(length=32):mail_id>")
@requires(*READERS)
def letter(slug: str, mail_id: str) -> ResponseReturnValue:
    event = finding.get_by_slug(slug)
    return letter_page(event, letters.get(event.id, mail_id))


def letter_page(event: Event, mail: OutgoingMail, refused: Form | None = None) -> ResponseReturnValue:
    """One letter; `refused` is a button that was pressed in vain."""
    registration = letters.find_addressee(mail)
    page = render_template(
        "organising/mail/letter.html",
        event=event,
        letter=mail,
        registration=registration,
        queue=queue_now(),
        repeats=letters.repeats(mail),
        entry=entry_words(mail.calendar) if mail.calendar else None,
        text=previews.readable(mail.text) if mail.text else None,
        refused=refused or ButtonForm(),
        again=AgainForm(formdata=None, times=times_repeated(mail)),
        present=AgainForm(formdata=None, times=again.times_told(registration) if registration else 0),
        why_not=again.why_not(mail, g.received_at),
        why_not_present=again.why_not_present(registration, g.received_at) if registration else None,
    )
    return page, 422 if refused else 200


@bp.get("/<slug:slug>/mail/<string(length=32):mail_id>/html")
@requires(*READERS)
def letter_html(slug: str, mail_id: str) -> ResponseReturnValue:
    found = letters.get(finding.get_by_slug(slug).id, mail_id)
    if found.html is None:
        raise NotFound
    return previews.framed(found.html)


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
    sample = previews.find(event, name)
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
    return previews.framed(_written(event, previews.find(event, name)).html)


def _written(event: Event, sample: Sample) -> Written:
    return previews.write(event, sample, _wish(sample), _language(), g.received_at)


def _wish(sample: Sample) -> Wish:
    """The form of attendance asked for, where the letter knows it."""
    return next((wish for wish in sample.wishes if wish == request.args.get("form")), sample.wishes[0])


def _language() -> str:
    asked = request.args.get("language", "")
    return asked if asked in LANGUAGES else current_language()
