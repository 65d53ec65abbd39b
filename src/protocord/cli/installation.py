"""Commands that run an installation: the demo, the server, the tables, the people."""

from __future__ import annotations

from pathlib import Path

import click


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

    Prints one sign-in per role, with its password, and the address.

    \b
    Example:
      protocord demo
      protocord demo --port 9000 --fresh

    The server answers this machine only. Stop it with Ctrl+C.
    """
    raise NotImplementedError


@click.command()
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to answer on; put a TLS proxy in front of any other."
)
@click.option("--port", default=8000, show_default=True)
@click.option("--threads", default=8, show_default=True, help="Requests answered at the same time.")
def serve(host: str, port: int, threads: int) -> None:
    """Serve the pages of an installation.

    Its settings come from the environment.

    \b
    Example:
      export PROTOCORD_DATABASE_URL=postgresql://protocord@localhost/protocord
      protocord migrate
      protocord serve --port 8000
    """
    raise NotImplementedError


@click.command()
def migrate() -> None:
    """Create or update the database's tables and their guards.

    \b
    Example:
      PROTOCORD_DATABASE_URL=sqlite:///study.sqlite3 protocord migrate
    """
    raise NotImplementedError


@click.group()
def user() -> None:
    """Give people access."""


@user.command("add")
@click.argument("username")
@click.option("--role", required=True)
@click.option("--site")
@click.option("--study", required=True)
@click.password_option()
def add_user(username: str, role: str, site: str | None, study: str, password: str) -> None:
    """Add a person and the role she has in a study at a site.

    \b
    Example:
      protocord user add li.w --study nct06848582 --role coordinator --site dongguan-taixin
    """
    raise NotImplementedError


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def manage(arguments: tuple[str, ...]) -> None:
    """Run one of Django's own management commands.

    \b
    Example:
      protocord manage check --deploy
    """
    raise NotImplementedError
