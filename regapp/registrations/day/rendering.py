"""The letters of a changed or cancelled day: made when a worker claims the order, from what is true then."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from regapp.core.db import db
from regapp.core.i18n import use_language
from regapp.mailing.models import DELIVERED, UNSENT, CalendarMethod, OutgoingMail
from regapp.mailing.orders import Renderer, Rendering
from regapp.registrations.day import orders
from regapp.registrations.letters import entries, entry_letters
from regapp.registrations.letters.entries import Shown
from regapp.registrations.letters.wording import day as day
from regapp.registrations.letters.wording.additions import with_source
from regapp.registrations.models import Registration


def changed(mail: OutgoingMail) -> Rendering | None:
    """The entry as it is now; None when a later letter brings it, or the reader's calendar shows it already."""
    registration = _find(mail)
    if registration is None or not registration.has_place or not registration.has_entry:
        return None
    last = entry_letters.find_last(registration, below=mail.sequence)
    earlier = _known(last)
    has_arrived = last is not None and last.state in DELIVERED
    if has_arrived and earlier == entries.shown(registration):
        return None
    with use_language(registration.language):
        letter = with_source(day.day_changed(registration, earlier), registration, mail.id)
    calendar = entries.invitation(registration, mail.dated_at).request()
    return Rendering(letter, calendar, CalendarMethod.REQUEST, entry_letters.confirmation_id(registration))


def cancelled(mail: OutgoingMail) -> Rendering | None:
    """The letter that takes the entry away, or says only that the day is cancelled; also to who cancelled since."""
    registration = _find(mail)
    if registration is None:
        return None
    takes_entry = mail.sequence is not None
    with use_language(registration.language):
        letter = with_source(day.day_cancelled(registration, takes_entry=takes_entry), registration, mail.id)
    in_reply_to = entry_letters.confirmation_id(registration)
    if not takes_entry:
        return Rendering(letter, in_reply_to=in_reply_to)
    calendar = entries.invitation(registration, mail.dated_at).cancel()
    return Rendering(letter, calendar, CalendarMethod.CANCEL, in_reply_to)


RENDERERS: Final[dict[str, Renderer]] = {orders.CHANGED: changed, orders.CANCELLED: cancelled}


def _find(mail: OutgoingMail) -> Registration | None:
    """Whom the order is for, if it is still for this entry, this SEQUENCE and this mailbox.

    Registration and day are read by one statement, so that the SEQUENCE is that of the contents: on PostgreSQL
    another statement would see what was committed in between. From here on the letter speaks the reader's language
    of today.
    """
    registration = db.session.scalar(
        select(Registration).where(Registration.id == mail.registration_id).options(joinedload(Registration.event)),
        execution_options={"populate_existing": True},
    )
    if registration is None or registration.email != mail.recipient:
        return None
    if mail.sequence is not None and mail.key != entry_letters.key(mail.kind, registration):
        return None
    mail.language = registration.language
    return registration


def _known(last: OutgoingMail | None) -> Shown | None:
    """What the reader's calendar shows after this letter, None when that isn't known.

    It isn't while the letter is on its way: it may arrive, fail, or be overtaken by the very order that asks.
    """
    if last is None or last.calendar is None or last.state in UNSENT:
        return None
    return entries.shown_in(last.calendar)
