"""Letters to somebody who leaves: the place, the mailbox or the line for a seat."""

from regapp.core.i18n import format_day, t
from regapp.events.models import Event
from regapp.mailing.letters import Block, Letter, Paragraph
from regapp.registrations.letters.wording.parts import (
    day_facts,
    days_page,
    entry_goes,
    facts,
    letter,
)
from regapp.registrations.models import Registration, Status


def cancellation(registration: Registration, *, may_return: bool, takes_entry: bool) -> Letter:
    event = registration.event
    return letter(
        registration,
        t("Du är avanmäld", "Your registration is cancelled"),
        _what_is_given_up(registration),
        [*([entry_goes()] if takes_entry else []), facts(registration), *(_how_to_return(event) if may_return else [])],
    )


def _how_to_return(event: Event) -> list[Block]:
    return [
        Paragraph(
            t(
                "Du kan anmäla dig igen till och med {day}.",
                "You can register again until {day}.",
                day=format_day(event.last_day),
            )
        ),
        days_page(event),
    ]


def _what_is_given_up(registration: Registration) -> str:
    if registration.cancelled_from is Status.WAITING:
        return t(
            "Du är avanmäld och står inte längre i kön.",
            "Your registration is cancelled and you are no longer in line.",
        )
    return t(
        "Du är avanmäld och platsen är lämnad.",
        "Your registration is cancelled and the place is given up.",
    )


def transferred(registration: Registration, *, takes_entry: bool) -> Letter:
    return letter(
        registration,
        t("Din plats är överlåten", "Your place is given away"),
        t(
            "Din plats är nu din kollegas, som har fått ett eget mejl.",
            "Your place is now your colleague’s, who has got an e-mail of their own.",
        ),
        [*([entry_goes()] if takes_entry else []), facts(registration)],
    )


def address_changed(registration: Registration, *, by_themselves: bool, takes_entry: bool) -> Letter:
    """To the mailbox that the registration had; nothing of the registration itself."""
    event = registration.event
    return letter(
        registration,
        t("Vi skriver inte längre hit om anmälan", "We no longer write here about the registration"),
        _what_has_ended() + (_if_not_you() if by_themselves else ""),
        [day_facts(event), *([entry_goes()] if takes_entry else [])],
        subject=t("Ändrad e-postadress: {title}", "Changed e-mail address: {title}", title=event.title),
        greets=False,
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
