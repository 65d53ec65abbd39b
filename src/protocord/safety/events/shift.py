"""Shift tables: from the grade at baseline to the worst grade afterwards, and from the reference range to what was reached."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from protocord.statistics import Statistic

__all__ = ["shifts"]

_GRADES = ("0", "1", "2", "3", "4", "5", "missing")
_RANGES = ("low", "normal", "high", "low_and_high", "missing")
_CONVENTIONS = ("shift_baseline", "shift_missing")


def shifts(graded: pl.DataFrame, treatment: pl.DataFrame) -> tuple[Statistic, ...]:
    """This will return shift tables of the treated subjects, for each term.

    `graded` holds subject, term, date, grade and range (low, normal, high or empty); `treatment` is as `on_treatment` returns
    it. `ae_shift_grade`: subjects by grade at baseline and worst grade afterwards (contexts `from_grade`, `to_grade`; missing is a
    grade of its own, so that every table sums to n). `ae_shift_range`: the same by reference range, with low_and_high where both
    were reached. The baseline is the last gradable result up to the day of the first infusion; afterwards counts until the end
    of risk (convention `shift_baseline`).
    """
    days = treatment.filter(pl.col("first").is_not_null()).select("subject", "first", "risk_end")
    joined = graded.join(days, on="subject", how="inner", maintain_order="left").sort("date", maintain_order=True)
    before = joined.filter(pl.col("date") <= pl.col("first"))
    after = joined.filter(pl.col("date") > pl.col("first"), pl.col("date") <= pl.col("risk_end"))
    found: list[Statistic] = []
    for term in sorted(graded["term"].unique().to_list()):
        base, later = before.filter(pl.col("term") == term), after.filter(pl.col("term") == term)
        grades = _table(
            days,
            base.drop_nulls("grade").group_by("subject").agg(pl.col("grade").last().cast(pl.String).alias("from")),
            later.drop_nulls("grade").group_by("subject").agg(pl.col("grade").max().cast(pl.String).alias("to")),
        )
        found += _counts(grades, "ae_shift_grade", "grade", term, _GRADES[:-1])
        ranges = _table(
            days,
            base.drop_nulls("range").group_by("subject").agg(pl.col("range").last().alias("from")),
            later.drop_nulls("range").group_by("subject").agg(_reached().alias("to")),
        )
        if joined.filter(pl.col("term") == term)["range"].count():
            found += _counts(ranges, "ae_shift_range", "range", term, _RANGES[:-1])
    return tuple(found)


def _reached() -> pl.Expr:
    low, high = (pl.col("range") == "low").any(), (pl.col("range") == "high").any()
    return (
        pl.when(low & high)
        .then(pl.lit("low_and_high"))
        .when(low)
        .then(pl.lit("low"))
        .when(high)
        .then(pl.lit("high"))
        .otherwise(pl.lit("normal"))
    )


def _table(days: pl.DataFrame, base: pl.DataFrame, later: pl.DataFrame) -> pl.DataFrame:
    joined = days.join(base, on="subject", how="left").join(later, on="subject", how="left")
    return joined.with_columns(pl.col("from").fill_null("missing"), pl.col("to").fill_null("missing"))


def _counts(table: pl.DataFrame, analysis: str, kind: str, term: str, order: tuple[str, ...]) -> Iterator[Statistic]:
    """The cells with somebody in them, in the order of the grades; every other cell is zero."""
    cells = {(row["from"], row["to"]): row["len"] for row in table.group_by("from", "to").len().iter_rows(named=True)}
    for source in (*order, "missing"):
        for target in (*order, "missing"):
            if (source, target) in cells:
                context = {"term": term, f"from_{kind}": source, f"to_{kind}": target}
                yield Statistic(analysis, "subjects", cells[source, target], context=context, conventions=_CONVENTIONS)
    yield Statistic(analysis, "n", table.height, context={"term": term}, conventions=("ae_denominator",))
