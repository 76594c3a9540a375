"""The full examination behind `regapp doctor`: one line for each thing that must be right."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from shutil import which
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

import config
from regapp import create_app, health
from regapp.core import clock, schema
from regapp.core.audit import AuditEntry
from regapp.core.db import db
from regapp.mailing.inbox.mailbox import InboxTrouble, Mailbox
from regapp.mailing.sending import transport
from regapp.mailing.sending.holding import QueueTrouble

CLOCKS_MAY_DIFFER: Final = timedelta(seconds=5)


@dataclass(frozen=True)
class Finding:
    """One thing examined; `words` say what is, or what to do about it."""

    subject: str
    is_well: bool
    words: str


def examine() -> Iterator[Finding]:
    """Everything that can be looked at from here; what can't be reached ends the part that needs it."""
    try:
        settings = config.load()
    except config.SettingsError as error:
        yield Finding("settings", False, str(error))
        return
    yield Finding("settings", True, f"read; the service is at {settings.base_url}")
    with create_app(settings).app_context():
        yield from _examine_database(settings)
        yield _examine_mail_server(settings)
        yield _examine_inbox(settings)
        yield _examine_clock(has_database=not schema.is_missing(settings.database_url))


def _examine_database(settings: config.Settings) -> Iterator[Finding]:
    if schema.is_missing(settings.database_url):
        yield Finding("tables", False, str(schema.describe_mismatch(None)))
        return
    try:
        connection = db.session.connection()
        connection.execute(select(1))
    except SQLAlchemyError as error:
        reason = getattr(error, "orig", error)
        yield Finding("database", False, f"out of reach: {str(reason).strip().splitlines()[0]}")
        return
    yield Finding("database", True, f"{db.engine.url.get_backend_name()} answers")
    revision = schema.find_revision(connection)
    wrong = schema.describe_mismatch(revision)
    yield Finding("tables", wrong is None, wrong or f"at revision {revision}, as the program needs them")
    if wrong is None:
        yield _examine_writing()
        yield from _examine_lateness()


def _examine_writing() -> Finding:
    if health.readiness().writable:
        return Finding("writing", True, "the database takes it")
    return Finding("writing", False, "the database is read-only, or its disk is nearly full")


def _examine_lateness() -> Iterator[Finding]:
    late = health.lateness(clock.now())
    if late.worker:
        yield Finding("worker", True, "gave a sign of life in the last minutes")
    elif late.worker_silent is None:
        yield Finding("worker", False, "has never run: start `regapp worker`")
    else:
        silent = f"no sign of life for {_minutes(late.worker_silent)} minutes"
        yield Finding("worker", False, f"{silent}: does `regapp worker` run, and is there room on the database's disk?")
    if late.letters:
        yield Finding("letters", True, "none waits longer than it should")
    else:
        yield Finding("letters", False, f"the oldest has waited {_minutes(late.letter_waits)} minutes")


def _minutes(span: timedelta | None) -> int:
    return (span or timedelta()) // timedelta(minutes=1)


def _examine_mail_server(settings: config.Settings) -> Finding:
    if settings.files_letters:
        return Finding("mail server", True, f"none: letters become files in {settings.instance / 'outbox'}")
    try:
        return Finding("mail server", True, transport.SmtpTransport(settings).probe())
    except QueueTrouble as error:
        return Finding("mail server", False, f"{settings.mail_server}:{settings.mail_port}: {error}")


def _examine_inbox(settings: config.Settings) -> Finding:
    if not settings.inbox_server:
        return Finding("inbox", True, "none: bounces and calendar answers aren't read")
    try:
        return Finding("inbox", True, Mailbox(settings).probe())
    except InboxTrouble as error:
        return Finding("inbox", False, f"{settings.inbox_server}:{settings.inbox_port}: {error}")


def _examine_clock(*, has_database: bool) -> Finding:
    """Deadlines are decided by this machine's clock."""
    now = clock.now()
    if has_database and (theirs := _database_clock()) and abs(theirs - now) > CLOCKS_MAY_DIFFER:
        return Finding("clock", False, f"differs from the database server's by {abs(theirs - now)}")
    if has_database and (written := _last_written()) and written > now + CLOCKS_MAY_DIFFER:
        return Finding("clock", False, f"is behind what was written down at {written:%Y-%m-%d %H:%M:%S} UTC")
    if _is_synchronised() is False:
        return Finding("clock", False, "not synchronised with a time server: `timedatectl set-ntp true`")
    return Finding("clock", True, f"{now:%Y-%m-%d %H:%M:%S} UTC")


def _database_clock() -> datetime | None:
    """The database server's clock; None where the database is a file or out of reach."""
    try:
        if db.engine.dialect.name == "sqlite":
            return None
        db.session.rollback()
        theirs: datetime | None = db.session.scalar(text("SELECT clock_timestamp()"))
        return theirs
    except SQLAlchemyError:
        return None


def _last_written() -> datetime | None:
    try:
        db.session.rollback()
        return db.session.scalar(select(func.max(AuditEntry.at)))
    except SQLAlchemyError:
        db.session.rollback()
        return None


def _is_synchronised() -> bool | None:
    """What systemd says about the time server; None where nobody can tell."""
    timedatectl = which("timedatectl")
    if timedatectl is None:
        return None
    try:
        answer = subprocess.run(  # noqa: S603 - a fixed command
            [timedatectl, "show", "--property=NTPSynchronized", "--value"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return {"yes": True, "no": False}.get(answer.stdout.strip())
