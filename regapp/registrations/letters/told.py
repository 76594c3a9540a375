"""What a participant has now as their calendar shows it, and whether a letter told them so."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarResult, Select, func, or_, select

from regapp.core.db import db
from regapp.events.models import Event, Publication
from regapp.mailing import invites, outbox
from regapp.mailing.invites import Entry
from regapp.mailing.kinds import BEGINS, INDEPENDENT, TELLS_LINE, Kind
from regapp.mailing.models import DELIVERED, UNSENT, CalendarMethod, OutgoingMail
from regapp.registrations.letters import entries
from regapp.registrations.models import Registration


class Holding(enum.Enum):
    """What a participant has, as a letter tells it."""

    NO_DAY = enum.auto()
    NOTHING = enum.auto()
    WAITING = enum.auto()
    PLACE = enum.auto()
    OFFER = enum.auto()


def what_they_have(registration: Registration) -> list[Holding]:
    """One thing, or a place and the offer of a seat; of a cancelled day nothing else counts."""
    if registration.event.publication is Publication.CANCELLED:
        return [Holding.NO_DAY]
    if not registration.is_active:
        return [Holding.NOTHING]
    if not registration.is_offered:
        return [Holding.WAITING if registration.is_in_line else Holding.PLACE]
    return [Holding.PLACE, Holding.OFFER] if registration.has_place else [Holding.OFFER]


def tells_place(event: Event, mail: type[OutgoingMail] = OutgoingMail) -> ColumnElement[bool]:
    """Whether a letter says what the participant has: their place, their place in line, or that there is no day.

    An order that will bring an entry has its SEQUENCE, but no calendar part yet.
    """
    if event.publication is Publication.CANCELLED and not event.is_cancellation_untold:
        return mail.kind == Kind.DAY_CANCELLED
    brings_entry = mail.sequence.is_not(None) & mail.method.is_distinct_from(CalendarMethod.CANCEL)
    return brings_entry | mail.kind.in_(TELLS_LINE)


def calendar_now(registration: Registration, at: datetime) -> tuple[str, CalendarMethod] | None:
    """The entry, or its end, with the present SEQUENCE; None for who never had one and should have none."""
    entry = entries.invitation(registration, at)
    if should_have_entry(registration):
        return entry.request(), CalendarMethod.REQUEST
    # Every letter that takes an entry away raises SEQUENCE from the 0 that it began with.
    return (entry.cancel(), CalendarMethod.CANCEL) if registration.calendar_sequence else None


def entry_now(registration: Registration, at: datetime) -> Entry | None:
    """The same as `calendar_now`, to compare with what a letter brought."""
    calendar = calendar_now(registration, at)
    return invites.read(calendar[0]) if calendar else None


def should_have_entry(registration: Registration) -> bool:
    """A cancelled day counts as on until people are told: it may still be taken back."""
    event = registration.event
    return registration.has_place and (event.publication is not Publication.CANCELLED or event.is_cancellation_untold)


def due_to_calendar(registration: Registration, at: datetime) -> CalendarMethod | None:
    """What the next letter does to the calendar so that it is right; None where it is, or an order will see to it.

    While a cancelled day may be taken back, calendars are left alone.
    """
    if registration.event.is_cancellation_untold:
        return None
    if not should_have_entry(registration):
        return CalendarMethod.CANCEL if registration.has_entry else None
    return None if is_told(registration, at) or _is_ordered(registration) else CalendarMethod.REQUEST


def is_told(registration: Registration, at: datetime) -> bool:
    """Whether the last letter about their calendar says what it should show now.

    It doesn't after an organiser changed something without a letter, or when nobody ever wrote.
    """
    if registration.has_entry != should_have_entry(registration):
        return False
    if not registration.has_entry:
        return True
    last = db.session.scalar(
        select(OutgoingMail.calendar)
        .where(
            OutgoingMail.registration_id == registration.id,
            OutgoingMail.recipient == registration.email,
            OutgoingMail.calendar.is_not(None),
        )
        .order_by(OutgoingMail.dated_at.desc(), OutgoingMail.sequence.desc())
        .limit(1)
    )
    return last is not None and invites.read(last) == entry_now(registration, at)


def _is_ordered(registration: Registration) -> bool:
    """Whether a letter that isn't made yet will bring the entry as it is now."""
    ordered = select(OutgoingMail.id).where(
        OutgoingMail.registration_id == registration.id,
        OutgoingMail.sequence == registration.calendar_sequence,
        OutgoingMail.text.is_(None),
        OutgoingMail.state.in_(UNSENT),
        OutgoingMail.entry_uid == registration.calendar_uid,
    )
    return db.session.scalar(ordered.limit(1)) is not None


def waits(registration: Registration) -> bool:
    """Whether a letter that says what the participant has is on its way."""
    found = select(OutgoingMail.id).where(
        OutgoingMail.registration_id == registration.id,
        OutgoingMail.recipient == registration.email,
        OutgoingMail.state.in_(UNSENT),
        OutgoingMail.kind.not_in(INDEPENDENT),
    )
    return db.session.scalar(found.limit(1)) is not None


