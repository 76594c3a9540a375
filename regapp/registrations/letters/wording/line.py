"""What the letters to those in line say, in the language that is spoken when they are composed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from regapp.core.i18n import format_instant, t
from regapp.mailing.letters import Action, Block, Heading, Letter, Paragraph
from regapp.mailing.marks import mark
from regapp.registrations.letters.wording import place as wording
from regapp.registrations.letters.wording.parts import (
    asks_for_needs,
    days_page,
    entry_changes,
    facts,
    how_to_attend,
    invitation_comes,
    own_page,
    questions,
)
from regapp.registrations.models import Registration


def waiting(registration: Registration, *, position: int | None, entry: Sequence[Block] = ()) -> Letter:
    event = registration.event
    return Letter(
        subject=t("Du står i kö: {title}", "You are in line: {title}", title=event.title),
        blocks=[
            Heading(t("Du står i kö för en plats i lokalen", "You are in line for an on-site place")),
            Paragraph(
                t(
                    "Hej {name}! Alla platser i lokalen är tagna. Du har plats {position} i kön. När en plats blir "
                    "ledig och det är din tur får du ett mejl. Tills dess behöver du inte göra någonting.",
                    "Hello {name}! All on-site places are taken. You are number {position} in line. When a place is "
                    "free and it is your turn, you will get an e-mail. Until then you need not do anything.",
                    name=registration.first_name,
                    position=position,
                )
            ),
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
            questions(event),
        ],
    )


def waiting_again(registration: Registration, *, position: int | None, entry: Sequence[Block] = ()) -> Letter:
    """To who took back their own cancellation, and stands in line."""
    letter = waiting(registration, position=position, entry=entry)
    why = Paragraph(
        t("Du ångrade avanmälan och står nu i kön.", "You undid the cancellation and now stand in line."),
    )
    return replace(letter, blocks=[*letter.blocks[:2], why, *letter.blocks[2:]])


def seat_had_become_free(registration: Registration) -> Letter:
    """The confirmation of whoever asked for the line, while a seat became free."""
    letter = wording.confirmation(registration)
    why = Paragraph(
        t(
            "Du ville stå i kö, men en plats i lokalen hade blivit ledig. Den är din.",
            "You wanted to stand in line, but an on-site place had become free. It is yours.",
        )
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
    return Letter(
        subject=t(
            "Svara senast {until}: en plats är ledig på {title}",
            "Reply by {until}: a place is free at {title}",
            until=until,
            title=event.title,
        ),
        blocks=[
            Heading(t("En plats är ledig för dig", "A place is free for you")),
            Paragraph(
                t(
                    "Hej {name}! Det är din tur i kön: en plats i lokalen är ledig. Tacka ja eller nej på din sida "
                    "senast {until}. Därefter går platsen vidare till nästa.",
                    "Hello {name}! It is your turn in line: an on-site place is free. Accept or decline on your page "
                    "by {until}. After that the place goes to the next in line.",
                    name=registration.first_name,
                    until=until,
                )
            ),
            Action(t("Tacka ja eller nej", "Accept or decline"), mark("manage")),
            Paragraph(_if_declined(registration)),
            facts(registration, of_seat=True),
            *entry,
            questions(event),
        ],
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
    return Letter(
        subject=t("Du har fått en plats i lokalen: {title}", "You have an on-site place: {title}", title=event.title),
        blocks=[
            Heading(t("Du har fått en plats i lokalen", "You have got an on-site place")),
            Paragraph(
                t(
                    "Hej {name}! Du stod i kö, och nu är en plats i lokalen din. Välkommen!",
                    "Hello {name}! You stood in line, and now an on-site place is yours. Welcome!",
                    name=registration.first_name,
                )
            ),
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
            questions(event),
        ],
    )
