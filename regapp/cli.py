"""The command `regapp`."""

import functools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click
from alembic.util import CommandError
from flask.globals import app_ctx
from sqlalchemy.exc import OperationalError

import config
from regapp import create_app, health
from regapp.accounts.commands import organiser
from regapp.attendees.commands import attendees
from regapp.core import clock, migrating, schema
from regapp.core.db import disconnect
from regapp.core.errors import NotFound, RuleBroken
from regapp.demo import filling
from regapp.doctor import examine
from regapp.worker import run as run_worker


class Failed(click.ClickException):
    """Something that the person at the terminal can put right: one line, exit status 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"regapp: {self.format_message()}", file=file, err=True)


@contextmanager
def _in_one_line() -> Iterator[None]:
    """What goes wrong for a reason outside the program is told in one line, without a trace of code."""
    try:
        yield
    except (config.SettingsError, schema.SchemaError) as error:
        raise Failed(str(error)) from None
    except CommandError as error:
        raise Failed(str(error)) from None
    except RuleBroken as error:
        raise Failed(error.message.in_language("en")) from None
    except NotFound:
        raise Failed("there is no such day or person") from None
    except OperationalError as error:
        # The statement's values are personal data and stay out of the terminal's log.
        raise Failed(f"the database is out of reach or busy ({type(error.orig).__name__})") from None


def _in_app(command: click.Command) -> click.Command:
    """The command (of a group: each of its commands) inside the application, on tables that fit the program."""
    if isinstance(command, click.Group):
        for one in command.commands.values():
            _in_app(one)
    elif command.callback is not None:
        command.callback = _opening_the_app(command.callback)
    return command


def _opening_the_app(callback: Any) -> Any:
    @functools.wraps(callback)
    def run(*args: Any, **values: Any) -> Any:
        with _in_one_line():
            settings = config.load()
            schema.require_current(settings.database_url)
            with create_app(settings).app_context():
                try:
                    return callback(*args, **values)
                finally:
                    disconnect()

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="regapp")
def main() -> None:
    """Registration for the training day. Settings are environment variables (see README)."""


@main.group()
def db() -> None:
    """The database's tables."""


@db.command()
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Make or change the tables as this program needs them. Safe to run again, also after a crash."""
    with _in_one_line():
        migrating.upgrade(config.load().database_url, revision)


@db.command()
@click.argument("revision")
@click.confirmation_option(prompt="This deletes what the later tables and columns hold. Go on?")
def downgrade(revision: str) -> None:
    """Go back to REVISION ("base": no tables at all)."""
    with _in_one_line():
        migrating.downgrade(config.load().database_url, revision)


@db.command()
def current() -> None:
    """Tell which revision the database is at; exit status 1 when the program needs another."""
    with _in_one_line():
        revision = migrating.current(config.load().database_url)
    click.echo(revision or "no tables")
    if wrong := schema.describe_mismatch(revision):
        raise Failed(wrong)


@db.command()
def check() -> None:
    """Compare the migrations with the models, on an empty database of its own."""
    found = migrating.differences()
    for difference in found:
        click.echo(difference, err=True)
    if found:
        raise Failed("the migrations and the models don't agree")
    click.echo("the migrations and the models agree")


@main.command()
def demo() -> None:
    """Fill an empty database with the demo day (needs REGAPP_DEMO=1)."""
    click.echo(filling.greet(filling.fill()))


@main.command()
@click.option("--once", is_flag=True, help="Send what is due, then stop.")
def worker(once: bool) -> None:
    """Send the letters that are due, and go on as new ones are written."""
    raise SystemExit(run_worker(app_ctx.app, once=once))


@main.command()
def doctor() -> None:
    """Check settings, database, mail server and clock; exit status 1 if anything is wrong."""
    is_well = True
    for finding in examine():
        is_well = is_well and finding.is_well
        click.echo(f"{'ok' if finding.is_well else 'WRONG':<6} {finding.subject}: {finding.words}")
    if not is_well:
        raise SystemExit(1)


@main.command()
@click.option("--late", is_flag=True, help="What /healthz/late answers: do letters go out in time?")
def healthz(late: bool) -> None:
    """What /healthz answers, without a web server in between; exit status 1 where that answers 503."""
    with _in_one_line():
        settings = config.load()
    found: health.Readiness | health.Lateness = health.Lateness(is_known=False) if late else health.Readiness()
    if not schema.is_missing(settings.database_url):
        with create_app(settings).app_context():
            found = health.lateness(clock.now()) if late else health.readiness()
    click.echo(json.dumps(found.as_json()))
    if not found.is_well:
        raise SystemExit(1)


for mounted in (organiser, attendees):
    main.add_command(_in_app(mounted))
for own in (demo, worker):
    _in_app(own)
