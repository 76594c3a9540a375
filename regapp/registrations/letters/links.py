"""Where a participant's own pages are, and what stands behind the marks in their letters."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, select

from regapp.core.context import settings
from regapp.core.db import db
from regapp.core.links import Purpose, sign
from regapp.mailing import outbox
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
