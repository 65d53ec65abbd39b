"""Count graded results: by term and grade, each participant's worst, and why results have none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import polars as pl

from protocord.safety.grading.grades import Undecided
from protocord.safety.grading.judging import DIRECTIONS
from protocord.safety.grading.table import GradedTable
from protocord.statistics import Results, Statistic

GRADES = (0, 1, 2, 3, 4)
# Why a result has no grade that is no fault of the data: CTCAE does not grade it.
BESIDE = ("no_term", "no_such_term", "no_numeric_rule")
# Every choice that may stand behind a grade; which of them a result met is told by its row of the standard.
CONVENTIONS = (
    "grading_exact",
    "grading_si",
    "grading_missing_limit",
    "grading_baseline",
    "grading_same_day",
    "grading_abnormal_baseline",
    "grading_fibrinogen",
    "grading_anticoagulated",
    "grading_qualifiers",
    "grading_whole_number_bands",
    "grading_inclusive_starts",
    "grading_corrected_calcium",
    "grading_alt_high_baseline",
)
_SHARED = ("row", "subject", "date", "concept", "is_baseline", "period", "version")
_OWN = ("term", "grade", "grade_min", "grade_max", "status", "rule", "reasons")


def by_term(frame: pl.DataFrame) -> pl.DataFrame:
    """This will return a graded table with one row a result and direction that has a term or a reason.

    Columns: row, subject, date, concept, is_baseline, period, version, direction, and without its ending each column of a direction.
    """
    parts = [
        frame.select(
            *_SHARED,
            pl.lit(direction).alias("direction"),
            *(pl.col(f"{name}_{direction}").cast(pl.String).alias(name) if name in {"term", "status", "rule", "reasons"} else
              pl.col(f"{name}_{direction}").alias(name) for name in _OWN),
        ).filter(pl.col("status").is_not_null())
        for direction in DIRECTIONS
    ]  # fmt: skip
    return pl.concat(parts).sort("row", "direction", descending=[False, True])


def worst(frame: pl.DataFrame) -> pl.DataFrame:
    """This will return each participant's worst grade on each term, after first treatment where that day is known, else of all results.

    Columns: subject, term, direction, version, period, baseline_grade, worst_grade, first_on (its first day), results, open (results that
    may be worse than `worst_grade`, or have no grade at all). Without any grade `worst_grade` is null.
    """
    rows = by_term(frame).filter(pl.col("term").is_not_null())
    keys = ["subject", "term", "direction", "version"]
    at_baseline = rows.filter("is_baseline").group_by(keys).agg(pl.col("grade").last().alias("baseline_grade"))
    counted = rows.filter(pl.col("period").is_null() | (pl.col("period") == "after"))
    most = counted.group_by(keys, maintain_order=True).agg(
        pl.col("period").first(),
        pl.col("grade").max().alias("worst_grade"),
        pl.col("date").filter(pl.col("grade") == pl.col("grade").max()).min().alias("first_on"),
        pl.len().alias("results"),
        (
            pl.col("grade").is_null()
            & (pl.col("grade_max").is_null() | (pl.col("grade_max") > pl.col("grade").max().fill_null(-1)))
        )
        .sum()
        .alias("open"),
    )
    columns = [*keys, "period", "baseline_grade", "worst_grade", "first_on", "results", "open"]
    return most.join(at_baseline, on=keys, how="left").select(columns).sort("subject", "term")


def summary(
    graded: GradedTable, *, about: Mapping[str, str | bool | date] | None = None, undecided: Undecided = "ask"
) -> Results:
    """This will return the counts of a graded table as results: analysis `ctcae`.

    `results` by term and grade (`ask` and `none` among the grades), `subjects_worst` by term and worst grade, `not_graded` by reason
    (rows, counted once), and the totals `results_total`, `subjects_total`, `graded`, `ask`, `cannot`, `beside` (rows).
    """
    rows = by_term(graded.frame)
    told = {"ctcae": graded.version, "undecided": undecided, **(about or {})}
    made = [*_totals(graded.frame, rows), *_by_grade(rows), *_by_worst(worst(graded.frame)), *_by_reason(rows)]
    return Results(tuple(made), graded.inputs, told)


def _statistic(name: str, value: int, **context: str) -> Statistic:
    return Statistic("ctcae", name, value, context=context, method="ctcae_laboratory", conventions=CONVENTIONS)


def _totals(frame: pl.DataFrame, rows: pl.DataFrame) -> Iterator[Statistic]:
    reasons = rows["reasons"].fill_null("").str.split(" ")
    beside = pl.Series([not set(kinds).isdisjoint(BESIDE) for kinds in reasons.to_list()], dtype=pl.Boolean)
    each = rows.with_columns(beside.alias("beside")).group_by("row").agg(
        (pl.col("status") == "ask").any().alias("ask"),
        ((pl.col("status") == "cannot") & ~pl.col("beside")).any().alias("cannot"),
        pl.col("status").is_in(["graded", "assumed"]).any().alias("graded"),
    )  # fmt: skip
    cannot, ask = pl.col("cannot"), pl.col("ask")
    counts = each.select(
        (pl.col("graded") & ~cannot & ~ask).sum().alias("graded"), (ask & ~cannot).sum().alias("ask"), cannot.sum().alias("cannot"),
        (~cannot & ~ask & ~pl.col("graded")).sum().alias("beside"),
    ).row(0, named=True)  # fmt: skip
    yield _statistic("results_total", frame.height)
    yield _statistic("subjects_total", frame["subject"].n_unique())
    for name, count in counts.items():
        yield _statistic(name, count)
    yield _statistic("assumed", rows.filter(pl.col("status") == "assumed")["row"].n_unique())


def _by_grade(rows: pl.DataFrame) -> Iterator[Statistic]:
    told = rows.filter(pl.col("term").is_not_null()).with_columns(
        pl.when(pl.col("grade").is_not_null()).then(pl.col("grade").cast(pl.String))
        .when(pl.col("status") == "ask").then(pl.lit("ask")).otherwise(pl.lit("none")).alias("counted")
    )  # fmt: skip
    for term, counted, count in told.group_by("term", "counted").len().sort("term", "counted").iter_rows():
        yield _statistic("results", count, term=term, grade=counted)


def _by_worst(worst_of: pl.DataFrame) -> Iterator[Statistic]:
    counts = worst_of.drop_nulls("worst_grade").group_by("term", "worst_grade").len().sort("term", "worst_grade")
    for term, grade, count in counts.iter_rows():
        yield _statistic("subjects_worst", count, term=term, grade=str(grade))


def _by_reason(rows: pl.DataFrame) -> Iterator[Statistic]:
    told = rows.drop_nulls("reasons").with_columns(pl.col("reasons").str.split(" ")).explode("reasons")
    named = told.with_columns(
        pl.when(pl.col("reasons").is_in(["no_such_term", "no_numeric_rule"]))
        .then(pl.col("term"))
        .otherwise(pl.lit(""))
        .alias("of")
    )
    counts = (
        named.group_by("reasons", "of")
        .agg(pl.col("row").n_unique().alias("count"))
        .sort("count", "reasons", "of", descending=[True, False, False])
    )
    for reason, term, count in counts.iter_rows():
        yield _statistic("not_graded", count, why=reason, **({"term": term} if term else {}))
