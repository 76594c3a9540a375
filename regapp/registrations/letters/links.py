"""A participant's own links: where they lead, asking for them anew, and whom the one to the online meeting lets in."""

import enum
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, select, update

from regapp.core import addresses, limits
from regapp.core.context import settings
from regapp.core.db import db, lock
from regapp.core.limits import Limit, TooMany
from regapp.core.links import Purpose, sign
from regapp.events.models import Event, Publication
from regapp.mailing import link_requests, outbox, provoked
from regapp.mailing.link_requests import LinkRequest
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
    link_requests.note(link_requests.Door.PARTICIPANT, email, at, event_id)


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


class Door(enum.StrEnum):
    """What the join page has to say to a person: only OPEN lets them in."""

    DAY_CANCELLED = "day_cancelled"
    TRANSFERRED = "transferred"
    GIVEN_UP = "given_up"
    OVER = "over"
    ON_SITE = "on_site"
    IN_LINE = "in_line"
    TOO_EARLY = "too_early"
    NO_ADDRESS = "no_address"
    OPEN = "open"

    @property
    def is_theirs(self) -> bool:
        """Whether the person takes part online and the meeting is still to come, or on."""
        return self in {Door.TOO_EARLY, Door.NO_ADDRESS, Door.OPEN}


def door(registration: Registration, now: datetime) -> Door:
    """Why the person can't join at this instant, or that they can."""
    event = registration.event
    if event.publication is Publication.CANCELLED:
        return Door.DAY_CANCELLED
    if not registration.is_active:
        return Door.TRANSFERRED if registration.is_transferred else Door.GIVEN_UP
    if event.is_over(now):
        return Door.OVER
    if not registration.has_place:
        return Door.IN_LINE
    if registration.has_seat:
        return Door.ON_SITE
    if not event.can_be_joined(now):
        return Door.TOO_EARLY
    return Door.OPEN if event.meeting_url else Door.NO_ADDRESS


def join(registration_id: int, at: datetime) -> None:
    """Note that the person went to the meeting; the first time counts.

    One statement without the day's lock: all online participants join within a minute. Nothing is noted for a person
    without an online place, or for a day that is cancelled or over.
    """
    taking_place = select(Event.id).where(Event.publication == Publication.PUBLISHED, Event.ends_at > at)
    db.session.execute(
        update(Registration)
        .where(
            Registration.id == registration_id,
            Registration.joined_at.is_(None),
            Registration.is_online,
            Registration.event_id.in_(taking_place),
        )
        .values(joined_at=at)
        .execution_options(synchronize_session=False)
    )
