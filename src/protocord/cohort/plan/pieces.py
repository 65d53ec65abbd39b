"""Expressions that several leaves share: three-valued comparison, completed years, keys that order records, bits."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import polars as pl

from protocord.cohort.kinds import CLOSE, FALSE, TRUE, UNKNOWN, Operator

MOMENTS = 1 << 40  # of a day: a key holds a day and a record, which is less
LAST_DAY = (1 << 22) - 1  # 22 bits hold every ordinal of the calendar


def key(day: ir.IntegerValue, record: ir.IntegerValue) -> ir.IntegerValue:
    """This will return a number that orders records by day and then by record; a day that is open on a side is the first or the last."""
    clipped = ibis.greatest(ibis.least(day.cast("int64"), LAST_DAY), 0)
    return clipped * MOMENTS + record


def near(left: ir.NumericValue, right: ir.NumericValue) -> ir.BooleanValue:
    """This will tell whether two numbers stand for the same decimal."""
    return (left - right).abs() <= CLOSE * right.abs()


def outcome(
    operator: ir.IntegerValue,
    low: ir.FloatingValue,
    high: ir.FloatingValue,
    low_strict: ir.BooleanValue,
    high_strict: ir.BooleanValue,
    limit: ir.FloatingValue,
) -> ir.IntegerValue:
    """This will compare a number between `low` and `high` (null: unbounded) with a limit: TRUE for every such number, FALSE for none, or UNKNOWN.

    The same as `protocord.criteria.numbers.holds`, column-wise.
    """
    at_low, at_high = _known(near(low, limit)), _known(near(high, limit))
    above = _known((low > limit) & ~at_low) | (at_low & low_strict)
    below = _known((high < limit) & ~at_high) | (at_high & high_strict)
    at_least, at_most = above | at_low, below | at_high
    equal, different = at_low & at_high & ~low_strict & ~high_strict, above | below
    return chosen(
        (operator == Operator.AT_LEAST, decided(at_least, below)),
        (operator == Operator.ABOVE, decided(above, at_most)),
        (operator == Operator.AT_MOST, decided(at_most, above)),
        (operator == Operator.BELOW, decided(below, at_least)),
        (operator == Operator.EQUAL, decided(equal, different)),
        otherwise=decided(different, equal),
    )


def _known(truth: ir.BooleanValue) -> ir.BooleanValue:
    """A comparison with an end that is open: it does not hold."""
    return ibis.coalesce(truth, ibis.literal(False))


def decided(true: ir.BooleanValue, false: ir.BooleanValue) -> ir.IntegerValue:
    """This will return the outcome TRUE, FALSE or UNKNOWN of two conditions of which at most one holds."""
    return chosen((true, TRUE), (false, FALSE), otherwise=UNKNOWN)


def chosen(*cases: tuple[ir.BooleanValue, Any], otherwise: Any) -> Any:
    """This will return the value of the first case that holds."""
    return ibis.cases(*cases, else_=otherwise)


def completed_years(birth: ir.IntegerValue, day: ir.IntegerValue, common: ir.BooleanValue) -> ir.IntegerValue:
    """This will return the age in completed years of two days written as year x 10,000 + month x 100 + day; null where one is not known.

    `common` says that the day's year is no leap year: born on 29 February, its birthday is 28 February.
    """
    early = (birth % 10000 == 229) & (day % 10000 == 228) & common
    return (day - birth).cast("int64") // 10000 + chosen((early, 1), otherwise=0)


def calendar() -> pl.DataFrame:
    """This will return the days from 1850 to 2150: ordinal, year x 10,000 + month x 100 + day, and whether the year is a common one.

    Engines disagree about arithmetic on dates, and the formula in whole numbers, written out at every use, drowned one of them.
    """
    days = range(date(1850, 1, 1).toordinal(), date(2150, 12, 31).toordinal() + 1)
    made = pl.DataFrame({"calendar_day": pl.Series(days, dtype=pl.Int32)})
    written = (pl.lit(date(1850, 1, 1)) + pl.duration(days=pl.col("calendar_day") - days[0])).alias("written")
    made = made.with_columns(written)
    year, month, day = (pl.col("written").dt.year(), pl.col("written").dt.month(), pl.col("written").dt.day())
    number = (year.cast(pl.Int32) * 10000 + month.cast(pl.Int32) * 100 + day.cast(pl.Int32)).alias("ymd")
    return made.select("calendar_day", number, (~pl.col("written").dt.is_leap_year()).alias("common"))


@ibis.udf.agg.builtin(name="bit_or")  # type: ignore[untyped-decorator]
def bit_or(bits: int) -> int:  # type: ignore[empty-body]
    """This will join the bits of a column; declared here since Ibis 12 knows it for fewer engines than have it."""


@ibis.udf.agg.builtin(name="max_by")  # type: ignore[untyped-decorator]
def _number_at_last(value: float, moment: int) -> float:  # type: ignore[empty-body]
    """The number of the row with the greatest moment; Ibis sorts all rows of a group to find it."""


@ibis.udf.agg.builtin(name="max_by")  # type: ignore[untyped-decorator]
def _whole_at_last(value: int, moment: int) -> int:  # type: ignore[empty-body]
    """The same of whole numbers."""


@ibis.udf.agg.builtin(name="max_by")  # type: ignore[untyped-decorator]
def _text_at_last(value: str, moment: int) -> str:  # type: ignore[empty-body]
    """The same of text."""


def at_last(value: ir.Column, moment: ir.IntegerValue, dialect: str) -> ir.Scalar:
    """This will return what the row of a group with the greatest moment holds; never null there."""
    if dialect == "postgres":
        return value.argmax(moment)
    kinds = {"float64": _number_at_last, "int64": _whole_at_last, "string": _text_at_last}
    return kinds[str(value.type().copy(nullable=True))](value, moment)


def flag(condition: ir.BooleanValue, bits: Any) -> ir.IntegerValue:
    """This will return `bits` where the condition holds, else 0."""
    return chosen((condition, bits), otherwise=ibis.literal(0, "int64")).cast("int64")
