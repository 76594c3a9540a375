"""Personal links: signed, never stored, so that nothing in the database opens a door."""

import enum
import functools
import hashlib
from typing import NamedTuple

from itsdangerous import BadData, URLSafeSerializer

from regapp.core.context import settings


class Purpose(enum.StrEnum):
    """What a link is for; one purpose's token opens no other door."""

    MANAGE = "manage"
    JOIN = "join"
    CORRECT = "correct"


class Claim(NamedTuple):
    """What a genuine token says: whose it is, and which version of their links."""

    public_id: str
    version: int


def _serializer(purpose: Purpose) -> URLSafeSerializer:
    # The oldest key comes first: itsdangerous signs with the last and accepts all.
    return _serializer_with((*reversed(settings().secret_key_fallbacks), settings().secret_key), purpose)


@functools.cache
def _serializer_with(keys: tuple[str, ...], purpose: Purpose) -> URLSafeSerializer:
    """Made once: every letter has links."""
    return URLSafeSerializer(keys, salt=f"regapp.link.{purpose}", signer_kwargs={"digest_method": hashlib.sha256})


def sign(purpose: Purpose, public_id: str, version: int) -> str:
    return str(_serializer(purpose).dumps([public_id, version]))


def read(purpose: Purpose, token: str) -> Claim | None:
    """The token's claim, or None when it is not one of ours for this purpose."""
    try:
        public_id, version = _serializer(purpose).loads(token)
    except (BadData, ValueError, TypeError):
        return None
    return Claim(public_id, version)
