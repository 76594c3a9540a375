"""What is written to somebody whose invitation a calendar declined, in the language spoken when it is composed."""

from datetime import datetime

from regapp.core.i18n import Text, t
from regapp.mailing.letters import Action, Block, Letter, Paragraph
from regapp.mailing.marks import mark
from regapp.registrations.letters.wording.parts import day_url, facts, letter, own_page, register_url
from regapp.registrations.models import Registration


def declined(registration: Registration) -> Letter:
    return letter(
        registration,
        t("Du är fortfarande anmäld", "You are still registered"),
        t(
            "Du tackade nej i kalendern. Din plats är kvar: ett nej i kalendern avanmäler ingen.",
            "You declined in your calendar. Your place is still yours: "
            "saying no in the calendar cancels no registration.",
        ),
        [
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
        ],
    )


def declined_by_other(registration: Registration, address: str) -> Letter:
    """`address` answered: perhaps the reader's other one, a delegate, or who got the invitation forwarded."""
    event = registration.event
    return letter(
        registration,
        t("Du är fortfarande anmäld", "You are still registered"),
        t(
            "Din kalenderinbjudan gick till {email}, men {address} har tackat nej till den. "
            "Svaret räknas inte som ditt, och din plats är kvar.",
            "Your calendar invitation went to {email}, but {address} has declined it. "
            "That does not count as your answer, and your place is still yours.",
            email=registration.email,
            address=address,
        ),
        [
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
                    url=day_url(event),
                )
            ),
            Paragraph(t("Annars behöver du inte göra någonting.", "Otherwise you need not do anything.")),
            own_page(),
        ],
        subject=t(
            "Ett nej till din inbjudan från en annan adress: {title}",
            "Your invitation was declined from another address: {title}",
            title=registration.event.title,
        ),
    )


def not_registered(registration: Registration, name: str, at: datetime) -> Letter:
    """To the registration's mailbox, when the form named somebody else."""
    return letter(
        registration,
        t("{name} är inte anmäld", "{name} is not registered", name=name),
        t(
            "Någon, kanske du, ville anmäla {name} med din e-postadress. En adress är en "
            "anmälan: dit går kalenderinbjudan och den personliga länken. Adressen har redan en anmälan, och "
            "den gäller som förut:",
            "Someone, perhaps you, wanted to register {name} with your e-mail address. One "
            "address is one registration: the calendar invitation and the personal link go there. The "
            "address has a registration already, which stands as before:",
            name=name,
        ),
        [
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
        Action(t("Anmäl med en egen adress", "Register with an address of their own"), register_url(event)),
    ]


def not_changed(registration: Registration, wish: Text, *, by_colleague: bool) -> Letter:
    """To whoever is registered, when the form asked for something else for them."""
    return letter(
        registration,
        t("Din anmälan är inte ändrad", "Your registration is not changed"),
        _what_was_wanted(str(wish), by_colleague),
        [
            facts(registration),
            Paragraph(
                t(
                    "Vill du ändra hur du deltar? Det gör du på din sida. Länken är personlig: skicka den inte vidare.",
                    "Do you want to change how you take part? Do so on your page. The link is personal: don’t pass it "
                    "on.",
                )
            ),
            own_page(),
        ],
    )


def _what_was_wanted(wish: str, by_colleague: bool) -> str:
    if by_colleague:
        return t(
            "En kollega ville överlåta sin plats till dig: ”{wish}”. Du var redan anmäld, och en "
            "överlåten plats ändrar inte anmälan som finns. Det här gäller:",
            "A colleague wanted to give you their place: “{wish}”. You were registered already, and a "
            "place that is given away doesn’t change the registration that there is. This is what holds:",
            wish=wish,
        )
    return t(
        "Någon, troligen du, har skickat en ny anmälan med din e-postadress och valt "
        "”{wish}”. Du var redan anmäld, och en ny anmälan ändrar inte den som finns. Det här gäller:",
        "Someone, probably you, sent a new registration with your e-mail address and chose "
        "“{wish}”. You were registered already, and a new registration doesn’t change the one that there "
        "is. This is what holds:",
        wish=wish,
    )
