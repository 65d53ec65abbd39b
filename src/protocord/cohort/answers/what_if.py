"""How many more one change would admit: a criterion off, another reading, a limit moved, the unknown counted as good; and along a limit.

All from the answers of one pass over the facts: the patterns of answers say whom the other criteria do not keep out, and only these
persons' answers to what was changed are looked at.

| change | means |
| --- | --- |
| as_written | nothing is changed |
| off | a criterion is not asked |
| reading | another reading of it that the protocol holds |
| limit | one limit of a criterion, or one parameter of the study, moved |
| unknown_good | what is unknown of a criterion, or of `all`, counts as good |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from protocord.cohort.answers.screened import Screened, Tally
from protocord.cohort.plan.loosened import Move, size
from protocord.cohort.plan.program import Column
from protocord.cohort.plan.truths import NOT_MET, REVIEW, UNKNOWN, Flags
from protocord.criteria.write import to_text
from protocord.statistics import Results
from protocord.statistics.results import Scalar, Statistic

COUNTS = ("eligible", "possible", "incomplete")
_TOGETHER = 3  # changes made together at most
_CONVENTIONS = ("limits_move_together",)
_LADDER = ("feasibility_ladder", "limits_move_together")

Where = Mapping[str, Scalar]


@dataclass(frozen=True)
class Change:
    """Other columns for some criteria (None: the criterion is not asked), and what is said of it in the results."""

    where: Where
    columns: Mapping[str, Column | None]
    method: str = ""
    conventions: tuple[str, ...] = ()


@dataclass
class Counting:
    """How many would be admitted under other columns, from a screening whose program holds them."""

    found: Screened
    _others: dict[frozenset[str], Tally] = field(default_factory=dict)
    _alive: dict[frozenset[str], npt.NDArray[np.intp]] = field(default_factory=dict)

    def counts(self, columns: Mapping[str, Column | None]) -> dict[str, int]:
        """This will return how many are `eligible`, how many `possible` (not kept out), and how many of these are `incomplete` (undecided)."""
        others = self._without(frozenset(columns))
        asked = [column for column in columns.values() if column is not None]
        if not asked:
            return self.of_tally(others)
        places = self._left(frozenset(columns))
        pattern = self.found.patterns.of[places]
        unknown, review, kept_out = others.unknown[pattern], others.review[pattern], np.zeros(len(places), np.bool_)
        for column in asked:
            codes = self.found.codes(column)[places]
            kept_out |= codes == NOT_MET
            unknown, review = unknown + (codes == UNKNOWN), review + (codes == REVIEW)
        return _counted(kept_out, unknown > 0, review > 0, lambda these: int(these.sum()))

    def of_tally(self, tally: Tally) -> dict[str, int]:
        """This will return the same for another tally of the patterns."""
        return _counted(~tally.possible, tally.unknown > 0, tally.review > 0, self.found.patterns.count)

    @cached_property
    def as_written(self) -> dict[str, int]:
        """The same with nothing changed."""
        return self.of_tally(self.found.tally)

    def _without(self, criteria: frozenset[str]) -> Tally:
        if criteria not in self._others:
            tally = self.found.tally
            for criterion in criteria:
                tally = tally.without(self.found.by_pattern(criterion))
            self._others[criteria] = tally
        return self._others[criteria]

    def _left(self, criteria: frozenset[str]) -> npt.NDArray[np.intp]:
        """The places of whom the other criteria do not keep out."""
        if criteria not in self._alive:
            self._alive[criteria] = self.found.patterns.places(self._without(criteria).possible)
        return self._alive[criteria]


def _counted(kept_out: Flags, unknown: Flags, review: Flags, count: Callable[[Flags], int]) -> dict[str, int]:
    possible = ~kept_out
    return dict(zip(COUNTS, map(count, (possible & ~unknown & ~review, possible, possible & unknown)), strict=True))


def what_if(
    found: Screened,
    inputs: str = "",
    about: Mapping[str, Scalar] | None = None,
    *,
    tried: Sequence[Move] = (),
    asked: Sequence[Move] = (),
    curves: Sequence[Sequence[Move]] = (),
) -> Results:
    """This will return how many more would be eligible, or not be kept out, were one thing different; no fact is looked at again.

    `tried` are moves of the ladder, `asked` those that somebody asked for, `curves` moves along one limit each, in ascending order.
    The program of the screening must hold them all. Where any are tried or asked, the best changes together are sought, too.
    """
    counting = Counting(found)
    columns = _columns(found)
    single = [*_off(found), *_readings(found)]
    limits = [_moved(found, move, columns, "ladder", _LADDER) for move in tried]
    limits += [_moved(found, move, columns, "asked", _CONVENTIONS) for move in asked]
    rows = [*_rows("what_if", counting, {"change": "as_written"}, counting.as_written, more=False)]
    for change in [*single, *limits]:
        rows += _rows("what_if", counting, change.where, counting.counts(change.columns), change)
    rows += _unknown_good(counting)
    if limits:
        near = _nearest(tried)
        steps = [one for one, move in zip(limits, [*tried, *asked], strict=True) if move in near or one.method == "asked"]
        rows += _together(counting, [*steps, *_readings(found)])
    for number, points in enumerate(curves, 1):
        rows += _curve(counting, points, columns, number)
    return Results(tuple(rows), inputs, about or {})


def _columns(found: Screened) -> Mapping[str, Mapping[str, Column]]:
    """The columns of each move, by criterion."""
    columns: dict[str, dict[str, Column]] = {}
    for column in found.program.columns:
        if column.move:
            columns.setdefault(column.move, {})[column.criterion] = column
    return columns


def _off(found: Screened) -> Iterator[Change]:
    for criterion in found.criteria:
        yield Change({"change": "off", "criterion": criterion}, {criterion: None})


def _readings(found: Screened) -> Iterator[Change]:
    for column in found.program.readings:
        where = {"change": "reading", "criterion": column.criterion, "reading": column.reading}
        yield Change(where, {column.criterion: column})


def _moved(
    found: Screened, move: Move, columns: Mapping[str, Mapping[str, Column]], method: str, conventions: tuple[str, ...]
) -> Change:
    return Change(_where(found, move), columns[move.name], method, conventions)


def _where(found: Screened, move: Move) -> Where:
    """What is said of a moved limit: where it stands, what it limits, from what to what."""
    concepts = found.protocol.concepts
    names = [concepts[name].name for name in dict.fromkeys(one.asked for one in move.limits) if name in concepts]
    places = move.places(found.protocol)
    return {
        "change": "limit",
        "move": move.name,
        "criterion": ", ".join(move.criteria),
        "limit": to_text(move.value),
        "to": to_text(move.to),
        "direction": move.direction,
        "limit_kind": str(move.kind),
        "operator": move.limits[0].operator or "",
        "asked_en": ", ".join(name.en for name in names),
        "asked_zh": "、".join(name.zh for name in names),
        "asked": len(names),
        "parameter": move.parameter or move.limits[0].parameter,
        "everywhere": bool(move.parameter),
        "review_only": all(place.part == "review_when" for one in move.limits for place in one.places),
        "place": ", ".join(str(place) for place in places),
    }


def _rows(
    analysis: str, counting: Counting, where: Where, counts: Mapping[str, int], change: Change | None = None, *, more: bool = True
) -> Iterator[Statistic]:
    method, conventions = (change.method, change.conventions) if change else ("", ())
    for name, count in counts.items():
        yield Statistic(analysis, name, count, context=where, method=method, conventions=conventions)
        if more:
            gain = count - counting.as_written[name]
            yield Statistic(analysis, f"{name}_more", gain, context=where, method=method, conventions=conventions)


def _unknown_good(counting: Counting) -> Iterator[Statistic]:
    found = counting.found
    tally = found.tally
    for criterion in found.criteria:
        where = {"change": "unknown_good", "criterion": criterion}
        yield from _rows("what_if", counting, where, counting.of_tally(tally.good(found.by_pattern(criterion))))
    nothing = Tally(tally.not_met, np.zeros_like(tally.unknown), tally.review)
    yield from _rows("what_if", counting, {"change": "unknown_good", "criterion": "all"}, counting.of_tally(nothing))


def _nearest(tried: Sequence[Move]) -> frozenset[Move]:
    """Of each limit the nearest step either way: what is made together should be of a size."""
    nearest: dict[object, Move] = {}
    for move in sorted(tried, key=lambda one: abs(size(one.to) - size(one.value))):
        nearest.setdefault((move.limits, move.parameter, move.direction), move)
    return frozenset(nearest.values())


def _together(counting: Counting, changes: Sequence[Change]) -> Iterator[Statistic]:
    """The changes that together admit most, found greedily: to those made, each time the one that then adds most, up to three.

    Once for the eligible and once for those not kept out. No criterion is changed twice.
    """
    for aim, other in (("eligible", "possible"), ("possible", "eligible")):
        made: dict[str, Column | None] = {}
        best = counting.as_written
        for step in range(1, _TOGETHER + 1):
            open_ = [one for one in changes if made.keys().isdisjoint(one.columns)]
            counted = [(counting.counts({**made, **one.columns}), one) for one in open_]
            top, chosen = max(counted, key=lambda one: (one[0][aim], one[0][other]), default=(best, None))
            if chosen is None or top[aim] <= best[aim]:
                break
            made, best = {**made, **chosen.columns}, top
            where = {"aim": aim, "step": step, **chosen.where}
            yield from _rows("together", counting, where, top, Change(where, made, "greedy", chosen.conventions))


def _curve(
    counting: Counting, points: Sequence[Move], columns: Mapping[str, Mapping[str, Column]], number: int
) -> Iterator[Statistic]:
    for move in points:
        where = {"curve": number, "at": move.at, **_where(counting.found, move)}
        yield from _rows("curve", counting, where, counting.counts(columns[move.name]), Change(where, {}, "asked", _CONVENTIONS))
