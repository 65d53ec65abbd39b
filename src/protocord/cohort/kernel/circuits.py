"""The rules of a program as gates: each is one machine operation on the truths of 64 persons.

A truth is two bits, whether it is true and whether it is false, so that Kleene's logic is plain and, or, and "not" costs nothing: the
two bits change places. Equal gates are made once, and what is fixed is folded away. The machine that runs gates is compiled once for
all studies and days; gates are data.

| row of bits | holds |
| --- | --- |
| 0 … n - 1, n … 2n - 1, 2n … 3n - 1 | the planes a, b, c of the n leaves (see `protocord.cohort.plan.hits`) |
| 3n, 3n + 1 | no bit, every bit |
| 3n + 2 … | births: for each threshold whether the latest, or the earliest, day of birth is not after it |
| then | gates, in the order in which they are computed |
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil, floor
from typing import NamedTuple

import numpy as np

from protocord.cohort.kernel.compact import Array
from protocord.cohort.kernel.marks import AND, EARLIEST_BIRTH, LATEST_BIRTH, OR, UNLESS
from protocord.cohort.plan.program import Ask, Both, Choose, Circuit, Column, Either, Fixed, Leaf, Not, Program
from protocord.cohort.plan.truths import latest_birth
from protocord.criteria import Truth

Pair = tuple[int, int]  # the rows that say whether something is true, and whether it is false


class Circuits(NamedTuple):
    """Gates as arrays, and for each column the row of the low bit of its answer and the row that says whether it is decided."""

    births: Array  # int32, thresholds x 2: which birth, last day
    gates: Array  # int32, gates x 3: operation, two rows
    outputs: Array  # int32, columns x 2
    rows: int


@dataclass
class _Wiring:
    program: Program
    births: dict[tuple[int, int], int] = field(default_factory=dict)
    gates: dict[tuple[int, int, int], int] = field(default_factory=dict)
    made: dict[Circuit, Pair] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.leaves = len(self.program.leaves)
        self.none, self.all = 3 * self.leaves, 3 * self.leaves + 1
        self.first_gate = 0
        # Thresholds of births come before gates, so they are all found first.
        for place in range(self.leaves):
            self.ages(place)
        self.first_gate = self.all + 1 + len(self.births)
        self.gates.clear()

    # ---- gates

    def gate(self, operation: int, one: int, other: int) -> int:
        if operation != UNLESS and one > other:
            one, other = other, one
        return self.gates.setdefault((operation, one, other), self.first_gate + len(self.gates))

    def both(self, one: int, other: int) -> int:
        if self.none in (one, other):
            return self.none
        if one == other or other == self.all:
            return one
        return other if one == self.all else self.gate(AND, one, other)

    def either(self, one: int, other: int) -> int:
        if self.all in (one, other):
            return self.all
        if one == other or other == self.none:
            return one
        return other if one == self.none else self.gate(OR, one, other)

    def unless(self, one: int, other: int) -> int:
        if one in (self.none, other) or other == self.all:
            return self.none
        return one if other == self.none else self.gate(UNLESS, one, other)

    def opposite(self, one: int) -> int:
        return self.unless(self.all, one)

    # ---- leaves

    def born_by(self, which: int, day: int) -> int:
        return self.births.setdefault((which, day), self.all + 1 + len(self.births))

    def leaf(self, place: int) -> Pair:
        """A leaf's truth from its planes, as `protocord.cohort.plan.truths` reads them."""
        a, b, c = place, self.leaves + place, 2 * self.leaves + place
        match self.program.leaves[place].function:
            case "AgeInYears":
                return self.ages(place)
            case "Washout" | "RecoveredTo":
                return self.unless(c, self.either(a, b)), a
            case "Ever" | "Has":
                return a, self.unless(c, self.either(a, b))
            case "Recorded":
                return a, self.opposite(b)
            case "AgeInYearsAt":
                true, false = self.ages(place)
                return self.unless(self.either(c, true), a), self.unless(self.either(c, false), b)
            case "OnOrBefore":
                return self.both(a, self.either(self.opposite(b), c)), self.unless(b, a)
            case _:
                return a, b

    def ages(self, place: int) -> Pair:
        """The age today compared with a limit; of AgeInYearsAt, the age on any day from birth to then."""
        leaf = self.program.leaves[place]
        if leaf.function == "AgeInYears":
            return self._aged(leaf, leaf.day, today=True)
        if leaf.function == "AgeInYearsAt":
            before = leaf.arguments[1] if len(leaf.arguments) > 1 else None
            return self._aged(leaf, before.before(leaf.day) if before else leaf.day, today=False)
        return self.none, self.none

    def _aged(self, leaf: Leaf, day: int, *, today: bool) -> Pair:
        assert leaf.limit is not None
        up, beyond = ceil(leaf.limit), floor(leaf.limit) + 1

        def oldest(years: int) -> int:
            return self.born_by(EARLIEST_BIRTH, latest_birth(years, day))

        def youngest(years: int) -> int:
            if today:
                return self.born_by(LATEST_BIRTH, latest_birth(years, day))
            return self.all if years <= 0 else self.none

        born = self.born_by(LATEST_BIRTH, day)
        low_up, low_beyond, high_up, high_beyond = youngest(up), youngest(beyond), oldest(up), oldest(beyond)
        below_up, below_beyond = self.opposite(high_up), self.opposite(high_beyond)
        equal = self.unless(low_up, high_beyond) if leaf.limit == Decimal(up) else self.none
        different = self.either(below_up, low_beyond)
        true, false = {
            ">=": (low_up, below_up),
            ">": (low_beyond, below_beyond),
            "<": (below_up, low_up),
            "<=": (below_beyond, low_beyond),
            "=": (equal, different),
            "!=": (different, equal),
        }[leaf.operator or "="]
        return self.both(born, true), self.both(born, false)

    # ---- rules

    def circuit(self, asked: Circuit) -> Pair:
        found = self.made.get(asked)
        if found is None:
            found = self.made[asked] = self._circuit(asked)
        return found

    def _circuit(self, asked: Circuit) -> Pair:
        match asked:
            case Ask(leaf):
                return self.leaf(leaf)
            case Fixed(truth):
                return (self.all if truth is Truth.TRUE else self.none), (self.all if truth is Truth.FALSE else self.none)
            case Not(operand):
                true, false = self.circuit(operand)
                return false, true
            case Both(left, right):
                one, other = self.circuit(left), self.circuit(right)
                return self.both(one[0], other[0]), self.either(one[1], other[1])
            case Either(left, right):
                one, other = self.circuit(left), self.circuit(right)
                return self.either(one[0], other[0]), self.both(one[1], other[1])
            case Choose(condition, then, otherwise):
                (yes, no), one, other = self.circuit(condition), self.circuit(then), self.circuit(otherwise)
                true, false = (
                    self.either(self.either(self.both(yes, one[k]), self.both(no, other[k])), self.both(one[k], other[k]))
                    for k in (0, 1)
                )
                return true, false

    def output(self, column: Column) -> Pair:
        """The low bit of the answer, and whether it is MET or NOT_MET, which have no high bit."""
        rule = self.circuit(column.rule)
        met, not_met = rule if column.wanted else rule[::-1]
        if column.review is None:
            return not_met, self.either(met, not_met)
        judged, free = self.circuit(column.review)
        return self.either(self.both(free, not_met), judged), self.both(free, self.either(met, not_met))


def circuits(program: Program) -> Circuits:
    """This will return a program's rules as gates over the planes of its leaves and the births of persons."""
    wiring = _Wiring(program)
    outputs = [wiring.output(column) for column in program.columns]
    return Circuits(
        np.array(list(wiring.births), np.int32).reshape(-1, 2),
        np.array(list(wiring.gates), np.int32).reshape(-1, 3),
        np.array(outputs, np.int32).reshape(-1, 2),
        wiring.first_gate + len(wiring.gates),
    )
