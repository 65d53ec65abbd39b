"""Commands that run an installation: the demo, the server, the tables, the studies, the keys."""

from __future__ import annotations

import os
from pathlib import Path

import click

from protocord.cli.database import open_store, start_django
from protocord.cli.door import study_argument


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port on this machine.")
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
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port to answer on.")
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


@click.command()
@click.argument("study_id")
def seal(study_id: str) -> None:
    """Seal a study: bind all its chains under one root.

    Let a timer do it every day, and keep the root that it prints on another machine or on paper:
    `protocord verify --anchor ROOT` then shows whether anything before it has changed.

    \b
    Example:
      protocord seal nct06848582
    """
    open_store()
    from protocord.store import actions

    entry = actions.seal(None, study_id, source="cli")
    click.echo(
        f"{entry.study} sealed at {entry.at.isoformat(timespec='seconds')}, entry {entry.position}\nroot {entry.data['root']}"
    )


@click.command("vault-key")
def vault_key() -> None:
    """Print a new key for the identity vault.

    Keep it outside the database and its backups; put it into PROTOCORD_VAULT_KEY, before the older
    keys and a comma.

    \b
    Example:
      protocord vault-key
    """
    start_django()
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
