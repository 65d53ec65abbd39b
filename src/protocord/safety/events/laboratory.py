"""Shift tables and the liver screen from laboratory results: graded by the study's CTCAE, then counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polars as pl

from protocord.protocol import Protocol
from protocord.safety.events.emergent import EmergentRule, on_treatment
from protocord.safety.events.hys_law import hys_law
from protocord.safety.events.shift import shifts
from protocord.safety.grading import grade_table
from protocord.statistics import Results
from protocord.statistics.results import Scalar

__all__ = ["laboratory_shifts", "one_row_a_grade"]


def laboratory_shifts(
    protocol: Protocol,
    results: Path | pl.DataFrame,
    infusions: pl.DataFrame,
    followed: pl.DataFrame,
    *,
    cut_off: date,
    ranges: Path | pl.DataFrame | None = None,
    stated: Mapping[str, bool] | None = None,
) -> Results:
    """This will return the shift tables of every term that the results grade, and the liver screen.

    `results` and `ranges` are the tables that `protocord.safety.grade_table` reads; `infusions` and `followed` as for adverse
    events. The day of first treatment is that of the first infusion where the results do not say another. `stated` as for
    `grade_table`. Raises TableProblems.
    """
    rule = EmergentRule.of(protocol.safety.adverse_events)
    treatment = on_treatment(infusions, followed, rule, cut_off)
    grading = protocol.safety.grading
    people = treatment.select("subject", pl.col("first").alias("first_treatment"))
    graded = grade_table(
        results,
        version=protocol.study.regulation.ctcae,
        ranges_of=ranges,
        subjects=people,
        undecided=grading.undecided,
        abnormal_baseline=grading.abnormal_baseline,
        baseline=grading.baseline,
        stated=stated,
        known=protocol.concepts,
    )
    frame = graded.frame.filter(pl.col("date") <= cut_off)
    found = (*shifts(one_row_a_grade(frame), treatment), *hys_law(_liver(frame), treatment))
    about: dict[str, Scalar] = {"study": protocol.study.id, "protocol_version": protocol.version, "cut_off": cut_off}
    return Results(found, graded.inputs, {**about, "ctcae": graded.version})


def one_row_a_grade(graded: pl.DataFrame) -> pl.DataFrame:
    """This will return one row for each term that a graded result speaks to: subject, term, date, grade, range.

    `graded` is the frame of a `GradedTable`, whose rows hold a term for either direction; a result without one is left out.
    """
    side = (
        pl.when(pl.col("standard_value") < pl.col("range_low"))
        .then(pl.lit("low"))
        .when(pl.col("standard_value") > pl.col("range_high"))
        .then(pl.lit("high"))
        .when(pl.col("within_range"))
        .then(pl.lit("normal"))
    )
    parts = [
        graded.select(
            "subject",
            pl.col(f"term_{way}").cast(pl.String).alias("term"),
            "date",
            pl.col(f"grade_{way}").cast(pl.Int64).alias("grade"),
            side.alias("range"),
        )
        for way in ("low", "high")
    ]
    return pl.concat(parts).drop_nulls("term")


def _liver(graded: pl.DataFrame) -> pl.DataFrame:
    """The results that the liver screen asks for, in standard units."""
    concepts = ["ALT", "AST", "Total bilirubin", "Alkaline phosphatase"]
    kept = graded.filter(pl.col("concept").is_in(concepts))
    value = pl.col("standard_value").cast(pl.Float64)
    return kept.select("subject", "date", "concept", value.alias("value"), pl.col("range_high").cast(pl.Float64).alias("high"))
