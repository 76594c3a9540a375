"""Letters about the place that somebody has: the confirmation, and what changes about it."""

from collections.abc import Sequence
from dataclasses import replace

from regapp.core.i18n import t
from regapp.events.models import Event, Publication
from regapp.mailing.letters import Block, Letter, Paragraph
from regapp.registrations.letters.wording.parts import (
    asks_for_needs,
    days_page,
    entry_changes,
    facts,
    how_to_attend,
    invitation_comes,
    letter,
    own_page,
)
from regapp.registrations.models import RegisteredBy, Registration


def confirmation(registration: Registration, *, by_themselves: bool = True) -> Letter:
    event = registration.event
    return letter(
        registration,
        t("Du är anmäld", "You are registered"),
        _welcome(registration, by_themselves),
        [
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
        ],
    )


def _welcome(registration: Registration, by_themselves: bool) -> str:
    """No thanks for what somebody else did."""
    _name, title = registration.first_name, registration.event.title
    if not by_themselves or registration.registered_by is not RegisteredBy.THEMSELVES:
        return t(
            "Du har en plats på {title}.",
            "You have a place at {title}.",
            title=title,
        )
    return t(
        "Tack för din anmälan. Du har en plats på {title}.",
        "Thank you for registering. You have a place at {title}.",
        title=title,
    )


def seat_had_become_free(registration: Registration) -> Letter:
    """The confirmation of whoever asked for the line, while a seat became free."""
    letter = confirmation(registration)
    why = Paragraph(
        t(
            "Du ville stå i kö, men en plats i lokalen hade blivit ledig. Den är din.",
            "You wanted to stand in line, but an on-site place had become free. It is yours.",
        )
    )
    return replace(letter, blocks=[*letter.blocks[:2], why, *letter.blocks[2:]])


def update(registration: Registration) -> Letter:
    """What differs is told by the facts: the letter stands for itself, whichever one was read before."""
    event = registration.event
    return letter(
        registration,
        t("Så här gäller din anmälan nu", "This is your registration now"),
        _what_now(registration),
        [
            facts(registration),
            *how_to_attend(registration),
            *asks_for_needs(registration),
            entry_changes(),
            own_page(),
            days_page(event),
        ],
        subject=t("Ändrad anmälan: {title}", "Changed registration: {title}", title=registration.event.title),
    )


def _what_now(registration: Registration) -> str:
    if not registration.has_seat:
        return t("Du deltar digitalt.", "You take part online.")
    return t("Du deltar på plats.", "You take part on site.")


def undone(registration: Registration, *, by_themselves: bool = True) -> Letter:
    event = registration.event
    return letter(
        registration,
        t("Du är anmäld igen", "You are registered again"),
        _what_is_undone(registration, by_themselves),
        [facts(registration), *how_to_attend(registration), invitation_comes(), own_page(), days_page(event)],
    )


def _what_is_undone(registration: Registration, by_themselves: bool) -> str:
    if not by_themselves:
        return t("Du har din plats igen.", "You have your place again.")
    return t(
        "Du ångrade avanmälan, och din plats är kvar.",
        "You undid the cancellation, and your place is still yours.",
    )


def link(registration: Registration, *, registered_again: bool, by_colleague: bool = False) -> Letter:
    heading = (
        t("Du är redan anmäld", "You are already registered")
        if registered_again
        else t("Din länk till anmälan", "Your link to the registration")
    )
    return letter(
        registration,
        heading,
        _why_link(registration, registered_again, by_colleague),
        [
            facts(registration),
            Paragraph(
                t(
                    "Länken är personlig: skicka den inte vidare.",
                    "The link is personal: don’t pass it on.",
                )
            ),
            own_page(),
        ],
        subject=t("Din länk: {title}", "Your link: {title}", title=registration.event.title),
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
    _name, cancelled = registration.first_name, _if_cancelled(registration.event)
    if not registered_again:
        return t(
            "{cancelled}Du bad om länken till din anmälan. Här är den:",
            "{cancelled}You asked for the link to your registration. Here it is:",
            cancelled=cancelled,
        )
    if by_colleague:
        return t(
            "{cancelled}En kollega ville överlåta sin plats till dig. "
            "Du är redan anmäld, så ingenting har ändrats. Här är din anmälan:",
            "{cancelled}A colleague wanted to give you their place. "
            "You are already registered, so nothing has changed. Here is your registration:",
            cancelled=cancelled,
        )
    return t(
        "{cancelled}Någon, troligen du, har skickat en anmälan med din e-postadress. "
        "Du är redan anmäld, så ingenting har ändrats. Här är din anmälan:",
        "{cancelled}Someone, probably you, sent a registration with your e-mail address. "
        "You are already registered, so nothing has changed. Here is your registration:",
        cancelled=cancelled,
    )


def taken_over(registration: Registration) -> Letter:
    """To somebody who filled in nothing themselves; letter_additions says where their data came from."""
    event = registration.event
    return letter(
        registration,
        t("Du har fått en kollegas plats", "You have got a colleague’s place"),
        t(
            "En kollega har överlåtit sin plats på {title} till dig. Yrke och arbetsplats är din "
            "kollegas tills du har rättat dem på din sida.",
            "A colleague has given you their place at {title}. Profession and workplace are your "
            "colleague’s until you have corrected them on your page.",
            title=event.title,
        ),
        [
            facts(registration),
            *how_to_attend(registration),
            *asks_for_needs(registration),
            invitation_comes(),
            own_page(),
            days_page(event),
        ],
        subject=t("Du är anmäld: {title}", "You are registered: {title}", title=registration.event.title),
    )


def corrected(registration: Registration, *, entry: Sequence[Block] = ()) -> Letter:
    return letter(
        registration,
        t("Dina uppgifter är rättade", "Your details are corrected"),
        t(
            "Arrangören har rättat dina uppgifter. Kontrollera dem på din sida.",
            "The organiser has corrected your details. Check them on your page.",
        ),
        [facts(registration), *entry, own_page()],
        subject=t("Rättade uppgifter: {title}", "Corrected details: {title}", title=registration.event.title),
    )


def spoken_to(registration: Registration, *, entry: Sequence[Block] = ()) -> Letter:
    """To somebody who chose another language: only that, what they have, and the entry in it."""
    return letter(
        registration,
        t("Nu skriver vi till dig på svenska", "We now write to you in English"),
        t(
            "Du har valt svenska. Mejl och kalenderpost kommer på svenska från och med nu. Så här gäller din anmälan:",
            "You chose English. E-mails and calendar entry come in English from now on. This is your registration:",
        ),
        [facts(registration), *entry, own_page()],
        subject=t(
            "Mejlen kommer på svenska: {title}", "The e-mails come in English: {title}", title=registration.event.title
        ),
    )
