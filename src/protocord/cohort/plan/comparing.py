"""The latest fact of each person and test, compared with every limit that the program asks it for: bits, over arrays.

A number meets the limits of its test in steps: between two neighbouring limits nothing changes. So each test has a table with a row for
each step, and one search finds the bits of all its leaves, whatever their number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import inf, nextafter
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from protocord.cohort.kinds import CLOSE, Kind
from protocord.cohort.plan.masks import Layout
from protocord.cohort.plan.newest import ABOVE, ADULTS, BELOW, FROM, POINT, UNUSABLE, UP_TO, YES, Newest, Test, first_day
from protocord.cohort.plan.pieces import MOMENTS
from protocord.cohort.plan.program import Leaf
from protocord.concepts import Concepts
from protocord.criteria.functions.results import ADULT

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Births:
    """The earliest and the latest day of birth of each person, as ordinals; `known` where there is one."""

    first: Ints
    last: Ints
    known: Flags

    @classmethod
    def of(cls, persons: pl.DataFrame) -> Births:
        """This will read them from persons."""
        known = persons["birth_first"].is_not_null() & persons["birth_last"].is_not_null()
        first, last = (persons[name].fill_null(1).cast(pl.Int64).to_numpy() for name in ("birth_first", "birth_last"))
        return cls(first, last, known.to_numpy())

    def youngest(self, places: npt.NDArray[np.intp], day: Ints) -> Ints:
        """This will return the least age in completed years that persons may have on a day each."""
        return completed(self.last[places], day)

    def oldest(self, places: npt.NDArray[np.intp], day: Ints) -> Ints:
        """This will return the greatest."""
        return completed(self.first[places], day)


def completed(birth: Ints, day: Ints) -> Ints:
    """This will return the completed years of days after births, all ordinals: who was born on 29 February has the birthday on the 28th in common years."""
    (born, born_day), (now, now_day) = _calendar(birth), _calendar(day)
    common = (now % 4 != 0) | ((now % 100 == 0) & (now % 400 != 0))
    early = (born_day == 229) & (now_day == 228) & common
    years: Ints = now - born - ((now_day < born_day) & ~early)
    return years


def _calendar(day: Ints) -> tuple[Ints, Ints]:
    """Year, and month x 100 + day."""
    days = (day - date(1970, 1, 1).toordinal()).astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    number = months.astype(np.int64)
    return number // 12 + 1970, (number % 12 + 1) * 100 + (days - months).astype(np.int64) + 1


@dataclass
class Comparing:
    """Sets the bits of the tests' leaves: `planes[plane, word, place]` of the persons at their places."""

    newest: Newest
    layout: Layout
    births: Births
    planes: npt.NDArray[np.int64]
    concepts: Concepts = field(init=False)

    def __post_init__(self) -> None:
        self.concepts = self.newest.classes.concepts

    def all(self, found: pl.DataFrame, places: npt.NDArray[np.intp]) -> None:
        """This will set the bits that facts set; `places` are those of the rows' persons."""
        found, places = self._latest(found, places)
        coded = [number for number, test in enumerate(self.newest.tests) if test.function == "CodeIn"]
        is_coded = np.isin(found["test"].to_numpy(), coded)
        self._numbers(found.filter(~is_coded), places[~is_coded])
        if is_coded.any():
            self._codes(found.filter(is_coded), places[is_coded])

    def _numbers(self, found: pl.DataFrame, places: npt.NDArray[np.intp]) -> None:
        """Set the bits of all but coded leaves."""
        sides, said = found["side"].to_numpy(), found["said"].to_numpy()
        days = found["moment"].to_numpy() // MOMENTS
        for number, rows in _by_test(found):
            test = self.newest.tests[number]
            at, day = places[rows], days[rows]
            if test.function == "AgeInYearsAt":
                self._ages(test, at, day)
                continue
            if test.function == "Recorded":
                self._recorded(test, at, day)
                continue
            side = sides[rows].copy()
            adults = side >= ADULTS
            if adults.any():
                grown = self.births.known[at] & (self.births.youngest(at, day) >= ADULT)
                side = np.where(adults, np.where(grown, side - ADULTS, UNUSABLE), side)
            inside = _windows(test, day)
            for kind in np.unique(side[side != UNUSABLE]):
                here = np.flatnonzero(side == kind)
                steps = Steps.of(test, int(kind))
                step = np.searchsorted(steps.starts, said[rows][here], side="right") - 1
                self._set(test, at[here], (steps.true, steps.false), step, [one[here] for one in inside])

    def _codes(self, found: pl.DataFrame, places: npt.NDArray[np.intp]) -> None:
        """Set the bits of coded leaves: inside a list, or outside with a code of the right form."""
        ids = self.newest.classes.numbering.ids
        for number, rows in _by_test(found):
            test = self.newest.tests[number]
            said = found[rows].select("kind", "concept", "code")
            different = said.unique(maintain_order=True).with_row_index("step")
            step = said.join(different, on=["kind", "concept", "code"], how="left", maintain_order="left")["step"].to_numpy()
            outcomes = [
                [self._coded(leaf, kind, ids[concept], code) for kind, concept, code in different.drop("step").rows()]
                for _, leaf in test.leaves
            ]
            truths = tuple(np.array([[one is wanted for one in each] for each in outcomes]) for wanted in (True, False))
            self._set(test, places[rows], truths, step, [np.ones(len(rows), np.bool_)] * len(test.leaves))

    def _latest(self, found: pl.DataFrame, places: npt.NDArray[np.intp]) -> tuple[pl.DataFrame, npt.NDArray[np.intp]]:
        """The latest row of each person and test; a row without a moment counts for none."""
        some = found["moment"].is_not_null()
        if not some.all():
            found, places = found.filter(some), places[some.to_numpy()]
        moment = found["moment"].to_numpy()
        latest = np.ones(moment.size, np.bool_)
        greatest = np.zeros(self.planes.shape[2], np.int64)
        for _, rows in _by_test(found):
            at, then = places[rows], moment[rows]
            np.maximum.at(greatest, at, then)
            latest[rows] = then == greatest[at]
            greatest[at] = 0
        return (found, places) if latest.all() else (found.filter(latest), places[latest])

    def _coded(self, leaf: Leaf, kind: int, concept: str, code: str) -> bool | None:
        if kind != Kind.CODE:
            return None
        if code in leaf.arguments[1]:
            return True
        pattern = self.concepts[concept].code_pattern
        return False if pattern is None or pattern.fullmatch(code) else None

    def _set(self, test: Test, at: Any, truths: Sequence[npt.NDArray[np.bool_]], step: Any, inside: Sequence[Flags]) -> None:
        """Set planes a (true) and b (false): `truths` hold, for each leaf and step, whether it is so."""
        whole = all(one.all() for one in inside)
        for plane, outcome in enumerate(truths):
            for word in range(self.layout.count):
                bits = [self.layout.words([place])[word] for place, _ in test.leaves]
                if not any(bits):
                    continue
                if whole:
                    table = np.bitwise_or.reduce(
                        [np.where(row, np.int64(bit), 0) for row, bit in zip(outcome, bits, strict=True)]
                    )
                    self.planes[plane, word, at] |= table[step]
                    continue
                for row, bit, flags in zip(outcome, bits, inside, strict=True):
                    self.planes[plane, word, at] |= np.where(row[step] & flags, np.int64(bit), np.int64(0))

    def _recorded(self, test: Test, at: Any, day: Ints) -> None:
        """Recorded: surely, and so it may be, too."""
        for place, leaf in test.leaves:
            inside = day >= first_day(leaf)
            self._flag(place, at, (inside, inside))

    def _flag(self, leaf: int, at: Any, planes: Sequence[Flags]) -> None:
        for plane, flags in enumerate(planes):
            for word, bit in enumerate(self.layout.words([leaf])):
                if bit:
                    self.planes[plane, word, at] |= np.where(flags, np.int64(bit), np.int64(0))

    def _ages(self, test: Test, at: Any, day: Ints) -> None:
        """AgeInYearsAt: a where the age is not surely true, b where it is not surely false, c since the latest fact is known."""
        for place, leaf in test.leaves:
            before = leaf.arguments[1] if len(leaf.arguments) > 1 else None
            then = day - (before.days if before else 0)
            born = self.births.known[at] & (then >= self.births.last[at])
            low, high = np.maximum(self.births.youngest(at, then), 0), self.births.oldest(at, then)
            true, false = _ages(leaf, low, high)
            self._flag(place, at, (~(born & true), ~(born & false), np.ones(len(at), np.bool_)))


