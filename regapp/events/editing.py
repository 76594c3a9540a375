"""What organisers do with a day: make it, change it, publish it, take it back, cancel it, and take that back."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from regapp.accounts import managing
from regapp.core import audit
from regapp.core.db import db, lock
from regapp.core.errors import RuleBroken
from regapp.core.i18n import Text, format_clock, format_instant
from regapp.events.drafts import COLUMNS, Draft
from regapp.events.models import NEXT, RESTORABLE_FOR, Event, ProgrammeItem, Publication

SLUG_TAKEN = Text(
    "Det finns redan en dag med den adressen. Välj ett annat namn i adressen.",
    "There is already a day with that address. Choose another name in the address.",
)
SLUG_FIXED = Text(
    "Adressen kan inte ändras efter publiceringen: länken står redan i brev och kalendrar.",
    "The address can’t change after publishing: the link already stands in letters and calendars.",
)
SAVED_BY_ANOTHER = Text(
    "Någon annan har sparat dagen medan du skrev. Ingenting av ditt är sparat än.",
    "Someone else saved the day while you were writing. Nothing of yours is saved yet.",
)
NEEDS_VENUE = Text(
    "Fyll i lokalen innan dagen publiceras, eller sätt antalet platser på plats till 0.",
    "Fill in the venue before the day is published, or set the places on site to 0.",
)
HAS_REGISTRATIONS = Text(
    "Dagen har anmälningar och kan inte bli utkast igen. Ställ in den om den inte blir av.",
    "The day has registrations and can’t become a draft again. Cancel it if it will not take place.",
)
NOT_FROM_HERE = Text(
    "Det går inte från dagens nuvarande läge. Ladda om sidan för att se hur det är nu.",
    "That isn’t possible from the day’s present state. Reload the page to see how it is now.",
)
CANCELLED_ALREADY = Text(
    "Dagen är redan inställd: {name} gjorde det {when}.", "The day is cancelled already: {name} did it on {when}."
)
TOO_LATE_TO_CANCEL = Text(
    "Dagen har redan varit och kan inte ställas in.", "The day is already over and can’t be cancelled."
)
TOO_LATE_TO_RESTORE = Text(
    "Det går inte längre att ångra: mejlen om att dagen är inställd har gått.",
    "It can no longer be undone: the e-mails that say that the day is cancelled have gone.",
)
CANCELLED_JUST_NOW = Text(
    "Dagen är nyss inställd. Ångra det först, eller vänta till kl. {clock}.",
    "The day was cancelled just now. Undo that first, or wait until {clock}.",
)


class SlugRefused(RuleBroken):
    """The day's name in the address is another day's, or may no longer change."""

    def __init__(self, message: Text) -> None:
        super().__init__(message, "slug")


class SavedByAnother(RuleBroken):
    """Someone saved the day after this copy of it was opened.

    `saved` is the day as it is now, `changed` the names of the fields that were changed meanwhile.
    """

    def __init__(self, version: int, saved: Draft, changed: set[str]) -> None:
        super().__init__(SAVED_BY_ANOTHER)
        self.version = version
        self.saved = saved
        self.changed = changed


def create(draft: Draft, at: datetime, *, actor: str) -> Event:
    """A new day, seen by organisers only. Raises RuleBroken with the field it is about."""
    _check(draft)
    event = Event(publication=Publication.DRAFT, created_at=at, updated_at=at)
    db.session.add(event)
    _write(event, draft, COLUMNS)
    event.programme = _items(draft)
    _flush()
    audit.record("event.created", actor=actor, at=at, event_id=event.id, version=event.version)
    return event


def save(event_id: int, version: int, draft: Draft, at: datetime, *, actor: str) -> Event:
    """Change the day, unless someone else did so after `version` was opened: SavedByAnother.

    A publication meanwhile is no conflict: it changes no field. Nothing is written when nothing differs.
    """
    _check(draft)
    event = lock(Event, event_id)
    saved = Draft.of(event)
    if meanwhile := _changed_since(event, version):
        raise SavedByAnother(event.version, saved, meanwhile)
    changed = draft.differs_from(saved)
    if not changed:
        return event
    if event.can_be_restored(at):
        # Calendars show the day as it was when it was cancelled, and would be right at once if it is taken back.
        raise RuleBroken(CANCELLED_JUST_NOW.format(clock=restorable_until(event)))
    _check_published(event, draft, changed)
    if _moves_meeting(event, changed):
        event.meeting_url_changed_at = at
    _write(event, draft, changed)
    event.updated_at = at
    if "programme" in changed:
        # First the old rows go: the new ones take their positions.
        event.programme.clear()
        db.session.flush()
        event.programme.extend(_items(draft))
    _flush()
    audit.record("event.edited", actor=actor, at=at, event_id=event.id, version=event.version, changed=changed)
    return event


def publish(event_id: int, version: int, at: datetime, *, actor: str) -> Event:
    event = _get_unchanged(event_id, version)
    if event.publication is not Publication.DRAFT:
        raise RuleBroken(NOT_FROM_HERE)
    if not event.venue and event.seats_on_site != 0:
        raise RuleBroken(NEEDS_VENUE, "venue")
    return _move(event, Publication.PUBLISHED, "event.published", at, actor)


def unpublish(
    event_id: int, version: int, at: datetime, *, actor: str, has_registrations: Callable[[int], bool]
) -> Event:
    """Make the day a draft again; `has_registrations` is asked while the day is locked."""
    event = _get_unchanged(event_id, version)
    if has_registrations(event.id):
        raise RuleBroken(HAS_REGISTRATIONS)
    return _move(event, Publication.DRAFT, "event.unpublished", at, actor)


def cancel(event_id: int, version: int, at: datetime, *, actor: str) -> Event:
    """Cancel the day; to tell those who are registered is registrations.cancelling's."""
    event = _get_unchanged(event_id, version)
    if event.is_over(at):
        raise RuleBroken(TOO_LATE_TO_CANCEL)
    if event.publication is Publication.CANCELLED:
        done = _last(event, "event.cancelled")
        raise RuleBroken(CANCELLED_ALREADY.format(name=managing.known_as(done.actor), when=format_instant(done.at)))
    event = _move(event, Publication.CANCELLED, "event.cancelled", at, actor)
    event.cancellation_due_at = at + RESTORABLE_FOR
    return event


