"""The reminders of a day: set, change, take away."""

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from regapp.accounts import sessions
from regapp.accounts.access import requires
from regapp.campaigns import reminding
from regapp.campaigns.models import Reminder
from regapp.campaigns.reminding import ChangedByAnother
from regapp.core.forms import ButtonForm, Form, follow
from regapp.core.i18n import t
from regapp.events import finding
from regapp.events.models import Event
from regapp.organising.blueprint import EDITORS, READERS, bp
from regapp.organising.mail import plan
from regapp.organising.mail.forms import ReminderForm, as_typed


@bp.get("/<slug:slug>/reminders")
@requires(*READERS)
def reminders(slug: str) -> ResponseReturnValue:
    event = finding.get_by_slug(slug)
    planned = plan.reminders(event, g.received_at)
    return render_template("organising/mail/reminders.html", event=event, planned=planned, usual=reminding.USUAL)


@bp.route("/<slug:slug>/reminders/new", methods=["GET", "POST"])
@requires(*EDITORS)
def new_reminder(slug: str) -> ResponseReturnValue:
    event = finding.get_by_slug(slug)
    form = ReminderForm(data=_suggested())
    if follow(form, lambda: reminding.add(event.id, form.to_draft(), g.received_at, actor=sessions.actor())):
        return _back(event, t("Påminnelsen är inlagd.", "The reminder is set."))
    return _page("edit_reminder", event, form)


@bp.route("/<slug:slug>/reminders/<int:reminder_id>", methods=["GET", "POST"])
@requires(*EDITORS)
def edit_reminder(slug: str, reminder_id: int) -> ResponseReturnValue:
    event = finding.get_by_slug(slug)
    reminder = reminding.get(event.id, reminder_id)
    form = ReminderForm.of(reminder)
    if follow(form, lambda: _change(event, reminder_id, form)):
        return _back(event, t("Påminnelsen är ändrad.", "The reminder is changed."))
    return _page("edit_reminder", event, form, reminding.get(event.id, reminder_id))


def _change(event: Event, reminder_id: int, form: ReminderForm) -> Reminder:
    seen = form.seen.data or ""
    try:
        return reminding.change(event.id, reminder_id, seen, form.to_draft(), g.received_at, actor=sessions.actor())
    except ChangedByAnother as conflict:
        # Saving once more is then meant: over what the page shows of the other's changes.
        form.seen.data = conflict.saved.fingerprint
        raise


@bp.route("/<slug:slug>/reminders/<int:reminder_id>/remove", methods=["GET", "POST"])
@requires(*EDITORS)
def remove_reminder(slug: str, reminder_id: int) -> ResponseReturnValue:
    event = finding.get_by_slug(slug)
    reminder = reminding.get(event.id, reminder_id)
    form = ButtonForm()
    if follow(form, lambda: reminding.remove(event.id, reminder_id, g.received_at, actor=sessions.actor())):
        return _back(event, t("Påminnelsen är borttagen.", "The reminder is removed."))
    return _page("remove_reminder", event, form, reminder)


def _suggested() -> dict[str, object]:
    """One of the usual reminders, when the address names it by its number in the list."""
    number = request.args.get("usual", -1, int)
    usual = reminding.USUAL[number : number + 1] if number >= 0 else ()
    return as_typed(usual[0]) if usual else {"clock": "09:00"}


def _back(event: Event, words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for(".reminders", slug=event.slug), 303)


def _page(name: str, event: Event, form: Form, reminder: Reminder | None = None) -> ResponseReturnValue:
    page = render_template(f"organising/mail/{name}.html", event=event, form=form, reminder=reminder)
    return page, 422 if form.errors else 200
