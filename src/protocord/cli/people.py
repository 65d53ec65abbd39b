"""Commands about people: accounts, and the roles they hold in a study at a site."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import click

from protocord.cli.database import open_store
from protocord.cli.door import Day, today

# Written out, so that no command pays for loading the rules of conduct; a test holds it to them.
ROLES = ("coordinator", "investigator", "cell_lab", "monitor", "data_manager", "statistician", "sponsor", "administrator")


def role_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """This will give a command the options that name a role: in which study, which, at which site."""
    for option in (
        click.option("--site", help="The hospital at which it holds; leave out for a role across sites."),
        click.option("--role", type=click.Choice(ROLES), required=True, help="What the person may do there."),
        click.option("--study", required=True, help="The study in which it holds."),
    ):
        command = option(command)
    return command


def term_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """This will give a command the options that bound a role in time."""
    command = click.option("--ends", type=Day(), help="Last day of the role.  [default: open]")(command)
    return click.option("--starts", type=Day(), help="First day of the role.  [default: today]")(command)


@click.group()
def user() -> None:
    """Give people access, and take it away."""


@user.command()
@click.argument("username")
@click.option("--name", required=True, help="The person's printed name, as it stands under a signature.")
@role_options
@term_options
@click.option(
    "--language", type=click.Choice(["en", "zh-hans"]), default="en", show_default=True, help="Language of the person's pages."
)
@click.password_option(envvar="PROTOCORD_NEW_PASSWORD", help="Asked for when not given; PROTOCORD_NEW_PASSWORD stands in for it.")
def add(
    username: str,
    name: str,
    study: str,
    role: str,
    site: str | None,
    starts: date | None,
    ends: date | None,
    language: str,
    password: str,
) -> None:
    """Make an account, with a role in a study.

    \b
    Example:
      protocord user add li.w --name "Li Wei" --study nct06848582 --role coordinator --site dongguan-taixin

    Exits 6 when the name is taken or the password too weak.
    """
    open_store()
    from django.db import transaction

    from protocord.conduct import Role
    from protocord.store import actions

    with transaction.atomic():
        actions.create_user(username, name, password, language=language)
        actions.grant(username, study, Role(role), site, starts=starts or today(), ends=ends, source="cli")
    click.echo(f"{username} is {_said(role, study, site)}.")


@user.command()
@click.argument("username")
@role_options
@term_options
def grant(username: str, study: str, role: str, site: str | None, starts: date | None, ends: date | None) -> None:
    """Give a person one more role.

    \b
    Example:
      protocord user grant li.w --study nct06631391 --role coordinator --site sysucc --ends 2026-12-31
    """
    open_store()
    from protocord.conduct import Role
    from protocord.store import actions

    actions.grant(username, study, Role(role), site, starts=starts or today(), ends=ends, source="cli")
    click.echo(f"{username} is {_said(role, study, site)}.")


@user.command()
@click.argument("username")
@role_options
@click.option("--last-day", type=Day(), help="Last day on which it holds.  [default: today]")
@click.option("--reason", required=True, help="Why; it stands in the ledger.")
def revoke(username: str, study: str, role: str, site: str | None, last_day: date | None, reason: str) -> None:
    """Take a role away.

    \b
    Example:
      protocord user revoke li.w --study nct06631391 --role coordinator --site sysucc --reason "Left the study"
    """
    open_store()
    from protocord.conduct import Role
    from protocord.store import actions

    day = last_day or today()
    actions.revoke(username, study, Role(role), site, last_day=day, reason=reason, source="cli")
    click.echo(f"After {day.isoformat()}, {username} is no longer {_said(role, study, site)}.")


def _said(role: str, study: str, site: str | None) -> str:
    return f"{role.replace('_', ' ')} of {study}" + (f" at {site}" if site else "")
