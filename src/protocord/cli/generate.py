"""The command that writes the generated files anew, or says which of them are stale."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit 1 and name the files that are not current.")
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="The repository's root.  [default: .]",
)
def generate(only_check: bool, root: Path) -> None:
    """Write the generated files anew.

    JSON Schemas, reference pages, compiled messages.

    For those who work on Protocord itself.

    \b
    Example:
      protocord generate --check
    """
    raise NotImplementedError
