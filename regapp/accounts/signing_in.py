"""Signing in with a password, and asking for a link when it is lost.

A try has three parts, with a commit of the view's between them: it is counted, then the password is compared
outside of any transaction (a tenth of a second in which nobody else should wait for the lock), then it succeeds.
"""

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from regapp.accounts import letters, managing
from regapp.accounts.models import Organiser, SignIn
from regapp.core import addresses, limits
from regapp.core.db import db, lock
from regapp.core.errors import RuleBroken
from regapp.core.i18n import Text
from regapp.core.limits import Limit
from regapp.mailing import link_requests, outbox
from regapp.mailing.kinds import Kind
from regapp.mailing.link_requests import Door, LinkRequest

IDLE = timedelta(hours=8)
"""A session that nobody used for this long is over."""

ABSOLUTE = timedelta(days=7)
"""A session is over after this long, however busy."""

WITHIN = timedelta(minutes=15)
WRONG_FOR_ACCOUNT = Limit("sign_in.account", 10, WITHIN)
"""Of one account from one address: a stranger who tries locks out himself, not the owner who is elsewhere."""

WRONG_FROM_ADDRESS = Limit("sign_in.address", 10, WITHIN)
LETTERS = Limit("sign_in.letters", 5, timedelta(hours=1))
ASKED_FROM_ADDRESS = Limit("sign_in.asked", 30, timedelta(hours=1))

WRONG = Text(
    "E-postadressen och lösenordet hör inte ihop. Kontrollera båda och försök igen.",
    "The e-mail address and the password don’t belong together. Check both and try again.",
)


class WrongPassword(RuleBroken):
    """The address and the password don't belong together, or there is no such account; it is never told which."""

    def __init__(self) -> None:
        super().__init__(WRONG, "password")


@dataclass(frozen=True)
class Candidate:
    """Somebody who says that they are this account's owner; without an account, `organiser_id` is None."""

    email: str
    client: str
    organiser_id: int | None
    password: str | None


def begin(email: str, address: str, at: datetime) -> Candidate:
    """Count the try; raises TooMany. To be committed before the password is compared."""
    client = limits.client_key(address)
    key = email.strip().casefold()
    limits.take(WRONG_FOR_ACCOUNT, f"{key} {client}", at)
    limits.take(WRONG_FROM_ADDRESS, client, at)
    organiser = managing.find_by_email(email)
    if organiser is None or not organiser.active:
        return Candidate(key, client, None, None)
    return Candidate(key, client, organiser.id, organiser.password)


def succeed(candidate: Candidate, at: datetime) -> Organiser:
    """The password was right: the tries don't count. Raises WrongPassword when the account changed meanwhile."""
    if candidate.organiser_id is None:
        raise WrongPassword
    # Before the account is locked, in the one order of locks; WrongPassword takes it back.
    limits.forget(WRONG_FOR_ACCOUNT, f"{candidate.email} {candidate.client}")
    limits.give_back(WRONG_FROM_ADDRESS, candidate.client)
    organiser = lock(Organiser, candidate.organiser_id)
    if not organiser.active or organiser.password != candidate.password:
        raise WrongPassword
    return organiser


def open_session(organiser: Organiser, at: datetime) -> str:
    """A new session; the token for its cookie."""
    organiser.signed_in_at = at
    db.session.execute(delete(SignIn).where(SignIn.ends_at <= at))
    token = secrets.token_urlsafe(32)
    db.session.add(SignIn(token_hash=_hashed(token), organiser_id=organiser.id, began_at=at, ends_at=at + ABSOLUTE))
    return token


def find_by_session(token: str, uniquifier: str, at: datetime) -> Organiser | None:
    """Whose session it is, if it still is one."""
    return db.session.scalar(
        select(Organiser)
        .join(SignIn, SignIn.organiser_id == Organiser.id)
        .where(SignIn.token_hash == _hashed(token), SignIn.ends_at > at)
        .where(Organiser.fs_uniquifier == uniquifier, Organiser.active)
    )


def close_session(token: str) -> None:
    db.session.execute(delete(SignIn).where(SignIn.token_hash == _hashed(token)))


def ask_for_link(email: str, address: str, at: datetime) -> None:
    """Note that somebody asks for a link to choose a password; nothing here depends on whether there is an account.

    Raises TooMany for a client that asks all the time, never for an account: that would tell.
    """
    limits.take(ASKED_FROM_ADDRESS, limits.client_key(address), at)
    try:
        limits.take(LETTERS, addresses.key(email), at)
    except limits.TooMany:
        return
    link_requests.note(Door.ORGANISER, email, at)


def send_link(request: LinkRequest, at: datetime) -> None:
    """Write the letter, if there is an account that may sign in; the worker's part."""
    organiser = managing.find_by_email(request.email_key)
    if organiser is not None and organiser.active:
        outbox.enqueue(
            letters.sign_in_link(),
            key=f"{Kind.SIGN_IN_LINK}:{uuid.uuid4().hex}",
            kind=Kind.SIGN_IN_LINK,
            to=organiser.email,
            language=organiser.language,
            at=at,
        )


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
