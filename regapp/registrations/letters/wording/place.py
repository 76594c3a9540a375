"""What each letter says, in the language that is spoken when it is composed; see line_wording for the line."""

from __future__ import annotations

from regapp.core.i18n import format_day, t
from regapp.events.models import Event, Publication
from regapp.mailing.letters import Block, Heading, Letter, Paragraph
from regapp.registrations.letters.wording.parts import (
    asks_for_needs,
    days_page,
    entry_changes,
    entry_goes,
    facts,
    how_to_attend,
    invitation_comes,
    own_page,
    questions,
)
from regapp.registrations.models import RegisteredBy, Registration, Status


def confirmation(registration: Registration, *, by_themselves: bool = True) -> Letter:
    event = registration.event
    return Letter(
        subject=t("Du är anmäld: {title}", "You are registered: {title}", title=event.title),
        blocks=[
            Heading(t("Du är anmäld", "You are registered")),
            Paragraph(_welcome(registration, by_themselves)),
            facts(registration),
            *how_to_attend(registration),
            invitation_comes(),
            Paragraph(
                t(
                    "Får du förhinder? Avanmäl dig, så kan någon annan få platsen. Länken är personlig: "
                    "skicka den inte vidare.",
                    "Can’t you come? Cancel your registration, so that somebody else can have the place. "
                    "The link is personal: don’t pass it on.",
                )
            ),
            own_page(),
            days_page(event),
            questions(event),
        ],
    )


def _welcome(registration: Registration, by_themselves: bool) -> str:
    """No thanks for what somebody else did."""
    name, title = registration.first_name, registration.event.title
    if not by_themselves or registration.registered_by is not RegisteredBy.THEMSELVES:
        return t(
            "Hej {name}! Du har en plats på {title}.",
            "Hello {name}! You have a place at {title}.",
            name=name,
            title=title,
        )
    return t(
        "Hej {name}! Tack för din anmälan. Du har en plats på {title}.",
        "Hello {name}! Thank you for registering. You have a place at {title}.",
        name=name,
        title=title,
    )


def update(registration: Registration) -> Letter:
    """What differs is told by the facts: the letter stands for itself, whichever one was read before."""
    event = registration.event
    return Letter(
        subject=t("Ändrad anmälan: {title}", "Changed registration: {title}", title=event.title),
        blocks=[
            Heading(t("Så här gäller din anmälan nu", "This is your registration now")),
            Paragraph(_what_now(registration)),
            facts(registration),
            *how_to_attend(registration),
            *asks_for_needs(registration),
            entry_changes(),
            own_page(),
            days_page(event),
            questions(event),
        ],
    )


def _what_now(registration: Registration) -> str:
    if not registration.has_seat:
        return t("Hej {name}! Du deltar digitalt.", "Hello {name}! You take part online.", name=registration.first_name)
    return t("Hej {name}! Du deltar på plats.", "Hello {name}! You take part on site.", name=registration.first_name)


def undone(registration: Registration, *, by_themselves: bool = True) -> Letter:
    event = registration.event
    return Letter(
        subject=t("Du är anmäld igen: {title}", "You are registered again: {title}", title=event.title),
        blocks=[
            Heading(t("Du är anmäld igen", "You are registered again")),
            Paragraph(_what_is_undone(registration, by_themselves)),
            facts(registration),
            *how_to_attend(registration),
            invitation_comes(),
            own_page(),
            days_page(event),
            questions(event),
        ],
    )


def _what_is_undone(registration: Registration, by_themselves: bool) -> str:
    name = registration.first_name
    if not by_themselves:
        return t("Hej {name}! Du har din plats igen.", "Hello {name}! You have your place again.", name=name)
    return t(
        "Hej {name}! Du ångrade avanmälan, och din plats är kvar.",
        "Hello {name}! You undid the cancellation, and your place is still yours.",
        name=name,
    )


