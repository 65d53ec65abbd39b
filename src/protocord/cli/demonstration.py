"""`protocord demo`: an embedded database in a local folder, both shipped studies, invented children, one sign-in per role."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

import click

from protocord.cli.database import start_django
from protocord.cli.door import shipped_studies, today
from protocord.errors import Place, Problem, Refused
from protocord.words.layout import table

DATABASE = "protocord.sqlite3"
SIGN_INS = "sign-ins.json"  # its presence says that the demo was made to the end


def run(folder: Path, *, port: int, fresh: bool) -> None:
    """This will prepare the folder, print who may sign in, and serve until stopped."""
    if fresh:
        clear(folder)
    folder.mkdir(parents=True, exist_ok=True)
    configure(folder)
    start_django(str((folder / DATABASE).resolve()))
    from protocord.cli.server import bound

    server = bound(host="127.0.0.1", port=port, threads=8)  # first, so that a taken port is told before anything is made
    if not (folder / SIGN_INS).is_file():
        for half_made in folder.glob(f"{DATABASE}*"):
            half_made.unlink()
        click.echo("Preparing the studies and their invented children …")
        prepare(folder)
    demand_same_studies(folder)
    click.echo("\n".join(sign_in_lines(folder)))
    click.echo(f"\nOpen http://localhost:{port}/ and stop with Ctrl+C. All of it is invented, and lives in {folder}/.")
    server.run()


def prepare(folder: Path) -> None:
    """This will make the tables, load each shipped study with its children, and note who may sign in, last of all."""
    from django.core.management import call_command

    from protocord.store import actions, demo

    call_command("migrate", interactive=False, verbosity=0)
    found: dict[str, dict[str, str]] = {}
    for name, study in shipped_studies().items():
        if not (study / "demo.yaml").is_file():
            actions.install_study(study, source="simulation")
            continue
        for one in demo.load(study, today()):
            found.setdefault(
                one.username, {"role": one.role, "site": one.site, "username": one.username, "password": one.password}
            )
        actions.seal(None, name, source="simulation")
    (folder / SIGN_INS).write_text(json.dumps(list(found.values()), indent=1) + "\n", encoding="utf-8")


def demand_same_studies(folder: Path) -> None:
    """This will raise Refused when a study's documents have changed since the demo was made: its pages would all refuse."""
    from protocord.store import protocols

    try:
        for study in protocols.installed():
            protocols.current(study)
    except Refused as changed:
        remedy = "Begin the demo anew with --fresh, or put the earlier documents back."
        raise Refused([Problem(Place(str(folder)), problem.what, remedy) for problem in changed.problems]) from None


def sign_in_lines(folder: Path) -> list[str]:
    """This will return a line for each role and site: the name to sign in with, and its password."""
    from protocord.conduct import Role

    rows = json.loads((folder / SIGN_INS).read_text(encoding="utf-8"))
    order = [role.value for role in Role]
    rows.sort(key=lambda row: (order.index(row["role"]), row["site"]))
    heading = ("role", "site", "name", "password")
    return table(
        [heading, *((row["role"].replace("_", " "), row["site"] or "all", row["username"], row["password"]) for row in rows)]
    )


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

    os.environ["PROTOCORD_PLAIN_HTTP"] = "1"
    os.environ["PROTOCORD_SECRET_KEY"] = _kept(folder / "secret-key", lambda: secrets.token_urlsafe(64))
    os.environ["PROTOCORD_VAULT_KEY"] = _kept(folder / "vault-key", lambda: Fernet.generate_key().decode())


def _kept(file: Path, make: Callable[[], str]) -> str:
    """The secret in `file`, made once, readable by its owner only."""
    if not file.is_file():
        file.touch(mode=0o600)
        file.write_text(make(), encoding="utf-8")
    return file.read_text(encoding="utf-8")
