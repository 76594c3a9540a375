"""What each letter says, in the language that is spoken when it is composed."""

from __future__ import annotations

from regapp.core.i18n import format_day, format_instant, format_span, t
from regapp.events.models import Event
from regapp.mailing.letters import Action, Block, Facts, Heading, Letter, Paragraph
from regapp.mailing.marks import mark
from regapp.registrations import entries
from regapp.registrations.choices import Attendance
from regapp.registrations.models import Registration


def confirmation(registration: Registration) -> Letter:
    event = registration.event
    return Letter(
        subject=t("Du är anmäld: {title}", "You are registered: {title}", title=event.title),
        blocks=[
            Heading(t("Du är anmäld", "You are registered")),
            Paragraph(
                t(
                    "Hej {name}! Tack för din anmälan. Du har en plats på {title}.",
                    "Hello {name}! Thank you for registering. You have a place at {title}.",
                    name=registration.first_name,
                    title=event.title,
                )
            ),
            _facts(registration),
            *_how_to_attend(registration),
            _invitation_comes(),
            Paragraph(
                t(
                    "Får du förhinder? Avanmäl dig, så kan någon annan få platsen. Länken är personlig: "
                    "skicka den inte vidare.",
                    "Can't you come? Cancel your registration, so that somebody else can have the place. "
                    "The link is personal: don't pass it on.",
                )
            ),
            _own_page(),
            _questions(event),
        ],
    )


def _how_to_attend(registration: Registration) -> list[Block]:
    event = registration.event
    if not registration.has_place:
        return []
    if registration.attendance is Attendance.ONLINE:
        return [
            Paragraph(
                t(
                    "Du deltar digitalt på din egen anslutningssida. Den öppnar {when}.",
                    "You take part online on your own join page. It opens on {when}.",
                    when=format_instant(event.join_opens_at),
                )
            ),
            Action(t("Till din anslutningssida", "To your join page"), mark("join")),
        ]
    directions = event.directions.strip()
    return [Paragraph(directions)] if directions else []


def cancellation(registration: Registration, *, may_return: bool) -> Letter:
    event = registration.event
    again = t(
        "Du kan anmäla dig igen till och med {day}: {url}",
        "You can register again until {day}: {url}",
        day=format_day(event.last_day),
        url=entries.day_url(event),
    )
    return Letter(
        subject=t("Du är avanmäld: {title}", "Your registration is cancelled: {title}", title=event.title),
        blocks=[
            Heading(t("Du är avanmäld", "Your registration is cancelled")),
            Paragraph(
                t(
                    "Hej {name}! Du är avanmäld och platsen är lämnad. "
                    "Kalenderposten tas bort av det här mejlet; svara Ja om ditt e-postprogram frågar.",
                    "Hello {name}! Your registration is cancelled and the place is given up. "
                    "This e-mail removes the calendar entry; answer Yes if your mail program asks.",
                    name=registration.first_name,
                )
            ),
            _facts(registration),
            *([Paragraph(again)] if may_return else []),
            _questions(event),
        ],
    )


def day_cancelled(registration: Registration) -> Letter:
    event = registration.event
    return Letter(
        subject=t("Inställt: {title}", "Cancelled: {title}", title=event.title),
        blocks=[
            Heading(t("Utbildningsdagen är inställd", "The training day is cancelled")),
            Paragraph(
                t(
                    "Hej {name}! Dagen som du är anmäld till är inställd. Du behöver inte göra någonting. "
                    "Kalenderposten tas bort av det här mejlet; svara Ja om ditt e-postprogram frågar.",
                    "Hello {name}! The day that you are registered for is cancelled. You need not do anything. "
                    "This e-mail removes the calendar entry; answer Yes if your mail program asks.",
                    name=registration.first_name,
                )
            ),
            _facts(registration),
            _questions(event),
        ],
    )


def link(registration: Registration, *, registered_again: bool) -> Letter:
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
            Paragraph(_why_link(registration, registered_again)),
            _facts(registration),
            Paragraph(
                t(
                    "Länken är personlig: skicka den inte vidare.",
                    "The link is personal: don't pass it on.",
                )
            ),
            _own_page(),
            _questions(event),
        ],
    )


