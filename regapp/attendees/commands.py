"""The command `regapp attendees`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

from regapp.attendees import exporting
from regapp.attendees.exporting import Export, Format
from regapp.attendees.filtering import Filter, words_of
from regapp.core import audit, clock, text
from regapp.core.db import writing
from regapp.events import finding
from regapp.events.models import Attendance
from regapp.registrations.choices import Profession
from regapp.registrations.models import Status


@click.group()
def attendees() -> None:
    """Everybody who is registered for a day."""


@attendees.command()
@click.argument("slug")
@click.option("--format", "to", type=click.Choice([f.value for f in Format]), default="csv", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file; without it, standard output.")
@click.option("--separator", type=click.Choice(sorted(exporting.SEPARATORS)), default="semicolon", show_default=True)
@click.option("--words", default="", help="Only those in whom all these words are found.")
@click.option("--attendance", type=click.Choice([a.value for a in Attendance]))
@click.option("--status", type=click.Choice([s.value for s in Status]))
@click.option("--profession", type=click.Choice([p.value for p in Profession]))
@click.option("--with-health", is_flag=True, help="Special diets and access needs too; needs --reason.")
@click.option("--reason", default="", help="Why the list is exported; kept until 90 days after the day.")
def export(
    slug: str,
    to: str,
    out: Path | None,
    separator: str,
    words: str,
    attendance: str | None,
    status: str | None,
    profession: str | None,
    with_health: bool,
    reason: str,
) -> None:
    """Write the attendees of the day SLUG (2026) to a file."""
    if to == Format.XLSX and out is None and sys.stdout.isatty():
        raise click.UsageError("an XLSX file doesn't fit a terminal: write it to a file (> FILE, or --out FILE)")
    if with_health and not reason.strip():
        raise click.UsageError("--with-health needs --reason")
    chosen = Filter(
        words_of(words),
        Attendance(attendance) if attendance else None,
        Status(status) if status else None,
        Profession(profession) if profession else None,
    )
    reason = text.clean(reason)
    with _opened(out) as file:
        prepared = _prepare(slug, chosen, Format(to), with_health=with_health, reason=reason)
        _write(prepared, Format(to), exporting.SEPARATORS[separator], file)


def _prepare(slug: str, chosen: Filter, to: Format, *, with_health: bool, reason: str) -> Export:
    with writing():
        event = finding.get_by_slug(slug)
        return exporting.prepare(
            event, chosen, clock.now(), actor=audit.SYSTEM, with_health=with_health, reason=reason, to=to
        )


def _write(export: Export, to: Format, separator: str, file: IO[bytes]) -> None:
    if to is Format.XLSX:
        exporting.write_xlsx(export, file)
        return
    pieces = exporting.write_json(export) if to is Format.JSON else exporting.write_csv(export, separator)
    for piece in pieces:
        file.write(piece)


@contextmanager
def _opened(out: Path | None) -> Iterator[IO[bytes]]:
    """Standard output, or a file that only its owner reads and that appears when it is whole."""
    if out is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
        part.replace(out)
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)
