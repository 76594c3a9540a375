"""What is written when letters go to another address or in another language, in that which is spoken then."""

from __future__ import annotations

from collections.abc import Sequence

from regapp.core.i18n import t
from regapp.mailing.letters import Block, Heading, Letter, Paragraph
from regapp.registrations.letters.wording.parts import day_facts, entry_goes, facts, own_page, questions
from regapp.registrations.models import Registration


def spoken_to(registration: Registration, *, entry: Sequence[Block] = ()) -> Letter:
    """To somebody who chose another language: only that, what they have, and the entry in it."""
    event = registration.event
    return Letter(
        subject=t("Mejlen kommer på svenska: {title}", "The e-mails come in English: {title}", title=event.title),
        blocks=[
            Heading(t("Nu skriver vi till dig på svenska", "We now write to you in English")),
            Paragraph(
                t(
                    "Hej {name}! Du har valt svenska. Mejl och kalenderpost kommer på svenska från och med nu. "
                    "Så här gäller din anmälan:",
                    "Hello {name}! You chose English. E-mails and calendar entry come in English from now on. "
                    "This is your registration:",
                    name=registration.first_name,
                )
            ),
            facts(registration),
            *entry,
            own_page(),
            questions(event),
        ],
    )


def address_changed(registration: Registration, *, by_themselves: bool, takes_entry: bool) -> Letter:
    """To the mailbox that the registration had; nothing of the registration itself."""
    event = registration.event
    return Letter(
        subject=t("Ändrad e-postadress: {title}", "Changed e-mail address: {title}", title=event.title),
        blocks=[
            Heading(t("Vi skriver inte längre hit om anmälan", "We no longer write here about the registration")),
            Paragraph(_what_has_ended() + (_if_not_you() if by_themselves else "")),
            day_facts(event),
            *([entry_goes()] if takes_entry else []),
            questions(event),
        ],
    )


def _what_has_ended() -> str:
    """True also when the other address is registered already and the registration is cancelled, and doesn't tell."""
    return t(
        "Anmälan som vi har skrivit om hit gäller inte längre med den här e-postadressen. Länkarna i tidigare mejl "
        "gäller inte heller.",
        "The registration that we have written about here no longer holds with this e-mail address. The links in "
        "earlier e-mails are no longer valid either.",
    )


def _if_not_you() -> str:
    return t(
        " Var det inte du som bytte adress? Skriv till oss.", " Wasn’t it you who changed the address? Write to us."
    )
