"""What several letters say, in the language that is spoken when they are composed."""

import dataclasses
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, time

from sqlalchemy import select

from regapp.core import markdown
from regapp.core.context import settings
from regapp.core.db import db
from regapp.core.i18n import Text, format_clock, format_day, format_instant, format_span, t
from regapp.events.models import Attendance, Event, Publication
from regapp.mailing.kinds import Kind
from regapp.mailing.letters import Action, Block, Facts, Heading, Letter, Paragraph
from regapp.mailing.marks import mark
from regapp.mailing.models import CalendarMethod, MailState, OutgoingMail
from regapp.registrations.letters import entries
from regapp.registrations.letters.entries import day_url as day_url
from regapp.registrations.letters.entries import register_url as register_url
from regapp.registrations.models import RegisteredBy, Registration

_EMPTY_LINE = re.compile(r"\n\s*\n")


def letter(
    registration: Registration,
    heading: str,
    opening: str,
    blocks: Iterable[Block],
    *,
    subject: str = "",
    greets: bool = True,
    after: Iterable[Block] = (),
) -> Letter:
    """The frame of a letter: heading, greeting and opening, its own blocks, whom to ask, and what comes `after` that.

    The subject is the heading with the day's title unless given.
    """
    event = registration.event
    greeting = t("Hej {name}! ", "Hello {name}! ", name=registration.first_name) if greets else ""
    return Letter(
        subject=subject or f"{heading}: {event.title}",
        blocks=[Heading(heading), Paragraph(greeting + opening), *blocks, questions(event), *after],
    )


def facts(registration: Registration, *, of_seat: bool = False) -> Facts:
    """`of_seat`: of the seat on site that is offered, not of what the participant has."""
    event = registration.event
    online = registration.attendance is Attendance.ONLINE and not of_seat
    where = where_online() if online else entries.place(event)
    if of_seat:
        form = (t("Erbjuden plats", "Offered place"), str(Attendance.ON_SITE.label))
    else:
        form = (t("Deltagandeform", "Form of attendance"), str(registration.form_label))
    return Facts(
        [
            *_what_and_when(event, has_doors=of_seat or registration.has_seat),
            (t("Var", "Where"), where),
            form,
            (t("Deltagare", "Participant"), registration.name),
        ]
    )


def day_facts(event: Event) -> Facts:
    """The day itself, for who has no place there."""
    return Facts([*_what_and_when(event), (t("Var", "Where"), entries.place(event) or t("Digitalt", "Online"))])


def _what_and_when(event: Event, *, has_doors: bool = False) -> list[tuple[str, str]]:
    rows = [(t("Vad", "What"), event.title), (t("När", "When"), when(event.starts_at, event.ends_at))]
    if has_doors and event.doors_open and event.publication is not Publication.CANCELLED:
        rows.append((t("Dörrarna öppnar", "Doors open"), doors(event.doors_open)))
    return rows


def doors(opens: time) -> str:
    return t("kl. {clock}", "{clock}", clock=format_clock(opens))


def days_page(event: Event) -> Action:
    """The day's public page, where the programme is."""
    words = (
        t("Programmet och mer om dagen", "The programme and more about the day")
        if event.programme
        else t("Till dagens sida", "To the day’s page")
    )
    return Action(words, day_url(event), quiet=True)


def when(starts_at: datetime, ends_at: datetime) -> str:
    return t(
        "{day} {span} svensk tid",
        "{day}, {span}",
        day=format_day(starts_at),
        span=format_span(starts_at, ends_at),
    )


def where_online() -> str:
    return t("Digitalt, på din anslutningssida", "Online, on your join page")


def how_to_attend(registration: Registration) -> list[Block]:
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
    directions = markdown.flowing(event.directions)
    return [Paragraph(directions)] if directions else []


def invitation_comes() -> Paragraph:
    return Paragraph(
        t(
            "Kalenderinbjudan följer med mejlet. Svara Ja om ditt e-postprogram frågar.",
            "The calendar invitation comes with this e-mail. Answer Yes if your mail program asks.",
        )
    )


def own_page() -> Action:
    return Action(t("Se, ändra eller avanmäl din anmälan", "See, change or cancel your registration"), mark("manage"))


def questions(event: Event) -> Paragraph:
    return Paragraph(
        t(
            "Har du frågor? Skriv till {contact} eller svara på det här mejlet.",
            "Questions? Write to {contact} or reply to this e-mail.",
            contact=event.contact_email,
        )
    )


def privacy_url() -> str:
    """The privacy notice in the current language."""
    return settings().base_url + t("/privacy", "/en/privacy")


def from_organisers(messages: Iterable[str]) -> Iterator[Block]:
    """Organisers' own words under a heading, and one for what comes after them; nothing where there are none."""
    said = [message.strip() for message in messages if message.strip()]
    if said:
        yield Heading(t("Från arrangörerna", "From the organisers"))
        yield from (Paragraph(part) for message in said for part in _EMPTY_LINE.split(message))
        yield Heading(t("Din plats", "Your place"))


def entry_changes() -> Paragraph:
    return Paragraph(
        t(
            "Kalenderposten uppdateras av det här mejlet. Svara Ja om ditt e-postprogram frågar.",
            "This e-mail updates the calendar entry. Answer Yes if your mail program asks.",
        )
    )


