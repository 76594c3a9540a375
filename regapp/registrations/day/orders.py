"""A change of the day as it reaches everybody's calendar: a few statements, however many people there are.

Callers have locked the day, so that nobody registers, moves or cancels meanwhile.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    ColumnExpressionArgument,
    Select,
    String,
    case,
    func,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.orm import joinedload

from regapp.core.db import db
from regapp.core.i18n import LANGUAGES, Text, use_language
from regapp.events.models import Attendance, Event
from regapp.mailing import orders
from regapp.mailing.kinds import Kind
from regapp.mailing.letters import Written
from regapp.mailing.letters import write as compose
from regapp.mailing.models import DELIVERED, UNSENT, Bounce, CalendarMethod, MailState, OutgoingMail
from regapp.mailing.orders import Renderer, Rendering
from regapp.registrations.letters import entries, told
from regapp.registrations.letters.entries import Shown
from regapp.registrations.letters.wording import day as day
from regapp.registrations.letters.wording.parts import with_source
from regapp.registrations.models import Registration, Status


class Group(NamedTuple):
    """People whose entries of one day show the same."""

    attendance: Attendance
    language: str


GROUPS: Final = tuple(Group(attendance, language) for attendance in Attendance for language in LANGUAGES)


class Without(NamedTuple):
    """How many have no calendar entry: in line without a place, or registered by an organiser without a letter."""

    waiting: int
    registered: int


Showing = Mapping[Group, Shown]
"""What the entries of each group show."""


def shown_to_all(event: Event) -> Showing:
    """What the entries of each group should show now."""
    return {group: entries.shown_to(event, group.language, group.attendance) for group in GROUPS}


def count_entries(event_id: int) -> Counter[Group]:
    """How many of each group have an entry of the day in their calendar."""
    columns = (Registration.attendance, Registration.language)
    found = db.session.execute(select(*columns, func.count()).where(*_with_entry(event_id)).group_by(*columns))
    return Counter({Group(attendance, language): number for attendance, language, number in found})


def count_without(event_id: int) -> Without:
    """How many are registered or in line, and have no entry of the day in their calendar."""
    has_place = Registration.has_place
    row = db.session.execute(
        select(func.count().filter(~has_place), func.count().filter(has_place)).where(
            Registration.event_id == event_id, Registration.is_active, Registration.has_entry.is_(False)
        )
    ).one()
    return Without(*row)


def order_update(event: Event, groups: Iterable[Group], at: datetime) -> int:
    """Order the entry anew for everybody in the groups who has one; how many letters."""
    concerned = (*_with_entry(event.id), or_(*map(_is_in, groups)))
    written = orders.write(
        _people(Kind.DAY_CHANGED, at).where(*concerned), kind=Kind.DAY_CHANGED, at=at, event_id=event.id
    )
    _raise_sequence(concerned, at)
    return written


def order_cancellation(event: Event, at: datetime) -> int:
    """Order the letter that takes the entry away, for everybody who is registered or in line; how many letters.

    Who has no entry is ordered one without a calendar part; who has cancelled gets one only for an entry that is left.
    No offer stands any more.
    """
    _note_entries_left(event.id)
    concerned = (Registration.event_id == event.id, Registration.is_active | Registration.has_entry)
    written = orders.write(
        _people(Kind.DAY_CANCELLED, at).where(*concerned), kind=Kind.DAY_CANCELLED, at=at, event_id=event.id
    )
    _raise_sequence((*concerned, Registration.has_entry.is_(True)), at, has_entry=False)
    offered = update(Registration).where(Registration.event_id == event.id, Registration.answer_by.is_not(None))
    db.session.execute(offered.values(answer_by=None), execution_options={"synchronize_session": False})
    db.session.expire_all()
    return written


def _note_entries_left(event_id: int) -> None:
    """Correct `has_entry` of those who were cancelled without a letter, or whose letter that takes it never arrived."""
    never_arrived = (
        select(OutgoingMail.registration_id)
        .outerjoin(Bounce, Bounce.mail_id == OutgoingMail.id)
        .where(
            OutgoingMail.event_id == event_id,
            OutgoingMail.method == CalendarMethod.CANCEL,
            OutgoingMail.state.in_((MailState.FAILED, MailState.WITHDRAWN)) | Bounce.mail_id.is_not(None),
        )
    )
    in_doubt = select(Registration).where(
        Registration.event_id == event_id,
        or_(
            ~Registration.is_active & Registration.has_entry,
            ~Registration.has_entry & Registration.id.in_(never_arrived),
        ),
    )
    for registration in db.session.scalars(in_doubt).all():
        registration.has_entry = told.may_show(registration)


def _with_entry(event_id: int) -> tuple[ColumnExpressionArgument[bool], ...]:
    """Whose calendar shows a place that they have."""
    return Registration.event_id == event_id, Registration.has_place, Registration.has_entry.is_(True)


def _is_in(group: Group) -> ColumnElement[bool]:
    return (Registration.attendance == group.attendance) & (Registration.language == group.language)


def _people(kind: Kind, at: datetime) -> Select[Any]:
    """What orders.write wants to know of each person, for the entry as it will be after _raise_sequence."""
    sequence = Registration.calendar_sequence + 1
    entry = Registration.calendar_uid.cast(String) + "." + sequence.cast(String)
    what = case((Registration.has_entry, entry), else_=literal(at.isoformat(), String))
    return select(
        Registration.id.label("registration_id"),
        Registration.email.label("recipient"),
        Registration.language,
        (literal(f"{kind}:", String) + Registration.public_id + ":" + what).label("key"),
        case((Registration.has_entry, sequence), else_=null()).label("sequence"),
        case((Registration.has_entry, Registration.calendar_uid), else_=null()).label("entry_uid"),
    )


def _raise_sequence(whose: Iterable[ColumnExpressionArgument[bool]], at: datetime, **more: Any) -> None:
    raised = update(Registration).where(*whose)
    values = {"calendar_sequence": Registration.calendar_sequence + 1, "changed_at": at, **more}
    db.session.execute(raised.values(values), execution_options={"synchronize_session": False})
    db.session.expire_all()


def changed(mail: OutgoingMail) -> Rendering | None:
    """The entry as it is now; None when a later letter brings it, or the reader's calendar shows it already."""
    registration = _find(mail)
    if registration is None or not registration.has_place or not registration.has_entry:
        return None
    last = told.find_last(registration, below=mail.sequence)
    earlier = _known(last)
    has_arrived = last is not None and last.state in DELIVERED
    if has_arrived and earlier == entries.shown(registration):
        return None
    with use_language(registration.language):
        letter = with_source(day.day_changed(registration, earlier), registration, mail.id)
    calendar = entries.invitation(registration, mail.dated_at).request()
    return Rendering(letter, calendar, CalendarMethod.REQUEST, told.confirmation_id(registration))


