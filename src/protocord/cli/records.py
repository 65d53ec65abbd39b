"""Commands about the record: verify a ledger, export a study, import it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from protocord.cli.database import demand_file, open_store
from protocord.errors import LedgerProblems

if TYPE_CHECKING:
    from protocord.ledger import Verification


def database_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """This will give a command the option `--database`."""
    return click.option(
        "--database",
        envvar="PROTOCORD_DATABASE_URL",
        required=True,
        help="The database's URL, or the path of an SQLite file. PROTOCORD_DATABASE_URL stands in for it.",
    )(command)


@click.command()
@click.argument("ledger", metavar="FILE|DATABASE")
@click.option(
    "--anchor", multiple=True, help="A Merkle root kept elsewhere (printed at an earlier verification or seal); may be repeated."
)
def verify(ledger: str, anchor: tuple[str, ...]) -> None:
    """Verify a ledger: is it whole and unaltered?

    Names the first entry of each chain that was altered, removed, inserted or re-ordered. FILE is a
    study exported as JSON Lines; DATABASE a database's URL or an SQLite file.

    The last line is the ledger's root. Keep it outside; given later as --anchor, it shows whether
    anything before it has changed or is gone.

    \b
    Example:
      protocord verify study.jsonl
      protocord verify protocord-demo/protocord.sqlite3

    Exits 5 when the ledger does not verify.
    """
    from protocord.ledger import read_lines
    from protocord.ledger import verify as verify_entries

    file = Path(ledger)
    if file.is_file() and not _is_sqlite(file):
        with file.open(encoding="utf-8") as lines:
            results: Sequence[tuple[str, Verification]] = [
                (file.name, verify_entries(read_lines(lines, file=ledger), roots=anchor))
            ]
    else:
        demand_file(ledger)
        open_store(ledger)
        from protocord.store.archive import verify_database

        results = list(verify_database(roots=anchor).items())
    for name, result in results:
        _tell(name, result)
    problems = [problem for _, result in results for problem in result.problems]
    if problems:
        raise LedgerProblems(problems)


def _is_sqlite(file: Path) -> bool:
    with file.open("rb") as content:
        return content.read(16) == b"SQLite format 3\0"


def _tell(name: str, result: Verification) -> None:
    """What was verified, and the root to keep; the problems follow on the error stream."""
    state = "verified" if result.ok else "does not verify"
    redacted = f", {result.redacted} redacted" if result.redacted else ""
    click.echo(f"{name}: {state}. {result.entries} entries in {result.chains} chains, {result.seals} seals{redacted}.")
    if result.ok:
        click.echo(f"root {result.root}")


@click.command()
@click.argument("study_id")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@database_option
def export(study_id: str, file: Path, database: str) -> None:
    """Write a study's ledger to one JSON Lines file.

    Anybody can verify that file, with or without this software.

    \b
    Example:
      protocord export nct06848582 study.jsonl --database protocord-demo/protocord.sqlite3
    """
    demand_file(database)
    open_store(database)
    from protocord.store.archive import export_study

    with file.open("w", encoding="utf-8", newline="\n") as lines:
        count = export_study(study_id, lines)
    click.echo(f"{file}: {count} entries of {study_id}.")


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@database_option
def import_(file: Path, database: str) -> None:
    """Read a study's ledger back from its file.

    Every entry keeps its hash. The file is verified first; a database that already holds entries of
    that study is left alone.

    \b
    Example:
      protocord import study.jsonl --database postgres://protocord@localhost/protocord

    Exits 5 when the file does not verify.
    """
    open_store(database)
    from protocord.store.archive import import_study

    with file.open(encoding="utf-8") as lines:
        count = import_study(lines)
    click.echo(f"{file}: {count} entries read, every hash as it was.")