def entry_goes() -> Paragraph:
    return Paragraph(
        t(
            "Kalenderposten tas bort av det här mejlet. Välj Ta bort från kalendern om ditt program frågar.",
            "This e-mail removes the calendar entry. Choose Remove from calendar if your program asks.",
        )
    )


def entry_note(method: CalendarMethod | None, *, is_new: bool) -> list[Block]:
    """What the letter does to the calendar, if anything; `is_new`: it brings an entry that wasn't there."""
    if method is None:
        return []
    if method is CalendarMethod.CANCEL:
        return [entry_goes()]
    return [invitation_comes() if is_new else entry_changes()]


def asks_for_needs(registration: Registration) -> list[Block]:
    """For who got a seat later, and was perhaps never asked."""
    can_tell = registration.has_seat and registration.can_change_needs(registration.changed_at)
    if not can_tell or registration.health is not None:
        return []
    return [
        Paragraph(
            t(
                "Behöver du specialkost, eller har du tillgänglighetsbehov? Berätta på din sida till och med {day}.",
                "Do you need a special diet, or have access needs? Tell us on your page until {day}.",
                day=format_day(registration.event.last_change_day),
            )
        )
    ]


_SOURCES = {
    RegisteredBy.COLLEAGUE: Text(
        "Din kollega gav oss ditt namn och din e-postadress.", "Your colleague gave us your name and e-mail address."
    ),
    RegisteredBy.ORGANISER: Text("Arrangören har skrivit in dina uppgifter.", "The organiser has entered your data."),
}
_SEEN_THERE = Text("Du ser dem på din sida och kan rätta dem där.", "You see it on your page and can correct it there.")

Compose = Callable[[Registration], Letter]
WordsFor = Callable[[Registration, datetime], Mapping[int, str]]
"""What organisers wrote to everybody in reminders, by the reminder's id, and this person hasn't got yet."""

_words_for: WordsFor = lambda _registration, _at: {}  # noqa: E731


def take_words_from(source: WordsFor) -> None:
    """Registered in create_app: who knows what organisers have written to everybody with this form of attendance."""
    global _words_for
    _words_for = source


def saying(done: Text | None, compose: Compose) -> Compose:
    """The letter saying after its greeting what an organiser did, and whom to ask about it."""

    def composed(registration: Registration) -> Letter:
        letter = compose(registration)
        return letter if done is None else _with(letter, [_who_did(done, registration)], at=2)

    return composed


def words_for(registration: Registration, at: datetime) -> Mapping[int, str]:
    """What the letter that brings a place has to tell beside it, see WordsFor."""
    return _words_for(registration, at)


def complete(letter: Letter, registration: Registration, kind: Kind, words: Collection[str]) -> Letter:
    """The letter with what was written to everybody before the reader had the place, and where their data came from."""
    if words:
        facts = next(place for place, block in enumerate(letter.blocks) if isinstance(block, Facts))
        letter = _with(letter, list(from_organisers(dict.fromkeys(words))), at=facts)
    return with_source(letter, registration, always=kind is Kind.CONFIRMATION)


def with_source(letter: Letter, registration: Registration, mail_id: str = "", *, always: bool = False) -> Letter:
    """The letter saying who gave us the data of somebody who didn't themselves (GDPR art. 14): the first they get.

    `mail_id` is the letter's own, where it is written down already.
    """
    if registration.registered_by is RegisteredBy.THEMSELVES or not (always or _is_first(registration, mail_id)):
        return letter
    source = Paragraph(_source(letter, registration.registered_by))
    notice = Action(t("Så behandlar vi personuppgifter", "How we process personal data"), privacy_url(), quiet=True)
    return _with(letter, [source, notice], at=letter.blocks.index(questions(registration.event)))


def _source(letter: Letter, registered_by: RegisteredBy) -> str:
    """Who has given up the place is led to no page."""
    source = str(_SOURCES[registered_by])
    has_page = any(isinstance(block, Action) and block.href == mark("manage") for block in letter.blocks)
    return f"{source} {_SEEN_THERE}" if has_page and registered_by is RegisteredBy.ORGANISER else source


def _who_did(done: Text, registration: Registration) -> Paragraph:
    contact = registration.event.contact_email
    ask = t("Stämmer det inte? Skriv till {contact}.", "Isn’t that right? Write to {contact}.", contact=contact)
    return Paragraph(f"{done} {ask}")


def _is_first(registration: Registration, mail_id: str) -> bool:
    others = select(OutgoingMail.id).where(
        OutgoingMail.registration_id == registration.id,
        OutgoingMail.recipient == registration.email,
        OutgoingMail.id != mail_id,
        OutgoingMail.state.not_in((MailState.WITHDRAWN, MailState.FAILED)),
    )
    return db.session.scalar(others.limit(1)) is None


def _with(letter: Letter, blocks: Sequence[Block], *, at: int) -> Letter:
    """Position 2 is after heading and greeting."""
    return dataclasses.replace(letter, blocks=[*letter.blocks[:at], *blocks, *letter.blocks[at:]])
