"""“Send me my link”, for who lost the letter."""

from flask import g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from regapp.core.errors import NotFound
from regapp.core.forms import answered, counts
from regapp.core.web import bilingual, page_url
from regapp.events import finding
from regapp.registrations.letters import link_request
from regapp.registrations.pages.day import bp, get_visible
from regapp.registrations.pages.forms import AddressForm


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
    if counts(form, lambda: _ask(event.id, form.email.data)):
        return redirect(page_url(".link_asked", slug=slug), 303)
    return answered(form, render_template("registrations/link/link.html", event=event, form=form))


def _ask(event_id: int, email: str) -> None:
    link_request.ask_for_link(event_id, email, g.received_at, request.remote_addr or "")


@bilingual(bp, "/<slug:slug>/link/asked")
def link_asked(slug: str) -> ResponseReturnValue:
    return render_template("registrations/link/link_asked.html", event=get_visible(slug))