def _facts(registration: Registration) -> Facts:
    event = registration.event
    online = registration.has_place and registration.attendance is Attendance.ONLINE
    where = t("Digitalt, på din anslutningssida", "Online, on your join page") if online else entries.place(event)
    span = format_span(event.starts_at, event.ends_at)
    return Facts(
        [
            (t("Vad", "What"), event.title),
            (
                t("När", "When"),
                t(
                    "{day} {span} svensk tid",
                    "{day}, {span}",
                    day=format_day(event.starts_at),
                    span=span,
                ),
            ),
            (t("Var", "Where"), where),
            (t("Deltagandeform", "Form of attendance"), str(registration.form_label)),
            (t("Deltagare", "Participant"), registration.name),
        ]
    )


def _questions(event: Event) -> Paragraph:
    return Paragraph(
        t(
            "Har du frågor? Skriv till {contact} eller svara på det här mejlet.",
            "Questions? Write to {contact} or reply to this e-mail.",
            contact=event.contact_email,
        )
    )


def _why_link(registration: Registration, registered_again: bool) -> str:
    if not registered_again:
        return t(
            "Hej {name}! Du bad om länken till din anmälan. Här är den:",
            "Hello {name}! You asked for the link to your registration. Here it is:",
            name=registration.first_name,
        )
    return t(
        "Hej {name}! Någon, troligen du, har skickat en anmälan med din e-postadress. "
        "Du är redan anmäld, så ingenting har ändrats. Här är din anmälan:",
        "Hello {name}! Someone, probably you, sent a registration with your e-mail address. "
        "You are already registered, so nothing has changed. Here is your registration:",
        name=registration.first_name,
    )


def _invitation_comes() -> Paragraph:
    return Paragraph(
        t(
            "Kalenderinbjudan följer med mejlet. Svara Ja om ditt e-postprogram frågar.",
            "The calendar invitation comes with this e-mail. Answer Yes if your mail program asks.",
        )
    )


def _own_page() -> Action:
    return Action(t("Se, ändra eller avanmäl din anmälan", "See, change or cancel your registration"), mark("manage"))


def update(registration: Registration) -> Letter:
    """What differs is told by the facts: the letter stands for itself, whichever one was read before."""
    event = registration.event
    return Letter(
        subject=t("Ändrad anmälan: {title}", "Changed registration: {title}", title=event.title),
        blocks=[
            Heading(t("Så här gäller din anmälan nu", "This is your registration now")),
            Paragraph(_what_now(registration)),
            _facts(registration),
            *_how_to_attend(registration),
            Paragraph(
                t(
                    "Kalenderposten uppdateras av det här mejlet. Svara Ja om ditt e-postprogram frågar.",
                    "This e-mail updates the calendar entry. Answer Yes if your mail program asks.",
                )
            ),
            _own_page(),
            _questions(event),
        ],
    )


def _what_now(registration: Registration) -> str:
    if registration.has_seat:
        return t(
            "Hej {name}! Du har en plats på plats i {venue}. Behöver du specialkost eller har du "
            "tillgänglighetsbehov? Berätta på din sida.",
            "Hello {name}! You have a place on site at {venue}. Do you need a special diet, or have access needs? "
            "Tell us on your page.",
            name=registration.first_name,
            venue=registration.event.venue,
        )
    return t("Hej {name}! Du deltar digitalt.", "Hello {name}! You take part online.", name=registration.first_name)


def undone(registration: Registration) -> Letter:
    event = registration.event
    return Letter(
        subject=t("Du är anmäld igen: {title}", "You are registered again: {title}", title=event.title),
        blocks=[
            Heading(t("Du är anmäld igen", "You are registered again")),
            Paragraph(
                t(
                    "Hej {name}! Du ångrade avanmälan, och din plats är kvar.",
                    "Hello {name}! You undid the cancellation, and your place is still yours.",
                    name=registration.first_name,
                )
            ),
            _facts(registration),
            *_how_to_attend(registration),
            _invitation_comes(),
            _own_page(),
            _questions(event),
        ],
    )


