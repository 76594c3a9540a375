"""Giving one's place to a colleague."""

from dataclasses import dataclass
from datetime import datetime

from regapp.core import audit
from regapp.core.db import db
from regapp.core.errors import RuleBroken
from regapp.core.i18n import Text
from regapp.events.models import Publication
from regapp.mailing import provoked
from regapp.registrations import attempts, filling, finding, registering
from regapp.registrations.application import Application, wish_behind
from regapp.registrations.letters import writing
from regapp.registrations.models import RegisteredBy, Registration
from regapp.registrations.places import DayCancelled, TooLateToCancel

NO_PLACE = Text(
    "Du kan bara överlåta en plats som du har, inte en plats i kön.",
    "You can only give away a place that you have, not a place in line.",
)
OWN_ADDRESS = Text(
    "Det är din egen e-postadress. Fyll i din kollegas.", "That is your own e-mail address. Enter your colleague’s."
)


@dataclass(frozen=True)
class Colleague:
    """Who gets the place."""

    first_name: str
    last_name: str
    email: str


def why_not(registration: Registration, at: datetime) -> RuleBroken | None:
    """What keeps it from going to a colleague: a place can until the day starts, a place in line can't."""
    if registration.event.publication is Publication.CANCELLED:
        return DayCancelled(registration.event)
    if not registration.has_place or registration.is_in_line:
        return RuleBroken(NO_PLACE)
    return None if registration.can_cancel(at) else TooLateToCancel()


def transfer(registration_id: int, colleague: Colleague, at: datetime, client: str | None = None) -> None:
    """The place goes to a colleague: a new registration with a calendar entry of its own.

    No diets, consent or notes go with it. A colleague who is registered already keeps what they have and gets their
    link, or a letter that says so; the place goes to the line, and the giver learns nothing of it. `client` is the
    giver's network address. Raises RuleBroken, NotFound.
    """
    provoked.hold(colleague.email)
    provoked.take_from(client, at)
    registration = filling.get_settled(registration_id, at)
    if refused := why_not(registration, at):
        raise refused
    known = finding.find_active(registration.event_id, colleague.email)
    if known is registration:
        raise RuleBroken(OWN_ADDRESS, field="email")
    provoked.take(registration.event_id, {colleague.email}, at)
    application = _application_for(colleague, registration)
    filling.give_up(registration, at, actor=audit.PARTICIPANT)
    writing.write_transfer(registration, at)
    registration.is_transferred = True
    registration.health = None
    db.session.flush()
    if known is not None:
        attempts.answer(known, application, at, counted=True, by_colleague=True)
    else:
        _register(registration, application, at)
    filling.settle(registration.event, at)


def _application_for(colleague: Colleague, giver: Registration) -> Application:
    return Application(
        first_name=colleague.first_name,
        last_name=colleague.last_name,
        email=colleague.email,
        profession=giver.profession,
        profession_other=giver.profession_other,
        workplace=giver.workplace,
        wish=wish_behind(giver),
        language=giver.language,
    )


def _register(giver: Registration, application: Application, at: datetime) -> None:
    registration = registering.enter(giver.event, application, at, RegisteredBy.COLLEAGUE)
    writing.write_taken_over(registration, at)
    finding.record("registration.taken_over", registration, at, audit.PARTICIPANT)
