"""Count events for a limit from a table of subjects: with, without, and those of whom it is not known yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import polars as pl

from protocord.errors import Problem
from protocord.monitor.columns import EVENTS
from protocord.monitor.limits import WatchedLimit
from protocord.tables import TableProblems, problem, read


@dataclass(frozen=True, slots=True)
class Count:
    """The counts for one limit: evaluable with and without event, those not known yet, those who never will be counted.

    `passed` holds the share of the window that each pending subject has gone through, None where one of them does not say.
    """

    events: int
    without: int
    pending: int
    not_evaluable: int
    passed: tuple[float, ...] | None = None

    @property
    def evaluable(self) -> int:
        """Evaluable subjects."""
        return self.events + self.without


def count_events(source: Path | pl.DataFrame, limits: Iterable[WatchedLimit], *, file: str = "") -> dict[str, Count]:
    """This will return the counts of each limit, by its id.

    A row counts for a limit by the limit's id, by the id of what it counts, or with an empty cell for every limit. A subject who
    is pending, or whose event is unknown, is neither an event nor a non-event. Raises TableProblems with all that is wrong: a
    name that no limit has, an event of a subject who is said not to be evaluable, a subject counted twice for one limit.
    """
    watched = tuple(limits)
    name = file or (source.name if isinstance(source, Path) else EVENTS.name)
    frame = read(EVENTS, source, file=name)
    problems = [*_unknown_limits(frame, watched, name), *_contradictions(frame, name)]
    parts = {one.id: _rows(frame, one) for one in watched}
    for one in watched:
        problems += _twice(parts[one.id], one, name)
    if problems:
        raise TableProblems(dict.fromkeys(problems))
    return {one.id: _count(parts[one.id]) for one in watched}


def _rows(frame: pl.DataFrame, one: WatchedLimit) -> pl.DataFrame:
    return frame.filter(pl.col("limit").is_null() | pl.col("limit").is_in([one.id, one.limit.counts]))


def _count(rows: pl.DataFrame) -> Count:
    counted = rows.filter(pl.col("evaluable") != "no").with_columns(
        known=(pl.col("evaluable") == "yes") & pl.col("event").is_in(["yes", "no"])
    )
    events = counted.filter(pl.col("known") & (pl.col("event") == "yes")).height
    open_ = counted.filter(~pl.col("known"))
    shares = open_["passed"].to_list()
    passed = tuple(float(share) for share in shares) if all(share is not None for share in shares) else None
    known = counted.height - open_.height
    return Count(events, known - events, open_.height, rows.height - counted.height, passed)


def _unknown_limits(frame: pl.DataFrame, watched: tuple[WatchedLimit, ...], file: str) -> Iterable[Problem]:
    names = sorted({one.id for one in watched} | {one.limit.counts for one in watched})
    for row, said in frame.select("row", "limit").drop_nulls().iter_rows():
        if said not in names:
            alike = get_close_matches(said, names, n=1)
            hint = f"Did you mean {alike[0]!r}?" if alike else f"The protocol has: {', '.join(names)}."
            yield problem(file, row, "limit", f"{said!r} is no limit of the protocol, nor what one counts.", hint)


def _contradictions(frame: pl.DataFrame, file: str) -> Iterable[Problem]:
    for row, evaluable in (
        frame.filter(pl.col("event") == "yes", pl.col("evaluable") != "yes").select("row", "evaluable").iter_rows()
    ):
        what = f"an event has happened, and the subject is said to be {'pending' if evaluable == 'pending' else 'not evaluable'}."
        yield problem(file, row, "evaluable", what, "A subject with an event is evaluable: write yes; or mend the event.")


def _twice(rows: pl.DataFrame, one: WatchedLimit, file: str) -> Iterable[Problem]:
    keys = ["subject", "infusion"] if one.limit.unit == "infusions" else ["subject"]
    first: dict[tuple[object, ...], int] = {}
    for row, *key in rows.select("row", *keys).iter_rows():
        earlier = first.setdefault(tuple(key), row)
        if earlier != row:
            what = f"counts subject {key[0]} for {one.id} a second time (row {earlier})."
            yield problem(file, row, "subject", what, "Keep one row for each subject and limit.")
