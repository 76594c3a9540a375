"""Letting the letters wait, and letting them go."""

from collections.abc import Callable
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from regapp.accounts import sessions
from regapp.accounts.access import requires
from regapp.attendees import letters
from regapp.attendees.letters import Fate
from regapp.core.db import db
from regapp.core.forms import ButtonForm
from regapp.core.i18n import t
from regapp.events import finding
from regapp.mailing.sending import holding
from regapp.organising.blueprint import EDITORS, bp
from regapp.organising.mail.views import mail_page
from regapp.organising.overview import queue_now


@bp.route("/<slug:slug>/mail/pause", methods=["GET", "POST"])
@requires(*EDITORS)
def pause_mail(slug: str) -> ResponseReturnValue:
    done, already = (
        t("Breven väntar nu, tills någon startar kön igen.", "The letters wait now, until somebody starts the queue."),
        t("Kön var redan pausad.", "The queue was paused already."),
    )
    return _asked("pause_mail", slug, holding.pause, done, already)


@bp.route("/<slug:slug>/mail/resume", methods=["GET", "POST"])
@requires(*EDITORS)
def resume_mail(slug: str) -> ResponseReturnValue:
    done, already = (
        t("Kön är startad. Breven är på väg.", "The queue is started. The letters are on their way."),
        t("Kön var redan i gång.", "The queue was running already."),
    )
    return _asked("resume_mail", slug, holding.resume, done, already)


def _asked(name: str, slug: str, rule: Callable[..., bool], done: str, already: str) -> ResponseReturnValue:
    """The question first, then what the button does."""
    event = finding.get_by_slug(slug)
    form = ButtonForm()
    if form.validate_on_submit():
        return _done(slug, rule, done, already)
    waiting = letters.count(event.id).of(Fate.WAITING)
    page = render_template(f"organising/mail/{name}.html", event=event, form=form, queue=queue_now(), waiting=waiting)
    return page, 422 if request.method == "POST" else 200


@bp.post("/<slug:slug>/mail/try-now")
@requires(*EDITORS)
def try_mail_now(slug: str) -> ResponseReturnValue:
    event = finding.get_by_slug(slug)
    press = ButtonForm()
    if not press.validate_on_submit():
        return mail_page(event, press)
    done = t("Vi försöker nå e-postservern nu.", "We are trying to reach the mail server now.")
    return _done(slug, holding.try_now, done, t("Kön är i gång igen.", "The queue runs again."))


def _done(slug: str, rule: Callable[..., Any], done: str, already: str) -> ResponseReturnValue:
    has_changed = rule(g.received_at, actor=sessions.actor())
    db.session.commit()
    flash(done if has_changed else already)
    return redirect(url_for(".mail", slug=slug), 303)
