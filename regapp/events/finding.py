"""Finding a day."""

from datetime import datetime

from sqlalchemy import bindparam, select

from regapp.core.db import db
from regapp.core.errors import NotFound
from regapp.events.models import Event, Publication

# Built once: nearly every page asks it.
_BY_SLUG = select(Event).where(Event.slug == bindparam("slug"))
_ID_BY_SLUG = select(Event.id).where(Event.slug == bindparam("slug"))


def get_by_slug(slug: str) -> Event:
    """The day, whatever its publication; raises NotFound."""
    # A terminal passes on octets that are no UTF-8, as signs that no database takes.
    event = db.session.scalar(_BY_SLUG, {"slug": slug}) if slug.isascii() else None
    if event is None:
        raise NotFound
    return event


def get_id(slug: str) -> int:
    """For who locks the day next, and so reads it anew; raises NotFound."""
    found = db.session.scalar(_ID_BY_SLUG, {"slug": slug})
    if found is None:
        raise NotFound
    return found


def find_current(now: datetime) -> Event | None:
    """The day to send a visitor to: the next one ahead, else the last one that was."""
    published = select(Event).where(Event.publication != Publication.DRAFT)
    ahead = db.session.scalar(published.where(Event.ends_at > now).order_by(Event.starts_at).limit(1))
    return ahead or db.session.scalar(published.order_by(Event.starts_at.desc()).limit(1))
