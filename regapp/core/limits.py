"""How often somebody may try something, counted in the database: for all processes and hosts together."""

import hashlib
import ipaddress
import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Index, String, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from regapp.core.context import settings
from regapp.core.db import Model, db
from regapp.core.errors import RuleBroken
from regapp.core.i18n import Text

MANY_MINUTES = 120
"""Above this a wait is told in hours."""

ATTEMPTS = Text("Det har blivit för många försök.", "There have been too many attempts.")


class TakenTry(Model):
    """One try. The key is a keyed hash: the table names no address and no client."""

    __tablename__ = "taken_try"
    __table_args__ = (Index("ix_taken_try_of_key", "limit_name", "key", "expires_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    limit_name: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(32))
    expires_at: Mapped[datetime] = mapped_column(index=True)


@dataclass(frozen=True)
class Limit:
    """At most `times` tries of one key `within` any stretch of time this long."""

    name: str
    times: int
    within: timedelta
    reached: Text = ATTEMPTS
    """What is said when it is reached, before how long to wait."""


class TooMany(RuleBroken):
    """The limit is reached; it can be tried again in `retry_after` seconds."""

    def __init__(self, limit: Limit, wait: timedelta) -> None:
        self.retry_after = max(1, math.ceil(wait.total_seconds()))
        super().__init__(_wait_in_words(self.retry_after).format(reached=limit.reached))


def _wait_in_words(seconds: int) -> Text:
    minutes = math.ceil(seconds / 60)
    if minutes == 1:
        return Text(
            "{reached} Vänta en minut och försök sedan igen.",
            "{reached} Wait a minute and then try again.",
        )
    if minutes > MANY_MINUTES:
        return Text(
            "{reached} Vänta {hours} timmar och försök sedan igen.",
            "{reached} Wait {hours} hours and then try again.",
            {"hours": math.ceil(minutes / 60)},
        )
    return Text(
        "{reached} Vänta {minutes} minuter och försök sedan igen.",
        "{reached} Wait {minutes} minutes and then try again.",
        {"minutes": minutes},
    )


def client_key(address: str) -> str:
    """The client at a network address as limits count it: an IPv6 client owns a whole /64.

    Some proxies write the client's port behind it, which is another one each time.
    """
    host = re.sub(r"^\[(.*)\](:\d+)?$|^([\d.]+):\d+$", r"\1\3", address)
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))


def hold(limit: Limit, *keys: str) -> None:
    """Let nobody else count tries of the keys before this transaction ends, or wait until nobody else does.

    For a rule that locks more afterwards: all counters that it may take come first, each kind in one order.
    """
    for hashed in sorted(_hashed(limit, key) for key in keys):
        _one_at_a_time(limit, hashed)


def take(limit: Limit, key: str, at: datetime) -> None:
    """Count a try; raises TooMany, and counts nothing, when the limit is reached.

    Counting comes before trying, so that tries sent at the same moment are not all the first one. The caller
    commits before the try, and gives it back when it was no wrong one.
    """
    hold(limit, key)
    take_held(limit, key, at)


def take_held(limit: Limit, key: str, at: datetime) -> None:
    """The same where nobody else can count tries of the key meanwhile, since another counter of its owner is held."""
    if free_at := _free_at(limit, key, at):
        raise TooMany(limit, free_at - at)
    note(limit, key, at)
    db.session.flush()


def note(limit: Limit, key: str, at: datetime) -> None:
    """Count what can't be refused."""
    db.session.add(TakenTry(limit_name=limit.name, key=_hashed(limit, key), expires_at=at + limit.within))


def _free_at(limit: Limit, key: str, at: datetime) -> datetime | None:
    """When the next try is free; None when it is free already."""
    counting = select(TakenTry.expires_at).where(*_of(limit, _hashed(limit, key)), TakenTry.expires_at > at)
    return db.session.scalar(counting.order_by(TakenTry.expires_at.desc()).offset(limit.times - 1).limit(1))


def forget_old(now: datetime) -> None:
    """Delete the tries that don't count any more. Not where tries are counted: there one would wait for another."""
    db.session.execute(delete(TakenTry).where(TakenTry.expires_at <= now))


def give_back(limit: Limit, key: str) -> None:
    """Uncount one try."""
    last = select(func.max(TakenTry.id)).where(*_of(limit, _hashed(limit, key))).scalar_subquery()
    db.session.execute(delete(TakenTry).where(TakenTry.id == last).execution_options(synchronize_session=False))


def forget(limit: Limit, key: str) -> None:
    """Uncount all tries."""
    db.session.execute(
        delete(TakenTry).where(*_of(limit, _hashed(limit, key))).execution_options(synchronize_session=False)
    )


def _of(limit: Limit, hashed: str) -> tuple[ColumnElement[bool], ...]:
    return TakenTry.limit_name == limit.name, TakenTry.key == hashed


def _hashed(limit: Limit, key: str) -> str:
    secret = settings().secret_key.encode()[:64]
    return hashlib.blake2b(f"{limit.name}\n{key}".encode(), key=secret, digest_size=16).hexdigest()


def _one_at_a_time(_limit: Limit, hashed: str) -> None:
    # SQLite's write lock does this by itself; on PostgreSQL two transactions don't see each other's tries.
    if db.session.get_bind().dialect.name == "postgresql":
        number = int.from_bytes(bytes.fromhex(hashed)[:8], "big", signed=True)
        db.session.execute(select(func.pg_advisory_xact_lock(number)))
