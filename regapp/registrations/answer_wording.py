"""What is written to somebody whose calendar said no, in the language that is spoken when it is composed."""

from __future__ import annotations

from regapp.core.i18n import t
from regapp.mailing.letters import Action, Heading, Letter, Paragraph
from regapp.mailing.marks import mark
from regapp.registrations.letter_parts import facts, own_page, questions
from regapp.registrations.models import Registration


def declined(registration: Registration) -> Letter:
    event = registration.event
    return Letter(
        subject=t("Du är fortfarande anmäld: {title}", "You are still registered: {title}", title=event.title),
        blocks=[
            Heading(t("Du är fortfarande anmäld", "You are still registered")),
            Paragraph(
                t(
                    "Hej {name}! Du tackade nej i kalendern. Din plats är kvar: ett nej i kalendern avanmäler ingen.",
                    "Hello {name}! You declined in your calendar. Your place is still yours: "
                    "saying no in the calendar cancels no registration.",
                    name=registration.first_name,
                )
            ),
            facts(registration),
            Paragraph(
                t(
                    "Kan du inte komma? Avanmäl dig, så kan någon annan få platsen.",
                    "Can't you come? Cancel your registration, so that somebody else can have the place.",
                )
            ),
            Action(t("Avanmäl dig", "Cancel your registration"), mark("cancel")),
            Paragraph(
                t(
                    "Vill du behålla platsen behöver du inte göra någonting. Har kalenderposten försvunnit "
                    "finns den att hämta på din sida.",
                    "If you want to keep the place you need not do anything. If the calendar entry is gone, "
                    "you can download it from your page.",
                )
            ),
            own_page(),
            questions(event),
        ],
    )
