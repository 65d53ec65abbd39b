"""The commands that grade by a clinical scale: `protocord scale …`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from protocord.cli.door import study_argument
from protocord.cli.outcome import TABLE, TableCommand, answer_options, deliver
from protocord.values import Language
from protocord.words import say, term
from protocord.words.layout import table

if TYPE_CHECKING:
    import polars as pl

    from protocord.statistics import Results
    from protocord.tables import Table


def _columns(name: str) -> Callable[[], tuple[Table, ...]]:
    def asked() -> tuple[Table, ...]:
        from protocord.safety.scales import columns

        return (getattr(columns, name),)

    return asked


@click.group()
def scale() -> None:
    """Grade CRS, ICANS and acute GvHD, and code early reactions.

    What is missing is never taken for a no: the answer is then the span of grades that remain possible,
    and what to record. `protocord grade` grades laboratory results.

    \b
    Try, in docs/tutorials/data:
      protocord scale crs adverse-events_crs.csv
    """


@scale.command(cls=TableCommand, tables=_columns("CRS"))
@click.argument("file", type=TABLE)
@answer_options
def crs(file: Path, language: Language, form: str, out: Path | None) -> None:
    """Grade cytokine release syndrome by the ASTCT consensus of 2019.

    \b
    Example: in docs/tutorials/data
      protocord scale crs adverse-events_crs.csv
    """
    from protocord.safety.scales.tabular import crs_table

    _grade("CRS", crs_table, file, language, form, out)


@scale.command(cls=TableCommand, tables=_columns("ICANS"))
@click.argument("file", type=TABLE)
@answer_options
def icans(file: Path, language: Language, form: str, out: Path | None) -> None:
    """Grade ICANS by the ASTCT consensus of 2019: ICE from 12 years on, CAPD below.

    \b
    Example: in docs/tutorials/data
      protocord scale icans adverse-events_icans.csv
    """
    from protocord.safety.scales.tabular import icans_table

    _grade("ICANS", icans_table, file, language, form, out)


@scale.command(cls=TableCommand, tables=_columns("AGVHD"))
@click.argument("file", type=TABLE)
@answer_options
def agvhd(file: Path, language: Language, form: str, out: Path | None) -> None:
    """Stage and grade acute graft-versus-host disease by MAGIC, 2016.

    \b
    Example: in docs/tutorials/data
      protocord scale agvhd adverse-events_agvhd.csv
    """
    from protocord.safety.scales.tabular import agvhd_table

    _grade("AGVHD", agvhd_table, file, language, form, out)


@scale.command(cls=TableCommand, tables=_columns("REACTIONS"))
@study_argument
@click.argument("file", type=TABLE)
@answer_options
def reaction(study: Path, file: Path, language: Language, form: str, out: Path | None) -> None:
    """Code early reactions: infusion related reaction, or CRS.

    The window after the infusion is that of the study's dosing.yaml.

    \b
    Example: in docs/tutorials/data
      protocord scale reaction nct06848582 adverse-events_reactions.csv
    """
    from protocord.protocol import load
    from protocord.safety.lengths import span_of
    from protocord.safety.scales.columns import REACTIONS
    from protocord.safety.scales.tabular import reaction_table
    from protocord.tables import read

    window = span_of(load(study).dosing.observation.reaction_window)
    results = reaction_table(read(REACTIONS, file), window)
    rows = [[term(key, language) for key in ("scale_subject", "scale_date", "scale_coding")]]
    for item in results:
        said = say(item.reason, language) if item.reason else term(f"coding_{item.value}", language)
        rows.append([str(item.context["subject"]), str(item.context["onset"]), said])
    deliver(results, out=out, form=form, language=language, lines=table(rows))


def _grade(
    name: str, graded: Callable[[pl.DataFrame], Results], file: Path, language: Language, form: str, out: Path | None
) -> None:
    """Read the table of that name, grade its rows, and hand the grades over."""
    from protocord.safety.scales import columns
    from protocord.tables import read

    results = graded(read(getattr(columns, name), file))
    deliver(results, out=out, form=form, language=language, lines=_grade_lines(results, language))


def _grade_lines(results: Results, language: Language) -> Iterator[str]:
    """One line a row of the table: subject, date, grade or span, the rows that gave it, and what is missing."""
    by_row: dict[tuple[str, str], dict[str, Any]] = {}
    for item in results:
        found = by_row.setdefault((str(item.context["subject"]), str(item.context["date"])), {"open": []})
        if item.name in {"missing", "remark"} and item.reason:
            found["open"].append(say(item.reason, language))
        elif "organ" not in item.context:
            found[item.name] = item.value
    rows = [[term(key, language) for key in ("scale_subject", "scale_date", "scale_grade", "scale_by", "scale_open")]]
    for (subject, day), found in by_row.items():
        low, high = found["grade_min"], found["grade_max"]
        by = ", ".join(term(row, language) for row in str(found.get("rows") or "").split())
        rows.append([subject, day, str(low) if low == high else f"{low}–{high}", by, "; ".join(found["open"])])
    yield from table(rows, widest=(12, 10, 5, 34))
