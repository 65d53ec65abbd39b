"""Whether one event was not later than another."""

from __future__ import annotations

import polars as pl

from protocord.cohort.kinds import Kind, Status
from protocord.cohort.plan.framed import Framed, hit


def ordered(framed: Framed) -> pl.DataFrame | None:
    """OnOrBefore: the earliest days of both, and whether the second is on record as not done."""
    classes = framed.classes
    firsts = classes.of(("OnOrBefore",), lambda leaf: {"day": leaf.day, "second": False}, 0)
    seconds = classes.of(("OnOrBefore",), lambda leaf: {"day": leaf.day, "second": True}, 1)
    if firsts.is_empty():
        return None
    rows = pl.concat([firsts, seconds])
    rows = rows.with_columns(
        by_yes=pl.Series([classes.is_answered_by_yes(number) for number in rows["concept"]], dtype=pl.Boolean)
    )
    first, last, day, certain = (pl.col(name) for name in ("first", "last", "day", "certain"))
    usable = pl.col("status") == Status.RECORDED
    earlier = ~pl.col("second") & usable & (pl.col("kind") != Kind.NO) & (first <= day)
    sure = earlier & (last <= day) & certain & (~pl.col("by_yes") | (pl.col("kind") == Kind.YES))
    later = pl.col("second") & usable
    not_done = pl.col("second") & certain & (pl.col("status") == Status.NOT_DONE)
    found = (
        framed.beside(rows, recorded=False)
        .group_by("person", "leaf")
        .agg(
            earliest=first.filter(earlier).min(),
            surely=last.filter(sure).min(),
            other=first.filter(later).min(),
            other_surely=last.filter(later & certain).min(),
            not_done=not_done.any(),
        )
    )
    is_sure, no_other, not_done = pl.col("surely").is_not_null(), pl.col("other").is_null(), pl.col("not_done")
    before = (pl.col("surely") <= pl.col("other")).fill_null(value=False)
    after = (pl.col("earliest") > pl.col("other_surely")).fill_null(value=False)
    true = is_sure & (before | (no_other & not_done))
    pending = is_sure & no_other & ~not_done  # both planes: true where a history covers
    return found.select(hit(true | pending, (is_sure & ~no_other & after) | pending))
