"""Making and changing a day, publishing it, cancelling it, and taking that back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from regapp.accounts import sessions
from regapp.accounts.access import requires
from regapp.attendees import statistics
from regapp.core import addresses
from regapp.core.context import settings
from regapp.core.db import db
from regapp.core.errors import RuleBroken
from regapp.core.forms import carry_out
from regapp.core.i18n import LANGUAGES, t
from regapp.events import editing, finding
from regapp.events.editing import SavedByAnother
from regapp.events.models import RESTORABLE_FOR, Event
from regapp.mailing.letters import Written
from regapp.organising.blueprint import EDITORS, bp
from regapp.organising.days import confirm_change
from regapp.organising.days.editing_forms import EventForm, StateForm
from regapp.organising.days.views import day_page
from regapp.organising.mail import previews
from regapp.registrations import places
from regapp.registrations.choices import Wish
from regapp.registrations.day import changes, orders
from regapp.registrations.day.changes import NotAgreed, Saved

_USUAL: Final = {"join_minutes_before": "30", "line_ends": "12:00", "offer_days": "14"}


@bp.route("/days/new", methods=["GET", "POST"])
@requires(*EDITORS)
def new_day() -> ResponseReturnValue:
    form = EventForm(data={"contact_email": addresses.shown(settings().contact), "opens": "08:00", **_USUAL})
    if _changed_rows(form) or not form.validate_on_submit():
        return _editor(form, None)
    assert form.draft is not None  # noqa: S101  # validated
    draft, actor = form.draft, sessions.actor()
    if not carry_out(form, lambda: editing.create(draft, g.received_at, actor=actor)):
        return _editor(form, None)
    flash(t("Dagen är sparad som utkast.", "The day is saved as a draft."))
    return redirect(url_for(".day", slug=form.outcome.slug), 303)


@bp.route("/<slug:slug>/edit", methods=["GET", "POST"])
@requires(*EDITORS)
def edit_day(slug: str) -> ResponseReturnValue:
    event = finding.get_by_slug(slug)
    form = EventForm.of(event)
    if _changed_rows(form) or "edit" in request.form or not form.validate_on_submit():
        return _editor(form, event)
    try:
        saved = _save(event, form)
    except NotAgreed as asked:
        db.session.rollback()
        return confirm_change.page(event, form, asked.change)
    except RuleBroken as error:
        return _editor(form, event, error)
    db.session.commit()
    _say_saved(saved)
    return redirect(url_for(".day", slug=saved.event.slug), 303)


def _save(event: Event, form: EventForm) -> Saved:
    assert form.draft is not None  # noqa: S101  # validated
    agreed = request.form.get("agreed", "")
    return changes.save_day(
        event.id, form.opened_version, form.draft, g.received_at, actor=sessions.actor(), agreed=agreed
    )


def _say_saved(saved: Saved) -> None:
    words = t("Ändringarna är sparade.", "The changes are saved.")
    if saved.letters:
        words += " " + t("{n} mejl är på väg.", "E-mails on their way: {n}.", n=saved.letters)
    flash(words)
    _say_beyond(saved.event)


def _say_beyond(event: Event) -> None:
    """Say what it means that more seats are taken than there are."""
    seats = places.count(event).on_site
    if seats.limit is not None and seats.taken > seats.limit:
        words = t(
            "{taken} platser på plats är tagna, fler än dagens {limit}. Ingen förlorar sin plats: "
            "den som är anmäld eller har ett erbjudande behåller den. "
            "Ingen ny plats ges förrän antalet är under {limit}.",
            "{taken} on-site places are taken, more than the day’s {limit}. Nobody loses their place: "
            "whoever is registered or has an offer keeps it. No new place is given until the number is below {limit}.",
            taken=seats.taken,
            limit=seats.limit,
        )
        flash(words, "warning")


def _changed_rows(form: EventForm) -> bool:
    """Whether a button asked for one row more or less; what is typed stays, and nothing is saved."""
    if "add_row" in request.form:
        form.add_row()
        return True
    if position := request.form.get("remove_row"):
        form.remove_row(position)
        return True
    return False


def _editor(form: EventForm, event: Event | None, error: RuleBroken | None = None) -> ResponseReturnValue:
    if error:
        db.session.rollback()
    conflict = error if isinstance(error, SavedByAnother) else None
    if conflict:
        # Saving once more is then meant: over what the page shows of the other's changes.
        form.version.data = str(conflict.version)
    elif error:
        form.refuse(error)
    page = render_template(
        "organising/days/edit_day.html",
        event=event,
        form=form,
        conflict=conflict,
        standing=statistics.standing(event.id) if event else None,
        added_row="add_row" in request.form,
    )
    return page, 409 if conflict else 422 if form.errors else 200


@bp.post("/<slug:slug>/publish")
@requires(*EDITORS)
def publish(slug: str) -> ResponseReturnValue:
    words = t("Dagen är publicerad och syns för alla.", "The day is published and everybody can see it.")
    return _move(slug, editing.publish, words)


@bp.post("/<slug:slug>/unpublish")
@requires(*EDITORS)
def unpublish(slug: str) -> ResponseReturnValue:
    words = t("Dagen är ett utkast igen och syns bara här.", "The day is a draft again and is seen only here.")
    return _move(slug, editing.unpublish, words, has_registrations=statistics.has_registrations)


@bp.route("/<slug:slug>/cancel", methods=["GET", "POST"])
@requires(*EDITORS)
def cancel_day(slug: str) -> ResponseReturnValue:
    if request.method == "POST":
        words = t(
            "Dagen är inställd. Ingen har fått mejl om det än.",
            "The day is cancelled. Nobody has been sent an e-mail about it yet.",
        )
        return _move(slug, changes.cancel_day, words)
    return _ask_to_cancel(finding.get_by_slug(slug))


@bp.post("/<slug:slug>/restore")
@requires(*EDITORS)
def restore_day(slug: str) -> ResponseReturnValue:
    words = t(
        "Dagen blir av igen. Ingen har fått mejl om att den var inställd.",
        "The day takes place again. Nobody was sent an e-mail that it was cancelled.",
    )
    return _move(slug, changes.restore_day, words)


def _ask_to_cancel(event: Event) -> str:
    return render_template(
        "organising/days/cancel_day.html",
        event=event,
        form=StateForm(version=event.version),
        standing=statistics.standing(event.id),
        without_entry=sum(orders.count_without(event.id)),
        letters_say={language: _cancellation(event, language) for language in LANGUAGES},
        minutes=RESTORABLE_FOR // timedelta(minutes=1),
        readable=previews.readable,
    )


def _cancellation(event: Event, language: str) -> Written:
    return previews.write(event, previews.find(event, "day_cancelled"), Wish.ON_SITE, language, g.received_at)


def _move(slug: str, rule: Callable[..., Event], words: str, **more: Any) -> ResponseReturnValue:
    event = finding.get_by_slug(slug)
    form = StateForm()
    if not form.validate_on_submit():
        return day_page(event, form), 422
    if not carry_out(form, lambda: rule(event.id, form.opened_version, g.received_at, actor=sessions.actor(), **more)):
        # Shown at once: it may name a colleague, and what waits for the next page waits in a cookie.
        form.version.data = str(event.version)
        return day_page(event, form), 422
    flash(words)
    return redirect(url_for(".day", slug=slug), 303)