def waiting(registration: Registration, *, position: int | None) -> Letter:
    event = registration.event
    meanwhile: list[Block] = (
        [
            Paragraph(
                t("Under tiden har du en digital plats.", "Meanwhile you have an online place."),
            ),
            *_how_to_attend(registration),
        ]
        if registration.has_place
        else []
    )
    return Letter(
        subject=t("Du står i kö: {title}", "You are in line: {title}", title=event.title),
        blocks=[
            Heading(t("Du står i kö för en plats på plats", "You are in line for an on-site place")),
            Paragraph(
                t(
                    "Hej {name}! Du har plats {position} i kön. Du behöver inte göra någonting: "
                    "blir en plats ledig när det är din tur får du ett mejl.",
                    "Hello {name}! You are number {position} in line. You need not do anything: "
                    "when a place is free and it is your turn, you will get an e-mail.",
                    name=registration.first_name,
                    position=position,
                )
            ),
            _facts(registration),
            *meanwhile,
            Paragraph(
                t(
                    "Kön gäller till {until}.",
                    "The line lasts until {until}.",
                    until=format_instant(event.promote_until),
                )
            ),
            _own_page(),
            _questions(event),
        ],
    )


def offer(registration: Registration) -> Letter:
    event = registration.event
    until = format_instant(registration.answer_by) if registration.answer_by else ""
    return Letter(
        subject=t("Svara senast {until}: en plats är ledig", "Reply by {until}: a place is free", until=until),
        blocks=[
            Heading(t("En plats är ledig för dig", "A place is free for you")),
            Paragraph(
                t(
                    "Hej {name}! Det är din tur i kön. Tacka ja eller nej på din sida senast {until}. "
                    "Därefter går platsen vidare till nästa.",
                    "Hello {name}! It is your turn in line. Accept or decline on your page by {until}. "
                    "After that the place goes to the next in line.",
                    name=registration.first_name,
                    until=until,
                )
            ),
            Action(t("Tacka ja eller nej", "Accept or decline"), mark("manage")),
            _facts(registration),
            _questions(event),
        ],
    )


def offer_passed(registration: Registration) -> Letter:
    return _out_of_line(
        registration,
        t("Platsen gick vidare: {title}", "The place went on: {title}", title=registration.event.title),
        t("Platsen gick vidare till nästa i kön", "The place went on to the next in line"),
        t(
            "Hej {name}! Vi fick inget svar i tid, så den erbjudna platsen har gått vidare.",
            "Hello {name}! We got no answer in time, so the offered place has gone on.",
            name=registration.first_name,
        ),
    )


def line_closed(registration: Registration) -> Letter:
    return _out_of_line(
        registration,
        t("Ingen plats på plats i år: {title}", "No on-site place this year: {title}", title=registration.event.title),
        t("Det blev ingen plats på plats i år", "There was no on-site place this year"),
        t(
            "Hej {name}! Kön är stängd, och platserna räckte inte till dig den här gången.",
            "Hello {name}! The line is closed, and there was no place for you this time.",
            name=registration.first_name,
        ),
    )


def _out_of_line(registration: Registration, subject: str, heading: str, why: str) -> Letter:
    stands = (
        t(
            "Din digitala plats står kvar. Kalenderposten gäller.",
            "Your online place stands. The calendar entry is right.",
        )
        if registration.has_place
        else t("Du står inte längre i kön och har ingen plats.", "You are no longer in line and have no place.")
    )
    return Letter(
        subject=subject,
        blocks=[
            Heading(heading),
            Paragraph(why),
            Paragraph(stands),
            *([*_how_to_attend(registration), _own_page()] if registration.has_place else []),
            _questions(registration.event),
        ],
    )


def transferred(registration: Registration) -> Letter:
    event = registration.event
    return Letter(
        subject=t("Din plats är överlåten: {title}", "Your place is given away: {title}", title=event.title),
        blocks=[
            Heading(t("Din plats är överlåten", "Your place is given away")),
            Paragraph(
                t(
                    "Hej {name}! Din plats är nu din kollegas, som har fått ett eget mejl. "
                    "Kalenderposten tas bort av det här mejlet; svara Ja om ditt e-postprogram frågar.",
                    "Hello {name}! Your place is now your colleague's, who has got an e-mail. "
                    "This e-mail removes the calendar entry; answer Yes if your mail program asks.",
                    name=registration.first_name,
                )
            ),
            _facts(registration),
            _questions(event),
        ],
    )
