"""`regapp organiser …`: who may sign in. Nobody registers by themselves."""

from dataclasses import replace

import click

from regapp.accounts import links, managing
from regapp.accounts.models import Organiser
from regapp.accounts.roles import Role
from regapp.core import audit, clock, i18n
from regapp.core.db import writing

ROLE = click.Choice([role.value for role in Role])
LANGUAGE = click.Choice(list(i18n.LANGUAGES))


@click.group()
def organiser() -> None:
    """The people who arrange the day."""


@organiser.command()
@click.argument("email")
@click.option("--role", type=ROLE, required=True, help="What they may do.")
@click.option("--name", default="", help="Their name, as colleagues see it.")
@click.option("--language", type=LANGUAGE, default=i18n.DEFAULT_LANGUAGE, show_default=True)
def add(email: str, role: str, name: str, language: str) -> None:
    """Add EMAIL, and print a link to choose a password with."""
    with writing():
        added = managing.add(email, Role(role), clock.now(), actor=audit.SYSTEM, name=name, language=language)
    _print_link(added)


@organiser.command("list")
def list_all() -> None:
    """Who there is, with role, state and last sign-in."""
    for one in managing.all_organisers():
        click.echo(f"{one.email}\t{one.role}\t{_state(one)}\t{one.name}".rstrip())


@organiser.command()
@click.argument("email")
def link(email: str) -> None:
    """Print a new link for EMAIL to choose a password with."""
    found = managing.get_by_email(email)
    if not found.active:
        raise click.ClickException(f"{found.email} is disabled")
    _print_link(found)


@organiser.command()
@click.argument("email")
def disable(email: str) -> None:
    """Close EMAIL's account and all its sessions."""
    with writing():
        managing.disable(managing.get_by_email(email).id, clock.now(), actor=audit.SYSTEM)


@organiser.command()
@click.argument("email")
def enable(email: str) -> None:
    """Open EMAIL's closed account again."""
    with writing():
        managing.enable(managing.get_by_email(email).id, clock.now(), actor=audit.SYSTEM)


@organiser.command("role")
@click.argument("email")
@click.argument("role", type=ROLE)
def change_role(email: str, role: str) -> None:
    """Give EMAIL another ROLE; it counts from the next page they open."""
    with writing():
        managing.change_role(managing.get_by_email(email).id, Role(role), clock.now(), actor=audit.SYSTEM)


@organiser.command("letters")
@click.argument("email")
@click.option("--alarms/--no-alarms", default=None, help="When something needs to be done.")
@click.option("--digest/--no-digest", default=None, help="Each morning, when there is something to tell.")
def choose_letters(email: str, alarms: bool | None, digest: bool | None) -> None:
    """Choose which letters EMAIL gets, or show it."""
    with writing():
        found = managing.get_by_email(email)
        chosen = managing.Preferences.of(found)
        if alarms is not None:
            chosen = replace(chosen, wants_alarms=alarms)
        if digest is not None:
            chosen = replace(chosen, wants_digest=digest)
        if chosen != managing.Preferences.of(found):
            managing.choose(found.id, chosen, clock.now(), actor=audit.SYSTEM)
    click.echo(f"alarms: {_yes(chosen.wants_alarms)}\tdigest: {_yes(chosen.wants_digest)}")


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _print_link(found: Organiser) -> None:
    expires_at = clock.now() + links.INVITATION
    click.echo(links.address_of(found, expires_at))
    click.echo(f"Good once, until {i18n.format_short(expires_at)} Swedish time.", err=True)


def _state(one: Organiser) -> str:
    if not one.active:
        return "disabled"
    if one.password is None:
        return "no password yet"
    return f"signed in {i18n.format_short(one.signed_in_at)}" if one.signed_in_at else "never signed in"
