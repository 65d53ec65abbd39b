"""From a checked rule's plan to CQL: every condition, every function of the language, and what they ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from protocord.concepts import Concepts
from protocord.criteria import Truth
from protocord.criteria import plan as rows
from protocord.criteria.lengths import Length
from protocord.criteria.numbers import decides
from protocord.criteria.tree import Comparison, Spot
from protocord.errors import Place, Problem
from protocord.exchange.cql.codes import CodeSets
from protocord.exchange.cql.literals import decimal, named, quoted, strings

Where = Callable[[Spot], Place]
_TURNED: dict[Comparison, Comparison] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
_NO_TIME = Length()
_PLACES = 8  # of a Decimal in CQL


@dataclass
class Writer:
    """Turns plans into CQL expressions, and gathers what they ask for and what cannot be said."""

    concepts: Concepts
    sets: CodeSets
    problems: list[Problem] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    def condition(self, plan: rows.Plan, at: str, place: Where) -> str:
        """This will return the CQL of a condition counted to the day that `at` names."""
        match plan:
            case rows.Constant(truth=truth):
                return {Truth.TRUE: "true", Truth.FALSE: "false", Truth.UNKNOWN: "null as System.Boolean"}[truth]
            case rows.Asked():
                return self._asked(plan, at)
            case rows.Negation(operand=operand):
                return f"(not {self.condition(operand, at, place)})"
            case rows.Junction(decisive=decisive, left=left, right=right):
                word = "or" if decisive is Truth.TRUE else "and"
                return f"({self.condition(left, at, place)}\n    {word} {self.condition(right, at, place)})"
            case rows.Choice(condition=condition, then=then, otherwise=otherwise):
                return self._choose(*(self.condition(part, at, place) for part in (condition, then, otherwise)))
            case rows.Comparing(operator=operator, left=left, right=right, at=spot):
                return self._comparison(left, operator, right, at, place, spot)

    @staticmethod
    def _choose(condition: str, then: str, otherwise: str) -> str:
        return f"P.Choose({condition},\n    {then},\n    {otherwise})"

    def _comparison(
        self, left: rows.NumberPlan, operator: Comparison, right: rows.NumberPlan, at: str, place: Where, spot: Spot
    ) -> str:
        for side, other, turned in ((left, right, False), (right, left, True)):
            if isinstance(side, rows.NumberChoice):
                one, two = (
                    self._comparison(*((other, operator, branch) if turned else (branch, operator, other)), at, place, spot)
                    for branch in (side.then, side.otherwise)
                )
                return self._choose(self.condition(side.condition, at, place), one, two)
        if isinstance(left, rows.Written) and isinstance(right, rows.Asked):
            left, operator, right = right, _TURNED[operator], left
        if isinstance(left, rows.Asked) and isinstance(right, rows.Written):
            if right.value is None:
                return "null as System.Boolean"
            if _digits(right.value) > _PLACES:
                self._refuse(place, spot, "has a limit of more than eight decimal places", "Write the limit with fewer.")
            return self._compared(left, operator, right.value, at)
        if isinstance(left, rows.Written) and isinstance(right, rows.Written):
            return self.condition(rows.Constant(decides(left.numbers, operator, right.numbers), spot), at, place)
        self._refuse(
            place, spot, "compares two numbers that are both asked of the child", "Compare with a limit that the rule writes."
        )
        return "null as System.Boolean"

    def _refuse(self, place: Where, spot: Spot, what: str, remedy: str) -> None:
        self.problems.append(Problem(place(spot), f"the rule {what}, which CQL cannot repeat.", remedy))

    def _asked(self, plan: rows.Asked, at: str) -> str:
        return _TRUTHS[plan.function.name](self, at, *plan.arguments)

    def _compared(self, plan: rows.Asked, operator: Comparison, limit: Decimal, at: str) -> str:
        return _NUMBERS[plan.function.name](self, at, f"{quoted(operator)}, {decimal(limit)}", *plan.arguments)

    # ---- what is asked for

    def events(self, concept: str) -> str:
        """This will name the events of a concept."""
        self.asked.add(concept)
        return named(f"events of {concept}")

    def covers(self, concept: str, opens: str, closes: str) -> str:
        """This will ask whether every event of a concept between two days is on record."""
        names = strings(sorted(self.concepts.ancestors(concept) | {concept}))
        return f'P.Covers("Histories", {names}, {opens}, {closes})'

    def codes(self, codes: frozenset[str]) -> str:
        """This will return the codes that a rule names: a value set of the study, or a list of its own."""
        found = self.sets.holding(codes)
        return strings(sorted(codes)) if found is None else f"P.CodesOf({named(found.name)})"

    def events_defined(self) -> list[str]:
        """This will return a define for the events of each concept that was asked for."""
        return [
            f'define {named(f"events of {one}")}:\n  P.Of("Events", {strings(sorted(self.concepts.descendants(one) | {one}))}, '
            f"{strings(sorted(self.concepts.possible(one)))})"
            for one in sorted(self.asked)
        ]


def _digits(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _opens(at: str, lookback: Length | None) -> str:
    return "P.LongAgo()" if lookback is None else f"P.Back({at}, {lookback.days}, {lookback.months})"


def _known(at: str) -> str:
    return f'P.Smaller({at}, "At")'


def _washout(writer: Writer, at: str, concept: str, gap: Length) -> str:
    last = _known(at)
    covered = writer.covers(concept, f"P.Smaller({_opens(at, gap)}, {last})", last)
    return f'P.Washout({writer.events(concept)}, {at}, "At", {gap.days}, {gap.months}, {covered})'


def _has(writer: Writer, at: str, concept: str, lookback: Length | None = None) -> str:
    above = strings(sorted(writer.concepts.ancestors(concept) | {concept}))
    covered = "false" if lookback else writer.covers(concept, "P.LongAgo()", _known(at))
    return f"P.Has({writer.events(concept)}, {at}, {_opens(at, lookback)}, {quoted(concept)}, {above}, {covered})"


def _recovered(writer: Writer, at: str, concept: str, grade: Decimal) -> str:
    covered = writer.covers(concept, _known(at), _known(at))
    return f"P.RecoveredTo(P.Numeric({writer.events(concept)}), {at}, {decimal(grade)}, {covered})"


def _ever(writer: Writer, at: str, concept: str) -> str:
    return f"P.Ever({writer.events(concept)}, {at}, {writer.covers(concept, 'P.LongAgo()', _known(at))})"


def _windowed(function: str) -> Callable[..., str]:
    def write(writer: Writer, at: str, concept: str, lookback: Length | None = None) -> str:
        return f"P.{function}({writer.events(concept)}, {at}, {_opens(at, lookback)})"

    return write


def _code_in(writer: Writer, at: str, concept: str, codes: frozenset[str], _name: Any) -> str:
    return f"P.CodeIn({writer.events(concept)}, {at}, {writer.codes(codes)})"


def _on_or_before(writer: Writer, at: str, first: str, second: str) -> str:
    own = strings(sorted(writer.concepts.descendants(second) | {second}))
    covered = writer.covers(second, "P.LongAgo()", _known(at))
    return f'P.OnOrBefore({writer.events(first)}, {writer.events(second)}, {at}, P.NotDone("Events", {own}), {covered})'


def _result(function: str) -> Callable[..., str]:
    def write(writer: Writer, at: str, limit: str, concept: str, lookback: Length) -> str:
        return f"P.{function}(P.Numeric({writer.events(concept)}), {at}, {_opens(at, lookback)}, {limit})"

    return write


def _age(_writer: Writer, at: str, limit: str) -> str:
    return f'P.AgeInYears("Person", {at}, {limit})'


def _age_at(writer: Writer, at: str, limit: str, concept: str, before: Length = _NO_TIME) -> str:
    return f'P.AgeInYearsOn("Person", {writer.events(concept)}, {at}, {before.days}, {before.months}, {limit})'


_TRUTHS: dict[str, Callable[..., str]] = {
    "Attested": _windowed("Attested"),
    "Recorded": _windowed("Recorded"),
    "CodeIn": _code_in,
    "Has": _has,
    "Ever": _ever,
    "Washout": _washout,
    "RecoveredTo": _recovered,
    "OnOrBefore": _on_or_before,
}
_NUMBERS: dict[str, Callable[..., str]] = {
    "Latest": _result("Latest"),
    "TimesULN": _result("TimesULN"),
    "AgeInYears": _age,
    "AgeInYearsAt": _age_at,
}
