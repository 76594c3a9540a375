"""What a participant is told by mail, and the calendar entry that goes with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import func, select

from regapp.core.context import settings
from regapp.core.db import db
from regapp.core.i18n import format_day, format_instant, format_span, t, use_language
from regapp.core.links import Purpose, sign
from regapp.events.models import Event
from regapp.mailing import outbox
from regapp.mailing.letters import Action, Block, Facts, Heading, Letter, Paragraph
from regapp.mailing.marks import mark
from regapp.mailing.models import CalendarMethod, MailState, OutgoingMail
from regapp.registrations import entries
from regapp.registrations.models import Attendance, Registration

LINK_LETTERS: Final = ((timedelta(hours=1), 1), (timedelta(days=1), 5))
"""How many letters that somebody else could provoke a person gets, at most, in each span of time."""


def write_confirmation(registration: Registration, at: datetime) -> None:
    """Tell the participant that they have a place, with the calendar entry (RFC 5546 §3.2.2 REQUEST)."""
    _write(
        registration,
        "confirmation",
        _confirmation,
        at,
        version=f"{registration.link_version}.{registration.calendar_sequence}",
        calendar=entries.invitation(registration, at).request(),
        method=CalendarMethod.REQUEST,
    )


def write_cancellation(registration: Registration, at: datetime, *, day_cancelled: bool = False) -> None:
    """Tell the participant that the place is given up, and take the entry away (RFC 5546 §3.2.5 CANCEL)."""
    registration.calendar_sequence += 1
    registration.changed_at = at
    _write(
        registration,
        "day_cancelled" if day_cancelled else "cancellation",
        _day_cancelled if day_cancelled else partial(_cancellation, may_return=registration.event.is_open(at)),
        at,
        version=f"{registration.calendar_uid}.{registration.calendar_sequence}",
        calendar=entries.invitation(registration, at).cancel(),
        method=CalendarMethod.CANCEL,
    )


def write_link(registration: Registration, at: datetime) -> None:
    """Send the participant their own link, unless they were written to just now."""
    written = select(func.count()).where(OutgoingMail.registration_id == registration.id)
    for span, most in LINK_LETTERS:
        letters = written.where(OutgoingMail.kind.in_(("link", "confirmation")), OutgoingMail.dated_at > at - span)
        if (db.session.scalar(letters) or 0) >= most:
            return
    _write(registration, "link", _link, at, version=at.isoformat())


def take_back_entry(registration: Registration, at: datetime) -> None:
    """Undo what a mailbox that isn't the participant's got: the letter if it waits still, else the entry.

    Afterwards the registration has an entry that nobody has seen.
    """
    seen = False
    for mail in db.session.scalars(select(OutgoingMail).where(OutgoingMail.registration_id == registration.id)):
        if mail.state is MailState.QUEUED:
            outbox.withdraw(mail)
        elif mail.method is not None:
            seen = True
    if seen:
        write_cancellation(registration, at)
        registration.renew_calendar_entry()


def links_of(mail: OutgoingMail) -> dict[str, str]:
    """The addresses behind a letter's marks, as they are when it is sent."""
    registration = mail.registration_id and db.session.get(Registration, mail.registration_id)
    return personal_links(registration) if registration else {}


def personal_links(registration: Registration) -> dict[str, str]:
    """Where the participant's own pages are."""

    def token(purpose: Purpose) -> str:
        return sign(purpose, registration.public_id, registration.link_version)

    return {
        "manage": f"{settings().base_url}/my/{token(Purpose.MANAGE)}",
        "join": f"{settings().base_url}/join/{token(Purpose.JOIN)}",
    }


def _write(
    registration: Registration,
    kind: str,
    compose: Callable[[Registration], Letter],
    at: datetime,
    *,
    version: str,
    calendar: bytes | None = None,
    method: CalendarMethod | None = None,
) -> None:
    with use_language(registration.language):
        outbox.enqueue(
            compose(registration),
            key=f"{kind}:{registration.public_id}:{version}",
            kind=kind,
            to=registration.email,
            language=registration.language,
            at=at,
            event_id=registration.event_id,
            registration_id=registration.id,
            calendar=calendar,
            method=method,
            in_reply_to=_confirmation_id(registration) if kind != "confirmation" else None,
        )


def _confirmation_id(registration: Registration) -> str | None:
    """The Message-ID of the letter that the others answer to, so that mail programs keep them together."""
    return db.session.scalar(
        select(OutgoingMail.message_id)
        .where(OutgoingMail.registration_id == registration.id, OutgoingMail.kind == "confirmation")
        .order_by(OutgoingMail.dated_at.desc())
        .limit(1)
    )


def _confirmation(registration: Registration) -> Letter:
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
            Paragraph(
                t(
                    "Kalenderinbjudan följer med mejlet. Svara Ja om ditt e-postprogram frågar.",
                    "The calendar invitation comes with this e-mail. Answer Yes if your mail program asks.",
                )
            ),
            Paragraph(
                t(
                    "Får du förhinder? Avanmäl dig, så kan någon annan få platsen. Länken är personlig: "
                    "skicka den inte vidare.",
                    "Can't you come? Cancel your registration, so that somebody else can have the place. "
                    "The link is personal: don't pass it on.",
                )
            ),
            Action(t("Se eller avanmäl din anmälan", "See or cancel your registration"), mark("manage")),
            _questions(event),
        ],
    )


def _how_to_attend(registration: Registration) -> list[Block]:
    event = registration.event
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


def _cancellation(registration: Registration, *, may_return: bool) -> Letter:
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
                    "Hej {name}! Din anmälan är avanmäld och platsen är lämnad. "
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


def _day_cancelled(registration: Registration) -> Letter:
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


def _link(registration: Registration) -> Letter:
    event = registration.event
    return Letter(
        subject=t("Din länk: {title}", "Your link: {title}", title=event.title),
        blocks=[
            Heading(t("Du är redan anmäld", "You are already registered")),
            Paragraph(
                t(
                    "Hej {name}! Någon, troligen du, har skickat en anmälan med din e-postadress. "
                    "Du är redan anmäld, så ingenting har ändrats. Här är din anmälan:",
                    "Hello {name}! Someone, probably you, sent a registration with your e-mail address. "
                    "You are already registered, so nothing has changed. Here is your registration:",
                    name=registration.first_name,
                )
            ),
            _facts(registration),
            Paragraph(
                t(
                    "Länken är personlig: skicka den inte vidare.",
                    "The link is personal: don't pass it on.",
                )
            ),
            Action(t("Se eller avanmäl din anmälan", "See or cancel your registration"), mark("manage")),
            _questions(event),
        ],
    )


def _facts(registration: Registration) -> Facts:
    event = registration.event
    where = (
        t("Digitalt, på din anslutningssida", "Online, on your join page")
        if registration.attendance is Attendance.ONLINE
        else entries.place(event)
    )
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
            (t("Deltagandeform", "Form of attendance"), str(registration.attendance.label)),
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
