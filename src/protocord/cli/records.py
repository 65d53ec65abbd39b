"""Commands about the record: verify a ledger, export a study, import it again."""

from __future__ import annotations

from pathlib import Path

import click

DATABASE = click.option(
    "--database",
    envvar="PROTOCORD_DATABASE_URL",
    required=True,
    help="The database's URL, or the path of an SQLite file; PROTOCORD_DATABASE_URL stands in for it.",
)


@click.command()
@click.argument("ledger", metavar="FILE|DATABASE")
@click.option("--anchor", help="A hash kept elsewhere (a seal, a printed head) that must stand in the ledger.")
def verify(ledger: str, anchor: str | None) -> None:
    """Verify a ledger: is it whole and unaltered?

    Names the first entry of each chain that was altered, removed, inserted or re-ordered.

    FILE is a study exported as JSON Lines; DATABASE a database's URL or an SQLite file.

    \b
    Example:
      protocord verify study.jsonl
      protocord verify protocord-demo/protocord.sqlite3

    Exits 5 when the ledger does not verify.
    """
    raise NotImplementedError


@click.command()
@click.argument("study_id")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@DATABASE
def export(study_id: str, file: Path, database: str) -> None:
    """Write a study's ledger to one JSON Lines file.

    Anybody can verify that file, with or without this software.

    \b
    Example:
      protocord export nct06848582 study.jsonl --database protocord-demo/protocord.sqlite3
    """
    raise NotImplementedError


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@DATABASE
def import_(file: Path, database: str) -> None:
    """Read a study's ledger back from its file.

    Every entry keeps its hash.

    The file is verified first; a database that already holds entries of that study is left alone.

    \b
    Example:
      protocord import study.jsonl --database postgresql://protocord@localhost/protocord

    Exits 5 when the file does not verify.
    """
    raise NotImplementedError
