"""Which events are treatment-emergent, by the protocol's rule; partial dates leave it open, and open events are counted.

Everything here works on columns, so that a large safety database takes no longer than it must.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from protocord.errors import Problem
from protocord.protocol.document.safety import AdverseEvents
from protocord.safety.moments import Moment
from protocord.tables import TableProblems, problem

__all__ = ["EMERGENCE", "EmergentRule", "emergent", "on_treatment", "read_moments"]

EMERGENCE = ("emergent", "worsened", "before", "after", "unknown", "not_treated")
"""How an event stands to treatment. Counted are the first two and, by convention `te_open_dates`, unknown."""

_COUNTED = ("emergent", "worsened", "unknown")
_MOMENT_COLUMNS = {
    "consent": "consented",
    "first_infusion": "first",
    "last_infusion": "last",
    "end_of_treatment": "end_of_treatment",
    "end_of_follow_up": "risk_end",
}


@dataclass(frozen=True, slots=True)
class EmergentRule:
    """From which moment an event is treatment-emergent, for how many days after the last infusion, and from which answer related."""

    start: str
    days_after_last: int
    related: frozenset[str]

    @classmethod
    def of(cls, document: AdverseEvents) -> EmergentRule:
        """This will return the rule of safety.yaml's `adverse_events`. Raises ValueError for a length in months or years."""
        days = document.emergent_until.days
        if days is None:
            message = f"emergent_until: {document.emergent_until} has no fixed number of days"
            raise ValueError(message)
        levels = document.causes.levels
        related = levels[levels.index(document.causes.related_from) :]
        return cls(document.emergent_from, int(days), frozenset(related))


def read_moments(frame: pl.DataFrame, column: str, file: str) -> tuple[pl.DataFrame, list[Problem]]:
    """This will return the frame with `<column>_earliest` and `<column>_latest` (local times) and the problems of that column."""
    found: dict[str, Moment] = {}
    wrong: dict[str, str] = {}
    for text in frame[column].drop_nulls().unique().to_list():
        try:
            found[text] = Moment.parse(text)
        except ValueError as error:
            wrong[text] = str(error)
    problems = [
        problem(file, row, column, f"{wrong[text]}.")
        for row, text in frame.select("row", column).iter_rows()
        if text is not None and text in wrong
    ]
    lookup = pl.DataFrame(
        {
            column: list(found),
            f"{column}_earliest": [moment.earliest for moment in found.values()],
            f"{column}_latest": [moment.latest for moment in found.values()],
        },
        schema={column: pl.String, f"{column}_earliest": pl.Datetime("us"), f"{column}_latest": pl.Datetime("us")},
    )
    return frame.join(lookup, on=column, how="left", maintain_order="left"), problems


def on_treatment(infusions: pl.DataFrame, followed: pl.DataFrame, rule: EmergentRule, cut_off: date) -> pl.DataFrame:
    """This will return one row a subject of `followed`: how long it was treated and observed, as the data stood on `cut_off`.

    Columns: subject, first and last (days of the first and the last infusion), started (time of the first), infusions (number),
    until (last day observed, at most the cut), risk_end (last day on which an event would be emergent and known), risk_days
    (from first to risk_end, both included), died, left. Subjects without an infusion have empty days. Raises TableProblems for
    unreadable times, infusions of unknown subjects, or an end of observation before the first infusion.
    """
    given, problems = read_moments(infusions, "started", "infusions")
    known = followed["subject"].to_list()
    for row, subject in given.filter(~pl.col("subject").is_in(known)).select("row", "subject").iter_rows():
        problems.append(problem("infusions", row, "subject", f"{subject} is not in the table of subjects."))
    coarse = given.filter(pl.col("started_earliest").dt.date() != pl.col("started_latest").dt.date())
    for row, text in coarse.select("row", "started").iter_rows():
        problems.append(problem("infusions", row, "started", f"{text} leaves the day of the infusion open.", "Give the day."))
    if problems:
        raise TableProblems(problems)
    cut = pl.lit(cut_off)
    before_cut = given.filter(pl.col("started_earliest").dt.date() <= cut)
    treated = before_cut.group_by("subject").agg(
        pl.col("started_earliest").min().dt.date().alias("first"),
        pl.col("started_earliest").max().dt.date().alias("last"),
        pl.col("started_earliest").min().alias("started"),
        pl.len().cast(pl.Int64).alias("infusions"),
    )
    joined = followed.join(treated, on="subject", how="left", maintain_order="left").with_columns(
        pl.min_horizontal(pl.col("until"), pl.col("died"), cut).alias("until"),
        pl.when(pl.col("died") <= cut).then(pl.col("died")).alias("died"),
        pl.col("infusions").fill_null(0),
    )
    end = pl.min_horizontal(pl.col("last") + timedelta(days=rule.days_after_last), pl.col("until"))
    made = joined.with_columns(pl.when(pl.col("first").is_not_null()).then(end).alias("risk_end"))
    made = made.with_columns(((pl.col("risk_end") - pl.col("first")).dt.total_days() + 1).alias("risk_days"))
    late = made.filter(pl.col("risk_days") < 1)
    if late.height:
        said = "observation ends before the first infusion."
        raise TableProblems([problem("subjects", row, "until", said) for row in late["row"].to_list()])
    return made


