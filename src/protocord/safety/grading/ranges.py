"""Reference ranges of laboratories: which one a result has, by laboratory, test, sex, age and day.

A range belongs to those for whom it was made. A child whose age no band covers has no range, whatever there is for adults; two bands
that both fit are a fault of the table and named as one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import combinations
from typing import Any

import polars as pl

from protocord.concepts import Concepts
from protocord.errors import Problem
from protocord.safety.grading.measured import names_of
from protocord.tables import TableProblems, problem

_SINCE, _STILL = date(1, 1, 1), date(9999, 12, 31)
_MONTHS = 12
# Why a result has no range, from the farthest miss to the nearest.
MISSES = ("range_no_laboratory", "range_no_test", "range_no_sex", "range_no_age", "range_no_date")


def checked(ranges: pl.DataFrame, known: Concepts, file: str = "") -> tuple[pl.DataFrame, list[Problem]]:
    """This will return a table of ranges with its `concept`s and whole months of age, and the gaps between its bands as notices.

    `ranges` is a table of RANGES as read. Raises TableProblems for unknown tests, reversed limits, ages or days, and bands that overlap.
    """
    names = names_of(known)
    concepts = {test: names.get(test.strip().casefold()) for test in ranges["test"].unique().to_list()}
    made = ranges.with_columns(
        pl.col("test").replace_strict(concepts, default=None, return_dtype=pl.String).alias("concept"),
        pl.col("valid_from").fill_null(_SINCE),
        pl.col("valid_to").fill_null(_STILL),
        (pl.col("age_low") * _MONTHS).alias("months_low"),
        (pl.col("age_high") * _MONTHS).alias("months_high"),
    )
    problems = list(_rows_wrong(made, known, file)) + list(_overlaps(made, file))
    if problems:
        raise TableProblems(problems)
    return made, list(_gaps(made, file))


def _rows_wrong(ranges: pl.DataFrame, known: Concepts, file: str) -> Iterator[Problem]:
    for row in ranges.iter_rows(named=True):
        if row["concept"] is None:
            yield problem(file, row["row"], "test", f"{row['test']!r} is no known measurement.", "Name it as in the results.")
        elif row["unit"] not in known[row["concept"]].units:
            accepted = ", ".join(known[row["concept"]].units)
            yield problem(file, row["row"], "unit", f"{row['unit']!r} is no unit of {row['concept']}.", f"Units: {accepted}.")
        if row["low"] is not None and row["high"] is not None and row["low"] > row["high"]:
            yield problem(
                file, row["row"], "low", f"{row['low']:g} lies above the upper limit {row['high']:g}.", "Exchange them."
            )
        if row["low"] is None and row["high"] is None:
            yield problem(file, row["row"], "low", "neither limit is stated.", "State one, or take the row out.")
        if row["age_low"] >= row["age_high"]:
            what = f"the ages from {row['age_low']:g} to below {row['age_high']:g} are nobody's."
            yield problem(file, row["row"], "age_high", what, "The band ends before this age is reached.")
        if row["valid_from"] > row["valid_to"]:
            yield problem(file, row["row"], "valid_to", "the last day lies before the first.", "Exchange or mend the days.")


def _groups(ranges: pl.DataFrame) -> Iterator[list[dict[str, Any]]]:
    for _, group in ranges.drop_nulls("concept").group_by("laboratory", "concept", maintain_order=True):
        yield group.to_dicts()


def _overlaps(ranges: pl.DataFrame, file: str) -> Iterator[Problem]:
    for rows in _groups(ranges):
        for one, other in combinations(rows, 2):
            sexes = one["sex"] == other["sex"] or "any" in (one["sex"], other["sex"])
            ages = one["age_low"] < other["age_high"] and other["age_low"] < one["age_high"]
            days = one["valid_from"] <= other["valid_to"] and other["valid_from"] <= one["valid_to"]
            if sexes and ages and days:
                what = f"overlaps row {one['row']}: {one['test']} at {one['laboratory']} has two ranges for the same children and days."
                yield problem(
                    file, other["row"], "age_low", what, "Let one band end where the next begins, or give the older a last day."
                )


def _gaps(ranges: pl.DataFrame, file: str) -> Iterator[Problem]:
    for rows in _groups(ranges):
        sexes: dict[tuple[int, float, float], list[str]] = {}
        for sex in ("female", "male"):
            for row, end, start in _gaps_of([row for row in rows if row["sex"] in (sex, "any")]):
                sexes.setdefault((row, end, start), []).append(sex)
        for (row, end, start), whom in sexes.items():
            what = f"{rows[0]['test']} at {rows[0]['laboratory']} has no range from {end:g} to {start:g} years ({' or '.join(whom)})."
            yield problem(file, row, "age_high", what, "A result at such an age is not graded against a range.")


def _gaps_of(bands: list[dict[str, Any]]) -> Iterator[tuple[int, float, float]]:
    """The row behind which a gap lies, and the ages where it begins and ends; each row is followed on its own last day."""
    for row in bands:
        then = [other for other in bands if other["valid_from"] <= row["valid_to"] <= other["valid_to"]]
        following = [other["age_low"] for other in then if other["age_low"] >= row["age_high"]]
        if following and not any(other["age_low"] <= row["age_high"] < other["age_high"] for other in then):
            yield row["row"], row["age_high"], min(following)


def chosen(results: pl.DataFrame, ranges: pl.DataFrame) -> pl.DataFrame:
    """This will return, for each row of `results`, the range that fits it, or why none does.

    `results` has the columns laboratory, concept, sex, months (of age; null: unknown) and date; `ranges` is a checked table. The answer
    has the columns low, high, unit (of the range; null for none), range_row and miss (one of MISSES, null where a range was found).
    """
    keys = ["laboratory", "concept", "sex", "months", "date"]
    asked = results.select(keys).unique(maintain_order=True).with_row_index("asked")
    bands = ranges.select(
        "laboratory", "concept", pl.col("sex").alias("band_sex"), "months_low", "months_high", "valid_from", "valid_to", "low", "high", "unit",
        pl.col("row").alias("range_row"),
    )  # fmt: skip
    pairs = asked.join(bands, on=["laboratory", "concept"], how="inner").with_columns(
        ((pl.col("band_sex") == "any") | (pl.col("band_sex") == pl.col("sex")).fill_null(value=False)).alias("fits_sex"),
        pl.col("months")
        .is_between(pl.col("months_low"), pl.col("months_high"), closed="left")
        .fill_null(value=False)
        .alias("fits_age"),
        pl.col("date").is_between(pl.col("valid_from"), pl.col("valid_to")).fill_null(value=False).alias("fits_date"),
    )
    sex, age, day = pl.col("fits_sex"), pl.col("fits_age"), pl.col("fits_date")
    found = pairs.filter(sex & age & day).select("asked", "low", "high", "unit", "range_row")
    near = pairs.group_by("asked").agg(
        pl.when(~sex.any()).then(pl.lit("range_no_sex"))
        .when(~(sex & age).any()).then(pl.lit("range_no_age"))
        .otherwise(pl.lit("range_no_date")).alias("near")
    )  # fmt: skip
    laboratories = ranges["laboratory"].unique().implode()
    best = asked.join(found, on="asked", how="left").join(near, on="asked", how="left").with_columns(
        pl.when(pl.col("range_row").is_not_null()).then(None)
        .when(pl.col("near").is_not_null()).then(pl.col("near"))
        .when(pl.col("laboratory").is_in(laboratories).fill_null(value=False)).then(pl.lit("range_no_test"))
        .otherwise(pl.lit("range_no_laboratory")).alias("miss")
    )  # fmt: skip
    return (
        results.select(keys)
        .join(best, on=keys, how="left", nulls_equal=True, maintain_order="left")
        .select("low", "high", "unit", "range_row", "miss")
    )


def months_of_age(born: str = "birth_date", on: str = "date") -> pl.Expr:
    """This will return completed months of age on a day; null where either is unknown. Somebody born on the 31st completes a month
    on the last day of a shorter one."""
    birth, day = pl.col(born), pl.col(on)
    whole = (day.dt.year().cast(pl.Int32) - birth.dt.year()) * _MONTHS + (day.dt.month().cast(pl.Int32) - birth.dt.month())
    reached = pl.min_horizontal(birth.dt.day(), day.dt.month_end().dt.day())
    return whole - (day.dt.day() < reached).cast(pl.Int32)
