"""Incidence of adverse events by subject: any, by worst grade, severe, related, serious; each over a named denominator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from protocord.safety.events.counting import SUBSETS, counted, gathered, grouped, subset_answer
from protocord.statistics import Statistic
from protocord.statistics.intervals import binomial
from protocord.statistics.results import Scalar

__all__ = ["incidence", "subject_grades"]

_GRADES = (1, 2, 3, 4, 5)
_CONVENTIONS = ("te_open_dates", "te_same_day", "ae_denominator")
_WORST = ("ae_worst_grade",)


def incidence(events: pl.DataFrame, treatment: pl.DataFrame, *, level: float = 0.95) -> tuple[Statistic, ...]:
    """This will return how many treated subjects had which events.

    `events` as `emergent` returns them, `treatment` as `on_treatment`. For all events, each system organ class, each term and
    each category, and each subset of `SUBSETS`: subjects, n (treated subjects), proportion with its Clopper-Pearson interval,
    events, and open (subjects who would be added if what is missing were a yes). By worst grade: subjects of each. A subject
    counts once in each row, at the worst grade of that row. For all events also those counted although their date leaves open
    whether they are emergent (`open_dates`), and those counted as related because nobody said (`assumed_related`).
    """
    n = treatment.filter(pl.col("first").is_not_null()).height
    counting = counted(events)
    subject = pl.col("subject")
    columns: list[pl.Expr] = []
    for subset in SUBSETS:
        yes, possible = subset_answer(subset)
        columns += [
            subject.filter(yes).n_unique().alias(f"{subset}:subjects"),
            yes.sum().alias(f"{subset}:events"),
            subject.filter(possible).n_unique().alias(f"{subset}:possible"),
        ]
    found: list[Statistic] = []
    for group, frame in grouped(counting):
        for row in gathered(group, frame, columns).iter_rows(named=True):
            context = group.context(row)
            for subset in SUBSETS:
                found += _of_subset(row, subset, n, {**context, "subset": subset}, level)
    found += _by_worst_grade(counting, n)
    found += _counted_by_convention(counting, n)
    return tuple(found)


def subject_grades(events: pl.DataFrame) -> tuple[Statistic, ...]:
    """This will return the worst grade of each term in each subject (`worst_grade`; 0 where no grade is known) and, beside it,
    whether any of the term's events was serious (`serious`) and related (`related`): what the grid of events is drawn from.
    """
    counting = counted(events)
    if not counting.height:
        return ()
    worst = (
        counting.group_by("subject", "soc", "term")
        .agg(
            pl.col("grade").max().fill_null(0),
            pl.col("serious").fill_null(value=False).any(),
            pl.col("related").fill_null(value=True).any(),
            pl.len().alias("events"),
        )
        .sort("soc", "term", "subject", nulls_last=True)
    )
    found = []
    for row in worst.iter_rows(named=True):
        context = {"subject": row["subject"], "term": row["term"]} | ({"soc": row["soc"]} if row["soc"] else {})
        found += [
            Statistic("ae_grid", "worst_grade", row["grade"], context=context, conventions=_WORST),
            Statistic("ae_grid", "serious", row["serious"], context=context),
            Statistic("ae_grid", "related", row["related"], context=context, conventions=("ae_missing_attribution",)),
            Statistic("ae_grid", "events", row["events"], context=context),
        ]
    return tuple(found)


def _of_subset(row: dict[str, Any], subset: str, n: int, context: dict[str, str], level: float) -> Iterator[Statistic]:
    conventions = _CONVENTIONS + (("ae_missing_attribution",) if "related" in subset else ())
    subjects = row[f"{subset}:subjects"]
    yield Statistic("ae_incidence", "subjects", subjects, context=context, conventions=conventions)
    yield Statistic("ae_incidence", "n", n, context=context, conventions=("ae_denominator",))
    yield Statistic("ae_incidence", "events", row[f"{subset}:events"], context=context, conventions=conventions)
    yield Statistic("ae_incidence", "open", row[f"{subset}:possible"] - subjects, context=context, conventions=conventions)
    if n:
        found = binomial(subjects, n, level=level)
        for name in ("estimate", "lower", "upper"):
            yield Statistic(
                "ae_incidence",
                "proportion" if name == "estimate" else name,
                getattr(found, name),
                unit="1",
                context=context,
                method=found.method,
                conventions=conventions,
                level=None if name == "estimate" else level,
            )


def _by_worst_grade(counting: pl.DataFrame, n: int) -> Iterator[Statistic]:
    """For each row of the table, its subjects by their worst grade in it; 0 stands for a grade that is not known."""
    for group, frame in grouped(counting):
        worst = frame.group_by("subject", *group.keys).agg(pl.col("grade").max().fill_null(0).alias("worst"))
        columns = [(pl.col("worst") == grade).sum().alias(str(grade)) for grade in (*_GRADES, 0)]
        for row in gathered(group, worst, columns).iter_rows(named=True):
            for grade in (*_GRADES, 0):
                context: dict[str, Scalar] = {**group.context(row), "worst_grade": grade}
                value = row[str(grade)]
                yield Statistic("ae_worst_grade", "subjects", value, context=context, conventions=_CONVENTIONS + _WORST)
            yield Statistic("ae_worst_grade", "n", n, context=group.context(row), conventions=("ae_denominator",))


def _counted_by_convention(counting: pl.DataFrame, n: int) -> Iterator[Statistic]:
    context = {"of": "all"}
    open_dates = counting.filter(pl.col("emergence") == "unknown")
    sure = counting.filter(pl.col("emergence") != "unknown")["subject"].unique()
    only = open_dates.filter(~pl.col("subject").is_in(sure.to_list()))["subject"].n_unique()
    yield Statistic("ae_open", "events_with_open_dates", open_dates.height, context=context, conventions=("te_open_dates",))
    yield Statistic("ae_open", "subjects_only_by_open_dates", only, context=context, conventions=("te_open_dates",))
    assumed = counting.filter(pl.col("related").is_null()).height
    yield Statistic("ae_open", "events_assumed_related", assumed, context=context, conventions=("ae_missing_attribution",))
    ungraded = counting["grade"].null_count()
    yield Statistic("ae_open", "events_without_grade", ungraded, context=context, conventions=_WORST)
    yield Statistic("ae_open", "n", n, context=context, conventions=("ae_denominator",))
