"""What leaves the house: a study's ledger, or its criteria as CQL."""

from __future__ import annotations

import click

from protocord.cli.cql import cql
from protocord.cli.records import ledger


class Export(click.Group):
    """A group whose first argument may be a study instead of a command: then the study's ledger is meant."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """This will take a first argument that names no command for the study of `ledger`."""
        if args and args[0] not in self.commands:
            return ledger.name, ledger, args
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """This will let the options of `ledger` stand before the study, too."""
        if args and args[0].startswith("-") and args[0] not in ctx.help_option_names:
            args = [str(ledger.name), *args]
        return super().parse_args(ctx, args)


@click.group(cls=Export, subcommand_metavar="COMMAND [ARGS]...")
def export() -> None:
    """Write a study's ledger, or its criteria for other engines.

    Without the name of a command, the ledger is meant: STUDY_ID FILE.

    \b
    Example:
      protocord export nct06848582 study.jsonl --database protocord-demo/protocord.sqlite3
      protocord export cql nct06848582 --out cql/
    """


export.add_command(ledger)
export.add_command(cql)
