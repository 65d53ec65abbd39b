"""Grade a table of laboratory results: every row in both directions, with what it was held against, or why it has no grade."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import polars as pl

from protocord import concepts
from protocord.concepts import Concepts
from protocord.errors import Problem
from protocord.safety.columns import RANGES, RESULTS, SUBJECTS
from protocord.safety.grading import preparing, ranges
from protocord.safety.grading.grades import AbnormalBaseline, Undecided
from protocord.safety.grading.judging import graded_columns
from protocord.safety.grading.standard import QUALIFIERS, standard
from protocord.tables import TableProblems, fingerprint, problem, read

Source = Path | str | pl.DataFrame


@dataclass(frozen=True, slots=True)
class GradedTable:
    """Graded results.

    `frame` has one row a result, in the order of the table: row, subject, date, test, value and unit as reported; `concept`,
    `standard_value` in `standard_unit`; `range_low` and `range_high` in that unit, `range_from` (`result`, or the row of the table of
    ranges), `within_range`; `baseline` with `baseline_date`, `is_baseline`, `period` (before or after first treatment); `version` of CTCAE; and for each direction (`_low`, `_high`) `term`, `grade`,
    `grade_min`, `grade_max`, `status` (graded, assumed, ask, cannot), `rule` and `reasons` (kinds, separated by spaces). `atoxgr` joins
    both directions, negative for the low one. The other columns of the table follow. `tables` are those read, and `notices` are what is odd and did not stop it.
    """

    frame: pl.DataFrame
    version: str
    tables: tuple[pl.DataFrame, ...]
    notices: tuple[Problem, ...] = ()

    @property
    def inputs(self) -> str:
        """The fingerprint of the tables that were read."""
        return fingerprint(*self.tables)


def grade_table(
    results: Source,
    *,
    version: str,
    ranges_of: Source | None = None,
    subjects: Source | None = None,
    undecided: Undecided = "ask",
    abnormal_baseline: AbnormalBaseline = "above_upper_limit",
    baseline: str = "last_before_first_treatment",
    stated: Mapping[str, bool] | None = None,
    known: Concepts | None = None,
) -> GradedTable:
    """This will return every result of a table graded by CTCAE `version`; the tables' columns are in `protocord.safety.columns`.

    `ranges_of` holds reference ranges for results that carry none; `subjects` the days of first treatment, sexes and birth dates that
    the results lack. `undecided`, `abnormal_baseline` and `baseline` are the protocol's (`safety.yaml`, grading). `stated` gives facts
    of every result whose cell is empty, such as {"anticoagulated": False}. Grades equal those of `grade` result by result.
    Raises TableProblems with all that is wrong, and ProblemsFound for a version without tables.
    """
    every = known or concepts.load()
    table = standard(version)
    frame = read(RESULTS, results)
    inputs = [frame]
    file = _name(results, RESULTS.name)
    problems = list(_rows_wrong(frame, file))
    if subjects is not None:
        people = read(SUBJECTS, subjects)
        inputs.append(people)
        frame = _with_subjects(frame, people)
    if problems:
        raise TableProblems(problems)
    notices = list(_columns_odd(frame, file))
    bands = None
    if ranges_of is not None:
        raw = read(RANGES, ranges_of)
        inputs.append(raw)
        bands, gaps = ranges.checked(raw, every, _name(ranges_of, RANGES.name))
        notices += gaps
    frame = frame.with_columns(pl.col(name).fill_null(value=said) for name, said in (stated or {}).items() if name in QUALIFIERS)
    prepared = preparing.prepare(frame, every, bands, baseline, file)
    made = graded_columns(prepared, table, undecided, abnormal_baseline)
    return GradedTable(made, version, tuple(inputs), tuple(notices))


def _name(source: Source, otherwise: str) -> str:
    return otherwise if isinstance(source, pl.DataFrame) else Path(source).name


def _columns_odd(frame: pl.DataFrame, file: str) -> Iterator[Problem]:
    """Columns that are carried along and may be meant for something: `symptom` would otherwise say nothing, and nobody would know."""
    for name in frame.columns:
        alike = [] if name in (*RESULTS.names, "row") else get_close_matches(name, RESULTS.names, n=1, cutoff=0.8)
        if alike:
            yield problem(file, None, name, "is carried along and grades nothing.", f"Did you mean {alike[0]!r}?")


def _rows_wrong(frame: pl.DataFrame, file: str) -> list[Problem]:
    reversed_ = frame.filter(pl.col("low") > pl.col("high")).select("row", "low", "high")
    made = [
        problem(file, row, "low", f"{low:g} lies above the upper limit {high:g}.", "Exchange the two limits.")
        for row, low, high in reversed_.iter_rows()
    ]
    untimely = frame.filter(pl.col("time").is_not_null() & ~pl.col("time").str.contains(r"^([01]\d|2[0-3]):[0-5]\d$"))
    made += [
        problem(file, row, "time", f"{time!r} is not a time of day.", "Write it as 07:30.")
        for row, time in untimely.select("row", "time").iter_rows()
    ]
    unborn = frame.filter(pl.col("birth_date") > pl.col("date")).select("row", "birth_date")
    made += [
        problem(file, row, "birth_date", f"{born} lies after the sample.", "Mend the birth date or the date.")
        for row, born in unborn.iter_rows()
    ]
    return made


def _with_subjects(frame: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """The results with what they lack of their subject; what a row says itself stands."""
    facts = ("first_treatment", "sex", "birth_date")
    joined = frame.join(people.drop("row"), on="subject", how="left", suffix="_of_subject", maintain_order="left")
    return joined.with_columns(pl.coalesce(name, f"{name}_of_subject").alias(name) for name in facts).select(frame.columns)
