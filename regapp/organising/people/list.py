"""The attendee list, one person, and files to take along."""

import tempfile
from collections.abc import Iterator
from typing import IO, cast

from flask import Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from regapp.accounts import sessions
from regapp.accounts.access import requires
from regapp.accounts.roles import EVERYBODY
from regapp.attendees import deliveries, exporting, filtering, letters, listing
from regapp.attendees.attempts import find_page
from regapp.attendees.exporting import Export, Format
from regapp.attendees.filtering import Filter
from regapp.core.db import db
from regapp.core.forms import ButtonForm, Form, follow
from regapp.core.i18n import t
from regapp.events import finding
from regapp.events.models import Event
from regapp.organising.blueprint import EDITORS, READERS, bp, may
from regapp.organising.people.list_forms import ExportForm, FilterForm
from regapp.organising.people.person_forms import TheirNeedsForm
from regapp.registrations import cancelling, changing, on_behalf
from regapp.registrations.finding import position
from regapp.registrations.letters import calendar_answers

PIECE = 64 * 1024
"""Bytes of a file that are sent at a time."""

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.get("/<slug:slug>/attendees")
@requires(*EVERYBODY)
def attendees(slug: str) -> ResponseReturnValue:
    event = finding.get_by_slug(slug)
    form = FilterForm(may().sees)
    page = request.args.get("page", 1, int)
    found = listing.find_page(event.id, form.to_filter(), page) if form.validate() else None
    shown = render_template("organising/people/attendees.html", event=event, form=form, found=found)
    return shown, 200 if found else 422


@bp.get("/<slug:slug>/print")
@requires(*EVERYBODY)
def print_attendees(slug: str) -> ResponseReturnValue:
    event = finding.get_by_slug(slug)
    form = FilterForm(may().sees)
    if not form.validate():
        # The list says at its fields what is wrong with the filter.
        return redirect(url_for(".attendees", slug=slug, **form.query()), 303)
    return render_template(
        "organising/people/print_attendees.html",
        event=event,
        form=form,
        found=listing.find_all(event.id, form.to_filter()),
        everybody=filtering.count(event.id, Filter()),
    )


@bp.get("/<slug:slug>/attendees/<public_id>")
@requires(*READERS)
def person(slug: str, public_id: str) -> ResponseReturnValue:
    return _person(finding.get_by_slug(slug), public_id, ButtonForm())


@bp.post("/<slug:slug>/attendees/<public_id>/health")
@requires(*EDITORS)
def show_health(slug: str, public_id: str) -> ResponseReturnValue:
    event = finding.get_by_slug(slug)
    form = ButtonForm()
    if not form.validate_on_submit():
        return _person(event, public_id, form), 422
    listing.show_health(event.id, public_id, g.received_at, actor=sessions.actor())
    db.session.commit()
    return _person(event, public_id, form, TheirNeedsForm.of(listing.get(event.id, public_id)))


@bp.post("/<slug:slug>/attendees/<public_id>/needs")
@requires(*EDITORS)
def change_needs(slug: str, public_id: str) -> ResponseReturnValue:
    event = finding.get_by_slug(slug)
    registration = listing.get(event.id, public_id)
    form, at = TheirNeedsForm(), g.received_at
    actor = sessions.actor()
    if not follow(form, lambda: changing.change_needs(registration.id, form.to_needs(), at, actor=actor, late=True)):
        return _person(event, public_id, form, form), 422
    flash(t("Specialkost och tillgänglighetsbehov är rättade.", "Special diet and access needs are corrected."))
    return redirect(url_for(".person", slug=slug, public_id=public_id), 303)


def _person(event: Event, public_id: str, form: Form, needs: TheirNeedsForm | None = None) -> str:
    """One person; with `needs` what they said of diet and access too, to read and to correct."""
    registration = listing.get(event.id, public_id)
    return render_template(
        "organising/people/person.html",
        event=event,
        registration=registration,
        position=position(registration),
        can_undo=cancelling.has_time_to_undo(registration, g.received_at),
        undo_exceeds=on_behalf.undo_exceeds(registration),
        has_begun=g.received_at >= event.starts_at,
        health=registration.health if needs else None,
        needs=needs,
        letters=letters.of_person(registration.id),
        other_answers=calendar_answers.others_of(registration),
        is_failing=bool(deliveries.failing_among([public_id])),
        namesakes=listing.namesakes_of(registration),
        form=form,
    )


@bp.route("/<slug:slug>/attendees/export", methods=["GET", "POST"])
@requires(*READERS)
def export(slug: str) -> ResponseReturnValue:
    event = finding.get_by_slug(slug)
    chosen, form = FilterForm(may().sees), ExportForm()
    if may().see_health:
        form.reason.flags.conditional = True  # not marked as optional: its hint says when it is needed
    else:
        del form.with_health
    if not chosen.validate():
        # The list says at its fields what is wrong with the filter.
        return redirect(url_for(".attendees", slug=slug, **chosen.query()), 303)
    if follow(form, lambda: _prepare(event, chosen, form)):
        return _download(form.outcome, form)
    count = filtering.count(event.id, chosen.to_filter())
    page = render_template("organising/people/export.html", event=event, chosen=chosen, form=form, count=count)
    return page, 422 if form.errors else 200


def _prepare(event: Event, chosen: FilterForm, form: ExportForm) -> exporting.Export:
    """The file to be; the audit entry is committed before its first byte leaves."""
    return exporting.prepare(
        event,
        chosen.to_filter(),
        g.received_at,
        actor=sessions.actor(),
        with_health="with_health" in form and form.with_health.data,
        reason=form.reason.data or "",
        to=form.format,
    )


def _download(prepared: exporting.Export, form: ExportForm) -> Response:
    if form.format is Format.XLSX:
        return _xlsx(prepared)
    pieces = exporting.write_csv(prepared, exporting.SEPARATORS[form.kind.data])
    return _attachment(pieces, "text/csv", prepared.name)


def _xlsx(prepared: Export) -> Response:
    """Written to a file without a name first: its beginning is known only at its end."""
    file = cast(IO[bytes], tempfile.TemporaryFile())  # noqa: SIM115  # closed when it has been sent
    exporting.write_xlsx(prepared, file)
    file.seek(0)
    return _attachment(_read_out(file), XLSX_TYPE, prepared.name)


def _read_out(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


def _attachment(pieces: Iterator[bytes], mimetype: str, name: str) -> Response:
    response = Response(pieces, mimetype=mimetype)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


@bp.get("/<slug:slug>/attempts")
@requires(*READERS)
def attempts(slug: str) -> ResponseReturnValue:
    event = finding.get_by_slug(slug)
    found = find_page(event.id, request.args.get("page", 1, int))
    return render_template("organising/people/attempts.html", event=event, found=found)
