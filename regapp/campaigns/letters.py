"""What a reminder says, made when a worker claims its order."""

from collections.abc import Iterator
from datetime import datetime

from regapp.campaigns import reminding
from regapp.campaigns.models import Reminder
from regapp.core import clock
from regapp.core.db import db
from regapp.core.i18n import format_day, t, use_language
from regapp.events.models import Attendance, Publication
from regapp.mailing.letters import Action, Block, Heading, Letter, Paragraph
from regapp.mailing.marks import mark
from regapp.mailing.models import OutgoingMail
from regapp.mailing.orders import Rendering
from regapp.registrations.letters.told import confirmation_id
from regapp.registrations.letters.wording.parts import (
    days_page,
    facts,
    from_organisers,
    how_to_attend,
    own_page,
    questions,
    with_source,
)
from regapp.registrations.models import Registration


def render(mail: OutgoingMail) -> Rendering | None:
    """The reminder's letter, or None when it is of no use to this person any more."""
    return render_at(mail, clock.now())


def render_at(mail: OutgoingMail, now: datetime) -> Rendering | None:
    reminder = mail.reminder_id and db.session.get(Reminder, mail.reminder_id)
    if not reminder or not _takes_place(reminder, now):
        return None
    people = reminding.recipients(reminder.event_id, reminder.audience)
    registration = db.session.scalar(
        people.where(Registration.id == mail.registration_id, Registration.email == mail.recipient)
    )
    if registration is None:
        return None
    mail.language = registration.language  # it may be another one than when it was ordered
    with use_language(mail.language):
        letter = with_source(compose(registration, reminder.message), registration, mail.id)
        return Rendering(letter, in_reply_to=confirmation_id(registration))


def compose(registration: Registration, message: str) -> Letter:
    """The letter in the language that is spoken; `message` is the organiser's own words."""
    event = registration.event
    return Letter(
        subject=t("Påminnelse: {title}", "Reminder: {title}", title=event.title),
        blocks=[
            Heading(t("Påminnelse om utbildningsdagen", "Reminder of the training day")),
            Paragraph(
                t(
                    "Hej {name}! Du är anmäld till {title}, {day}.",
                    "Hello {name}! You are registered for {title}, {day}.",
                    name=registration.first_name,
                    title=event.title,
                    day=format_day(event.starts_at),
                )
            ),
            *from_organisers([message]),
            facts(registration),
            *_how(registration),
            Action(
                t("Lägg till dagen i din kalender (ics-fil)", "Add the day to your calendar (ics file)"),
                mark("calendar"),
                quiet=True,
            ),
            *_if_not(),
            own_page(),
            days_page(event),
            questions(event),
        ],
    )


def _takes_place(reminder: Reminder, now: datetime) -> bool:
    event = reminder.event
    may_be_on = event.publication is Publication.PUBLISHED or event.is_cancellation_untold
    return may_be_on and now < event.starts_at


def _how(registration: Registration) -> Iterator[Block]:
    how = how_to_attend(registration)
    if registration.attendance is Attendance.ONLINE:
        yield from how
        yield Paragraph(
            t(
                "Prova ljudet i god tid före dagen: på anslutningssidan står hur.",
                "Try your sound well before the day: the join page says how.",
            )
        )
    elif how:
        yield Heading(t("Hitta hit", "How to get there"))
        yield from how


def _if_not() -> Iterator[Block]:
    yield Heading(t("Får du förhinder?", "Can’t you come?"))
    yield Paragraph(
        t(
            "Avanmäl dig, så kan någon annan få platsen.",
            "Cancel your registration, so that somebody else can have the place.",
        )
    )
    yield Action(t("Jag kan inte komma", "I can’t come"), mark("cancel"), quiet=True)
