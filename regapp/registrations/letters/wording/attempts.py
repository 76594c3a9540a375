"""What is written to a mailbox when a form with its address registered nobody, in the language that is spoken then."""

from __future__ import annotations

from datetime import datetime

from regapp.core.i18n import t
from regapp.mailing.letters import Action, Block, Heading, Letter, Paragraph
from regapp.registrations.application import Application
from regapp.registrations.choices import Wish
from regapp.registrations.letters import entries
from regapp.registrations.letters.wording.parts import facts, own_page, questions
from regapp.registrations.models import Registration


def not_registered(registration: Registration, application: Application, at: datetime) -> Letter:
    """To the registration's mailbox, when the form named somebody else."""
    event, name = registration.event, f"{application.first_name} {application.last_name}"
    return Letter(
        subject=t("{name} är inte anmäld: {title}", "{name} is not registered: {title}", name=name, title=event.title),
        blocks=[
            Heading(t("{name} är inte anmäld", "{name} is not registered", name=name)),
            Paragraph(
                t(
                    "Hej {reader}! Någon, kanske du, ville anmäla {name} med din e-postadress. En adress är en "
                    "anmälan: dit går kalenderinbjudan och den personliga länken. Adressen har redan en anmälan, och "
                    "den gäller som förut:",
                    "Hello {reader}! Someone, perhaps you, wanted to register {name} with your e-mail address. One "
                    "address is one registration: the calendar invitation and the personal link go there. The "
                    "address has a registration already, which stands as before:",
                    reader=registration.first_name,
                    name=name,
                )
            ),
            facts(registration),
            *_how_to_register(registration, name, at),
            Paragraph(
                t(
                    "Är det du som är {name}? Då är du redan anmäld. Namnet kan du rätta på din sida.",
                    "Are you {name}? Then you are already registered. You can correct the name on your page.",
                    name=name,
                )
            ),
            own_page(),
            questions(event),
        ],
    )


def _how_to_register(registration: Registration, name: str, at: datetime) -> list[Block]:
    event = registration.event
    if not event.is_open(at):
        return [
            Paragraph(
                t(
                    "Ska {name} vara med? Anmälan är stängd: skriv till {contact}.",
                    "Is {name} to take part? Registration is closed: write to {contact}.",
                    name=name,
                    contact=event.contact_email,
                )
            )
        ]
    return [
        Paragraph(
            t(
                "Ska {name} vara med? Gör anmälan igen, med en e-postadress som är {name_s} egen.",
                "Is {name} to take part? Register again, with an e-mail address of {name}’s own.",
                name=name,
                name_s=name if name.endswith(("s", "x", "z")) else f"{name}s",
            )
        ),
        Action(t("Anmäl med en egen adress", "Register with an address of their own"), entries.register_url(event)),
    ]


def not_changed(registration: Registration, wish: Wish, *, by_colleague: bool) -> Letter:
    """To whoever is registered, when the form asked for something else for them."""
    title = registration.event.title
    return Letter(
        subject=t("Din anmälan är inte ändrad: {title}", "Your registration is not changed: {title}", title=title),
        blocks=[
            Heading(t("Din anmälan är inte ändrad", "Your registration is not changed")),
            Paragraph(_what_was_wanted(registration.first_name, str(wish.label), by_colleague)),
            facts(registration),
            Paragraph(
                t(
                    "Vill du ändra hur du deltar? Det gör du på din sida. Länken är personlig: skicka den inte vidare.",
                    "Do you want to change how you take part? Do so on your page. The link is personal: don’t pass it "
                    "on.",
                )
            ),
            own_page(),
            questions(registration.event),
        ],
    )


def _what_was_wanted(name: str, wish: str, by_colleague: bool) -> str:
    if by_colleague:
        return t(
            "Hej {name}! En kollega ville överlåta sin plats till dig: ”{wish}”. Du var redan anmäld, och en "
            "överlåten plats ändrar inte anmälan som finns. Det här gäller:",
            "Hello {name}! A colleague wanted to give you their place: “{wish}”. You were registered already, and a "
            "place that is given away doesn’t change the registration that there is. This is what holds:",
            name=name,
            wish=wish,
        )
    return t(
        "Hej {name}! Någon, troligen du, har skickat en ny anmälan med din e-postadress och valt "
        "”{wish}”. Du var redan anmäld, och en ny anmälan ändrar inte den som finns. Det här gäller:",
        "Hello {name}! Someone, probably you, sent a new registration with your e-mail address and chose "
        "“{wish}”. You were registered already, and a new registration doesn’t change the one that there "
        "is. This is what holds:",
        name=name,
        wish=wish,
    )
