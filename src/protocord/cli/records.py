"""Commands about the record: verify a ledger, export a study, import it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from protocord.cli.database import demand_file, demand_tables, open_store
from protocord.errors import LedgerProblems

if TYPE_CHECKING:
    from protocord.cli.anchors import Anchors
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
    "--anchor",
    multiple=True,
    metavar="FILE|ROOT",
    help="What was kept outside before: an anchor file, or the Merkle root of a seal.",
)
@click.option(
    "--write-anchor",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write an anchor file, to be kept outside until the next time.",
)
def verify(ledger: str, anchor: tuple[str, ...], write_anchor: Path | None) -> None:
    """Verify a ledger: is it whole and unaltered?

    Names the first entry of each chain that was altered, removed, inserted or re-ordered. FILE is a
    study exported as JSON Lines; DATABASE a database's URL or an SQLite file.

    A chain that was cut off at its end, or written anew from its beginning, looks whole to itself. An
    anchor kept outside shows it.

    \b
    Example:
      protocord verify study.jsonl --write-anchor anchor-2025-06-30.json
      protocord verify protocord-demo/protocord.sqlite3 --anchor anchor-2025-06-30.json

    Exits 5 when the ledger does not verify.
    """
    from protocord.cli.anchors import read_anchors, write_anchors

    anchors = read_anchors(anchor)
    results = _verified(ledger, anchors)
    problems = [problem for result in results.values() for problem in result.problems]
    for study, result in results.items():
        _tell(study, result)
    if problems:
        raise LedgerProblems(problems)
    if write_anchor is not None:
        write_anchors(write_anchor, results)
        click.echo(
            f"{write_anchor} holds the heads of {sum(result.chains for result in results.values())} chains. Keep it outside."
        )


def _verified(ledger: str, anchors: Anchors) -> Mapping[str, Verification]:
    """Each study of the ledger, verified: a file holds one, a database may hold several."""
    file = Path(ledger)
    if file.is_file() and not _is_sqlite(file):
        from protocord.ledger import read_lines
        from protocord.ledger import verify as verify_entries

        with opened_ledger(file) as lines:
            entries = read_lines(lines, file=ledger)
        study = entries[0].study if entries else file.name
        return {study: verify_entries(entries, heads=anchors.heads.get(study, ()), roots=anchors.roots)}
    demand_file(ledger)
    open_store(ledger)
    from protocord.store.archive import verify_database

    return verify_database(heads=anchors.heads, roots=anchors.roots)


def opened_ledger(file: Path) -> TextIO:
    """This will open a ledger file; bytes that are no UTF-8 come through as marks that no JSON holds, so their line is named."""
    return file.open(encoding="utf-8", errors="replace")


def _is_sqlite(file: Path) -> bool:
    with file.open("rb") as content:
        return content.read(16) == b"SQLite format 3\0"


def _tell(study: str, result: Verification) -> None:
    """What was verified, and the root; the problems follow on the error stream."""
    redacted = f", {result.redacted} of the entries redacted" if result.redacted else ""
    state = "whole and unaltered" if result.ok else "does not verify"
    click.echo(f"{study}: {state}. {result.entries} entries, {result.chains} chains, {result.seals} seals{redacted}.")
    if result.ok:
        click.echo(f"root {result.root}")


@click.command()
@click.argument("study_id")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@database_option
def ledger(study_id: str, file: Path, database: str) -> None:
    """Write a study's ledger to one JSON Lines file.

    Anybody can verify that file, with or without this software.

    \b
    Example:
      protocord export ledger nct06848582 study.jsonl --database protocord-demo/protocord.sqlite3
    """
    demand_file(database)
    open_store(database)
    from protocord.store.archive import export_study

    partial = file.with_name(f"{file.name}.partial")  # so that a failure leaves an earlier file as it was
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as lines:
            count = export_study(study_id, lines)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
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

    demand_tables()
    with opened_ledger(file) as lines:
        count = import_study(lines, file=str(file))
    click.echo(f"{file}: {count} entries read, every hash as it was.")