def key(kind: Kind, registration: Registration) -> str:
    """The key of a letter about the entry as it is now: a second one with it is not written."""
    return f"{kind}:{registration.public_id}:{registration.calendar_uid}.{registration.calendar_sequence}"


def _of_mailbox(registration: Registration) -> Select[int]:
    """The day's registrations that have its address, and those that may have had it: they have got new links."""
    return select(Registration.id).where(
        Registration.event_id == registration.event_id,
        or_(Registration.email_key == registration.email_key, Registration.link_version > 1),
    )


def find_others(registration: Registration) -> list[tuple[uuid.UUID, str]]:
    """UID and domain of the other entries that letters brought to the registration's mailbox, the latest first."""
    brought = (
        select(OutgoingMail.calendar)
        .where(
            OutgoingMail.registration_id.in_(_of_mailbox(registration)),
            func.lower(OutgoingMail.recipient) == registration.email.lower(),
            OutgoingMail.method == CalendarMethod.REQUEST,
        )
        .order_by(OutgoingMail.dated_at.desc(), OutgoingMail.sequence.desc())
    )
    uids = dict.fromkeys(invites.read(calendar).uid for calendar in db.session.scalars(brought) if calendar)
    found = [(uuid.UUID(name), domain) for name, _at, domain in (uid.partition("@") for uid in uids)]
    return [(uid, domain) for uid, domain in found if uid != registration.calendar_uid]


def _last_sequence(uid: uuid.UUID) -> int:
    """The highest SEQUENCE that was ever written of an entry."""
    return db.session.scalar(select(func.max(OutgoingMail.sequence)).where(OutgoingMail.entry_uid == uid)) or 0


def find_last(registration: Registration, below: int | None = None) -> OutgoingMail | None:
    """The latest letter or order about the entry that may have come to its mailbox, or may come still.

    `below` leaves out those with this SEQUENCE or a higher one.
    """
    sequence = OutgoingMail.sequence
    which = sequence.is_not(None) if below is None else sequence < below
    found = _written(registration.calendar_uid, which)
    return next((mail for mail in found if mail.may_have_arrived), None)


def may_show(registration: Registration, uid: uuid.UUID | None = None) -> bool:
    """Whether the mailbox may show the entry: it may have got it, and nothing that surely arrived took it away.

    `uid` names an earlier entry of the mailbox. The registration alone doesn't tell: of a cancelled day's entry it says
    that there is none, while the letter that takes it away waited still.
    """
    for mail in _written(uid or registration.calendar_uid, OutgoingMail.calendar.is_not(None)):
        if mail.method is CalendarMethod.REQUEST and mail.may_have_arrived:
            return True
        if mail.method is CalendarMethod.CANCEL and mail.state in DELIVERED and mail.bounce is None:
            return False
    return False


def _written(uid: uuid.UUID, which: ColumnElement[bool]) -> ScalarResult[OutgoingMail]:
    """The letters and orders about the entry, the latest first, also those written to an earlier registration.

    Read anew: a worker may have made a letter of an order while we waited for a lock.
    """
    written = (
        select(OutgoingMail)
        .where(OutgoingMail.entry_uid == uid, which)
        .order_by(OutgoingMail.sequence.desc(), OutgoingMail.dated_at.desc())
    )
    return db.session.scalars(written, execution_options={"populate_existing": True})


def confirmation_id(registration: Registration) -> str | None:
    """The Message-ID of the letter that brought this mailbox the entry, so that mail programs keep the others with it.

    In line, with an online place meanwhile, that is the letter about the line.
    """
    return db.session.scalar(
        select(OutgoingMail.message_id)
        .where(
            OutgoingMail.registration_id == registration.id,
            OutgoingMail.recipient == registration.email,
            OutgoingMail.kind.in_(BEGINS),
            OutgoingMail.method == CalendarMethod.REQUEST,
        )
        .order_by(OutgoingMail.dated_at.desc())
        .limit(1)
    )


def take_over_entry(registration: Registration) -> None:
    """Give a registration that has just become active, or got another address, the entry that is in its mailbox.

    It came with an earlier, cancelled one, or with one that has another address since. The next letter brings it with a
    higher SEQUENCE. What waits still of the earlier letters about it never leaves: the next one overtakes them.
    """
    db.session.flush()
    if may_show(registration):
        last = find_last(registration)
        registration.has_entry = last is not None and last.method is not CalendarMethod.CANCEL
        return
    for uid, domain in find_others(registration):
        outbox.withdraw_all(OutgoingMail.entry_uid == uid)
        if may_show(registration, uid):
            _take(registration, uid, domain)
            return


def _take(registration: Registration, uid: uuid.UUID, domain: str) -> None:
    """An earlier registration that had it is left with an entry that nobody has seen."""
    for earlier in db.session.scalars(select(Registration).where(Registration.calendar_uid == uid)):
        earlier.calendar_uid = uuid.uuid4()
        earlier.calendar_sequence = 0
        earlier.has_entry = False
    registration.calendar_uid = uid
    registration.calendar_domain = domain
    registration.calendar_sequence = _last_sequence(uid)
    registration.has_entry = True
