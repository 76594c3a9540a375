"""Where a participant's own pages are, and what stands behind the marks in their letters."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, select

from regapp.core import addresses, limits
from regapp.core.context import settings
from regapp.core.db import db, lock
from regapp.core.limits import Limit, TooMany
from regapp.core.links import Purpose, sign
from regapp.events.models import Event
from regapp.mailing import link_requests, outbox, provoked
from regapp.mailing.link_requests import Door, LinkRequest
from regapp.registrations import finding
from regapp.registrations.letters import writing
from regapp.registrations.models import Registration

DEAD: Final = 0
"""The version of personal links that opens nothing."""


def links_of(mail: outbox.Addressed) -> dict[str, str]:
    """The addresses behind a letter's marks, as they are when it is sent; an earlier mailbox gets none that opens."""
    # Asked for every letter of a crowd: three columns, past the unit of work.
    found = mail.registration_id and db.session.connection().execute(_LINKED, {"id": mail.registration_id}).first()
    if not found:
        return {}
    return _links(found.public_id, DEAD if mail.recipient != found.email else found.link_version)


def personal_links(registration: Registration) -> dict[str, str]:
    """Where the participant's own pages are."""
    return _links(registration.public_id, registration.link_version)


_LINKED = select(Registration.public_id, Registration.link_version, Registration.email).where(
    Registration.id == bindparam("id")
)


def _links(public_id: str, version: int) -> dict[str, str]:
    manage = f"{settings().base_url}/my/{sign(Purpose.MANAGE, public_id, version)}"
    return {
        "manage": manage,
        "cancel": f"{manage}/cancel",
        "calendar": f"{manage}/event.ics",
        "join": f"{settings().base_url}/join/{sign(Purpose.JOIN, public_id, version)}",
    }


ASKED: Final = Limit("registrations.link", 20, timedelta(days=1))
"""How often an address is looked up at all; how many letters it gets is counted too (see provoked)."""


def ask_for_link(event_id: int, email: str, at: datetime, client: str | None = None) -> None:
    """Note that somebody asks for the link of this address; nothing here depends on whether it is registered.

    Raises TooMany for a client that asks all the time, never for an address.
    """
    provoked.take_from(client, at)
    try:
        limits.take(ASKED, f"{event_id}:{addresses.key(email)}", at)
    except TooMany:
        return
    provoked.typed(email, at)
    link_requests.note(Door.PARTICIPANT, email, at, event_id)


def send_link(request: LinkRequest, at: datetime) -> None:
    """Write the letter, if the address is registered and its mailbox may be written to; the worker's part."""
    event_id, email = request.event_id, request.email_key
    provoked.hold(email)
    # Counted for an unknown address too: another form would tell that there were no letters.
    if event_id is None or not provoked.may_write(event_id, email, at, is_news=False):
        return
    event = lock(Event, event_id)
    if registration := finding.find_active(event.id, email):
        writing.write_link(registration, at, registered_again=False)
