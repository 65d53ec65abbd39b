"""The command that grades laboratory results by the CTCAE version of the protocol."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from protocord.cli.door import study_argument
from protocord.cli.outcome import TABLE, TableCommand, answer_options, deliver
from protocord.values import Language, Reason

if TYPE_CHECKING:
    import polars as pl

    from protocord.safety.grading import GradedTable
    from protocord.safety.grading.grades import Undecided
    from protocord.statistics import Results
    from protocord.tables import Table


def _tables() -> tuple[Table, ...]:
    from protocord.safety.columns import RANGES, RESULTS, SUBJECTS

    return RESULTS, RANGES, SUBJECTS


class Stated(click.ParamType[Any]):
    """A clinical fact of every result that does not state it itself: `anticoagulated=no`."""

    name = "fact=yes|no"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, bool]:
        """This will return the fact and whether it is so."""
        from protocord.safety.grading.standard import QUALIFIERS

        name, _, said = str(value).partition("=")
        if name not in QUALIFIERS or said not in {"yes", "no"}:
            message = f"{value!r} states nothing. Write one of {', '.join(QUALIFIERS)}, then =yes or =no."
            raise click.BadParameter(message, ctx, param)
        return name, said == "yes"


@click.command(cls=TableCommand, tables=_tables)
@study_argument
@click.argument("results", type=TABLE)
@click.option("--ranges", type=TABLE, help="Reference ranges of laboratories, for results that carry none.")
@click.option(
    "--first-treatment", "first", help="The table of subjects, or the column of RESULTS with the day of first treatment."
)
@click.option(
    "--stated", type=Stated(), multiple=True, help="A clinical fact of all results that do not state it; may be repeated."
)
@click.option("--ctcae", help="Grade by this version instead of the protocol's; the answer is marked as differing from it.")
@answer_options
def grade(
    study: Path,
    results: Path,
    ranges: Path | None,
    first: str | None,
    stated: tuple[tuple[str, bool], ...],
    ctcae: str | None,
    language: Language,
    form: str,
    out: Path | None,
) -> None:
    """Grade laboratory results by CTCAE, in both directions.

    RESULTS is a table (.csv, .tsv or .parquet), one row a result, in the units in which the hospital
    reports. The version of CTCAE, the rule for the baseline and what to do where a clinical fact decides
    come from the protocol (safety.yaml, grading). Each grade carries its version, the row of the
    standard and the numbers that gave it. What cannot be graded says why; nothing is guessed.

    \b
    Example:
      protocord grade nct06848582 results.csv --ranges ranges.csv --first-treatment children.csv
      protocord grade nct06848582 results.csv --stated anticoagulated=no --out graded

    With --out the folder also holds grades.csv, one row a result, and worst.csv, each participant's
    worst grade on each term.

    Exits 3 when the study's documents, 4 when a table cannot be read; every problem is named by row
    and column.
    """
    from protocord.protocol import load
    from protocord.safety.grading import grade_table
    from protocord.safety.grading.summary import summary, worst

    protocol = load(study)
    grading = protocol.safety.grading
    of_protocol = _version(protocol.safety)
    table, subjects = _sources(results, first)
    graded = grade_table(
        table,
        version=ctcae or of_protocol,
        ranges_of=ranges,
        subjects=subjects,
        undecided=grading.undecided,
        abnormal_baseline=grading.abnormal_baseline,
        baseline=grading.baseline,
        stated=dict(stated),
        known=protocol.concepts,
    )
    about = {"study": protocol.study.id, "protocol_version": protocol.version, "ctcae_of_protocol": of_protocol}
    about["differs_from_protocol"] = "yes" if graded.version != of_protocol else "no"
    made = summary(graded, about=about, undecided=grading.undecided)
    for notice in graded.notices:
        click.echo(str(notice), err=True)
    tables = {"grades": graded.frame, "worst": worst(graded.frame)}
    lines = _lines(graded, made, language, grading.undecided)
    deliver(made, tables=tables, out=out, form=form, language=language, lines=lines)


def _version(safety: Any) -> str:
    """The CTCAE version of a protocol. Raises DocumentProblems where it names none."""
    from protocord.errors import DocumentProblems, Place, Problem

    found = [scale.version for scale in safety.grading.scales if scale.scale == "ctcae"]
    if not found:
        what = "the protocol does not say by which version of CTCAE it grades."
        raise DocumentProblems([Problem(Place("safety.yaml", 0, "grading"), what, "Name the scale ctcae, with its version.")])
    return cast("str", found[0])


def _sources(results: Path, first: str | None) -> tuple[Path | pl.DataFrame, Path | None]:
    """The table of results, and that of subjects; a column named by --first-treatment takes its place among those of the results."""
    if first is None:
        return results, None
    if Path(first).is_file():
        return results, Path(first)
    import polars as pl

    from protocord.tables import TableProblems, problem

    if results.suffix == ".parquet":
        frame = pl.read_parquet(results)
    else:
        frame = pl.read_csv(results, separator="\t" if results.suffix == ".tsv" else ",", infer_schema=False)
    if first not in frame.columns:
        what = "is neither a file nor a column of the results."
        raise TableProblems([problem(results.name, None, first, what, "Name the table of subjects, or a column.")])
    return frame.rename({first: "first_treatment"}) if first != "first_treatment" else frame, None


def _lines(graded: GradedTable, results: Results, language: Language, undecided: Undecided) -> Iterator[str]:
    from protocord.words import say, term
    from protocord.words.layout import WIDTH, table, wrap

    about = results.about
    heading = Reason.of(
        "grading_heading", study=str(about["study"]), protocol=str(about["protocol_version"]), version=graded.version
    )
    yield from wrap(say(heading, language), WIDTH)
    if about["differs_from_protocol"] == "yes":
        differs = Reason.of("grading_differs", protocol=str(about["ctcae_of_protocol"]), version=graded.version)
        yield from wrap(say(differs, language), WIDTH)
    totals = {name: results.value("ctcae", name) for name in ("graded", "ask", "cannot", "beside")}
    totals |= {name: results.value("ctcae", f"{name}_total") for name in ("results", "subjects")}
    yield from wrap(say(Reason.of("grading_tally", **totals), language), WIDTH)
    if undecided != "ask":
        count = results.value("ctcae", "assumed")
        yield from wrap(say(Reason.of("grading_assumed", way=f"grading_{undecided}", count=count), language), WIDTH)
    yield ""
    yield term("grading_results_by_term", language)
    yield from table(_grid(results, "results", (*_GRADES, "ask", "none"), language), indent="  ")
    yield ""
    untreated = graded.frame["period"].is_null().all()
    yield term("grading_worst_of_all" if untreated else "grading_worst_by_term", language)
    yield from table(_grid(results, "subjects_worst", _GRADES, language), indent="  ")
    reasons = list(results.select("ctcae", "not_graded"))
    if reasons:
        yield ""
        yield term("grading_why", language)
        rows = [[str(one.value), _why(one.context, graded.version, language)] for one in reasons]
        yield from table([[term("grading_count", language), term("grading_reason", language)], *rows], indent="  ")
    yield ""


_GRADES = ("0", "1", "2", "3", "4")


def _grid(results: Results, name: str, columns: tuple[str, ...], language: Language) -> list[list[str]]:
    """Terms down, grades across; nothing for a count of 0."""
    from protocord.words import term

    named = {"ask": term("grading_asked", language), "none": term("grading_none", language)}
    header = [term("grading_term", language), *(named.get(one, one) for one in columns)]
    counts: dict[str, dict[str, Any]] = {}
    for one in results.select("ctcae", name):
        counts.setdefault(str(one.context["term"]), {})[str(one.context["grade"])] = one.value
    return [header, *([_said(each, language), *(str(of.get(one, "")) for one in columns)] for each, of in counts.items())]


def _said(name: str, language: Language) -> str:
    from protocord.safety.grading.standard import VERSIONS, standard

    return next(one.name.say(language) for version in VERSIONS for one in standard(version).named(name))


def _why(context: Any, version: str, language: Language) -> str:
    from protocord.words import say

    named = _said(str(context["term"]), language) if "term" in context else ""
    return say(Reason.of(f"grading_{context['why']}", term=named, version=version), language)
