"""What the letters say to people for whom somebody else did something, in the language that is spoken then."""

from __future__ import annotations

from collections.abc import Sequence

from regapp.core.i18n import t
from regapp.mailing.letters import Block, Heading, Letter, Paragraph
from regapp.registrations.letters.wording.parts import (
    asks_for_needs,
    days_page,
    facts,
    how_to_attend,
    invitation_comes,
    own_page,
    questions,
)
from regapp.registrations.models import Registration


def taken_over(registration: Registration) -> Letter:
    """To somebody who filled in nothing themselves; letter_additions says where their data came from."""
    event = registration.event
    return Letter(
        subject=t("Du är anmäld: {title}", "You are registered: {title}", title=event.title),
        blocks=[
            Heading(t("Du har fått en kollegas plats", "You have got a colleague’s place")),
            Paragraph(
                t(
                    "Hej {name}! En kollega har överlåtit sin plats på {title} till dig. Yrke och arbetsplats är din "
                    "kollegas tills du har rättat dem på din sida.",
                    "Hello {name}! A colleague has given you their place at {title}. Profession and workplace are your "
                    "colleague’s until you have corrected them on your page.",
                    name=registration.first_name,
                    title=event.title,
                )
            ),
            facts(registration),
            *how_to_attend(registration),
            *asks_for_needs(registration),
            invitation_comes(),
            own_page(),
            days_page(event),
            questions(event),
        ],
    )


def corrected(registration: Registration, *, entry: Sequence[Block] = ()) -> Letter:
    event = registration.event
    return Letter(
        subject=t("Rättade uppgifter: {title}", "Corrected details: {title}", title=event.title),
        blocks=[
            Heading(t("Dina uppgifter är rättade", "Your details are corrected")),
            Paragraph(
                t(
                    "Hej {name}! Arrangören har rättat dina uppgifter. Kontrollera dem på din sida.",
                    "Hello {name}! The organiser has corrected your details. Check them on your page.",
                    name=registration.first_name,
                )
            ),
            facts(registration),
            *entry,
            own_page(),
            questions(event),
        ],
    )
