"""`protocord demo`: an embedded database in a local folder, both shipped studies, invented children, one sign-in per role."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import click

from protocord.cli.layout import table
from protocord.errors import Place, Problem, Refused

DATABASE = "protocord.sqlite3"
_KEYS = {"PROTOCORD_SECRET_KEY": "secret-key", "PROTOCORD_VAULT_KEY": "vault-key"}


def run(folder: Path, *, port: int, fresh: bool) -> None:
    """This will prepare the folder, print who may sign in, and serve until stopped."""
    if fresh:
        clear(folder)
    prepare(folder)
    from protocord.cli.server import listen

    for line in sign_in_lines(folder, port):
        click.echo(line)
    listen(host="127.0.0.1", port=port, threads=8)


def clear(folder: Path) -> None:
    """This will remove an earlier demo; a folder that does not look like one is refused, not removed."""
    if not folder.exists():
        return
    if not (folder / DATABASE).is_file():
        what = "holds no demo, so it is not removed."
        raise Refused([Problem(Place(str(folder)), what, "Choose another place with --folder.")])
    shutil.rmtree(folder)
