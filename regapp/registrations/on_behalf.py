"""What organisers do on somebody's behalf: register late or beyond the number, move, correct."""

from datetime import datetime, timedelta

from regapp.core.db import db, lock
from regapp.core.errors import RuleBroken
from regapp.core.i18n import Text
from regapp.events import editing
from regapp.events.models import Event, Publication
from regapp.registrations import cancelling, changing, filling, finding, moving, places, registering
from regapp.registrations.application import Application, Details
from regapp.registrations.choices import Wish
from regapp.registrations.letters import writing
from regapp.registrations.models import RegisteredBy, Registration, Status
from regapp.registrations.places import NoLine

NOT_THIS_DAY = Text(
    "Dagen tar inte emot anmälningar: den är ett utkast, inställd eller redan genomförd.",
    "The day takes no registrations: it is a draft, cancelled or already over.",
)
REGISTERED_ALREADY = Text(
    "Den e-postadressen är redan anmäld till dagen.", "That e-mail address is already registered for the day."
)
SAME_ADDRESS = Text(
    "Det är adressen som personen har nu. Skriv den rätta.",
    "That is the address that the person has now. Write the right one.",
)
TOO_LATE_TO_UNDO = Text(
    "Det går inte längre att ångra avanmälan. Anmäl personen på nytt.",
    "The cancellation can no longer be undone. Register the person anew.",
)
REGISTERED_BY_NOW = Text(
    "Personen är anmäld igen, så det finns inget att ångra.",
    "The person is registered again, so there is nothing to undo.",
)
DAY_CANCELLED = Text(
    "Dagen är inställd, så avanmälan går inte att ångra.",
    "The day is cancelled, so the cancellation of a registration can’t be undone.",
)
RESTORE_FIRST = Text(
    "Dagen är nyss inställd, så avanmälan går inte att ångra. Ångra först att dagen är inställd, senast kl. {clock}.",
    "The day was cancelled just now, so the cancellation of a registration can’t be undone. First undo that the day is "
    "cancelled, by {clock}.",
)
NOT_IN_LINE = Text("Personen står inte i kön längre.", "The person is no longer in line.")
IS_OFFERED = Text(
    "Personen är redan erbjuden en plats och väntar inte på sin tur.",
    "The person is already offered a place and waits for no turn.",
)
CANCELLED = Text("Personen är avanmäld. Anmäl personen på nytt.", "The person has cancelled. Register them anew.")


def exceeds(event: Event, wish: Wish, at: datetime) -> bool:
    """Whether registering so would be late or beyond the number, which takes a reason."""
    is_full = places.count(event).of(wish.attendance).is_full
    return not event.is_open(at) or (wish is not Wish.LINE and is_full)


def register_for(
    event_id: int, application: Application, at: datetime, *, actor: str, reason: str = "", tell: bool = True
) -> Registration:
    """Register somebody, also when it is late or the places are taken; then with a reason.

    Who asks for the line while a seat is free gets the seat. Raises RuleBroken.
    """
    event = lock(Event, event_id)
    filling.settle(event, at)
    if event.publication is not Publication.PUBLISHED or event.is_over(at):
        raise RuleBroken(NOT_THIS_DAY)
    if finding.find_active(event.id, application.email):
        raise RuleBroken(REGISTERED_ALREADY, field="email")
    has_exceeded = exceeds(event, application.wish, at)
    if has_exceeded and not reason:
        raise RuleBroken(places.REASON_NEEDED, field="reason")
    if application.wish.wants_line and (refused := _why_no_line(event, at)):
        raise refused
    registration = registering.enter(event, application, at, RegisteredBy.ORGANISER)
    if tell:
        writing.write_registered(registration, at, wanted_line=application.wish.wants_line, done=writing.REGISTERED)
    finding.record("registration.made", registration, at, actor, reason if has_exceeded else "", told=tell)
    return registration


def _why_no_line(event: Event, at: datetime) -> RuleBroken | None:
    if event.seats_on_site == 0:
        return NoLine()
    return None if event.fills_seats(at) else RuleBroken(moving.LINE_CLOSED, field="attendance")


def move_exceeds(registration: Registration, wish: Wish, at: datetime) -> bool:
    """Whether moving so would be late or beyond the number, which takes a reason."""
    return moving.beyond(registration, wish, at) is not None


