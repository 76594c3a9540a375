"""What organisers do on somebody's behalf: register, move, correct, cancel and undo that, with a letter or without."""

from typing import TypeVar

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from regapp.accounts import sessions
from regapp.accounts.access import requires
from regapp.attendees import attempts as attempts_seen
from regapp.attendees import listing
from regapp.attendees.attempts import Row as AttemptRow
from regapp.core.forms import follow
from regapp.core.i18n import t
from regapp.events import finding
from regapp.events.models import Event, Phase
from regapp.organising.blueprint import EDITORS, bp
from regapp.organising.people.person_forms import (
    CancelForm,
    CorrectForm,
    MoveForm,
    RegisterForm,
    UndoForm,
    wish_choices,
)
from regapp.registrations import attempts, cancelling, on_behalf, places
from regapp.registrations.application import Details
from regapp.registrations.choices import WORKPLACES, Wish
from regapp.registrations.models import Registration

T = TypeVar("T")


@bp.route("/<slug:slug>/register", methods=["GET", "POST"])
@requires(*EDITORS)
def register_person(slug: str) -> ResponseReturnValue:
    event = finding.get_by_slug(slug)
    tried = _find_attempt(event)
    form = RegisterForm.for_attempt(tried.attempt) if tried else RegisterForm()
    day_places = places.count(event)
    form.offer(line=day_places.has_line(event, g.received_at))
    if follow(form, lambda: _register(event, form)):
        return back(form.outcome, t("Personen är anmäld.", "The person is registered."))
    late = _why_late(event)
    return form_page(
        "register_person", form, event=event, places=day_places, late=late, tried=tried, workplaces=WORKPLACES
    )


def _find_attempt(event: Event) -> AttemptRow | None:
    """The attempt that the address names, to register that person."""
    found = attempts.find(event.id, request.args.get("attempt", 0, int))
    return attempts_seen.get_row(found) if found else None


def _register(event: Event, form: RegisterForm) -> Registration:
    return on_behalf.register_for(
        event.id,
        form.to_application(),
        g.received_at,
        actor=sessions.actor(),
        reason=form.reason.data,
        tell=form.tell.data,
    )


def _why_late(event: Event) -> str | None:
    """What is unusual about registering now."""
    if event.is_open(g.received_at):
        return None
    if not event.is_public():
        return t("Dagen är ett utkast. Publicera den först.", "The day is a draft. Publish it first.")
    if event.phase(g.received_at) in {Phase.CANCELLED, Phase.OVER}:
        return str(on_behalf.NOT_THIS_DAY)
    if g.received_at < event.opens_at:
        return t("Anmälan har inte öppnat än.", "Registration has not opened yet.")
    return t("Sista anmälningsdagen har varit: anmälan blir sen.", "The last day to register is over: this is late.")


@bp.route("/<slug:slug>/attendees/<public_id>/move", methods=["GET", "POST"])
@requires(*EDITORS)
def move_person(slug: str, public_id: str) -> ResponseReturnValue:
    registration = _get_active(slug, public_id)
    form = MoveForm()
    wishes = _wishes(registration)
    form.attendance.choices = wish_choices(wishes)
    if follow(form, lambda: _move(registration, form)):
        return back(registration, t("Deltagandeformen är ändrad.", "The form of attendance is changed."))
    exceeds = [wish for wish in wishes if on_behalf.move_exceeds(registration, wish, g.received_at)]
    return form_page("move_person", form, registration=registration, exceeds=exceeds)


def _move(registration: Registration, form: MoveForm) -> Registration:
    return on_behalf.move(
        registration.id,
        Wish(form.attendance.data),
        g.received_at,
        actor=sessions.actor(),
        reason=form.reason.data,
        tell=form.tell.data,
    )


def _wishes(registration: Registration) -> list[Wish]:
    """What the person doesn't have already; the line is for a day that is full on site."""
    wishes = [] if registration.has_seat else [Wish.ON_SITE]
    if not registration.has_place or registration.has_seat or registration.is_in_line:
        wishes.append(Wish.ONLINE)
    has_line = places.count(registration.event).has_line(registration.event, g.received_at)
    if has_line and not (registration.has_place and registration.is_in_line):
        wishes.append(Wish.ONLINE_AND_LINE)
    return wishes


@bp.route("/<slug:slug>/attendees/<public_id>/correct", methods=["GET", "POST"])
@requires(*EDITORS)
def correct_person(slug: str, public_id: str) -> ResponseReturnValue:
    registration = _get_active(slug, public_id)
    form = CorrectForm(obj=registration)
    if follow(form, lambda: _correct(registration, form)):
        return back(registration, t("Uppgifterna är rättade.", "The details are corrected."))
    return form_page("correct_person", form, registration=registration, workplaces=WORKPLACES)


def _correct(registration: Registration, form: CorrectForm) -> Registration:
    return on_behalf.correct(
        registration.id,
        Details(**form.who()),
        form.email.data,
        g.received_at,
        actor=sessions.actor(),
        tell=form.tell.data,
    )


@bp.route("/<slug:slug>/attendees/<public_id>/cancel", methods=["GET", "POST"])
@requires(*EDITORS)
def cancel_person(slug: str, public_id: str) -> ResponseReturnValue:
    registration = _get_active(slug, public_id)
    form = CancelForm()
    if follow(form, lambda: _cancel(registration, form)):
        return back(registration, t("Personen är avanmäld.", "The registration is cancelled."))
    return form_page("cancel_person", form, registration=registration)


def _cancel(registration: Registration, form: CancelForm) -> Registration:
    return cancelling.cancel(registration.id, g.received_at, actor=sessions.actor(), tell=form.tell.data)


@bp.route("/<slug:slug>/attendees/<public_id>/undo", methods=["GET", "POST"])
@requires(*EDITORS)
def undo_person(slug: str, public_id: str) -> ResponseReturnValue:
    registration = _get_active(slug, public_id)
    form = UndoForm()
    if follow(form, lambda: _undo(registration, form)):
        return back(registration, t("Avanmälan är ångrad.", "The cancellation is undone."))
    refused = on_behalf.why_not_undo(registration, g.received_at)
    return form_page(
        "undo_person",
        form,
        registration=registration,
        refused=refused and refused.message,
        exceeds=on_behalf.undo_exceeds(registration),
        told=cancelling.was_told(registration),
    )


def _undo(registration: Registration, form: UndoForm) -> Registration:
    return on_behalf.undo(registration.id, g.received_at, actor=sessions.actor(), reason=form.reason.data)


def _get_active(slug: str, public_id: str) -> Registration:
    """The person; one who has cancelled meanwhile is still shown, and the rule says so."""
    return listing.get(finding.get_by_slug(slug).id, public_id)


def back(registration: Registration, words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for(".person", slug=registration.event.slug, public_id=registration.public_id), 303)


def form_page(name: str, form: FlaskForm, **values: object) -> ResponseReturnValue:
    if isinstance(registration := values.get("registration"), Registration):
        values["event"] = registration.event
    page = render_template(f"organising/people/{name}.html", form=form, **values)
    return page, 422 if request.method == "POST" else 200
