"""What the letters to those in line say, in the language that is spoken when they are composed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from regapp.core.i18n import format_day, format_instant, t
from regapp.events.models import Event
from regapp.mailing.letters import Action, Block, Letter, Paragraph
from regapp.mailing.marks import mark
from regapp.registrations.letters.wording.parts import (
    asks_for_needs,
    day_facts,
    days_page,
    entry_changes,
    facts,
    how_to_attend,
    invitation_comes,
    letter,
    own_page,
    register_url,
)
from regapp.registrations.models import Registration


def waiting(registration: Registration, *, position: int | None, entry: Sequence[Block] = ()) -> Letter:
    event = registration.event
    return letter(
        registration,
        t("Du står i kö för en plats i lokalen", "You are in line for an on-site place"),
        t(
            "Alla platser i lokalen är tagna. Du har plats {position} i kön. När en plats blir "
            "ledig och det är din tur får du ett mejl. Tills dess behöver du inte göra någonting.",
            "All on-site places are taken. You are number {position} in line. When a place is "
            "free and it is your turn, you will get an e-mail. Until then you need not do anything.",
            position=position,
        ),
        [
            facts(registration),
            *(_meanwhile(registration) if registration.has_place else []),
            *entry,
            Paragraph(
                t(
                    "Kön stänger {until}. Vill du inte vänta kan du lämna den på din sida.",
                    "The line closes on {until}. If you don’t want to wait, you can leave it on your page.",
                    until=format_instant(event.promote_until),
                )
            ),
            own_page(),
            days_page(event),
        ],
        subject=t("Du står i kö: {title}", "You are in line: {title}", title=registration.event.title),
    )


def waiting_again(registration: Registration, *, position: int | None, entry: Sequence[Block] = ()) -> Letter:
    """To who took back their own cancellation, and stands in line."""
    letter = waiting(registration, position=position, entry=entry)
    why = Paragraph(
        t("Du ångrade avanmälan och står nu i kön.", "You undid the cancellation and now stand in line."),
    )
    return replace(letter, blocks=[*letter.blocks[:2], why, *letter.blocks[2:]])


def _meanwhile(registration: Registration) -> list[Block]:
    return [
        Paragraph(
            t(
                "Under tiden har du en digital plats. Den behåller du om ingen plats i lokalen blir ledig.",
                "Meanwhile you have an online place. You keep it if no on-site place becomes free.",
            )
        ),
        *how_to_attend(registration),
    ]


def offer(registration: Registration, *, entry: Sequence[Block] = ()) -> Letter:
    event = registration.event
    until = format_instant(registration.answer_by) if registration.answer_by else ""
    return letter(
        registration,
        t("En plats är ledig för dig", "A place is free for you"),
        t(
            "Det är din tur i kön: en plats i lokalen är ledig. Tacka ja eller nej på din sida "
            "senast {until}. Därefter går platsen vidare till nästa.",
            "It is your turn in line: an on-site place is free. Accept or decline on your page "
            "by {until}. After that the place goes to the next in line.",
            until=until,
        ),
        [
            Action(t("Tacka ja eller nej", "Accept or decline"), mark("manage")),
            Paragraph(_if_declined(registration)),
            facts(registration, of_seat=True),
            *entry,
        ],
        subject=t(
            "Svara senast {until}: en plats är ledig på {title}",
            "Reply by {until}: a place is free at {title}",
            until=until,
            title=event.title,
        ),
    )


def _if_declined(registration: Registration) -> str:
    if registration.has_place:
        return t(
            "Tackar du nej, eller svarar du inte, behåller du din digitala plats och lämnar kön.",
            "If you decline, or don’t answer, you keep your online place and leave the line.",
        )
    return t(
        "Tackar du nej, eller svarar du inte, lämnar du kön och har ingen plats.",
        "If you decline, or don’t answer, you leave the line and have no place.",
    )


def promoted(registration: Registration, *, brings_entry: bool) -> Letter:
    event = registration.event
    return letter(
        registration,
        t("Du har fått en plats i lokalen", "You have got an on-site place"),
        t(
            "Du stod i kö, och nu är en plats i lokalen din. Välkommen!",
            "You stood in line, and now an on-site place is yours. Welcome!",
        ),
        [
            facts(registration),
            *how_to_attend(registration),
            *asks_for_needs(registration),
            invitation_comes() if brings_entry else entry_changes(),
            Paragraph(
                t(
                    "Kan du inte komma? Avanmäl dig eller byt till att delta digitalt, så får nästa i kön platsen.",
                    "Can’t you come? Cancel, or change to taking part online, and the next in line gets the place.",
                )
            ),
            own_page(),
            days_page(event),
        ],
        subject=t(
            "Du har fått en plats i lokalen: {title}",
            "You have an on-site place: {title}",
            title=registration.event.title,
        ),
    )


class Ways(NamedTuple):
    """What somebody who is out of the line can still do by themselves."""

    can_go_online: bool
    can_wait: bool


def offer_passed(registration: Registration, *, ways: Ways, entry: Sequence[Block] = ()) -> Letter:
    return letter(
        registration,
        t("Erbjudandet har gått ut", "The offer has run out"),
        t(
            "Du fick en plats i lokalen erbjuden, men vi fick inget svar i tid. Erbjudandet gäller inte längre.",
            "You were offered an on-site place, but we got no answer in time. The offer is no longer valid.",
        ),
        [*_out_of_line(registration, ways, entry)],
        subject=t("Erbjudandet gick ut: {title}", "The offer ran out: {title}", title=registration.event.title),
    )


def line_closed(registration: Registration, *, ways: Ways, entry: Sequence[Block] = ()) -> Letter:
    return letter(
        registration,
        t("Det blev ingen plats i lokalen i år", "There was no on-site place this year"),
        t(
            "Kön är stängd, och platserna i lokalen räckte tyvärr inte till dig den här gången.",
            "The line is closed, and sadly there was no on-site place for you this time.",
        ),
        [*_out_of_line(registration, ways, entry)],
        subject=t(
            "Ingen plats i lokalen i år: {title}", "No on-site place this year: {title}", title=registration.event.title
        ),
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
    to_form = Action(t("Till anmälan", "To the registration form"), register_url(event))
    return [Paragraph(words), to_form, days_page(event)]
