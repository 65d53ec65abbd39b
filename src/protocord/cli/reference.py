"""The manual pages that are made from what the program itself says: commands, tables, conventions."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from itertools import groupby
from pkgutil import iter_modules
from typing import TYPE_CHECKING

import click

import protocord
from protocord import errors

if TYPE_CHECKING:
    from protocord.tables import Table

_KINDS = (errors.ProblemsFound, errors.DocumentProblems, errors.SubjectProblems, errors.LedgerProblems, errors.Refused)


def page(program: click.Group) -> str:
    """This will return docs/reference/cli.md."""
    parts = [
        "# The command line",
        "<!-- Made by `make generate` from the commands' help. Change the help, not this page. -->",
        "Problems meant for a person are printed one a line on the error stream, without a traceback; a traceback is a bug of ours.",
        "| exit code | meaning |\n| --- | --- |\n"
        "| 0 | done; whatever the answer is, it is an answer |\n"
        "| 1 | a bug, or generated files that are not current |\n"
        "| 2 | the command line itself was not understood |\n" + "\n".join(_exit_codes()),
        "`NO_COLOR` or a pipe takes the colours away; nothing is said by colour alone. `PROTOCORD_LANGUAGE` sets the language of the answers.",
        *_sections(program, "protocord"),
    ]
    return "\n\n".join(parts) + "\n"


def _exit_codes() -> Iterator[str]:
    for kind in _KINDS[1:]:
        yield f"| {kind.exit_code} | {(kind.__doc__ or '').splitlines()[0]} |"


def _sections(command: click.Command, name: str, parent: click.Context | None = None) -> Iterator[str]:
    settings = {**command.context_settings, "terminal_width": 100, "max_content_width": 100}
    context = click.Context(command, info_name=name, parent=parent, **settings)
    told = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    yield f"## {context.command_path}\n\n```text\n{told}\n```"
    if isinstance(command, click.Group):
        for inner_name, inner in command.commands.items():
            yield from _sections(inner, inner_name, context)


def conventions_page() -> str:
    """This will return docs/reference/conventions.md: every choice behind a number, with its default and what else there is."""
    from protocord.statistics import conventions

    parts = [
        "# Conventions",
        "<!-- Made by `make generate` from src/protocord/statistics/conventions. Change the rows there, not this page. -->",
        (
            "Where two statisticians may choose differently, this is what Protocord chooses. Each result names the conventions behind it by\n"
            "these ids; what a protocol states itself (its sections `safety`, `efficacy`, `kinetics`) wins over a default."
        ),
    ]
    for area, rows in groupby(conventions().values(), key=lambda one: one.area):
        parts.append(f"## {area.replace('_', ' ').capitalize()}")
        lines = ["| id | choice | default | instead | source |", "| --- | --- | --- | --- | --- |"]
        for one in rows:
            cells = (f"`{one.id}`", f"{one.text.en} {one.text.zh}", one.default, "; ".join(one.alternatives), one.source)
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def tables_page() -> str:
    """This will return docs/reference/tables.md: the columns of every table that a command reads."""
    parts = [
        "# Tables",
        "<!-- Made by `make generate` from the table definitions (`columns.py`). Change those, not this page. -->",
        (
            "The commands of the analyses read plain tables: CSV (UTF-8), tab-separated text or Parquet, one header row, days as 2025-06-30,\n"
            "numbers with a decimal point. An empty cell is a missing value. All problems are named at once, by row and column; rows count\n"
            "from 1 below the header."
        ),
    ]
    for area, tables in _tables():
        parts.append(f"## {area.capitalize()}")
        parts += [part for table in tables for part in _table(table)]
    return "\n\n".join(parts) + "\n"


def _tables() -> Iterator[tuple[str, tuple[Table, ...]]]:
    for package in iter_modules(protocord.__path__):
        if package.ispkg and any(
            module.name == "columns" for module in iter_modules([f"{protocord.__path__[0]}/{package.name}"])
        ):
            found = getattr(import_module(f"protocord.{package.name}.columns"), "TABLES", ())
            if found:
                yield package.name, found


def _table(table: Table) -> Iterator[str]:
    yield f"### {table.name}"
    key = f" No two rows share {' and '.join(f'`{name}`' for name in table.key)}." if table.key else ""
    others = " Other columns are carried along, to group by." if table.open else ""
    yield f"{table.about}{key}{others}"
    lines = ["| column | holds | kind | unit | limits | may be |", "| --- | --- | --- | --- | --- | --- |"]
    for column in table.columns:
        kind = ", ".join(f"`{choice}`" for choice in column.choices) or column.kind.replace("_", "/")
        low = f"from {column.low:g}" if column.low is not None else ""
        high = f"to {column.high:g}" if column.high is not None else ""
        may = "left out" if not column.required else "empty" if column.empty else ""
        cells = (f"`{column.name}`", column.about, kind, column.unit, f"{low} {high}".strip(), may)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    yield "\n".join(lines)
