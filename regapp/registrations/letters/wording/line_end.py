"""What the letters to those whom the line has let go say, in the language that is spoken when they are composed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from regapp.core.i18n import format_day, t
from regapp.events.models import Event
from regapp.mailing.letters import Action, Block, Heading, Letter, Paragraph
from regapp.registrations import places
from regapp.registrations.letters import entries
from regapp.registrations.letters.wording.parts import day_facts, days_page, facts, how_to_attend, own_page, questions
from regapp.registrations.models import Registration


class Ways(NamedTuple):
    """What somebody who is out of the line can still do by themselves."""

    can_go_online: bool
    can_wait: bool

    @classmethod
    def of(cls, event: Event, at: datetime) -> Ways:
        day_places = places.count(event)
        is_open = event.is_open(at)
        return cls(is_open and not day_places.online.is_full, is_open and event.fills_seats(at))


def offer_passed(registration: Registration, *, ways: Ways, entry: Sequence[Block] = ()) -> Letter:
    event = registration.event
    return Letter(
        subject=t("Erbjudandet gick ut: {title}", "The offer ran out: {title}", title=event.title),
        blocks=[
            Heading(t("Erbjudandet har gått ut", "The offer has run out")),
            Paragraph(
                t(
                    "Hej {name}! Du fick en plats i lokalen erbjuden, men vi fick inget svar i tid. "
                    "Erbjudandet gäller inte längre.",
                    "Hello {name}! You were offered an on-site place, but we got no answer in time. "
                    "The offer is no longer valid.",
                    name=registration.first_name,
                )
            ),
            *_out_of_line(registration, ways, entry),
            questions(event),
        ],
    )


def line_closed(registration: Registration, *, ways: Ways, entry: Sequence[Block] = ()) -> Letter:
    event = registration.event
    return Letter(
        subject=t("Ingen plats i lokalen i år: {title}", "No on-site place this year: {title}", title=event.title),
        blocks=[
            Heading(t("Det blev ingen plats i lokalen i år", "There was no on-site place this year")),
            Paragraph(
                t(
                    "Hej {name}! Kön är stängd, och platserna i lokalen räckte tyvärr inte till dig den här gången.",
                    "Hello {name}! The line is closed, and sadly there was no on-site place for you this time.",
                    name=registration.first_name,
                )
            ),
            *_out_of_line(registration, ways, entry),
            questions(event),
        ],
    )


def _out_of_line(registration: Registration, ways: Ways, entry: Sequence[Block]) -> list[Block]:
    if registration.has_place:
        return [Paragraph(_stands(entry)), facts(registration), *how_to_attend(registration), *entry, own_page()]
    return [
        Paragraph(t("Du står inte längre i kön och har ingen plats.", "You are no longer in line and have no place.")),
        *entry,
        day_facts(registration.event),
        *_ways_back(registration.event, ways),
    ]


def _stands(entry: Sequence[Block]) -> str:
    if entry:
        return t("Du har kvar din digitala plats.", "You still have your online place.")
    return t(
        "Du har kvar din digitala plats, och det som står i din kalender gäller.",
        "You still have your online place, and what your calendar says is right.",
    )


def _ways_back(event: Event, ways: Ways) -> list[Block]:
    if not any(ways):
        words = t(
            "Det går inte längre att anmäla sig själv. Skriv till arrangören om du vill fråga om en plats: {contact}.",
            "It is no longer possible to register by yourself. Write to the organiser to ask for a place: {contact}.",
            contact=event.contact_email,
        )
        return [Paragraph(words), days_page(event)]
    until = format_day(event.last_day)
    if ways.can_go_online:
        words = t(
            "Du kan fortfarande delta digitalt. Anmäl dig på nytt till och med {day}.",
            "You can still take part online. Register again until {day}.",
            day=until,
        )
    else:
        words = t(
            "Du kan ställa dig i kö igen. Anmäl dig på nytt till och med {day}.",
            "You can stand in line again. Register again until {day}.",
            day=until,
        )
    to_form = Action(t("Till anmälan", "To the registration form"), entries.register_url(event))
    return [Paragraph(words), to_form, days_page(event)]
