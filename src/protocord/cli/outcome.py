"""What the commands of the analyses share: tables named in help, results printed or written whole, progress on long work."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from protocord.cli.door import format_option, language_option
from protocord.errors import Place, Problem, Refused
from protocord.values import Language
from protocord.words import say, shown, term
from protocord.words.layout import WIDTH, hanging, table

if TYPE_CHECKING:
    import polars as pl

    from protocord.report.canvas import Canvas
    from protocord.statistics import Results
    from protocord.statistics.results import Statistic
    from protocord.tables import Table

Item = TypeVar("Item")
Command = TypeVar("Command", bound=Callable[..., Any])

TABLE = click.Path(exists=True, dir_okay=False, path_type=Path)
_MARK = ".protocord-results"  # tells a folder that a run wrote, and may write again, from a person's own


def out_option(command: Command) -> Command:
    """This will give a command the option `--out`."""
    about = "Folder for results.csv, .json and .parquet, and the figures as SVG and PNG; written whole or not at all."
    return click.option("--out", type=click.Path(file_okay=False, path_type=Path), help=about)(command)


def answer_options(command: Command) -> Command:
    """This will give a command the options of every analysis, in the order of its help: `--out`, `--format` and `--language`."""
    return out_option(format_option(language_option(command)))


class TableCommand(click.Command):
    """A command whose help ends with the columns of the tables that it reads.

    `tables` is called only when help is asked for: the tables' packages compute, and would make every command slow to start.
    """

    def __init__(self, *args: Any, tables: Callable[[], Iterable[Table]], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._tables = tables

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """This will write the columns below the options."""
        super().format_epilog(ctx, formatter)
        with formatter.section("Columns"):
            for line in columns_help(*self._tables()).splitlines():
                if line != "\b":
                    formatter.write(f"{'':{formatter.current_indent}}{line}".rstrip() + "\n")


def columns_help(*tables: Table) -> str:
    """This will return the columns of tables as lines of a help text. A command asks for them through `TableCommand`, when they are needed."""
    lines: list[str] = []
    for one in tables:
        lines += ["", "\b", *hanging(one.about, first=f"{one.name}: ", columns=WIDTH - 2)]
        for column in one.columns:
            must = "" if column.required else ", may be left out"
            kind = "|".join(column.choices) if column.choices else column.kind.replace("_", "/")
            unit = f", {column.unit}" if column.unit else ""
            lines += hanging(f"{column.about} ({kind}{unit}{must})", first=f"  {column.name:<18} ", columns=WIDTH - 2)
    return "\n".join(lines)


def deliver(
    results: Results,
    *,
    figures: Mapping[str, Callable[[], Canvas]] | None = None,
    tables: Mapping[str, pl.DataFrame] | None = None,
    files: Mapping[str, bytes] | None = None,
    out: Path | None,
    form: str,
    language: Language,
    lines: Iterable[str] | None = None,
) -> None:
    """This will print the results (`lines` where given, else row by row; or JSON) and, with `out`, write them with the figures.

    `figures` are drawn only when they are written; `tables` are written as CSV, `files` (by file name) as they are. Raises Refused where the folder holds files that
    no run of ours wrote.
    """
    if out is not None:
        _write(results, figures or {}, tables or {}, files or {}, out)
    if form == "json":
        click.echo(json.dumps(results.as_data(), ensure_ascii=False, indent=2, default=str))
        return
    for line in lines if lines is not None else result_lines(results, language):
        click.echo(line)
    if out is not None:
        click.echo(term("results_written", language).format(folder=out))


def free(out: Path | None) -> None:
    """This will raise Refused where a folder holds files that no run of ours wrote: asked before long work, too, so that none is lost."""
    if out is not None and out.exists() and any(out.iterdir()) and not (out / _MARK).is_file():
        remedy = "Name an empty or a new folder."
        raise Refused([Problem(Place(str(out)), "holds files that did not come from a run, and is left as it is.", remedy)])


def result_lines(results: Results, language: Language) -> list[str]:
    """This will return the results as an aligned table, one line a statistic, for a terminal."""
    header = [term(key, language) for key in ("result_analysis", "result_statistic", "result_context", "result_value")]
    return table([header, *(_cells(item, language) for item in results)])


def progress(items: Iterable[Item], label: str, length: int | None = None) -> Iterator[Item]:
    """This will yield the items; in a terminal a bar on the error stream shows how far it is."""
    if not sys.stderr.isatty():
        yield from items
        return
    with click.progressbar(items, label=label, length=length, file=sys.stderr) as bar:
        yield from bar


def _cells(item: Statistic, language: Language) -> list[str]:
    from protocord.statistics.rounding import significant

    context = ", ".join(f"{name} {value}" for name, value in item.context.items())
    if item.value is None:
        assert item.reason is not None
        value = say(item.reason, language)
    elif isinstance(item.value, float):
        value = f"{significant(item.value, 5):f} {item.unit}".rstrip()
    else:
        value = f"{item.value if isinstance(item.value, bool) else shown(item.value, language)} {item.unit}".rstrip()
    return [item.analysis, item.name, context, value]


def _write(
    results: Results,
    figures: Mapping[str, Callable[[], Canvas]],
    tables: Mapping[str, pl.DataFrame],
    files: Mapping[str, bytes],
    out: Path,
) -> None:
    free(out)
    with _whole(out) as folder:
        for ending in ("csv", "json", "parquet"):
            results.write(folder / f"results.{ending}")
        for name, frame in tables.items():
            frame.write_csv(folder / f"{name}.csv")
        for name, content in files.items():
            (folder / name).write_bytes(content)
        for name, draw in progress(list(figures.items()), "figures"):
            canvas = draw()
            canvas.save(folder / name)
            canvas.close()
        (folder / _MARK).write_text(results.inputs + "\n", "utf-8")


@contextmanager
def _whole(out: Path) -> Iterator[Path]:
    """A folder beside `out` that takes its place when all is written, and disappears when something fails."""
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-"))
    try:
        yield folder
        if out.exists():
            shutil.rmtree(out)
        folder.rename(out)
        out.chmod(0o755)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
