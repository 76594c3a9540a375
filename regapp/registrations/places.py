"""How many places there are and are taken, and why something can't be done, in the person's words."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select

from regapp.core import audit
from regapp.core.db import db
from regapp.core.errors import RuleBroken
from regapp.core.i18n import Text, format_instant
from regapp.events.models import Attendance, Event, Phase, Publication
from regapp.registrations.models import Registration


@dataclass(frozen=True)
class Places:
    """The places of one form of attendance; `limit` is None when unlimited."""

    limit: int | None
    taken: int

    @property
    def left(self) -> int | None:
        return None if self.limit is None else max(self.limit - self.taken, 0)

    @property
    def is_full(self) -> bool:
        return self.left == 0


@dataclass(frozen=True)
class DayPlaces:
    on_site: Places
    online: Places

    def of(self, attendance: Attendance) -> Places:
        return self.on_site if attendance is Attendance.ON_SITE else self.online

    def has_line(self, event: Event, now: datetime) -> bool:
        """Whether one can stand in line: all seats are taken, and there are seats at all."""
        return self.on_site.is_full and self.on_site.limit != 0 and event.fills_seats(now)


# Built once: it is asked while the day's row is locked.
_TAKEN = select(
    func.count().filter(Registration.has_seat | Registration.is_offered),
    func.count().filter(Registration.is_online),
).where(Registration.event_id == bindparam("event_id"), Registration.is_active)


def count(event: Event) -> DayPlaces:
    """The places as they are now; an offered seat is taken. Decide on this only while the day's row is locked."""
    on_site, online = db.session.execute(_TAKEN, {"event_id": event.id}).one()
    return DayPlaces(Places(event.seats_on_site, on_site), Places(event.seats_online, online))


REASON_NEEDED = Text("Skriv varför, utan namn.", "Write why, without names.")


CLOSED = Text(
    "Anmälan stängde {when}. Kontakta arrangören om du har frågor: {contact}.",
    "Registration closed on {when}. Contact the organiser if you have questions: {contact}.",
)
NOT_OPEN = Text(
    "Anmälan öppnar {when}. Kontakta arrangören om du har frågor: {contact}.",
    "Registration opens on {when}. Contact the organiser if you have questions: {contact}.",
)
DAY_CANCELLED = Text(
    "Dagen är inställd. Kontakta arrangören om du har frågor: {contact}.",
    "The day is cancelled. Contact the organiser if you have questions: {contact}.",
)
ON_SITE_FULL = Text(
    "Alla platser på plats är tagna. Du kan delta digitalt i stället.",
    "All on-site places are taken. You can take part online instead.",
)
ONLINE_FULL = Text(
    "Alla digitala platser är tagna. Du kan delta på plats i stället.",
    "All online places are taken. You can take part on site instead.",
)
ON_SITE_FULL_WAIT = Text(
    "Alla platser på plats är tagna. Du kan delta digitalt och samtidigt stå på väntelistan.",
    "All on-site places are taken. You can take part online and stand on the waiting list at the same time.",
)
ALL_FULL_WAIT = Text(
    "Alla platser är tagna. Du kan ställa dig i kö för en plats i lokalen.",
    "All places are taken. You can stand in line for an on-site place.",
)
ALL_FULL = Text(
    "Alla platser är tagna. Kontakta arrangören om du har frågor: {contact}.",
    "All places are taken. Contact the organiser if you have questions: {contact}.",
)
NO_LINE = Text(
    "Dagen har ingen kö. Välj något av det som går att välja här.",
    "The day has no line. Choose one of what can be chosen here.",
)

NOT_REGISTERED = Text("Du är inte anmäld längre.", "You are no longer registered.")


def why_not_changeable(registration: Registration, actor: str = audit.PARTICIPANT) -> RuleBroken | None:
    """What keeps what a registration says from being changed: it is cancelled, or its day is.

    Organisers correct what is said of a cancelled day too.
    """
    event = registration.event
    if event.publication is Publication.CANCELLED and not audit.is_organiser(actor):
        return DayCancelled(event)
    return None if registration.is_active else NotRegistered()


class NoLine(RuleBroken):
    """The seats of the day aren't counted, or there are none, so there was never a line to choose."""

    def __init__(self) -> None:
        super().__init__(NO_LINE, field="attendance")


class RegistrationClosed(RuleBroken):
    """The day takes no registrations at this instant."""

    def __init__(self, event: Event, at: datetime) -> None:
        super().__init__(_why_closed(event, at))


class DayFull(RuleBroken):
    """No place is left in the form of attendance asked for."""

    def __init__(self, event: Event, attendance: Attendance, day_places: DayPlaces, *, may_wait: bool) -> None:
        words = _why_full(attendance, day_places, may_wait)
        super().__init__(words.format(contact=event.contact_email), field="attendance")


def _why_full(attendance: Attendance, day_places: DayPlaces, may_wait: bool) -> Text:
    if attendance is Attendance.ONLINE and not day_places.on_site.is_full:
        return ONLINE_FULL
    if day_places.online.is_full:
        return ALL_FULL_WAIT if may_wait else ALL_FULL
    return ON_SITE_FULL_WAIT if may_wait else ON_SITE_FULL


def _why_closed(event: Event, at: datetime) -> Text:
    phase = event.phase(at)
    if phase is Phase.CANCELLED:
        return DAY_CANCELLED.format(contact=event.contact_email)
    words, instant = (NOT_OPEN, event.opens_at) if at < event.opens_at else (CLOSED, event.closes_visibly_at)
    return words.format(when=_When(instant), contact=event.contact_email)


@dataclass(frozen=True)
class _When:
    """An instant that is put into words only when the language is known."""

    instant: datetime

    def __str__(self) -> str:
        return format_instant(self.instant)


TOO_LATE_TO_CANCEL = Text(
    "Dagen har börjat, så det går inte längre att avanmäla sig här.",
    "The day has started, so the registration can no longer be cancelled here.",
)


class TooLateToCancel(RuleBroken):
    def __init__(self) -> None:
        super().__init__(TOO_LATE_TO_CANCEL)


class DayCancelled(RuleBroken):
    """Nothing changes on a day that doesn't take place."""

    def __init__(self, event: Event) -> None:
        super().__init__(DAY_CANCELLED.format(contact=event.contact_email))


class NotRegistered(RuleBroken):
    """The registration was cancelled."""

    def __init__(self) -> None:
        super().__init__(NOT_REGISTERED)
