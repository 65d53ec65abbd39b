"""Commands that run an installation: the demo, the server, the tables, the studies, the people."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import click

from protocord.cli.database import open_store
from protocord.cli.door import Day, study_argument, today

# Written out, so that no command pays for loading the rules of conduct; a test holds it to them.
ROLES = ("coordinator", "investigator", "cell_lab", "monitor", "data_manager", "statistician", "sponsor", "administrator")


@click.command()
@click.option("--port", default=8000, show_default=True, help="Port on this machine.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("protocord-demo"),
    show_default=True,
    help="Where the demo keeps its database; used again when it exists.",
)
@click.option("--fresh", is_flag=True, help="Begin anew: remove the demo's earlier database first.")
def demo(port: int, folder: Path, fresh: bool) -> None:
    """Start a study with invented children in your browser.

    Prints one sign-in per role, with its password, and the address. The server answers this machine
    only. Stop it with Ctrl+C.

    \b
    Example:
      protocord demo
      protocord demo --port 9000 --fresh
    """
    from protocord.cli.demonstration import run

    run(folder, port=port, fresh=fresh)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to answer on; TLS is the proxy's in front of it.")
@click.option("--port", default=8000, show_default=True, help="Port to answer on.")
@click.option("--threads", default=8, show_default=True, help="Requests answered at the same time.")
def serve(host: str, port: int, threads: int) -> None:
    """Serve the pages of an installation.

    Its settings come from the environment; while one that production needs is not set, the command
    says which and stops.

    \b
    Example:
      export PROTOCORD_DATABASE_URL=postgres://protocord@localhost/protocord
      protocord migrate
      protocord serve --port 8000
    """
    from protocord.cli.server import bound

    open_store()
    from protocord.store import readiness

    readiness.demand()
    server = bound(host=host, port=port, threads=threads)
    click.echo(f"http://{host}:{port}/")
    server.run()


@click.command()
def migrate() -> None:
    """Create or update the database's tables and their guards.

    \b
    Example:
      PROTOCORD_DATABASE_URL=sqlite:///study.sqlite3 protocord migrate
    """
    open_store()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    click.echo("The tables are up to date.")


@click.command()
@study_argument
def install(study: Path) -> None:
    """Make a study, or its new version, known to an installation.

    \b
    Example:
      protocord install nct06848582

    Exits 3 when the study's documents do not make a protocol.
    """
    open_store()
    from protocord.store import actions

    click.echo(f"{actions.install_study(study, source='cli')} is installed.")


@click.group()
def user() -> None:
    """Give people access."""


@user.command("add")
@click.argument("username")
@click.option("--name", required=True, help="The person's printed name, as it stands under a signature.")
@click.option("--study", required=True, help="The study in which she works.")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What she may do there.")
@click.option("--site", help="The hospital at which she does it; leave out for a role across sites.")
@click.option("--starts", type=Day(), help="First day of the role.  [default: today]")
@click.option("--ends", type=Day(), help="Last day of the role.  [default: open]")
@click.option("--language", type=click.Choice(["en", "zh-hans"]), default="en", show_default=True, help="Language of her pages.")
@click.password_option(envvar="PROTOCORD_NEW_PASSWORD", help="Asked for when not given; PROTOCORD_NEW_PASSWORD stands in for it.")
def add_user(
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
    """Add a person, and the role she has in a study at a site.

    \b
    Example:
      protocord user add li.w --name "Li Wei" --study nct06848582 --role coordinator --site dongguan-taixin
    """
    open_store()
    from django.db import transaction

    from protocord.conduct import Role
    from protocord.store import actions

    with transaction.atomic():
        actions.create_user(username, name, password, language=language)
        actions.grant(username, study, Role(role), site, starts=starts or today(), ends=ends, source="cli")
    click.echo(f"{username} is {role.replace('_', ' ')} of {study}{f' at {site}' if site else ''}.")


@click.command("vault-key")
def vault_key() -> None:
    """Print a new key for the identity vault.

    Keep it outside the database and its backups; put it into PROTOCORD_VAULT_KEY, before the older
    keys and a comma.

    \b
    Example:
      protocord vault-key
    """
    open_store()
    from protocord.store.vault import new_key

    click.echo(new_key())


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def manage(arguments: tuple[str, ...]) -> None:
    """Run one of Django's own management commands.

    \b
    Example:
      protocord manage check --deploy
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "protocord.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(["protocord manage", *arguments])
