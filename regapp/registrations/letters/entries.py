"""A registration as an entry in a person's calendar."""

from datetime import UTC, datetime
from typing import NamedTuple

from regapp.core import addresses
from regapp.core.context import settings
from regapp.core.i18n import t, use_language
from regapp.events.models import Attendance, Event
from regapp.mailing.calendar_text import clean, one_line
from regapp.mailing.invites import Invitation, read
from regapp.mailing.marks import mark
from regapp.registrations.models import Registration


class Shown(NamedTuple):
    """What a calendar shows of an entry, in the lines as they are sent; when it differs the entry is sent anew.

    `location` is a mark for who takes part online.
    """

    starts_at: datetime
    ends_at: datetime
    summary: str
    location: str


def shown(registration: Registration) -> Shown:
    """What the participant's entry should show now."""
    return shown_to(registration.event, registration.language, registration.attendance)


def shown_to(event: Event, language: str, attendance: Attendance) -> Shown:
    """What the entries of all with this language and form of attendance should show now."""
    with use_language(language):
        where = place(event) if attendance is Attendance.ON_SITE else mark("join")
        return Shown(
            _as_sent(event.starts_at),
            _as_sent(event.ends_at),
            one_line(event.title),
            one_line(where, keep_marks=True),
        )


def shown_in(calendar: str) -> Shown:
    """What a letter's stored calendar shows."""
    entry = read(calendar)
    return Shown(entry.starts_at, entry.ends_at, entry.summary, entry.location)


def invitation(registration: Registration, written_at: datetime, join_url: str | None = None) -> Invitation:
    """The entry in the participant's language; `join_url` is a mark to fill in later unless given."""
    with use_language(registration.language):
        return _invitation(registration, written_at, join_url or mark("join"))


def day_entry(event: Event, written_at: datetime) -> Invitation:
    """The entry of the day itself, for anybody to download: no attendee, the venue, nothing secret."""
    return Invitation(
        uid=f"{event.slug}@{settings().mail_domain}",
        sequence=event.version - 1,
        created_at=event.created_at,
        changed_at=event.updated_at,
        written_at=written_at,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        summary=event.title,
        location=place(event),
        description=t("Anmälan och program: {url}", "Registration and programme: {url}", url=day_url(event)),
        url=day_url(event),
        organiser_name=organiser_name(),
        organiser_address=settings().mail_default_sender,
    )


def day_url(event: Event) -> str:
    """The day's public page in the current language."""
    return settings().base_url + t("/{slug}/", "/en/{slug}/", slug=event.slug)


def register_url(event: Event) -> str:
    """The form to register in the current language."""
    return f"{day_url(event)}register"


def place(event: Event) -> str:
    """The venue and its address, which may hold no mark: one of them would become a link in an entry."""
    return ", ".join(clean(part) for part in (event.venue, event.address) if part)


def organiser_name() -> str:
    return f"SWECARNET, {settings().organisation_name}"


def _as_sent(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(microsecond=0)


def _invitation(registration: Registration, written_at: datetime, join_url: str) -> Invitation:
    event = registration.event
    online = registration.attendance is Attendance.ONLINE
    return Invitation(
        uid=f"{registration.calendar_uid}@{registration.calendar_domain}",
        sequence=registration.calendar_sequence,
        created_at=registration.received_at,
        changed_at=registration.changed_at,
        written_at=written_at,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        summary=event.title,
        location=join_url if online else place(event),
        description=_description(event, join_url if online else None),
        url=day_url(event),
        organiser_name=organiser_name(),
        organiser_address=settings().mail_default_sender,
        attendee_name=registration.name,
        attendee_address=addresses.on_the_wire(registration.email),
        conference=join_url if online else "",
        conference_label=t("Delta digitalt", "Join online") if online else "",
    )


def _description(event: Event, join_url: str | None) -> str:
    how = (
        t("Du deltar digitalt. Anslut här: {url}", "You take part online. Join here: {url}", url=join_url)
        if join_url
        else t("Du deltar på plats: {place}", "You take part on site: {place}", place=place(event))
    )
    more = t("Program: {url}", "Programme: {url}", url=day_url(event))
    contact = t("Frågor: {contact}", "Questions: {contact}", contact=clean(event.contact_email))
    return f"{how}\n{more}\n{contact}"
