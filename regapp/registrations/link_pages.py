"""“Send me my link”, for who lost the letter."""

from flask import g, redirect, render_template
from flask.typing import ResponseReturnValue

from regapp.core.db import db
from regapp.core.errors import NotFound
from regapp.core.web import bilingual, page_url
from regapp.events import finding
from regapp.registrations import asking
from regapp.registrations.person_forms import AddressForm
from regapp.registrations.public import bp, get_visible


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
    if form.validate_on_submit():
        asking.ask_for_link(event.id, form.email.data, g.received_at)
        db.session.commit()
        return redirect(page_url(".link_asked", slug=slug), 303)
    page = render_template("registrations/link.html", event=event, form=form)
    return page, 422 if form.errors else 200


@bilingual(bp, "/<slug:slug>/link/asked")
def link_asked(slug: str) -> ResponseReturnValue:
    return render_template("registrations/link_asked.html", event=get_visible(slug))
