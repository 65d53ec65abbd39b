"""Intervals that do not begin at their time zero are refused, by document and line."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from protocord.errors import DocumentProblems, Place, Problem

if TYPE_CHECKING:
    from protocord.protocol import Protocol


def refuse_late_starts(protocol: Protocol, ids: Collection[str]) -> None:
    """This will raise DocumentProblems, a problem an interval, where one of kinetics.yaml with such an id starts after its time zero.

    What stands in blood at a start between two samples would be a guess, and every area begins there.
    """
    problems = []
    for interval in protocol.kinetics.intervals:
        if interval.id in ids and interval.start.minutes != 0:
            loc = ("intervals", interval.id, "start")
            where = (
                Place("kinetics.yaml", 0, ".".join(loc)) if protocol.sources is None else protocol.sources.place("kinetics", *loc)
            )
            what = f"the interval starts {interval.start} after its time zero, and nothing says what was in blood then."
            problems.append(Problem(where, what, "Write `start: 0 days`, or let the interval begin with a later infusion."))
    if problems:
        raise DocumentProblems(problems)