def cancelled(mail: OutgoingMail) -> Rendering | None:
    """The letter that takes the entry away, or says only that the day is cancelled; also to who cancelled since."""
    registration = _find(mail)
    if registration is None:
        return None
    takes_entry = mail.sequence is not None
    with use_language(registration.language):
        letter = with_source(day.day_cancelled(registration, takes_entry=takes_entry), registration, mail.id)
    in_reply_to = told.confirmation_id(registration)
    if not takes_entry:
        return Rendering(letter, in_reply_to=in_reply_to)
    calendar = entries.invitation(registration, mail.dated_at).cancel()
    return Rendering(letter, calendar, CalendarMethod.CANCEL, in_reply_to)


RENDERERS: Final[dict[str, Renderer]] = {Kind.DAY_CHANGED: changed, Kind.DAY_CANCELLED: cancelled}


def _find(mail: OutgoingMail) -> Registration | None:
    """Whom the order is for, if it is still for this entry, this SEQUENCE and this mailbox.

    Registration and day are read by one statement, so that the SEQUENCE is that of the contents: on PostgreSQL
    another statement would see what was committed in between. From here on the letter speaks the reader's language
    of today.
    """
    registration = db.session.scalar(
        select(Registration).where(Registration.id == mail.registration_id).options(joinedload(Registration.event)),
        execution_options={"populate_existing": True},
    )
    if registration is None or registration.email != mail.recipient:
        return None
    now = registration.calendar_uid, registration.calendar_sequence
    if mail.sequence is not None and (mail.entry_uid, mail.sequence) != now:
        return None
    mail.language = registration.language
    return registration


def _known(last: OutgoingMail | None) -> Shown | None:
    """What the reader's calendar shows after this letter, None when that isn't known.

    It isn't while the letter is on its way: it may arrive, fail, or be overtaken by the very order that asks.
    """
    if last is None or last.calendar is None or last.state in UNSENT:
        return None
    return entries.shown_in(last.calendar)


EXAMPLE = Text("Förnamn Efternamn", "Firstname Lastname")
"""The made-up reader of a letter that is shown before it is sent."""


def letter_about(event: Event, group: Group, earlier: Shown) -> Written:
    reader = _example(event, group)
    with use_language(group.language):
        return compose(day.day_changed(reader, earlier), group.language)


def _example(event: Event, group: Group) -> Registration:
    """Somebody who is no registration, and never becomes one."""
    first_name, _, last_name = EXAMPLE.in_language(group.language).partition(" ")
    return Registration(
        event=event,
        status=Status.CONFIRMED,
        attendance=group.attendance,
        language=group.language,
        first_name=first_name,
        last_name=last_name,
    )
