"""Asking for one's own link again, without telling anybody who is registered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from regapp.core import addresses, limits
from regapp.core.db import lock
from regapp.core.i18n import current_language
from regapp.core.limits import Limit, TooMany
from regapp.events.models import Event
from regapp.mailing import letters as writing
from regapp.registrations import applying, finding, letters, provoked, wording
from regapp.registrations.applying import Application
from regapp.registrations.choices import Profession, Wish

ASKED: Final = Limit("registrations.link", 20, timedelta(days=1))
"""How often an address is looked up at all; how many letters it gets is counted too (see provoked)."""


def ask_for_link(event_id: int, email: str, at: datetime, client: str | None = None) -> None:
    """Send the link to whoever is registered with this address.

    A known and an unknown address cost the same: both are counted, and both have a letter composed. Raises TooMany
    for a client that asks all the time, never for an address.
    """
    provoked.hold(email)
    provoked.take_from(client, at)
    try:
        limits.take(ASKED, f"{event_id}:{addresses.key(email)}", at)
    except TooMany:
        return
    provoked.typed(email, at)
    event = lock(Event, event_id)
    registration = finding.find_active(event.id, email)
    # Counted for an unknown address too: another form would tell that there were no letters.
    if provoked.may_write(event.id, email, at, is_news=False) and registration:
        letters.write_link(registration, at, registered_again=False)
    else:
        _compose_for_nobody(event, email, at)


def _compose_for_nobody(event: Event, email: str, at: datetime) -> None:
    application = Application("", "", email, Profession.OTHER, "", Wish.ONLINE, current_language())
    letter = wording.link(applying.build(event, application, at), registered_again=False)
    writing.write(letter, current_language())
