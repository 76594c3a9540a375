"""What is written to somebody whose invitation a calendar declined, in the language spoken when it is composed."""

from __future__ import annotations

from regapp.core.i18n import t
from regapp.mailing.letters import Action, Heading, Letter, Paragraph
from regapp.mailing.marks import mark
from regapp.registrations.letters import entries
from regapp.registrations.letters.wording.parts import facts, own_page, questions
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
                    "Can’t you come? Cancel your registration, so that somebody else can have the place.",
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


def declined_by_other(registration: Registration, address: str) -> Letter:
    """`address` answered: perhaps the reader's other one, a delegate, or who got the invitation forwarded."""
    event = registration.event
    return Letter(
        subject=t(
            "Ett nej till din inbjudan från en annan adress: {title}",
            "Your invitation was declined from another address: {title}",
            title=event.title,
        ),
        blocks=[
            Heading(t("Du är fortfarande anmäld", "You are still registered")),
            Paragraph(
                t(
                    "Hej {name}! Din kalenderinbjudan gick till {email}, men {address} har tackat nej till den. "
                    "Svaret räknas inte som ditt, och din plats är kvar.",
                    "Hello {name}! Your calendar invitation went to {email}, but {address} has declined it. "
                    "That does not count as your answer, and your place is still yours.",
                    name=registration.first_name,
                    email=registration.email,
                    address=address,
                )
            ),
            facts(registration),
            Paragraph(
                t(
                    "Var det du, eller någon som svarar åt dig, och kan du inte komma? "
                    "Avanmäl dig, så kan någon annan få platsen.",
                    "Was it you, or somebody who answers for you, and can’t you come? "
                    "Cancel your registration, so that somebody else can have the place.",
                )
            ),
            Action(t("Avanmäl dig", "Cancel your registration"), mark("cancel")),
            Paragraph(
                t(
                    "Har du skickat inbjudan vidare till en kollega? Den som får den blir inte anmäld genom det. "
                    "Kollegan anmäler sig själv på dagens sida: {url}",
                    "Did you forward the invitation to a colleague? That registers nobody. "
                    "Your colleague registers on the page of the day: {url}",
                    url=entries.day_url(event),
                )
            ),
            Paragraph(t("Annars behöver du inte göra någonting.", "Otherwise you need not do anything.")),
            own_page(),
            questions(event),
        ],
    )
