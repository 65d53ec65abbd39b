"""From truths to what is missing: for every person and column, which leaves keep the answer open, over all persons at once.

The row evaluator's rules (`protocord.criteria.plan`, `eligibility.deciding`), as arrays:

| part | what it lacks |
| --- | --- |
| a function that gives a truth | its reasons while it is unknown; `Washout` and `RecoveredTo` name what is open while they are false, too |
| a comparison | nothing once it is decided; else all that leaves its numbers absent or in doubt, and each limit that a number lies on both sides of |
| `not` | what its operand lacks, the opposite being wanted |
| `and`, `or` | nothing when settled; else what each part lacks that is not settled itself |
| `if` | what the branch taken lacks; with an unknown condition what the condition lacks (unless both branches agree), and each branch that is not settled |
| a criterion | what its rule lacks (wanted: what lets a child in); with an open question whether a person must judge, what that lacks, too |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from protocord.cohort.plan.program import Ask, Asked, Both, Choose, Circuit, Column, Either, Leaf, Not, Program
from protocord.cohort.plan.truths import Deciding, Flags, Truths
from protocord.criteria import Truth
from protocord.criteria import plan as rows
from protocord.protocol import Protocol

# What is lacking: the reasons of a function (a leaf without an operator), that its number lies on both sides of a limit (a leaf with
# one), or that the rule itself leaves something open (None).
Item = Leaf | None
Items = dict[Item, Flags]

_OPEN_THOUGH_FALSE = ("Washout", "RecoveredTo")


@dataclass(frozen=True, slots=True)
class Ruled:
    """The rules behind a column of a program, with the day they are asked on and the last day known."""

    rule: rows.Plan
    review: rows.Plan | None
    day: int
    known: int


def ruled(protocol: Protocol, program: Program, on: int, infusion: int) -> dict[int, Ruled]:
    """This will return the rules of each column of a study's program, by its place, for the days (ordinals) of assessment and infusion.

    Columns in which a limit was moved are left out: nobody asks why they are open.
    """
    criteria = {criterion.id: criterion for criterion in protocol.eligibility.criteria}
    found = {}
    for place, column in enumerate(program.columns):
        if column.move:
            continue
        rules, criterion = protocol.readings[column.criterion][column.reading], criteria[column.criterion]
        read = {one.id: one.as_of for one in criterion.readings}.get(column.reading)
        day = infusion if (read or criterion.as_of) == "planned_infusion" else on
        found[place] = Ruled(rules.rule.plan, rules.review_when.plan if rules.review_when else None, day, on)
    return found


def asked_ruled(asked: Sequence[Asked]) -> tuple[Ruled, ...]:
    """This will return the rules of the columns of rules that are asked on their own."""
    return tuple(Ruled(one.rule.plan, None, one.day.toordinal(), one.known.toordinal()) for one in asked)


@dataclass
class Lacking:
    """What a column's unknown persons lack; `deciding` has the truths of the rows."""

    deciding: Deciding
    _ruled: Ruled | None = None
    _items: Items = field(default_factory=dict)

    def of(self, column: Column, rules: Ruled) -> Items:
        """This will return, for each thing that may be missing, for whom of the rows it is: only rows whose answer is unknown."""
        self._ruled, self._items = rules, {}
        decided = self._truths(column.rule)
        open_ = ~decided.true & ~decided.false
        if column.review is not None:
            assert rules.review is not None
            judged = self._truths(column.review)
            doubt = ~judged.true & ~judged.false
            open_ = doubt | (judged.false & open_)
            self._lacks(rules.review, column.review, Truth.UNKNOWN, doubt)
        self._lacks(rules.rule, column.rule, Truth.TRUE if column.wanted else Truth.FALSE, open_)
        return self._items

    def _truths(self, circuit: Circuit) -> Truths:
        return self.deciding.truths(circuit)

    def _add(self, item: Item, persons: Flags) -> None:
        before = self._items.get(item)
        self._items[item] = persons if before is None else before | persons

    def _lacks(self, plan: rows.Plan, circuit: Circuit, wanted: Truth, asked: Flags) -> None:
        """What a part lacks where it is not settled."""
        found = self._truths(circuit)
        settled = {Truth.TRUE: found.true, Truth.FALSE: found.false, Truth.UNKNOWN: found.true | found.false}[wanted]
        self._missing(plan, circuit, wanted, asked & ~settled)

    def _missing(self, plan: rows.Plan, circuit: Circuit, wanted: Truth, asked: Flags) -> None:
        if not asked.any():
            return
        match plan:
            case rows.Constant(truth=truth):
                if truth is Truth.UNKNOWN:
                    self._add(None, asked)
            case rows.Asked(function=function):
                found = self._truths(circuit)
                open_ = ~found.true if function.name in _OPEN_THOUGH_FALSE else ~found.true & ~found.false
                self._add(self._term(plan), asked & open_)
            case rows.Negation(operand=operand):
                assert isinstance(circuit, Not)
                self._missing(operand, circuit.operand, ~wanted, asked)
            case rows.Junction(left=left, right=right):
                assert isinstance(circuit, (Both, Either))
                found = self._truths(circuit)
                settled = {Truth.TRUE: found.true, Truth.FALSE: found.false, Truth.UNKNOWN: found.true | found.false}[wanted]
                self._lacks(left, circuit.left, wanted, asked & ~settled)
                self._lacks(right, circuit.right, wanted, asked & ~settled)
            case rows.Choice():
                assert isinstance(circuit, Choose)
                self._chosen(plan, circuit, wanted, asked)
            case rows.Comparing(left=one, right=other):
                found = self._truths(circuit)
                self._compared(one, other, circuit, asked & ~found.true & ~found.false)

    def _chosen(self, plan: rows.Choice, circuit: Choose, wanted: Truth, asked: Flags) -> None:
        condition, then, otherwise = (self._truths(one) for one in (circuit.condition, circuit.then, circuit.otherwise))
        self._missing(plan.then, circuit.then, wanted, asked & condition.true)
        self._missing(plan.otherwise, circuit.otherwise, wanted, asked & condition.false)
        both = asked & ~condition.true & ~condition.false
        agreed = (then.true & otherwise.true) | (then.false & otherwise.false)
        self._missing(plan.condition, circuit.condition, Truth.UNKNOWN, both & ~agreed)
        self._lacks(plan.then, circuit.then, wanted, both)
        self._lacks(plan.otherwise, circuit.otherwise, wanted, both)

    def _compared(self, left: rows.NumberPlan, right: rows.NumberPlan, circuit: Circuit, asked: Flags) -> None:
        """What leaves an undecided comparison open: all the possibilities of both sides that its conditions leave."""
        for side, other, turned in ((left, right, False), (right, left, True)):
            if isinstance(side, rows.NumberChoice):
                assert isinstance(circuit, Choose)
                condition = self._truths(circuit.condition)
                unknown = asked & ~condition.true & ~condition.false
                self._missing(side.condition, circuit.condition, Truth.UNKNOWN, unknown)
                branches = (side.then, circuit.then, condition.false), (side.otherwise, circuit.otherwise, condition.true)
                for branch, within, left_out in branches:
                    sides = (other, branch) if turned else (branch, other)
                    self._compared(*sides, within, asked & ~left_out)
                return
        for side in (left, right):
            if isinstance(side, rows.Asked):
                self._add(self._term(side), asked)
            elif isinstance(side, rows.Written) and side.value is None:
                self._add(None, asked)
        if isinstance(circuit, Ask):
            self._add(self.deciding.program.leaves[circuit.leaf], asked)

    def _term(self, plan: rows.Asked) -> Leaf:
        assert self._ruled is not None
        return Leaf(plan.function.name, plan.arguments, self._ruled.day, self._ruled.known)


def term(item: Leaf) -> Leaf:
    """This will return the function that an item asks, without the limit that it is compared with."""
    return replace(item, operator=None, limit=None)
