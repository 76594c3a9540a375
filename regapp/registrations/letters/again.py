"""Sending a letter again, when what it says still holds; otherwise a fresh one of what the person has now."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from regapp.core.audit import AuditEntry
from regapp.core.db import db
from regapp.core.errors import NotFound, RuleBroken
from regapp.core.i18n import Text
from regapp.events.models import Publication
from regapp.mailing import invites
from regapp.mailing.kinds import INDEPENDENT, Kind
from regapp.mailing.models import UNSENT, MailState, OutgoingMail
from regapp.mailing.sending.again import repeat, times_repeated
from regapp.registrations import finding
from regapp.registrations.letters import told, writing
from regapp.registrations.models import Registration

MOST: Final = 5
SPAN: Final = timedelta(hours=1)
"""How many letters organisers may send again to one person, in how long."""

NOBODYS = Text("Brevet gick inte till någon deltagare.", "The letter went to no participant.")
ON_ITS_WAY = Text("Brevet är redan på väg.", "The letter is on its way already.")
AGAIN_ON_ITS_WAY = Text(
    "Brevet är redan skickat igen och väntar på sin tur.", "The letter is already sent again and waits for its turn."
)
OTHER_ADDRESS = Text(
    "Brevet gick till en annan adress än den som personen har nu.",
    "The letter went to another address than the person has now.",
)
OVERTAKEN = Text("Ett senare brev säger något annat.", "A later letter says something else.")
UNTRUE = Text("Det som står i brevet gäller inte längre.", "What the letter says no longer holds.")
OFFER_OVER = Text("Erbjudandet i brevet gäller inte längre.", "The offer in the letter is no longer valid.")
PLACE_MOVES = Text(
    "Platsen i kön kan ha ändrats sedan brevet skrevs.", "The place in line may have changed since the letter."
)
OF_AN_ATTEMPT = Text(
    "Brevet berättar om ett försök utan anmälan. Se i listan över dem om personen är anmäld nu.",
    "The letter tells of an attempt without a registration. See in their list whether the person is registered now.",
)
DAY_OVER = Text("Dagen har varit.", "The day is over.")
NO_DAY = Text("Dagen är ett utkast.", "The day is a draft.")
JUST_CANCELLED = Text(
    "Dagen är nyss inställd. Alla får mejl om det när det inte längre går att ångra.",
    "The day was cancelled just now. Everybody gets an e-mail when that can’t be undone any more.",
)
OTHER_WAITS = Text(
    "Ett brev med det som gäller nu är redan på väg till personen.",
    "A letter with what holds now is already on its way to the person.",
)
REGISTERED_AGAIN = Text(
    "Personen är anmäld igen. Skicka från den nya anmälan.",
    "The person is registered again. Send from the new registration.",
)
TOO_OFTEN = Text(
    "Personen har fått {most} brev på nytt den senaste timmen. Vänta en stund.",
    "The person has been sent {most} letters again within the last hour. Wait a while.",
    {"most": MOST},
)

_SENT_AGAIN: Final = "mail.sent_again"
_TOLD_AGAIN: Final = "registration.told_again"


def why_not(mail: OutgoingMail, at: datetime) -> Text | None:
    """What keeps the letter from being sent again; None when it may be."""
    registration = mail.registration_id and db.session.get(Registration, mail.registration_id)
    if not registration:
        return NOBODYS
    if mail.state in UNSENT:
        return ON_ITS_WAY
    if _is_waiting_again(mail):
        return AGAIN_ON_ITS_WAY
    if mail.recipient != registration.email:
        return OTHER_ADDRESS
    if mail.kind == Kind.NOT_REGISTERED:
        return OF_AN_ATTEMPT
    return _why_untrue(mail, registration, at) or (TOO_OFTEN if _is_too_often(registration, at) else None)


def send_again(mail_id: str, times: int, at: datetime, *, actor: str) -> OutgoingMail:
    """Send the letter again to the same, present, address; gives the letter that is sent.

    `times` is how often it had been when the button was shown: pressed twice, it is sent once. Raises RuleBroken,
    NotFound.
    """
    mail = db.session.get(OutgoingMail, mail_id)
    if mail is None or mail.registration_id is None:
        raise NotFound
    registration = finding.get_locked(mail.registration_id)
    if times_repeated(mail) > times:
        return _last_repeat(mail)
    if reason := why_not(mail, at):
        raise RuleBroken(reason)
    copy = repeat(mail, at, entry_uid=registration.calendar_uid)
    finding.record(_SENT_AGAIN, registration, at, actor, kind=mail.kind)
    return copy


def times_told(registration: Registration) -> int:
    """How often an organiser has sent the person what they have."""
    return _count(registration, _TOLD_AGAIN)


def why_not_present(registration: Registration, at: datetime) -> Text | None:
    """What keeps a fresh letter from being sent; None when it may be."""
    if registration.event.publication is Publication.DRAFT:
        return NO_DAY
    if registration.event.is_over(at):
        return DAY_OVER
    if registration.event.is_cancellation_untold:
        return JUST_CANCELLED
    if _is_registered_again(registration):
        return REGISTERED_AGAIN
    if told.waits(registration):
        return OTHER_WAITS
    return TOO_OFTEN if _is_too_often(registration, at) else None


def send_present(registration_id: int, times: int, at: datetime, *, actor: str) -> Registration:
    """Send what the person has now; `times` as the page showed it. Raises RuleBroken, NotFound."""
    registration = finding.get_locked(registration_id)
    if times_told(registration) > times:
        return registration
    if reason := why_not_present(registration, at):
        raise RuleBroken(reason)
    write_present(registration, at)
    finding.record(_TOLD_AGAIN, registration, at, actor)
    return registration


def _why_untrue(mail: OutgoingMail, registration: Registration, at: datetime) -> Text | None:
    if mail.is_order or mail.state is MailState.WITHDRAWN or _is_registered_again(registration):
        return UNTRUE
    if mail.kind == Kind.LINK:
        return None if registration.has_living_links(at) else DAY_OVER
    if registration.event.is_over(at):
        return DAY_OVER
    if mail.kind == Kind.WAITING:
        return PLACE_MOVES
    if mail.kind == Kind.OFFER and not registration.is_offered:
        return OFFER_OVER
    if _is_overtaken(mail):
        return OVERTAKEN
    if mail.calendar:
        return None if _is_of_present_entry(mail.calendar, registration, at) else UNTRUE
    has_changed = max(registration.changed_at, registration.event.updated_at) > mail.dated_at
    return UNTRUE if has_changed else None


def _is_registered_again(registration: Registration) -> bool:
    """Whether another registration tells now what the address has."""
    return not registration.is_active and finding.find_active(registration.event_id, registration.email) is not None


def _is_of_present_entry(calendar: str, registration: Registration, at: datetime) -> bool:
    now = told.entry_now(registration, at)
    before = invites.read(calendar)
    return now == before and now is not None and now.attendee_name == before.attendee_name


def _is_overtaken(mail: OutgoingMail) -> bool:
    later = select(OutgoingMail.id).where(
        OutgoingMail.registration_id == mail.registration_id,
        OutgoingMail.dated_at > mail.dated_at,
        OutgoingMail.again_of.is_(None),
        OutgoingMail.kind.not_in(INDEPENDENT),
        OutgoingMail.state != MailState.WITHDRAWN,
    )
    is_independent = mail.kind in INDEPENDENT
    return not is_independent and db.session.scalar(later.limit(1)) is not None


def _is_waiting_again(mail: OutgoingMail) -> bool:
    waiting = select(OutgoingMail.id).where(OutgoingMail.again_of == mail.id, OutgoingMail.state.in_(UNSENT))
    return db.session.scalar(waiting.limit(1)) is not None


def _last_repeat(mail: OutgoingMail) -> OutgoingMail:
    repeats = select(OutgoingMail).where(OutgoingMail.again_of == mail.id).order_by(OutgoingMail.dated_at.desc())
    return db.session.scalars(repeats.limit(1)).one()


def _is_too_often(registration: Registration, at: datetime) -> bool:
    return _count(registration, _SENT_AGAIN, _TOLD_AGAIN, after=at - SPAN) >= MOST


def _count(registration: Registration, *actions: str, after: datetime | None = None) -> int:
    counted = select(func.count()).where(AuditEntry.registration_id == registration.id, AuditEntry.action.in_(actions))
    if after is not None:
        counted = counted.where(AuditEntry.at > after)
    return db.session.scalar(counted) or 0


_DONE: Final = {
    "registration.made": writing.REGISTERED,
    "registration.address_corrected": writing.ADDRESS,
    "registration.moved_online": writing.MOVED,
    "registration.moved_on_site": writing.MOVED,
    "registration.joined_line": writing.MOVED,
    "registration.left_line": writing.MOVED_OUT_OF_LINE,
    "registration.cancelled": writing.CANCELLED,
    "registration.cancellation_undone": writing.UNDONE,
}


def write_present(registration: Registration, at: datetime) -> None:
    """Tell the participant what they have now, at their present address.

    Their calendar was told before: SEQUENCE stays as it is. What nobody told them of yet is a change, and is written
    as one.
    """
    done = _what_an_organiser_did(registration)
    if told.is_told(registration, at):
        for letter in writing.letters_now(registration, at, done):
            _write(registration, letter, at)
        return
    if not registration.is_active:
        writing.write_cancellation(registration, at, done=done)
        return
    if registration.has_entry and told.should_have_entry(registration) and registration.is_in_line:
        writing.write_place(registration, at, done=done)
    writing.write_what_they_have(registration, at, done=done)


def _what_an_organiser_did(registration: Registration) -> Text | None:
    """What led to what the person has, perhaps without a letter; None where it was themselves, or nobody."""
    last = finding.last_of_place(registration)
    return writing.by(last.actor, _DONE[last.action]) if last and last.action in _DONE else None


def _write(registration: Registration, letter: writing.Present, at: datetime) -> None:
    calendar, method = (letter.with_calendar and told.calendar_now(registration, at)) or (None, None)
    key = f"present:{letter.kind}:{registration.public_id}:{registration.calendar_uid}:{at.isoformat()}"
    writing.write(
        registration, letter.kind, letter.compose, at, calendar=calendar, method=method, key=key, is_about_entry=True
    )