def restore(event_id: int, version: int, at: datetime, *, actor: str) -> Event:
    """Take back that the day is cancelled, while nobody has been told."""
    event = _get_unchanged(event_id, version)
    if not event.can_be_restored(at):
        raise RuleBroken(TOO_LATE_TO_RESTORE)
    event.cancellation_due_at = None
    return _move(event, Publication.PUBLISHED, "event.restored", at, actor)


def restorable_until(event: Event) -> str:
    """The clock until which a day that was just cancelled can be taken back."""
    assert event.cancellation_due_at is not None  # noqa: S101  # its callers looked
    return format_clock(event.cancellation_due_at)


def _get_unchanged(event_id: int, version: int) -> Event:
    event = lock(Event, event_id)
    if meanwhile := _changed_since(event, version):
        raise SavedByAnother(event.version, Draft.of(event), meanwhile)
    return event


def _move(event: Event, publication: Publication, action: str, at: datetime, actor: str) -> Event:
    if publication not in NEXT[event.publication]:
        raise RuleBroken(NOT_FROM_HERE)
    event.publication = publication
    event.updated_at = at
    db.session.flush()
    audit.record(action, actor=actor, at=at, event_id=event.id, version=event.version)
    return event


def _last(event: Event, action: str) -> audit.AuditEntry:
    entries = select(audit.AuditEntry).where(audit.AuditEntry.event_id == event.id, audit.AuditEntry.action == action)
    return db.session.scalars(entries.order_by(audit.AuditEntry.id.desc()).limit(1)).one()


def _check(draft: Draft) -> None:
    for problem in draft.problems():
        raise problem


def _check_published(event: Event, draft: Draft, changed: list[str]) -> None:
    if not event.is_public():
        return
    if "slug" in changed:
        raise SlugRefused(SLUG_FIXED)
    if not draft.venue and draft.seats_on_site != 0 and {"venue", "seats_on_site"} & set(changed):
        raise RuleBroken(NEEDS_VENUE, "venue")


def _moves_meeting(event: Event, changed: list[str]) -> bool:
    """Whether participants may know the meeting by the address that it had until now."""
    return "meeting_url" in changed and event.meeting_url != "" and event.publication is Publication.PUBLISHED


def _changed_since(event: Event, version: int) -> set[str]:
    """The fields that were saved after `version`, by the audit log."""
    if event.version == version:
        return set()
    entries = db.session.scalars(
        select(audit.AuditEntry).where(audit.AuditEntry.event_id == event.id, audit.AuditEntry.action == "event.edited")
    )
    return {name for entry in entries if entry.details["version"] > version for name in entry.details["changed"]}


def _write(event: Event, draft: Draft, names: list[str]) -> None:
    for name in names:
        if name in COLUMNS:
            setattr(event, name, getattr(draft, name))


def _items(draft: Draft) -> list[ProgrammeItem]:
    return [
        ProgrammeItem(
            position=position,
            starts=row.starts,
            title_sv=row.title_sv,
            title_en=row.title_en,
            speaker=row.speaker,
            place=row.place,
        )
        for position, row in enumerate(draft.programme)
    ]


def _flush() -> None:
    """Only the address can collide with another day's; two who choose the same at once find out here."""
    try:
        with db.session.begin_nested():
            db.session.flush()
    except IntegrityError as error:
        if "slug" not in str(error.orig):
            raise
        raise SlugRefused(SLUG_TAKEN) from None
