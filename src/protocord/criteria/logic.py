"""Find what a rule can never mean: constant parts, branches that cannot be reached, limits that contradict one another.

A `Known` says, on one path through the rule, which truths are settled and between which limits each number must lie. Assuming
that a part is true (or false) narrows it, or shows that the assumption is impossible. Where in doubt, nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil, floor

from protocord.criteria.answers import Truth
from protocord.criteria.functions import Gives
from protocord.criteria.numbers import Case, holds
from protocord.criteria.plan import (
    Asked,
    Choice,
    Comparing,
    Constant,
    Junction,
    Negation,
    NumberChoice,
    NumberPlan,
    Plan,
    Written,
)
from protocord.criteria.problems import Slip
from protocord.criteria.tree import Comparison, Spot

Term = str
_OPPOSITE: dict[Comparison, Comparison] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}
_TURNED: dict[Comparison, Comparison] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}


@dataclass(frozen=True, slots=True)
class Known:
    """What one path through the rule takes for granted."""

    truths: Mapping[Term, bool] = field(default_factory=dict)
    limits: Mapping[Term, Case] = field(default_factory=dict)


def slips(plan: Plan) -> list[Slip]:
    """This will return what is wrong with the sense of a rule; empty when nothing is."""
    found = list(_constants(plan)) or list(_paths(plan, Known()))
    if not found:
        if assume(plan, True, Known()) is None:
            found.append(_slip(plan.at, "the rule can never be true.", "Check its limits and its nulls."))
        elif assume(plan, False, Known()) is None and not _has_null(plan):
            found.append(_slip(plan.at, "the rule can never be false.", "Check its limits."))
    return found


def _slip(at: Spot, what: str, remedy: str) -> Slip:
    return Slip(at.line, at.column, what, remedy)


def _parts(plan: Plan | NumberPlan) -> tuple[Plan | NumberPlan, ...]:
    match plan:
        case Negation(operand=operand):
            return (operand,)
        case Junction(left=left, right=right):
            return (left, right)
        case Comparing(left=before, right=after):
            return (before, after)
        case Choice(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case NumberChoice(condition=condition, then=one, otherwise=other):
            return (condition, one, other)
        case _:
            return ()


def _has_null(plan: Plan | NumberPlan) -> bool:
    if isinstance(plan, Constant):
        return plan.truth is Truth.UNKNOWN
    if isinstance(plan, Written):
        return plan.value is None
    return any(map(_has_null, _parts(plan)))


def _asks(plan: Plan | NumberPlan) -> bool:
    return isinstance(plan, Asked) or any(map(_asks, _parts(plan)))


def _constants(plan: Plan | NumberPlan, *, branch: bool = False) -> Iterator[Slip]:
    """Conditions that ask nothing of the subject: outside the branches of an `if` they say nothing."""
    if not branch and not isinstance(plan, Written) and not _asks(plan):
        yield _slip(plan.at, "this asks nothing of the subject, so it is always the same.", "Take it out, or ask for a fact.")
        return
    if isinstance(plan, Choice) and _same_constant(plan.then, plan.otherwise):
        yield _slip(plan.at, "both branches say the same.", "Take the condition out, or change one of the branches.")
    for place, part in enumerate(_parts(plan)):
        yield from _constants(part, branch=isinstance(plan, (Choice, NumberChoice)) and place > 0)


def _same_constant(one: Plan, other: Plan) -> bool:
    return isinstance(one, Constant) and isinstance(other, Constant) and one.truth is other.truth


def _paths(plan: Plan | NumberPlan, known: Known) -> Iterator[Slip]:
    """Branches that cannot be reached and operands that contradict each other, given what is known on the way there."""
    match plan:
        case Choice(condition=condition) | NumberChoice(condition=condition):
            yield from _paths(condition, known)
            for holding, branch, name in ((True, plan.then, "then"), (False, plan.otherwise, "else")):
                inside = assume(condition, holding, known)
                if inside is None:
                    settled = "never true" if holding else "never false"
                    what = f"the {name} branch cannot be reached: the condition is {settled} here."
                    yield _slip(branch.at, what, "Mend the condition, or take the branch out.")
                else:
                    yield from _paths(branch, inside)
        case Junction(decisive=decisive, left=left, right=right):
            yield from _paths(left, known)
            # The right operand only matters where the left one did not decide; a null in it may leave it open in any case.
            inside = assume(left, decisive is Truth.FALSE, known)
            if inside is None or _has_null(left):
                yield from _paths(right, known)
                return
            if decisive is Truth.FALSE and assume(right, True, inside) is None and assume(right, True, known) is not None:
                yield _slip(
                    right.at, "this contradicts what is asked before: both can never be true.", "Check the limits, or write 'or'."
                )
            elif decisive is Truth.TRUE and assume(right, False, inside) is None and assume(right, False, known) is not None:
                yield _slip(
                    right.at, "with what is asked before, this is always true: one of both always holds.", "Check the limits."
                )
            else:
                yield from _paths(right, inside)
        case _:
            for part in _parts(plan):
                yield from _paths(part, known)


def assume(plan: Plan, holding: bool, known: Known) -> Known | None:
    """This will return what is known if `plan` is true (`holding`) or false as well; None if it then cannot be."""
    match plan:
        case Constant(truth=truth):
            return known if truth is (Truth.TRUE if holding else Truth.FALSE) else None
        case Negation(operand=operand):
            return assume(operand, not holding, known)
        case Asked():
            if known.truths.get(plan.term, holding) is not holding:
                return None
            return Known({**known.truths, plan.term: holding}, known.limits)
        case Junction(decisive=decisive, left=left, right=right):
            if holding is (decisive is Truth.FALSE):  # both operands must be so
                inside = assume(left, holding, known)
                return None if inside is None else assume(right, holding, inside)
            return _either(assume(left, holding, known), assume(right, holding, known), known)
        case Choice(condition=condition, then=then, otherwise=otherwise):
            one, other = assume(condition, True, known), assume(condition, False, known)
            kept = None if one is None else assume(then, holding, one)
            kept_other = None if other is None else assume(otherwise, holding, other)
            unsettled = assume(then, holding, known) and assume(otherwise, holding, known)
            return _either(kept, kept_other, known) or unsettled
        case Comparing():
            return _compared(plan, holding, known)


def _either(one: Known | None, other: Known | None, known: Known) -> Known | None:
    if one is not None and other is not None:
        return known
    return one if other is None else other


def _compared(plan: Comparing, holding: bool, known: Known) -> Known | None:
    operator = plan.operator if holding else _OPPOSITE[plan.operator]
    left, right = plan.left, plan.right
    if isinstance(right, Asked) and isinstance(left, Written):
        left, right, operator = right, left, _TURNED[operator]
    if not isinstance(left, Asked) or not isinstance(right, Written):
        return known
    if right.value is None:
        return None  # compared with null, it is never true and never false
    limit = Case(right.value, right.value)
    before = known.limits.get(left.term) or _natural(left)
    if holds(before, operator, limit) is False:
        return None
    narrowed = _narrow(before, operator, right.value, whole=left.function.gives is Gives.NUMBER)
    return None if narrowed is None else Known(known.truths, {**known.limits, left.term: narrowed})


def _natural(asked: Asked) -> Case:
    """Ages and multiples of a limit are never negative; a result may be anything."""
    return Case(None if asked.function.gives is Gives.QUANTITY else Decimal(0), None)


def _narrow(case: Case, operator: Comparison, limit: Decimal, *, whole: bool) -> Case | None:
    low, high, low_strict, high_strict = case.low, case.high, case.low_strict, case.high_strict
    if operator in (">", ">=", "=") and (low is None or limit > low or (limit == low and operator == ">")):
        low, low_strict = limit, operator == ">"
    if operator in ("<", "<=", "=") and (high is None or limit < high or (limit == high and operator == "<")):
        high, high_strict = limit, operator == "<"
    if whole and low is not None:
        low, low_strict = Decimal(floor(low) + 1 if low_strict else ceil(low)), False
    if whole and high is not None:
        high, high_strict = Decimal(ceil(high) - 1 if high_strict else floor(high)), False
    if low is not None and high is not None and (low > high or (low == high and (low_strict or high_strict))):
        return None
    return Case(low, high, low_strict, high_strict)