def _by_test(found: pl.DataFrame) -> Iterator[tuple[int, npt.NDArray[np.intp]]]:
    tests = found["test"].to_numpy().astype(np.int16)
    if not tests.size:  # no rows split into one part, of no test
        return
    order = np.argsort(tests, kind="stable")
    numbers, starts = np.unique(tests[order], return_index=True)
    yield from zip(map(int, numbers), np.split(order, starts[1:]), strict=True)


def _windows(test: Test, day: Ints) -> list[Flags]:
    """For each leaf, whether the day of the fact lies in its look-back."""
    return [day >= first_day(leaf) for _, leaf in test.leaves]


@dataclass(frozen=True)
class Steps:
    """Where the answers of a test's leaves change: `starts` in ascending order, and for each leaf and step whether it is true, or false."""

    starts: npt.NDArray[np.float64]
    true: Flags
    false: Flags

    @classmethod
    def of(cls, test: Test, side: int) -> Steps:
        """This will return the steps for numbers of one side."""
        edges = {-inf}
        if test.function != "Attested":
            for _, leaf in test.leaves:
                edges.update(_edges(leaf))
        starts = sorted(edges | ({YES} if test.function == "Attested" else set()))
        said = [[_outcome(leaf, start, side) for start in starts] for _, leaf in test.leaves]
        true, false = (np.array([[one is wanted for one in row] for row in said]) for wanted in (True, False))
        return cls(np.array(starts), true, false)


