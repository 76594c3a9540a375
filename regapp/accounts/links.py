"""Links to choose a password: signed, good once, for a while; nothing of them is stored."""

import hashlib
from datetime import datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer

from regapp.accounts.models import Organiser
from regapp.core.context import settings
from regapp.core.db import db
from regapp.core.links import all_keys, serializer

INVITATION = timedelta(days=3)
"""How long a link lasts that an administrator hands to a new organiser."""

RECOVERY = timedelta(hours=2)
"""How long a link lasts in a letter, from the moment it is sent."""


def _serializer() -> URLSafeSerializer:
    return serializer(all_keys(), "regapp.link.choose-password")


def address_of(organiser: Organiser, expires_at: datetime) -> str:
    """The whole address of the page where the organiser chooses a password."""
    token = _serializer().dumps([organiser.id, int(expires_at.timestamp()), _state(organiser)])
    return f"{settings().base_url}/organiser/choose-password/{token}"


def find(token: str, at: datetime) -> Organiser | None:
    """Whose link it is; None when it is altered, too old, used, or its account closed."""
    try:
        organiser_id, expires, state = _serializer().loads(token)
    except (BadData, ValueError, TypeError):
        return None
    organiser = db.session.get(Organiser, organiser_id)
    if organiser is None or not organiser.active or at.timestamp() >= expires:
        return None
    return organiser if state == _state(organiser) else None


def _state(organiser: Organiser) -> str:
    """Another one once a password was chosen, all sessions were ended, or the address changed."""
    parts = "\n".join((organiser.fs_uniquifier, organiser.password or "", organiser.email_key))
    return hashlib.sha256(parts.encode()).hexdigest()[:32]
