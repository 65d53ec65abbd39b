"""Which result is the baseline of which: the last valid one before first treatment, or those that the table marks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from protocord.errors import Place, Problem
from protocord.tables import TableProblems

_OF = ["subject", "concept"]


def baseline_places(results: pl.DataFrame, rule: str, file: str = "") -> npt.NDArray[np.int64]:
    """This will return, for each result, the place (from 0) of the result that is its baseline; -1 for none.

    `results` has the columns subject, concept, date, time, first_treatment, before_treatment, baseline (the mark) and valid. `rule` is
    the protocol's: last_before_first_treatment, last_before_each_infusion or screening; the last two need the marks, since a table of
    results does not say which sample belongs to which infusion or visit. One baseline serves all results of a subject and test, those
    before it too; where several are marked, each result has the last one up to its own day, and earlier results the first.

    The sample of the day of first treatment counts as taken before it unless `before_treatment` says no. Within a day the later
    `time` is the last, then the later row. Raises TableProblems where marks are needed and there are none.
    """
    numbered = results.select(
        *_OF, "date", "time", "first_treatment", "before_treatment", "baseline", "valid", pl.int_range(pl.len()).alias("place")
    )
    marked = numbered.filter(pl.col("baseline").fill_null(value=False) & pl.col("valid"))
    if marked.is_empty() and rule != "last_before_first_treatment":
        what = f"the protocol takes its baseline as {rule!r}, and no result is marked as one."
        raise TableProblems([Problem(Place(file, 0, "column baseline"), what, "Mark the baseline results with yes.")])
    before = (pl.col("date") < pl.col("first_treatment")) | (
        (pl.col("date") == pl.col("first_treatment")) & pl.col("before_treatment").fill_null(value=True)
    )
    eligible = numbered.filter(pl.col("valid") & before) if rule == "last_before_first_treatment" else numbered.clear()
    places = _joined(numbered, _last(eligible))
    if marked.is_empty():
        return places
    first = _joined(numbered, _last(marked, reverse=True))
    ordered = marked.sort("date", "time", "place", nulls_last=False).select(*_OF, "date", pl.col("place").alias("mark"))
    latest = (
        numbered.sort("date", maintain_order=True)
        .join_asof(ordered, on="date", by=_OF, strategy="backward", check_sortedness=False)
        .sort("place")["mark"]
        .fill_null(-1)
        .to_numpy()
    )
    return np.where(first < 0, places, np.where(latest < 0, first, latest)).astype(np.int64)


def _last(results: pl.DataFrame, *, reverse: bool = False) -> pl.DataFrame:
    """The last (or first) result of each subject and test."""
    ordered = results.sort("date", "time", "place", nulls_last=False)
    chosen = pl.col("place").first() if reverse else pl.col("place").last()
    return ordered.group_by(_OF).agg(chosen.alias("mark"))


def _joined(numbered: pl.DataFrame, marks: pl.DataFrame) -> npt.NDArray[np.int64]:
    joined = numbered.select(_OF).join(marks, on=_OF, how="left", maintain_order="left")
    return joined["mark"].fill_null(-1).to_numpy().astype(np.int64)