def cancellation(registration: Registration, *, may_return: bool, takes_entry: bool) -> Letter:
    event = registration.event
    return Letter(
        subject=t("Du är avanmäld: {title}", "Your registration is cancelled: {title}", title=event.title),
        blocks=[
            Heading(t("Du är avanmäld", "Your registration is cancelled")),
            Paragraph(_what_is_given_up(registration)),
            *([entry_goes()] if takes_entry else []),
            facts(registration),
            *(_how_to_return(event) if may_return else []),
            questions(event),
        ],
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
            "Hej {name}! Du är avanmäld och står inte längre i kön.",
            "Hello {name}! Your registration is cancelled and you are no longer in line.",
            name=registration.first_name,
        )
    return t(
        "Hej {name}! Du är avanmäld och platsen är lämnad.",
        "Hello {name}! Your registration is cancelled and the place is given up.",
        name=registration.first_name,
    )


def transferred(registration: Registration, *, takes_entry: bool) -> Letter:
    event = registration.event
    return Letter(
        subject=t("Din plats är överlåten: {title}", "Your place is given away: {title}", title=event.title),
        blocks=[
            Heading(t("Din plats är överlåten", "Your place is given away")),
            Paragraph(
                t(
                    "Hej {name}! Din plats är nu din kollegas, som har fått ett eget mejl.",
                    "Hello {name}! Your place is now your colleague’s, who has got an e-mail of their own.",
                    name=registration.first_name,
                )
            ),
            *([entry_goes()] if takes_entry else []),
            facts(registration),
            questions(event),
        ],
    )


def link(registration: Registration, *, registered_again: bool, by_colleague: bool = False) -> Letter:
    event = registration.event
    heading = (
        t("Du är redan anmäld", "You are already registered")
        if registered_again
        else t("Din länk till anmälan", "Your link to the registration")
    )
    return Letter(
        subject=t("Din länk: {title}", "Your link: {title}", title=event.title),
        blocks=[
            Heading(heading),
            Paragraph(_why_link(registration, registered_again, by_colleague)),
            facts(registration),
            Paragraph(
                t(
                    "Länken är personlig: skicka den inte vidare.",
                    "The link is personal: don’t pass it on.",
                )
            ),
            own_page(),
            questions(event),
        ],
    )


def _if_cancelled(event: Event) -> str:
    """Said before what the reader asked for; nothing of a day that takes place."""
    if event.publication is not Publication.CANCELLED:
        return ""
    if event.is_cancellation_untold:
        return t(
            "Dagen är nyss inställd. Det kan ändras de närmaste minuterna: din sida visar vad som gäller. ",
            "The day was cancelled just now. That may change within minutes: your page shows what holds. ",
        )
    return t("Dagen är inställd. Du behöver inte göra någonting. ", "The day is cancelled. You need not do anything. ")


def _why_link(registration: Registration, registered_again: bool, by_colleague: bool) -> str:
    name, cancelled = registration.first_name, _if_cancelled(registration.event)
    if not registered_again:
        return t(
            "Hej {name}! {cancelled}Du bad om länken till din anmälan. Här är den:",
            "Hello {name}! {cancelled}You asked for the link to your registration. Here it is:",
            name=name,
            cancelled=cancelled,
        )
    if by_colleague:
        return t(
            "Hej {name}! {cancelled}En kollega ville överlåta sin plats till dig. "
            "Du är redan anmäld, så ingenting har ändrats. Här är din anmälan:",
            "Hello {name}! {cancelled}A colleague wanted to give you their place. "
            "You are already registered, so nothing has changed. Here is your registration:",
            name=name,
            cancelled=cancelled,
        )
    return t(
        "Hej {name}! {cancelled}Någon, troligen du, har skickat en anmälan med din e-postadress. "
        "Du är redan anmäld, så ingenting har ändrats. Här är din anmälan:",
        "Hello {name}! {cancelled}Someone, probably you, sent a registration with your e-mail address. "
        "You are already registered, so nothing has changed. Here is your registration:",
        name=name,
        cancelled=cancelled,
    )
