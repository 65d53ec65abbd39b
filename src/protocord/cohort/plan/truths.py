"""From the bits of the leaves to answers, over all persons at once: arrays of truths, without an engine and without another look at the facts.

So attrition in any order, a criterion switched off, or another reading of one costs a few operations on arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from math import ceil, floor
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from protocord.cohort.plan.classes import mask
from protocord.cohort.plan.planes import PLANES
from protocord.cohort.plan.program import Ask, Both, Choose, Circuit, Column, Either, Fixed, Leaf, Not, Program
from protocord.criteria import Truth
from protocord.criteria.lengths import LONG_AGO
from protocord.values import completed_years

Flags = npt.NDArray[np.bool_]
MET, NOT_MET, UNKNOWN, REVIEW = np.uint8(0), np.uint8(1), np.uint8(2), np.uint8(3)
ANSWERS = ("met", "not_met", "unknown", "review")


@dataclass(frozen=True, slots=True)
class Truths:
    """The truth in every row: whether it is true, whether it is false; neither is unknown."""

    true: Flags
    false: Flags


@dataclass
class Deciding:
    """The leaves of a program over the rows of `planes`; each is read once, when a circuit asks for it."""

    program: Program
    rows: pl.DataFrame
    _leaves: dict[int, Truths] = field(default_factory=dict)
    _bytes: dict[tuple[str, int], npt.NDArray[np.uint8]] = field(default_factory=dict)

    def answer(self, column: Column) -> npt.NDArray[np.uint8]:
        """This will return the answer of a criterion for every row: MET, NOT_MET, UNKNOWN or REVIEW."""
        rule = self.truths(column.rule)
        met, not_met = (rule.true, rule.false) if column.wanted else (rule.false, rule.true)
        # In numbers, since to choose among three takes several times as long: unknown is 2, not met one less, met two less.
        found: npt.NDArray[np.uint8] = UNKNOWN - met.view(np.uint8) * np.uint8(2) - (not_met & ~met).view(np.uint8)
        if column.review is None:
            return found
        review = self.truths(column.review)
        return np.where(review.false, found, UNKNOWN + review.true.view(np.uint8))

    def truths(self, circuit: Circuit) -> Truths:
        """This will return the truth of a circuit in every row."""
        match circuit:
            case Ask(leaf):
                found = self._leaves.get(leaf)
                if found is None:
                    found = self._leaves[leaf] = self._leaf(leaf)
                return found
            case Fixed(truth):
                rows = self.rows.height
                return Truths(np.full(rows, truth is Truth.TRUE), np.full(rows, truth is Truth.FALSE))
            case Not(operand):
                found = self.truths(operand)
                return Truths(found.false, found.true)
            case Both(left, right):
                one, other = self.truths(left), self.truths(right)
                return Truths(one.true & other.true, one.false | other.false)
            case Either(left, right):
                one, other = self.truths(left), self.truths(right)
                return Truths(one.true | other.true, one.false & other.false)
            case Choose(condition, then, otherwise):
                asked, one, other = self.truths(condition), self.truths(then), self.truths(otherwise)
                true = (asked.true & one.true) | (asked.false & other.true) | (one.true & other.true)
                false = (asked.true & one.false) | (asked.false & other.false) | (one.false & other.false)
                return Truths(true, false)

    def covered(self, leaf: Leaf) -> Flags:
        """This will tell in every row whether a history covers the days of which a leaf that asks for absence must know."""
        return self._plane("c", self.program.leaves.index(leaf))

    def _plane(self, plane: str, place: int) -> Flags:
        word, bit = mask(place)
        # A byte of a word at a time: an eighth to read for each leaf.
        byte, bit = divmod(bit.bit_length() - 1, 8)
        name = f"{plane}_{word}"
        if (name, byte) not in self._bytes:
            parts = self.rows[name].to_numpy().astype("<i8", copy=False).view(np.uint8).reshape(-1, 8)
            self._bytes[name, byte] = np.ascontiguousarray(parts[:, byte])
        found: Flags = (self._bytes[name, byte] & np.uint8(1 << bit)) != 0
        return found

    def _leaf(self, place: int) -> Truths:
        """A leaf's truth from its planes (see `hits`), or from the person alone where it asks for the age today."""
        leaf = self.program.leaves[place]
        if leaf.function == "AgeInYears":
            return self._aged(leaf, leaf.day, today=True)
        a, b, c = (self._plane(plane, place) for plane in PLANES)
        match leaf.function:
            case "Washout" | "RecoveredTo":
                return Truths(~a & ~b & c, a)
            case "Ever" | "Has":
                return Truths(a, ~a & ~b & c)
            case "Recorded":
                return Truths(a, ~b)
            case "AgeInYearsAt":
                before = leaf.arguments[1] if len(leaf.arguments) > 1 else None
                other = self._aged(leaf, before.before(leaf.day) if before else leaf.day, today=False)
                return Truths(~a & (c | other.true), ~b & (c | other.false))
            case "OnOrBefore":
                return Truths(a & (~b | c), b & ~a)
            case _:
                return Truths(a, b)

    def _aged(self, leaf: Leaf, day: int, *, today: bool) -> Truths:
        """The age on a day compared with the leaf's limit; or, not `today`, on any day from birth to then."""
        assert leaf.limit is not None
        assert leaf.operator is not None
        first, last = (self.rows[name].fill_null(day + 1).to_numpy() for name in ("birth_first", "birth_last"))
        born = last <= day

        def oldest(years: int) -> Flags:
            return first <= latest_birth(years, day)

        def youngest(years: int) -> Flags:
            return last <= latest_birth(years, day) if today else np.full(self.rows.height, years <= 0)

        return _compared(leaf, born, youngest, oldest)


def _compared(leaf: Leaf, born: Flags, youngest: Callable[[int], Flags], oldest: Callable[[int], Flags]) -> Truths:
    """Compare ages between a youngest and an oldest with a limit; each tells whether it is at least some whole years."""
    assert leaf.limit is not None
    up, beyond = ceil(leaf.limit), floor(leaf.limit) + 1
    low_up, low_beyond, high_up, high_beyond = youngest(up), youngest(beyond), oldest(up), oldest(beyond)
    equal = low_up & ~high_beyond if leaf.limit == Decimal(up) else np.zeros_like(born)
    different = ~high_up | low_beyond
    true, false = {
        ">=": (low_up, ~high_up),
        ">": (low_beyond, ~high_beyond),
        "<": (~high_up, low_up),
        "<=": (~high_beyond, low_beyond),
        "=": (equal, different),
        "!=": (different, equal),
    }[leaf.operator or "="]
    return Truths(born & true, born & false)


def latest_birth(years: int, day: int) -> int:
    """The latest day of birth with which somebody has completed so many years on a day."""
    on = date.fromordinal(day)
    if years <= 0:
        return day
    if on.year - years < 1:
        return LONG_AGO
    birth = date(on.year - years, on.month, min(on.day, 28)).toordinal() + 4
    while completed_years(date.fromordinal(birth), on) < years:
        birth -= 1
    return birth


def answers(program: Program, rows: pl.DataFrame) -> pl.DataFrame:
    """This will return one row for each of `planes`: person, and for each column of the program its answer as text."""
    deciding = Deciding(program, rows)
    found: dict[str, Any] = {"person": rows["person"]}
    for column in program.columns:
        codes = pl.Series(deciding.answer(column)).cast(pl.UInt32)
        found[f"{column.criterion}/{column.reading}"] = codes.replace_strict(dict(enumerate(ANSWERS)), return_dtype=pl.String)
    return pl.DataFrame(found)
