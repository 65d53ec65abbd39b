"""The command that writes the generated files anew, or says which of them are stale."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from protocord.cli.database import start_django
from protocord.errors import Place, Problem, Refused


@click.command()
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit 1 and name the files that are not current.")
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="The repository's root.  [default: the working folder]",
)
@click.pass_context
def generate(context: click.Context, only_check: bool, root: Path) -> None:
    """Write the generated files anew.

    JSON Schemas, reference pages, compiled messages: for those who work on Protocord itself.

    \b
    Example:
      protocord generate --check
    """
    if not (root / "pyproject.toml").is_file():
        remedy = "Run it at the root of the repository, or name that with --root."
        raise Refused([Problem(Place(str(root)), "is not Protocord's repository.", remedy)])
    program = context.find_root().command
    assert isinstance(program, click.Group)
    stale = [(path, content) for path, content in generated_files(program) if not _is_current(root / path, content)]
    for path, content in stale:
        if only_check:
            click.echo(f"{path} is not current; `make generate` writes it.", err=True)
        else:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
            click.echo(f"{path} written.")
    if only_check and stale:
        context.exit(1)


def generated_files(program: click.Group) -> Iterator[tuple[str, bytes]]:
    """This will yield the path, from the repository's root, and the content of every generated file."""
    from protocord.cli.reference import conventions_page, page, tables_page
    from protocord.criteria import reference
    from protocord.protocol.schemas import generated_files as from_models

    yield "docs/reference/cli.md", page(program).encode()
    yield "docs/reference/criteria.md", reference().encode()
    yield "docs/reference/conventions.md", conventions_page().encode()
    yield "docs/reference/tables.md", tables_page().encode()
    for path, text in from_models().items():
        yield path, text.encode()
    start_django()  # the pages' texts are found by Django's own template engine
    from protocord.web import messages

    repository = messages.WEB.parents[2]
    for file, content in messages.generated_files().items():
        yield file.relative_to(repository).as_posix(), content if isinstance(content, bytes) else content.encode()


def _is_current(file: Path, content: bytes) -> bool:
    return file.is_file() and file.read_bytes() == content