def move(
    registration_id: int, wish: Wish, at: datetime, *, actor: str, reason: str = "", tell: bool = True
) -> Registration:
    """Change the form of attendance, with a reason also late and beyond the number; one letter says what holds now.

    Raises RuleBroken, NotFound.
    """
    registration = filling.get_settled(registration_id, at)
    if not registration.is_active:
        raise RuleBroken(CANCELLED)
    if not move_exceeds(registration, wish, at):
        reason = ""
    elif not reason:
        raise RuleBroken(places.REASON_NEEDED, field="reason")
    if wish is Wish.ON_SITE:
        return moving.move_on_site(registration_id, at, actor=actor, tell=tell, reason=reason)
    was_in_line = registration.is_in_line
    before = registration.has_place, registration.attendance, was_in_line
    moving.move_online(registration_id, at, actor=actor, tell=False, reason=reason)
    if wish is Wish.ONLINE:
        moving.leave_line(registration_id, at, actor=actor)
    else:
        moving.join_line(registration_id, at, actor=actor, tell=False)
    has_changed = before != (registration.has_place, registration.attendance, registration.is_in_line)
    # Whoever got a seat that was free is told of it already.
    if tell and has_changed and not registration.has_seat:
        done = writing.MOVED_OUT_OF_LINE if was_in_line and not registration.is_in_line else writing.MOVED
        writing.write_what_they_have(registration, at, done=writing.by(actor, done))
    return registration


def undo_exceeds(registration: Registration) -> bool:
    """Whether taking the cancellation back would go beyond the number: the place has gone on."""
    held_place = registration.cancelled_from is Status.CONFIRMED
    return held_place and places.count(registration.event).of(registration.attendance).is_full


def why_not_undo(registration: Registration, at: datetime) -> RuleBroken | None:
    """What keeps an organiser from taking the cancellation back; a place that has gone on doesn't."""
    event, until = registration.event, registration.undo_until
    if cancelling.has_time_to_undo(registration, at):
        return None
    if finding.find_active(event.id, registration.email):
        return RuleBroken(REGISTERED_BY_NOW)
    if until is None or at >= until or event.publication is not Publication.CANCELLED:
        return RuleBroken(TOO_LATE_TO_UNDO)
    if event.can_be_restored(at):
        return RuleBroken(RESTORE_FIRST.format(clock=editing.restorable_until(event)))
    return RuleBroken(DAY_CANCELLED)


def undo(registration_id: int, at: datetime, *, actor: str, reason: str = "") -> Registration:
    """Take a cancellation back, with a reason also when the place has gone on. Raises RuleBroken, NotFound."""
    registration = filling.get_settled(registration_id, at)
    if not registration.is_active and (refused := why_not_undo(registration, at)):
        raise refused
    exceeds = undo_exceeds(registration)
    if exceeds and not reason:
        raise RuleBroken(places.REASON_NEEDED, field="reason")
    return cancelling.undo(registration_id, at, actor=actor, beyond=exceeds, reason=reason if exceeds else "")


def correct(
    registration_id: int, details: Details, email: str, at: datetime, *, actor: str, tell: bool
) -> Registration:
    """Correct the details, and the address; a new address is always written to, for the links are new with it.

    Raises RuleBroken, NotFound.
    """
    registration = filling.get_settled(registration_id, at)
    known = _find_whose(registration, email)
    changing.change_details(registration_id, details, at, actor=actor)
    if known is None:
        changing.change_address(registration_id, email, at, actor=actor)
    elif tell:
        writing.write_corrected(registration, at)
    return registration


def correct_address(registration_id: int, email: str, at: datetime, *, actor: str) -> Registration:
    """Correct the address alone; a letter of what the person has goes there. Raises RuleBroken, NotFound."""
    registration = filling.get_settled(registration_id, at)
    if _find_whose(registration, email) is not None:
        raise RuleBroken(SAME_ADDRESS, field="email")
    changing.change_address(registration_id, email, at, actor=actor)
    return registration


def _find_whose(registration: Registration, email: str) -> Registration | None:
    """The registration itself where the address is its own, None where it is free; raises RuleBroken."""
    if not registration.is_active:
        raise RuleBroken(CANCELLED)
    known = finding.find_active(registration.event_id, email)
    if known is not None and known is not registration:
        raise RuleBroken(REGISTERED_ALREADY, field="email")
    return known


def move_to_front(registration_id: int, reason: str, at: datetime, *, actor: str) -> Registration:
    """An organiser lets somebody go first, with a reason; raises RuleBroken, NotFound."""
    registration = finding.get_locked(registration_id)
    if not registration.is_in_line:
        raise RuleBroken(NOT_IN_LINE)
    if registration.is_offered:
        raise RuleBroken(IS_OFFERED)
    if not reason:
        raise RuleBroken(places.REASON_NEEDED, field="reason")
    first = db.session.scalar(finding.without_offer(registration.event_id).limit(1))
    if first is not None and first is not registration and first.in_line_since is not None:
        registration.in_line_since = first.in_line_since - timedelta(milliseconds=1)
    finding.record("registration.moved_up", registration, at, actor, reason)
    return registration
