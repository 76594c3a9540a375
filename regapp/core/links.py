"""Personal links: signed, never stored, so that nothing in the database opens a door."""

import enum
import functools
import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

from itsdangerous import BadData, Signer, URLSafeSerializer
from itsdangerous.encoding import base64_decode, base64_encode, want_bytes

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


class ExactSigner(Signer):
    """A signature counts only as it was written.

    Base64 leaves unused bits in the last character and skips signs that it doesn't know, so that others would read
    the same (RFC 4648 §3.5).
    """

    def verify_signature(self, value: str | bytes, sig: str | bytes) -> bool:
        return super().verify_signature(value, sig) and base64_encode(base64_decode(sig)) == want_bytes(sig)


def serializer(keys: tuple[str, ...], salt: str, digest: Callable[..., Any] = hashlib.sha256) -> URLSafeSerializer:
    return URLSafeSerializer(keys, salt=salt, signer=ExactSigner, signer_kwargs={"digest_method": digest})


def all_keys() -> tuple[str, ...]:
    """The oldest key comes first: itsdangerous signs with the last and accepts all."""
    return *reversed(settings().secret_key_fallbacks), settings().secret_key


def _serializer(purpose: Purpose) -> URLSafeSerializer:
    return _serializer_with(all_keys(), purpose)


@functools.cache
def _serializer_with(keys: tuple[str, ...], purpose: Purpose) -> URLSafeSerializer:
    """Made once: every letter has links."""
    return serializer(keys, f"regapp.link.{purpose}")


def sign(purpose: Purpose, public_id: str, version: int) -> str:
    return str(_serializer(purpose).dumps([public_id, version]))


def read(purpose: Purpose, token: str) -> Claim | None:
    """The token's claim, or None when it is not one of ours for this purpose."""
    try:
        public_id, version = _serializer(purpose).loads(token)
    except (BadData, ValueError, TypeError):
        return None
    return Claim(public_id, version)
