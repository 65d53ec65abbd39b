"""`protocord demo`: an embedded database in a local folder, both shipped studies, invented children, one sign-in per role."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

import click

from protocord.cli.database import open_store
from protocord.cli.layout import table
from protocord.errors import Place, Problem, Refused

DATABASE = "protocord.sqlite3"


def run(folder: Path, *, port: int, fresh: bool) -> None:
    """This will prepare the folder, print who may sign in, and serve until stopped."""
    if fresh:
        clear(folder)
    folder.mkdir(parents=True, exist_ok=True)
    configure(folder)
    open_store(str((folder / DATABASE).resolve()))
    from protocord.cli.server import bound

    server = bound(host="127.0.0.1", port=port, threads=8)  # first, so that a taken port is told before anything is made
    for line in prepare(folder):
        click.echo(line)
    click.echo(f"\nOpen http://localhost:{port}/ and stop with Ctrl+C. Everything here is invented; it lives in {folder}/.")
    server.run()


def clear(folder: Path) -> None:
    """This will remove an earlier demo; a folder that does not look like one is refused, not removed."""
    if not folder.exists():
        return
    if not (folder / DATABASE).is_file():
        what = "holds no demo, so it is not removed."
        raise Refused([Problem(Place(str(folder)), what, "Choose another place with --folder.")])
    shutil.rmtree(folder)


def configure(folder: Path) -> None:
    """This will set the environment of a demo: plain HTTP on this machine, and keys that last as long as the folder."""
    from cryptography.fernet import Fernet

    os.environ["PROTOCORD_DEBUG"] = "1"
    os.environ["PROTOCORD_SECRET_KEY"] = _kept(folder / "secret-key", lambda: secrets.token_urlsafe(64))
    os.environ["PROTOCORD_VAULT_KEY"] = _kept(folder / "vault-key", lambda: Fernet.generate_key().decode())


def _kept(file: Path, make: Callable[[], str]) -> str:
    """The secret in `file`, made once, readable by its owner only."""
    if not file.is_file():
        file.touch(mode=0o600)
        file.write_text(make(), encoding="utf-8")
    return file.read_text(encoding="utf-8")
