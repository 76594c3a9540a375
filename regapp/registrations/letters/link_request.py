"""Asking for one's own link again, without telling anybody who is registered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from regapp.core import addresses, limits
from regapp.core.db import lock
from regapp.core.limits import Limit, TooMany
from regapp.events.models import Event
from regapp.mailing import link_requests
from regapp.mailing.link_requests import Door, LinkRequest
from regapp.registrations import finding, provoked
from regapp.registrations.letters import writing

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