def emergent(events: pl.DataFrame, treatment: pl.DataFrame, rule: EmergentRule, cut_off: date) -> pl.DataFrame:
    """This will return the events known on `cut_off` with what the tables count by.

    Adds onset_earliest, onset_latest, end_latest (times), emergence (one of `EMERGENCE`), counted, related (yes, no or empty)
    and fatal (an event of grade 5 is). Events that began after the cut are left out. An event on the day of the first
    infusion whose time is not known is emergent (convention `te_same_day`). Raises TableProblems for unreadable times, an end
    before the onset, or a subject that is not in `treatment`.
    """
    frame, problems = read_moments(events, "onset", "adverse events")
    frame, more = read_moments(frame, "end", "adverse events")
    problems += more
    known = treatment["subject"].to_list()
    for row, subject in frame.filter(~pl.col("subject").is_in(known)).select("row", "subject").iter_rows():
        problems.append(problem("adverse events", row, "subject", f"{subject} is not in the table of subjects."))
    for row in frame.filter(pl.col("end_latest") < pl.col("onset_earliest"))["row"].to_list():
        problems.append(problem("adverse events", row, "end", "lies before the onset."))
    problems += _classes_wrong(frame)
    if problems:
        raise TableProblems(problems)
    frame = frame.with_columns(pl.col("soc").fill_null(pl.col("soc").drop_nulls().first().over("term")))
    frame = frame.filter((pl.col("onset_earliest").dt.date() <= pl.lit(cut_off)) | pl.col("onset_earliest").is_null())
    start = _MOMENT_COLUMNS[rule.start]
    columns = list(dict.fromkeys(("subject", "first", "last", "started", start)))
    frame = frame.join(treatment.select(columns), on="subject", how="left", maintain_order="left")
    at = pl.col("started") if rule.start == "first_infusion" else pl.col(start).cast(pl.Datetime("us"))
    made = frame.with_columns(_emergence(at, rule).alias("emergence")).with_columns(
        pl.col("emergence").is_in(list(_COUNTED)).alias("counted"),
        pl.col("cause_product").is_in(sorted(rule.related)).alias("related"),
        ((pl.col("grade") == 5).fill_null(value=False) | pl.col("fatal").fill_null(value=False)).alias("fatal"),
    )
    return made.drop("started", *(name for name in ("consented", "end_of_treatment", "risk_end") if name in columns))


def _classes_wrong(events: pl.DataFrame) -> list[Problem]:
    """A term belongs to one system organ class, or its row in the table would fall apart."""
    classes = pl.col("soc").drop_nulls()
    several = events.filter(classes.n_unique().over("term") > 1).filter(pl.col("soc") != classes.first().over("term"))
    said = "is in another system organ class above."
    return [
        problem("adverse events", row, "soc", f"{term} {said}", "Give the term one class.")
        for row, term in several.select("row", "term").iter_rows()
    ]


def _emergence(at: pl.Expr, rule: EmergentRule) -> pl.Expr:
    """The answer of the rule for each event; `at` is the time from which an event is emergent."""
    earliest, latest = pl.col("onset_earliest"), pl.col("onset_latest")
    window_end = pl.col("last") + timedelta(days=rule.days_after_last)
    gone = (pl.col("end_latest").dt.date() < at.dt.date()).fill_null(value=False)
    worsening = (
        pl.when(gone)
        .then(pl.lit("before"))
        .when(pl.col("grade").is_null() | pl.col("grade_before").is_null())
        .then(pl.lit("unknown"))
        .when(pl.col("grade") > pl.col("grade_before"))
        .then(pl.lit("worsened"))
        .otherwise(pl.lit("before"))
    )
    return (
        pl.when(pl.col("first").is_null() | at.is_null())
        .then(pl.lit("not_treated"))
        .when(gone)
        .then(pl.lit("before"))
        .when(earliest.is_null())
        .then(pl.lit("unknown"))
        .when(latest < at)
        .then(worsening)
        .when(earliest.dt.date() > window_end)
        .then(pl.lit("after"))
        .when((earliest.dt.date() < at.dt.date()) | (latest.dt.date() > window_end))
        .then(pl.lit("unknown"))
        .otherwise(pl.lit("emergent"))
    )
