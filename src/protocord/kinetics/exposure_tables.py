"""From the table of exposures to children, or to stretches of their follow-up, with every contradiction named by its row."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from protocord.errors import Problem
from protocord.kinetics.exposure import Exposed, Stretch, stretches
from protocord.tables import TableProblems, problem


def exposed_children(frame: pl.DataFrame, file: str = "exposures") -> tuple[Exposed, ...]:
    """This will return one child a row of EXPOSURES as `read` gives it. Raises TableProblems where a child has several rows."""
    problems = []
    seen: dict[str, int] = {}
    for row, subject in frame.select("row", "subject").iter_rows():
        if seen.setdefault(subject, row) != row:
            what = f"is a second row of {subject} (row {seen[subject]} is the first)."
            problems.append(problem(file, row, "subject", what, "One row a child; several are for --time-varying."))
    problems += _half_known(frame, file)
    if problems:
        raise TableProblems(problems)
    columns = ("subject", "exposure", "until", "response", "time", "event")
    return tuple(Exposed(*row) for row in frame.select(columns).iter_rows())


def stretches_of(frame: pl.DataFrame, file: str = "exposures") -> tuple[Stretch, ...]:
    """This will return the stretches of every child, whose rows give exposure accumulated `until` each day.

    Raises TableProblems for a row without its day, exposure or outcome, outcomes of one child that differ, or exposure that falls.
    """
    problems = list(_half_known(frame, file))
    for row in frame.iter_rows(named=True):
        for name in ("until", "exposure", "time", "event"):
            if row[name] is None:
                problems.append(problem(file, row["row"], name, "is empty.", "Accumulating exposure needs it in every row."))
    found: list[Stretch] = []
    for (subject,), rows in frame.group_by("subject", maintain_order=True):
        if rows.select("time", "event").n_unique() > 1:
            problems.append(
                problem(file, rows["row"][0], "time", f"{subject} has several outcomes.", "Repeat the same in each row.")
            )
        elif not problems:
            ordered = rows.sort("until")
            pairs = list(zip(ordered["until"].to_list(), ordered["exposure"].to_list(), strict=True))
            try:
                found += stretches(str(subject), pairs, rows["time"][0], rows["event"][0])
            except ValueError as wrong:
                problems.append(problem(file, rows["row"][0], "exposure", f"{wrong}.", "Give what had accumulated by each day."))
    if problems:
        raise TableProblems(problems)
    return tuple(found)


def _half_known(frame: pl.DataFrame, file: str) -> Iterator[Problem]:
    for row, time, event in frame.select("row", "time", "event").iter_rows():
        if (time is None) != (event is None):
            missing = "event" if event is None else "time"
            yield problem(file, row, missing, "is empty beside the other.", "Give both `time` and `event`, or neither.")
