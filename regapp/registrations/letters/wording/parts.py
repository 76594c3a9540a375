"""What several letters say, in the language that is spoken when they are composed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, time

from regapp.core import markdown
from regapp.core.context import settings
from regapp.core.i18n import format_clock, format_day, format_instant, format_span, t
from regapp.events.models import Attendance, Event, Publication
from regapp.mailing.letters import Action, Block, Facts, Heading, Letter, Paragraph
from regapp.mailing.marks import mark
from regapp.mailing.models import CalendarMethod
from regapp.registrations.letters import entries
from regapp.registrations.letters.entries import day_url as day_url
from regapp.registrations.letters.entries import register_url as register_url
from regapp.registrations.models import Registration

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
