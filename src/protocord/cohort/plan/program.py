"""From the checked rules of a study to leaves and circuits, without an engine.

A leaf asks the facts of one thing on one day and is true, false or unknown. A circuit combines leaves by Kleene's logic. A number is
never carried: each comparison with a limit is a leaf of its own, and a limit that depends on a condition becomes a choice between
two leaves, which means the same since the row evaluator compares every possibility.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from protocord.cohort.plan.loosened import Move, moved
from protocord.criteria import CheckedRule, Truth
from protocord.criteria import plan as rows
from protocord.criteria.lengths import Length
from protocord.criteria.numbers import decides
from protocord.criteria.tree import Comparison, Spot
from protocord.errors import DocumentProblems, Place, Problem
from protocord.protocol import DEFAULT_READING
from protocord.protocol.model import CriterionRules

if TYPE_CHECKING:
    from protocord.protocol import Protocol

Where = Callable[[Spot], Place]  # the place of a spot in a rule, for a person
_TURNED: dict[Comparison, Comparison] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}


@dataclass(frozen=True, slots=True)
class Leaf:
    """One question to the facts: a function of the language with its arguments on a day, compared with a limit where it is a number.

    `day` and `known` are ordinals: the reference date D, and the day up to which events can be on record.
    """

    function: str
    arguments: tuple[Any, ...]
    day: int
    known: int
    operator: Comparison | None = None
    limit: Decimal | None = None

    def __str__(self) -> str:
        asked = f"{self.function}({', '.join(str(one) for one in self.arguments)})"
        return f"{asked} {self.operator} {self.limit}" if self.operator else asked


@dataclass(frozen=True, slots=True)
class Ask:
    """The truth of a leaf, by its place among the program's leaves."""

    leaf: int


@dataclass(frozen=True, slots=True)
class Fixed:
    """A truth that depends on nothing."""

    truth: Truth


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; unknown stays unknown."""

    operand: Circuit


@dataclass(frozen=True, slots=True)
class Both:
    """Kleene's and."""

    left: Circuit
    right: Circuit


@dataclass(frozen=True, slots=True)
class Either:
    """Kleene's or."""

    left: Circuit
    right: Circuit


@dataclass(frozen=True, slots=True)
class Choose:
    """One of two circuits; with an unknown condition, what both agree on."""

    condition: Circuit
    then: Circuit
    otherwise: Circuit


Circuit = Ask | Fixed | Not | Both | Either | Choose


@dataclass(frozen=True, slots=True)
class Column:
    """One criterion under one reading: its rule, when a person must judge, and what the rule must be for a child to enter.

    `move` names the limit of the chosen reading that stands elsewhere in this column; empty: the reading as it is written.
    """

    criterion: str
    reading: str
    chosen: bool
    wanted: bool
    rule: Circuit
    review: Circuit | None
    move: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """All that a cohort is asked: the leaves, each once, and the columns over them."""

    leaves: tuple[Leaf, ...]
    columns: tuple[Column, ...]

    @property
    def chosen(self) -> tuple[Column, ...]:
        """The columns of the readings that the protocol chose, in the order of its text."""
        return tuple(column for column in self.columns if column.chosen)

    @property
    def readings(self) -> tuple[Column, ...]:
        """The columns of the other readings that the protocol holds."""
        return tuple(column for column in self.columns if not column.chosen and not column.move)


def program(protocol: Protocol, on: date, planned_infusion: date | None = None, moves: Iterable[Move] = ()) -> Program:
    """This will return the program of a study for an assessment on `on`, every reading of every criterion a column.

    Each move of a limit adds a column for every criterion that it changes. Raises DocumentProblems naming each rule, by file and line, that says something columns cannot repeat.
    """
    builder = _Builder(on.toordinal())
    infusion = planned_infusion or on
    columns = [
        builder.column(protocol, criterion.id, rules, on, infusion)
        for criterion in protocol.eligibility.criteria
        for rules in protocol.readings[criterion.id].values()
    ]
    for move in moves:
        for criterion_id, rules in moved(protocol, move).items():
            columns.append(builder.column(protocol, criterion_id, rules, on, infusion, move.name))
    return builder.finished(columns)


@dataclass(frozen=True, slots=True)
class Asked:
    """A rule asked on its own, without a study: for a reference date, and the last day known."""

    name: str
    rule: CheckedRule
    day: date
    known: date


def rules_program(asked: Iterable[Asked]) -> Program:
    """This will return the program of rules on their own, a column each. Raises DocumentProblems naming each rule refused."""
    builder = _Builder()
    columns = []
    for one in asked:
        builder.known = one.known.toordinal()
        circuit = builder.circuit(one.rule.plan, one.day.toordinal(), _named(one.name))
        columns.append(Column(one.name, DEFAULT_READING, chosen=True, wanted=True, rule=circuit, review=None))
    return builder.finished(columns)


def rule_program(rule: CheckedRule, day: date, known: date) -> Program:
    """This will return the program of a single rule, for a reference date and the last day known. Raises DocumentProblems."""
    return rules_program([Asked("rule", rule, day, known)])


def _named(name: str) -> Where:
    return lambda _at: Place("", 0, name)


def _standing(protocol: Protocol, *loc: str) -> Where:
    """The file and line of a rule's spots, where the documents are still known."""

    def where(at: Spot) -> Place:
        if protocol.sources is None:
            return Place("eligibility.yaml", 0, ".".join(loc))
        return protocol.sources.place_within("eligibility", *loc, line=at.line, column=at.column)

    return where


