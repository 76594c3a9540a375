"""Adding organisers and changing what they may do."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Self

from sqlalchemy import delete, select
from sqlalchemy.orm import InstrumentedAttribute

from regapp.accounts import passwords
from regapp.accounts.models import Organiser, SignIn, new_uniquifier
from regapp.accounts.roles import EDITORS, READERS, Role
from regapp.core import addresses, audit, text
from regapp.core.db import db, lock
from regapp.core.errors import NotFound, RuleBroken
from regapp.core.i18n import Text, t

ALREADY_THERE = Text(
    "Det finns redan en arrangör med den e-postadressen.",
    "There already is an organiser with that e-mail address.",
)
MAX_NAME = 100
NAME_TOO_LONG = Text(
    "Namnet får ha högst {most} tecken.", "The name may have at most {most} characters.", {"most": MAX_NAME}
)


def find_by_email(typed: str) -> Organiser | None:
    try:
        email = addresses.normalise(typed)
    except RuleBroken:
        return None
    return db.session.scalar(select(Organiser).where(Organiser.email_key == addresses.key(email)))


def get_by_email(typed: str) -> Organiser:
    """Raises NotFound."""
    if (organiser := find_by_email(typed)) is None:
        raise NotFound
    return organiser


def find_by_actor(actor: str) -> Organiser | None:
    """Whoever the audit log names so (see Organiser.actor)."""
    kind, _, identity = actor.partition(":")
    return db.session.get(Organiser, int(identity)) if kind == "organiser" and identity.isdecimal() else None


def known_as(actor: str) -> str:
    """Whom the audit log means, as their colleagues know them."""
    organiser = find_by_actor(actor)
    return (organiser.name or organiser.email) if organiser else t("en arrangör", "an organiser")


def all_organisers() -> list[Organiser]:
    return list(db.session.scalars(select(Organiser).order_by(Organiser.email_key)))


def add(typed: str, role: Role, at: datetime, *, actor: str, name: str = "", language: str = "sv") -> Organiser:
    """An account without a password: its owner chooses one through a link. Who can mend things gets alarms."""
    email, name = addresses.normalise(typed), text.clean(name)
    text.check(name)
    if len(name) > MAX_NAME:
        raise RuleBroken(NAME_TOO_LONG)
    if addresses.is_ours(email):
        raise RuleBroken(addresses.OUR_OWN)
    if find_by_email(email) is not None:
        raise RuleBroken(ALREADY_THERE)
    organiser = Organiser(
        email=email,
        email_key=addresses.key(email),
        name=name,
        language=language,
        role=role,
        wants_alarms=role in EDITORS,
        created_at=at,
    )
    db.session.add(organiser)
    db.session.flush()
    audit.record("organiser.added", actor=actor, at=at, organiser_id=organiser.id, role=role.value)
    return organiser


def disable(organiser_id: int, at: datetime, *, actor: str) -> None:
    """Close the account and every session and link of its owner."""
    organiser = lock(Organiser, organiser_id)
    organiser.active = False
    end_all_sign_ins(organiser)
    audit.record("organiser.disabled", actor=actor, at=at, organiser_id=organiser.id)


def enable(organiser_id: int, at: datetime, *, actor: str) -> None:
    """Open a closed account again, with the password it had."""
    lock(Organiser, organiser_id).active = True
    audit.record("organiser.enabled", actor=actor, at=at, organiser_id=organiser_id)


def change_role(organiser_id: int, role: Role, at: datetime, *, actor: str) -> None:
    """Another role; who can mend things from now on gets alarms, as a new one does."""
    organiser = lock(Organiser, organiser_id)
    was, organiser.role = organiser.role, role
    organiser.wants_alarms |= role in EDITORS and was not in EDITORS
    audit.record(
        "organiser.role_changed", actor=actor, at=at, organiser_id=organiser.id, was=was.value, role=role.value
    )


@dataclass(frozen=True)
class Preferences:
    """What organisers choose for themselves: their language, and which letters they get."""

    language: str
    wants_alarms: bool
    wants_digest: bool

    @classmethod
    def of(cls, organiser: Organiser) -> Self:
        return cls(organiser.language, organiser.wants_alarms, organiser.wants_digest)


def choose(organiser_id: int, preferences: Preferences, at: datetime, *, actor: str) -> None:
    organiser = lock(Organiser, organiser_id)
    for name, value in asdict(preferences).items():
        setattr(organiser, name, value)
    audit.record("organiser.preferences_changed", actor=actor, at=at, organiser_id=organiser_id, **asdict(preferences))


def who_wants_alarms() -> list[Organiser]:
    return _who_gets(Organiser.wants_alarms)


def who_wants_digest() -> list[Organiser]:
    return _who_gets(Organiser.wants_digest)


def _who_gets(letters: InstrumentedAttribute[bool]) -> list[Organiser]:
    """Those who chose the letters and whose account is open and in use: the address of one that isn't may be wrong."""
    found = select(Organiser).where(
        letters, Organiser.active, Organiser.password.is_not(None), Organiser.role.in_(READERS)
    )
    return list(db.session.scalars(found.order_by(Organiser.id)))


def set_password(organiser_id: int, password: str, at: datetime, *, actor: str, proved: str) -> Organiser:
    """A new password, which ends every session and link of its owner.

    `proved` is the `fs_uniquifier` of the link or the session. Raises NotFound when that is over or the account closed,
    and RuleBroken for a weak password.
    """
    organiser = lock(Organiser, organiser_id)
    if not organiser.active or organiser.fs_uniquifier != proved:
        raise NotFound
    passwords.check(password, organiser.email, organiser.name)
    organiser.password = passwords.hash_password(password)
    organiser.password_changed_at = at
    end_all_sign_ins(organiser)
    audit.record("organiser.password_changed", actor=actor, at=at, organiser_id=organiser.id)
    return organiser


def end_all_sign_ins(organiser: Organiser) -> None:
    organiser.fs_uniquifier = new_uniquifier()
    db.session.execute(delete(SignIn).where(SignIn.organiser_id == organiser.id))