def _limit(leaf: Leaf) -> float:
    assert leaf.limit is not None
    return float(leaf.limit)


def _outcome(leaf: Leaf, number: float, side: int) -> bool | None:
    """What a number, or all numbers on one side of it, say of a leaf: true for each, false for each, or neither."""
    if leaf.function == "Attested":
        return number == YES
    low, high = _edges(leaf)
    place = -1 if number < low else 0 if number < high else 1
    # Where the numbers may lie: below the limit (-1), at it (0) or above it (1).
    places = {
        POINT: {place},
        FROM: {one for one in _PLACES if one >= place},
        ABOVE: {1} if place >= 0 else _PLACES,
        UP_TO: {one for one in _PLACES if one <= place},
        BELOW: {-1} if place <= 0 else _PLACES,
    }[side]
    holds = {one for one in _PLACES if _HOLDS[leaf.operator or "="](one)}
    return True if places <= holds else False if places.isdisjoint(holds) else None


def _edges(leaf: Leaf) -> tuple[float, float]:
    """The first number that is as good as the limit, and the first that is above it."""
    limit = _limit(leaf)
    return limit - CLOSE * abs(limit), nextafter(limit + CLOSE * abs(limit), inf)


_PLACES = {-1, 0, 1}
_HOLDS: dict[str, Any] = {
    ">=": lambda place: place >= 0, ">": lambda place: place > 0, "<=": lambda place: place <= 0, "<": lambda place: place < 0,
    "=": lambda place: place == 0, "!=": lambda place: place != 0,
}  # fmt: skip


def _ages(leaf: Leaf, low: Ints, high: Ints) -> tuple[Flags, Flags]:
    """Whether ages between a youngest and an oldest are all true, and all false."""
    limit = _limit(leaf)
    equal, different = (low == limit) & (high == limit), (low > limit) | (high < limit)
    true, false = {
        ">=": (low >= limit, high < limit),
        ">": (low > limit, high <= limit),
        "<=": (high <= limit, low > limit),
        "<": (high < limit, low >= limit),
        "=": (equal, different),
        "!=": (different, equal),
    }[leaf.operator or "="]
    return true, false
