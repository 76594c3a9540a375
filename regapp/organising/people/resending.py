"""Sending somebody a letter again, the same or a fresh one, and to another address."""

from flask import flash, g, redirect, url_for
from flask.typing import ResponseReturnValue

from regapp.accounts import sessions
from regapp.accounts.access import requires
from regapp.attendees import letters, listing
from regapp.core.forms import follow
from regapp.core.i18n import Text, t
from regapp.events import finding
from regapp.mailing.models import OutgoingMail
from regapp.organising.blueprint import EDITORS, bp
from regapp.organising.mail.forms import AddressForm, AgainForm
from regapp.organising.mail.views import letter_page
from regapp.organising.people.person import back, form_page
from regapp.registrations import on_behalf
from regapp.registrations.letters import again
from regapp.registrations.models import Registration

ADDRESS_CORRECTED = Text(
    "Adressen är rättad, och ett nytt brev är på väg dit.",
    "The address is corrected, and a new letter is on its way there.",
)

ADDRESS_CORRECTED_ONLY = Text(
    "Adressen är rättad. Brevet dit väntar tills dagen inte längre kan tas tillbaka, eller blir av ändå.",
    "The address is corrected. The letter there waits until the day can no longer be taken back, or takes place.",
)


@bp.post("/<slug:slug>/mail/<string(length=32):mail_id>/again")
@requires(*EDITORS)
def send_again(slug: str, mail_id: str) -> ResponseReturnValue:
    event = finding.get_by_slug(slug)
    mail = letters.get(event.id, mail_id)
    form = AgainForm()
    if follow(form, lambda: _again(mail.id, form)):
        flash(t("Brevet är skickat igen.", "The letter is sent again."))
        return redirect(url_for(".letter", slug=slug, mail_id=form.outcome.id), 303)
    return letter_page(event, letters.get(event.id, mail_id), form)


def _again(mail_id: str, form: AgainForm) -> OutgoingMail:
    return again.send_again(mail_id, form.shown_times, g.received_at, actor=sessions.actor())


@bp.route("/<slug:slug>/attendees/<public_id>/send", methods=["GET", "POST"])
@requires(*EDITORS)
def send_present(slug: str, public_id: str) -> ResponseReturnValue:
    registration = listing.get(finding.get_by_slug(slug).id, public_id)
    form = AgainForm(times=again.times_told(registration))
    if follow(form, lambda: _present(registration, form)):
        return back(registration, t("Ett nytt brev är på väg.", "A new letter is on its way."))
    why_not = again.why_not_present(registration, g.received_at)
    return form_page("send_present", form, registration=registration, why_not=why_not)


def _present(registration: Registration, form: AgainForm) -> Registration:
    return again.send_present(registration.id, form.shown_times, g.received_at, actor=sessions.actor())


@bp.route("/<slug:slug>/attendees/<public_id>/address", methods=["GET", "POST"])
@requires(*EDITORS)
def correct_address(slug: str, public_id: str) -> ResponseReturnValue:
    registration = listing.get(finding.get_by_slug(slug).id, public_id)
    form = AddressForm(obj=registration)
    if follow(form, lambda: _address(registration, form)):
        words = ADDRESS_CORRECTED_ONLY if registration.event.is_cancellation_untold else ADDRESS_CORRECTED
        flash(str(words))
        return redirect(url_for(".mail", slug=slug), 303)
    return form_page("correct_address", form, registration=registration)


def _address(registration: Registration, form: AddressForm) -> Registration:
    return on_behalf.correct_address(registration.id, form.email.data, g.received_at, actor=sessions.actor())
