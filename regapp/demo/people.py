"""A hundred people who don't exist: the same ones each time, registered over the weeks before now."""

import itertools
import random
import unicodedata
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from regapp.core.i18n import SWEDISH_TIME
from regapp.demo import content
from regapp.events.models import Event
from regapp.registrations.application import Application
from regapp.registrations.choices import WORKPLACES, Diet, Profession, Wish
from regapp.registrations.models import Registration, Status

NUMBER: Final = 100
CANCELLED: Final = 7
SEED: Final = 20141111

WEEKS: Final = 6
"""For how long registration has been open when the demo is filled."""

_LIKELY: Final = {
    Profession.PHYSICIAN: 28,
    Profession.NURSE: 24,
    Profession.RESEARCHER: 16,
    Profession.BIOMEDICAL: 9,
    Profession.PHARMACIST: 6,
    Profession.INDUSTRY: 6,
    Profession.COORDINATOR: 4,
    Profession.STUDENT: 4,
    Profession.AUTHORITY: 2,
    Profession.PATIENT: 1,
}


def registrations(event: Event, now: datetime) -> Iterator[Registration]:
    """The people's registrations in the order they came, some cancelled; nothing is written, no letter either."""
    chance = random.Random(SEED)  # noqa: S311 - the same people each time is the point
    people = _people(chance)
    for number, received_at in enumerate(_instants(chance, event.opens_at, now)):
        registration = _application(chance, number, *next(people)).to_registration(event, received_at)
        _live_on(registration, number, chance, now)
        yield registration


def _people(chance: random.Random) -> Iterator[tuple[str, str]]:
    names = list(itertools.product(content.FIRST_NAMES, content.LAST_NAMES))
    chance.shuffle(names)
    return iter(names)


def _instants(chance: random.Random, opened_at: datetime, now: datetime) -> list[datetime]:
    """When they came: many when it opened, many after the reminder, few in between."""
    span = (now - opened_at) - timedelta(minutes=1)
    shares = [min(chance.expovariate(6), 1) for _ in range(NUMBER * 6 // 10)]
    shares += [0.55 + min(chance.expovariate(9), 0.45) for _ in range(NUMBER - len(shares))]
    return sorted(_by_day(opened_at + span * share, now) for share in shares)


def _by_day(instant: datetime, now: datetime) -> datetime:
    """The same day, when people are awake."""
    if instant.astimezone(SWEDISH_TIME).hour < 7:
        instant += timedelta(hours=9)
    return min(instant, now - timedelta(minutes=1))


def _application(chance: random.Random, number: int, first_name: str, last_name: str) -> Application:
    profession = chance.choices(list(_LIKELY), list(_LIKELY.values()))[0]
    on_site = chance.random() < 0.6
    speaks_english = chance.random() < 0.12
    needs_food, needs_access = on_site and chance.random() < 0.25, on_site and number % 31 == 7
    return Application(
        first_name=first_name,
        last_name=last_name,
        email=_address(first_name, last_name),
        profession=profession,
        workplace=_workplace(chance, profession),
        department=chance.choice(content.DEPARTMENTS),
        wish=Wish.ON_SITE if on_site else Wish.ONLINE,
        language="en" if speaks_english else "sv",
        diets=(chance.choice(list(Diet)),) if needs_food else (),
        diet_other=chance.choice(content.DIETS_IN_WORDS) if needs_food and number % 4 == 0 else "",
        access_needs=chance.choice(content.ACCESS_NEEDS) if needs_access else "",
        message=_message(number, speaks_english),
        wants_news=chance.random() < 0.4,
    )


def _address(first_name: str, last_name: str) -> str:
    plain = unicodedata.normalize("NFD", f"{first_name}.{last_name}".lower())
    return "".join(sign for sign in plain if sign.isascii() and (sign.isalnum() or sign in ".-")) + "@example.org"


def _workplace(chance: random.Random, profession: Profession) -> str:
    companies = WORKPLACES[-5:]
    return chance.choice(companies if profession is Profession.INDUSTRY else WORKPLACES[:-5])


def _message(number: int, speaks_english: bool) -> str:
    if number % 15 != 4:
        return ""
    return content.MESSAGE_IN_ENGLISH if speaks_english else content.MESSAGES[number // 15 % len(content.MESSAGES)]


def _live_on(registration: Registration, number: int, chance: random.Random, now: datetime) -> None:
    """What happened since: some messages were read, a few people cancelled, and what they said of health went."""
    later = registration.received_at + (now - registration.received_at) * chance.uniform(0.2, 0.8)
    if registration.message and number < NUMBER // 2:
        registration.message_read_at = later
    if number % (NUMBER // CANCELLED) == 9:
        registration.status, registration.cancelled_at = Status.CANCELLED, later
        registration.cancelled_from = Status.CONFIRMED
        registration.changed_at = later
        registration.health = None