@dataclass
class _Builder:
    known: int = 0
    leaves: dict[Leaf, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def finished(self, columns: Iterable[Column]) -> Program:
        if self.problems:
            raise DocumentProblems(self.problems)
        return Program(tuple(self.leaves), tuple(columns))

    def column(
        self, protocol: Protocol, criterion_id: str, rules: CriterionRules, on: date, infusion: date, move: str = ""
    ) -> Column:
        criterion, reading = protocol.criterion(criterion_id), rules.reading_id
        read = {one.id: one.as_of for one in criterion.readings}.get(reading)
        day = infusion if (read or criterion.as_of) == "planned_infusion" else on
        stands = ("criteria", criterion_id) if reading == DEFAULT_READING else ("criteria", criterion_id, "readings", reading)
        where = _standing(protocol, *stands, "rule")
        rule = self.circuit(rules.rule.plan, day.toordinal(), where)
        where = _standing(protocol, *stands, "review_when")
        review = None if rules.review_when is None else self.circuit(rules.review_when.plan, day.toordinal(), where)
        chosen = not move and protocol.rules[criterion_id].reading_id == reading
        return Column(criterion_id, reading, chosen, criterion.type == "inclusion", rule, review, move)

    def circuit(self, plan: rows.Plan, day: int, where: Where) -> Circuit:
        match plan:
            case rows.Constant(truth=truth):
                return Fixed(truth)
            case rows.Asked(function=function, arguments=arguments):
                return self._leaf(Leaf(function.name, arguments, day, self.known))
            case rows.Negation(operand=operand):
                return Not(self.circuit(operand, day, where))
            case rows.Junction(decisive=decisive, left=left, right=right):
                kind = Either if decisive is Truth.TRUE else Both
                return kind(self.circuit(left, day, where), self.circuit(right, day, where))
            case rows.Choice(condition=condition, then=then, otherwise=otherwise):
                parts = (self.circuit(part, day, where) for part in (condition, then, otherwise))
                return Choose(*parts)
            case rows.Comparing(operator=operator, left=left, right=right, at=at):
                return self._comparison(left, operator, right, day, where, at)

    def _comparison(
        self, left: rows.NumberPlan, operator: Comparison, right: rows.NumberPlan, day: int, where: Where, at: Spot
    ) -> Circuit:
        for side, other, turned in ((left, right, False), (right, left, True)):
            if isinstance(side, rows.NumberChoice):
                branches = (
                    self._comparison(*((other, operator, branch) if turned else (branch, operator, other)), day, where, at)
                    for branch in (side.then, side.otherwise)
                )
                return Choose(self.circuit(side.condition, day, where), *branches)
        if isinstance(left, rows.Written) and isinstance(right, rows.Asked):
            left, operator, right = right, _TURNED[operator], left
        if isinstance(left, rows.Asked) and isinstance(right, rows.Written):
            if right.value is None:
                return Fixed(Truth.UNKNOWN)
            if left.function.name == "AgeInYearsAt" and any(one.months for one in left.arguments[1:] if isinstance(one, Length)):
                what = f"asks for an age some months before a day (line {at.line}, column {at.column} of the rule)."
                self.problems.append(Problem(where(at), what, "A cohort can go back by days or weeks: write the length so."))
            return self._leaf(Leaf(left.function.name, left.arguments, day, self.known, operator, right.value))
        if isinstance(left, rows.Written) and isinstance(right, rows.Written):
            return Fixed(decides(left.numbers, operator, right.numbers))
        what = f"compares two numbers that are both asked of the child (line {at.line}, column {at.column} of the rule)."
        self.problems.append(Problem(where(at), what, "A cohort can only compare a number with a limit that the rule writes."))
        return Fixed(Truth.UNKNOWN)

    def _leaf(self, leaf: Leaf) -> Ask:
        return Ask(self.leaves.setdefault(leaf, len(self.leaves)))


def truth(circuit: Circuit, leaves: Mapping[int, Truth]) -> Truth:
    """This will return the truth of a circuit whose leaves are known: the meaning that engines repeat."""
    match circuit:
        case Ask(leaf):
            return leaves[leaf]
        case Fixed(value):
            return value
        case Not(operand):
            return ~truth(operand, leaves)
        case Both(left, right) | Either(left, right):
            decisive = Truth.FALSE if isinstance(circuit, Both) else Truth.TRUE
            both = {truth(left, leaves), truth(right, leaves)}
            return decisive if decisive in both else Truth.UNKNOWN if Truth.UNKNOWN in both else ~decisive
        case Choose(condition, then, otherwise):
            asked = truth(condition, leaves)
            if asked is not Truth.UNKNOWN:
                return truth(then if asked is Truth.TRUE else otherwise, leaves)
            both = {truth(then, leaves), truth(otherwise, leaves)}
            return both.pop() if len(both) == 1 else Truth.UNKNOWN


def leaves_of(circuit: Circuit) -> Iterator[int]:
    """This will yield the leaves that a circuit asks, from left to right."""
    match circuit:
        case Ask(leaf):
            yield leaf
        case Fixed():
            return
        case Not(operand):
            yield from leaves_of(operand)
        case Both(left, right) | Either(left, right):
            yield from leaves_of(left)
            yield from leaves_of(right)
        case Choose(condition, then, otherwise):
            for part in (condition, then, otherwise):
                yield from leaves_of(part)
