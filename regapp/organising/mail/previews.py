"""A letter as its reader sees it, for organisers: no link in it works, and nothing in it runs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from flask import Response

from regapp.campaigns import letters as reminder_letters
from regapp.campaigns import reminding
from regapp.campaigns.models import Audience, Reminder
from regapp.core.errors import NotFound
from regapp.core.i18n import current_language, t, use_language
from regapp.events.models import Event
from regapp.mailing import letters, marks
from regapp.mailing.letters import Letter, Written
from regapp.registrations.application import Application
from regapp.registrations.choices import Profession, Wish
from regapp.registrations.letters.wording import answers, day, leaving, line, parts, place
from regapp.registrations.models import Registration, Status

FRAME_CSP = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""A letter's styles are in its lines, which pages forbid: a preview is a document of its own, in a frame."""


def framed(html: str) -> Response:
    """The letter's HTML as a document for the frame of a page (templates/macros/letters.html)."""
    response = Response(marks.blank(html, "#"), mimetype="text/html")
    response.headers["Content-Security-Policy"] = FRAME_CSP
    return response


def readable(text: str) -> str:
    """The letter's text, with words where its personal links will stand."""
    return marks.blank(text, t("[personlig länk]", "[personal link]"))


NAMES: Final = {"sv": ("Förnamn", "Efternamn"), "en": ("Firstname", "Lastname")}
COLLEAGUES: Final = {"sv": ("En", "Kollega"), "en": ("A", "Colleague")}

Compose = Callable[[Registration], Letter]

PLACES: Final = (Wish.ON_SITE, Wish.ONLINE)
IN_LINE: Final = (Wish.ONLINE_AND_LINE, Wish.LINE)


@dataclass(frozen=True)
class Sample:
    """A letter to preview, with the forms of attendance in which it differs."""

    compose: Compose
    wishes: tuple[Wish, ...]


def _cancellation(registration: Registration) -> Letter:
    registration.cancelled_from = Status.CONFIRMED
    return leaving.cancellation(registration, may_return=True, takes_entry=True)


def _not_registered(registration: Registration) -> Letter:
    first_name, last_name = COLLEAGUES[current_language()]
    return answers.not_registered(registration, f"{first_name} {last_name}", registration.received_at)


def _waiting(registration: Registration) -> Letter:
    entry = [parts.invitation_comes()] if registration.has_place else []
    return line.waiting(registration, position=1, entry=entry)


def _out_of_line(compose: Compose) -> Compose:
    """A letter to somebody whom the line has let go."""

    def composed(registration: Registration) -> Letter:
        registration.in_line_since = registration.answer_by = None
        if not registration.has_place:
            registration.cancelled_from, registration.status = Status.WAITING, Status.CANCELLED
        return compose(registration)

    return composed


EVERY_WAY: Final = line.Ways(can_go_online=True, can_wait=True)

SAMPLES: Final = {
    "confirmation": Sample(place.confirmation, PLACES),
    "link": Sample(partial(place.link, registered_again=True), PLACES),
    "not_registered": Sample(_not_registered, PLACES),
    "update": Sample(place.update, PLACES),
    "cancellation": Sample(_cancellation, PLACES),
    "declined": Sample(answers.declined, PLACES),
    "day_cancelled": Sample(partial(day.day_cancelled, takes_entry=True), PLACES),
    "waiting": Sample(_waiting, IN_LINE),
    "seat": Sample(partial(line.promoted, brings_entry=True), (Wish.ON_SITE,)),
    "offer": Sample(line.offer, IN_LINE),
    "offer_passed": Sample(_out_of_line(partial(line.offer_passed, ways=EVERY_WAY)), IN_LINE),
    "line_closed": Sample(_out_of_line(partial(line.line_closed, ways=EVERY_WAY)), IN_LINE),
}


def find(event: Event, name: str) -> Sample:
    """The letter that the plan calls `name`; raises NotFound."""
    if name in SAMPLES:
        return SAMPLES[name]
    word, _, number = name.partition("-")
    if word != "reminder" or not (number.isascii() and number.isdigit() and len(number) < 10):
        raise NotFound
    return _of_reminder(reminding.get(event.id, int(number)))


def write(event: Event, sample: Sample, wish: Wish, language: str, now: datetime) -> Written:
    """The letter as the made-up person would get it at `now`; nothing is written down."""
    person = _somebody(event, wish, language, now)
    with use_language(language):
        return letters.write(sample.compose(person), language)


def _of_reminder(reminder: Reminder) -> Sample:
    wishes = {Audience.ON_SITE: PLACES[:1], Audience.ONLINE: PLACES[1:]}.get(reminder.audience, PLACES)
    return Sample(lambda person: reminder_letters.compose(person, reminder.message), wishes)


def _somebody(event: Event, wish: Wish, language: str, now: datetime) -> Registration:
    """Somebody who is in no database: the session never hears of them."""
    first_name, last_name = NAMES[language]
    application = Application(
        first_name, last_name, "namn@example.org", Profession.NURSE, "example.org", wish, language
    )
    person = application.to_registration(event, now)
    if wish in IN_LINE:
        person.in_line_since, person.answer_by = now, event.promote_until
        person.status = Status.WAITING if wish is Wish.LINE else Status.CONFIRMED
    return person
