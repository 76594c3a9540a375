"""The pages that a personal link opens: the registration and its files."""

import json

from flask import Response, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from werkzeug.wrappers import Response as Answer

from regapp.core.db import db
from regapp.core.errors import NotFound
from regapp.core.forms import ButtonForm, Form, answered, follow
from regapp.core.i18n import Text, set_language
from regapp.core.links import Purpose, read
from regapp.core.web import bilingual, page_url, personal
from regapp.events import finding
from regapp.events.models import Publication
from regapp.registrations import cancelling, moving, places, transferring
from regapp.registrations.finding import position
from regapp.registrations.letters import entries, links
from regapp.registrations.letters.links import Door
from regapp.registrations.models import Registration
from regapp.registrations.pages import held_data
from regapp.registrations.pages.day import bp, calendar_file, get_visible
from regapp.registrations.pages.forms import AddressForm


def get_own(purpose: Purpose, token: str) -> Registration:
    """The registration that the link is for, and its language from here on; raises NotFound."""
    claim = read(purpose, token)
    registration = claim and db.session.scalar(
        select(Registration).where(
            Registration.public_id == claim.public_id, Registration.link_version == claim.version
        )
    )
    if not registration or not registration.has_living_links(g.received_at):
        raise NotFound
    set_language(registration.language)
    g.contact = registration.event.contact_email
    return registration


def get_standing(token: str) -> Registration:
    """The link's own registration while its day takes place; otherwise its page answers instead."""
    registration = get_own(Purpose.MANAGE, token)
    if registration.event.publication is Publication.CANCELLED:
        abort(back(token))
    return registration


def get_changeable(token: str) -> Registration:
    """The link's own registration while there is something to change; otherwise its page answers instead."""
    registration = get_standing(token)
    if places.why_not_changeable(registration):
        abort(back(token))
    return registration


def back(token: str, done: Text | None = None) -> Answer:
    """To the registration's own page, with words that say what was done."""
    if done is not None:
        flash(str(done))
    return redirect(url_for("registrations.my", token=token), 303)


def show(name: str, token: str, registration: Registration, form: Form, **more: object) -> ResponseReturnValue:
    """One of the registration's pages, with what is wrong in its form."""
    page = render_template(
        f"registrations/mine/{name}.html",
        token=token,
        event=registration.event,
        registration=registration,
        form=form,
        **more,
    )
    return answered(form, page)


def show_my(token: str, registration: Registration, form: Form) -> ResponseReturnValue:
    at = g.received_at
    return show(
        "my",
        token,
        registration,
        form,
        position=position(registration),
        can_cancel=registration.can_cancel(at),
        can_undo=cancelling.why_not_undo(registration, at) is None,
        can_wait=cancelling.why_not_wait(registration, at) is None,
        can_move=bool(moving.moves(registration, at)),
        can_transfer=transferring.why_not(registration, at) is None,
        can_return=registration.event.is_open(at),
    )


@bp.after_request
def keep_private(response: Response) -> Response:
    return personal(response) if request.path.startswith(("/my/", "/join/")) else response


@bp.route("/my/<token>")
def my(token: str) -> ResponseReturnValue:
    return show_my(token, get_own(Purpose.MANAGE, token), ButtonForm())


@bp.route("/my/<token>/event.ics")
def my_event_file(token: str) -> ResponseReturnValue:
    registration = get_own(Purpose.MANAGE, token)
    if not registration.has_place or registration.event.publication is Publication.CANCELLED:
        raise NotFound
    join_url = links.personal_links(registration)["join"]
    entry = entries.invitation(registration, g.received_at, join_url)
    return calendar_file(entry.publish(), registration.event)


@bp.route("/my/<token>/data.json")
def my_data(token: str) -> ResponseReturnValue:
    registration = get_own(Purpose.MANAGE, token)
    content = json.dumps(held_data.about(registration), ensure_ascii=False, indent=2)
    response = Response(content, content_type="application/json; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="swecarnet-{registration.event.slug}.json"'
    return response


@bp.route("/join/<token>", methods=["GET", "POST"])
def join(token: str) -> ResponseReturnValue:
    registration = get_own(Purpose.JOIN, token)
    form = ButtonForm()
    door = links.door(registration, g.received_at)
    goes_in = door is Door.OPEN and form.validate_on_submit()
    if goes_in:
        links.join(registration.id, g.received_at)
        db.session.commit()
    page = render_template(
        "registrations/mine/join.html",
        event=registration.event,
        registration=registration,
        door=door,
        goes_in=goes_in,
        form=form,
    )
    return page, 422 if form.errors else 200


@bilingual(bp, "/link")
def find_link() -> ResponseReturnValue:
    """Where a page that knows no day leads to."""
    event = finding.find_current(g.received_at)
    if event is None:
        raise NotFound
    return redirect(page_url(".link", slug=event.slug))


@bilingual(bp, "/<slug:slug>/link", methods=["GET", "POST"])
def link(slug: str) -> ResponseReturnValue:
    event = get_visible(slug)
    form = AddressForm()
    if follow(form, lambda: _ask(event.id, form.email.data)):
        return redirect(page_url(".link_asked", slug=slug), 303)
    return answered(form, render_template("registrations/mine/link.html", event=event, form=form))


def _ask(event_id: int, email: str) -> None:
    links.ask_for_link(event_id, email, g.received_at, request.remote_addr or "")


@bilingual(bp, "/<slug:slug>/link/asked")
def link_asked(slug: str) -> ResponseReturnValue:
    return render_template("registrations/mine/link_asked.html", event=get_visible(slug))
