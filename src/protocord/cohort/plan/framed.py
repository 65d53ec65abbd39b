"""Facts brought into memory, each beside the leaves that it has a say in: for leaves that few facts decide, conditions above all.

To write what they ask as SQL, and to have it planned, takes longer than to answer it here.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from protocord.cohort.kinds import CLOSE, FALSE, TRUE, UNKNOWN, Status
from protocord.cohort.plan.classes import Classes
from protocord.cohort.plan.pieces import LAST_DAY, MOMENTS

NOT = pl.lit(value=False)


@dataclass(frozen=True)
class Framed:
    """The leaves of a program and the facts, in memory, that they look at."""

    classes: Classes
    facts: pl.DataFrame

    def beside(self, rows: pl.DataFrame, *, recorded: bool = True) -> pl.DataFrame:
        """This will return the facts beside the rows of a small table that ask for their concepts."""
        found = self.facts.join(rows, on="concept")
        return found.filter(pl.col("status") == Status.RECORDED) if recorded else found


def key(day: pl.Expr) -> pl.Expr:
    """This will return a number that orders records by day and then by record, as `pieces.key`."""
    return day.cast(pl.Int64).clip(0, LAST_DAY) * MOMENTS + pl.col("record")


def at_most(limit: pl.Expr) -> pl.Expr:
    """This will compare a fact's number with a limit that it must not exceed: TRUE, FALSE or UNKNOWN, as `pieces.outcome`."""
    low, high, strict = pl.col("low"), pl.col("high"), pl.col("strict")
    at_low = ((low - limit).abs() <= CLOSE * limit.abs()).fill_null(value=False)
    at_high = ((high - limit).abs() <= CLOSE * limit.abs()).fill_null(value=False)
    above = ((low > limit) & ~at_low).fill_null(value=False) | (at_low & (strict % 2 == 1))
    below = (high < limit).fill_null(value=False) | at_high
    return pl.when(below).then(TRUE).when(above).then(FALSE).otherwise(UNKNOWN)


def decisions(judged: pl.DataFrame, *by: str) -> pl.DataFrame:
    """This will return, for each person, leaf and `by`, which outcomes the candidates have, and whether one surely is there.

    `judged` has sure, low_key, high_key and said; the same as `facts.decisions`.
    """
    said, high = pl.col("said"), pl.col("high_key")
    names = {"true": TRUE, "false": FALSE, "unknown": UNKNOWN}
    found = judged.group_by("person", "leaf", *by).agg(
        floor=pl.col("low_key").filter(pl.col("sure")).max(),
        top=pl.col("low_key").max(),
        **{name: high.filter(said == outcome).max() for name, outcome in names.items()},
    )
    floor = pl.col("floor").fill_null(0)
    return found.with_columns(
        sure=pl.col("floor").is_not_null(), **{f"any_{name}": (pl.col(name) >= floor).fill_null(value=False) for name in names}
    )


def hit(a: pl.Expr, b: pl.Expr, c: pl.Expr = NOT) -> list[pl.Expr]:
    """This will return the columns of hits: person, leaf, and whether the row speaks of each plane."""
    return [pl.col("person"), pl.col("leaf"), a.alias("a"), b.alias("b"), c.alias("c")]
