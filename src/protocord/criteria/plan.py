"""A checked rule ready to run: each node decides itself on a day, and names the days on which it may change.

Kleene's logic throughout. Both sides are always decided, so that nothing that is missing is lost behind a part that decides; but a
part that already is as it is `wanted` (true, for an inclusion criterion; unknown: either will do) lacks nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from protocord.criteria.answers import Evaluation, Truth
from protocord.criteria.functions import Ask, Function
from protocord.criteria.index import FactIndex
from protocord.criteria.numbers import Numbers, compare, decides
from protocord.criteria.tree import Comparison, Spot
from protocord.values.reasons import Reason
from protocord.values.text import Text

_LEFT_OPEN = Reason.of("left_open")
Limits = frozenset[Decimal] | None


def is_settled(truth: Truth, wanted: Truth) -> bool:
    """This will tell whether nothing more need be known: it is as wanted, or decided where either will do."""
    return truth is not Truth.UNKNOWN if wanted is Truth.UNKNOWN else truth is wanted


def lacking(found: Evaluation, wanted: Truth) -> tuple[Reason, ...]:
    """This will return what a part lacks: nothing when it is settled."""
    return () if is_settled(found.truth, wanted) else found.missing


@dataclass(frozen=True, slots=True)
class Constant:
    """`true`, `false` or `null` where a condition stands."""

    truth: Truth
    at: Spot

    def decide(self, _ask: Ask, _wanted: Truth = Truth.TRUE) -> Evaluation:
        """This will give the constant; `null` with the reason that the rule leaves it open."""
        return (
            Evaluation(self.truth, (_LEFT_OPEN,), missing=(_LEFT_OPEN,))
            if self.truth is Truth.UNKNOWN
            else Evaluation(self.truth)
        )

    def answer(self, _ask: Ask) -> Truth:
        """The truth alone."""
        return self.truth

    def days(self, _index: FactIndex, _known: int) -> Iterable[int]:
        """Never changes."""
        return ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A function of the language that gives a truth or a number. `arguments` are ready for it.

    `term` says what is asked, wherever it stands: two nodes with the same term have the same answer.
    """

    function: Function
    arguments: tuple[Any, ...]
    term: str
    at: Spot

    def decide(self, ask: Ask, _wanted: Truth = Truth.TRUE) -> Any:
        """This will ask the function, once a day for all the rules that ask the same."""
        asked = ask.index.asked.setdefault((ask.day, ask.known), {})
        found = asked.get(self.term)
        if found is None:
            found = asked[self.term] = self.function.decide(ask, *self.arguments)
        return found

    def answer(self, ask: Ask) -> Truth:
        """The truth alone."""
        truth: Truth = self.decide(ask).truth
        return truth

    def days(self, index: FactIndex, known: int, limits: Limits = None) -> Iterable[int]:
        """The function's own days, found once for all the rules that ask the same."""
        key = (self.term, known, limits)
        found = index.stepped.get(key)
        if found is None:
            found = index.stepped[key] = frozenset(self.function.days(index, known, limits, *self.arguments))
        return found


@dataclass(frozen=True, slots=True)
class Negation:
    """`not`"""

    operand: Plan
    at: Spot

    def decide(self, ask: Ask, wanted: Truth = Truth.TRUE) -> Evaluation:
        """This will turn the operand's truth; its reasons stay."""
        found = self.operand.decide(ask, ~wanted)
        return Evaluation(~found.truth, found.reasons, found.used, found.missing, found.thresholds)

    def answer(self, ask: Ask) -> Truth:
        """The truth alone."""
        return ~self.operand.answer(ask)

    def days(self, index: FactIndex, known: int) -> Iterable[int]:
        """The operand's days."""
        return self.operand.days(index, known)


@dataclass(frozen=True, slots=True)
class Junction:
    """`and` (`decisive` FALSE) or `or` (`decisive` TRUE): one decisive operand decides; else one unknown leaves it unknown."""

    decisive: Truth
    left: Plan
    right: Plan
    at: Spot

    def decide(self, ask: Ask, wanted: Truth = Truth.TRUE) -> Evaluation:
        """This will combine both operands, keeping the reasons of those that decide and all that is missing."""
        both = self.left.decide(ask, wanted), self.right.decide(ask, wanted)
        truths = {found.truth for found in both}
        truth = self.decisive if self.decisive in truths else Truth.UNKNOWN if Truth.UNKNOWN in truths else ~self.decisive
        return Evaluation(
            truth,
            tuple(reason for found in both if found.truth is truth for reason in found.reasons),
            both[0].used + both[1].used,
            () if is_settled(truth, wanted) else lacking(both[0], wanted) + lacking(both[1], wanted),
            both[0].thresholds + both[1].thresholds,
        )

    def answer(self, ask: Ask) -> Truth:
        """The truth alone: where the left side decides, the right one is not asked."""
        left = self.left.answer(ask)
        if left is self.decisive:
            return left
        right = self.right.answer(ask)
        return right if right is self.decisive or left is not Truth.UNKNOWN else left

    def days(self, index: FactIndex, known: int) -> Iterator[int]:
        """The days of both."""
        yield from self.left.days(index, known)
        yield from self.right.days(index, known)


@dataclass(frozen=True, slots=True)
class Choice:
    """`if then else` between two conditions; with an unknown condition both branches are possible."""

    condition: Plan
    then: Plan
    otherwise: Plan
    at: Spot

    def decide(self, ask: Ask, wanted: Truth = Truth.TRUE) -> Evaluation:
        """This will take the branch, or join both."""
        asked = self.condition.decide(ask, Truth.UNKNOWN)
        if asked.truth is not Truth.UNKNOWN:
            taken = (self.then if asked.truth is Truth.TRUE else self.otherwise).decide(ask, wanted)
            why, used = asked.reasons + taken.reasons, asked.used + taken.used
            return Evaluation(taken.truth, why, used, taken.missing, asked.thresholds + taken.thresholds)
        both = self.then.decide(ask, wanted), self.otherwise.decide(ask, wanted)
        agreed = both[0].truth is both[1].truth and both[0].truth is not Truth.UNKNOWN
        open_ = asked.reasons + tuple(one for found in both if found.truth is Truth.UNKNOWN for one in found.missing)
        return Evaluation(
            both[0].truth if agreed else Truth.UNKNOWN,
            both[0].reasons + both[1].reasons if agreed else open_,
            asked.used + both[0].used + both[1].used,
            (() if agreed else asked.missing) + lacking(both[0], wanted) + lacking(both[1], wanted),
            asked.thresholds + both[0].thresholds + both[1].thresholds,
        )

    def answer(self, ask: Ask) -> Truth:
        """The truth alone."""
        asked = self.condition.answer(ask)
        if asked is not Truth.UNKNOWN:
            return (self.then if asked is Truth.TRUE else self.otherwise).answer(ask)
        then = self.then.answer(ask)
        return then if then is self.otherwise.answer(ask) else Truth.UNKNOWN

    def days(self, index: FactIndex, known: int) -> Iterator[int]:
        """The days of the condition and of both branches."""
        yield from self.condition.days(index, known)
        yield from self.then.days(index, known)
        yield from self.otherwise.days(index, known)


@dataclass(frozen=True, slots=True)
class Written:
    """A number that the rule writes, in the unit it is compared in; None for `null`. `numbers` is the same, ready to compare."""

    value: Decimal | None
    numbers: Numbers
    at: Spot

    @classmethod
    def of(cls, value: Decimal | None, unit: str, at: Spot) -> Written:
        """This will return the number with all the digits that were written."""
        return cls(value, Numbers((), (_LEFT_OPEN,)) if value is None else Numbers.exactly(value, unit), at)

    def decide(self, _ask: Ask) -> Numbers:
        """This will give the number."""
        return self.numbers

    def days(self, _index: FactIndex, _known: int, _limits: Limits = None) -> Iterable[int]:
        """Never changes."""
        return ()


@dataclass(frozen=True, slots=True)
class NumberChoice:
    """`if then else` between two numbers; with an unknown condition both are possible."""

    condition: Plan
    then: NumberPlan
    otherwise: NumberPlan
    at: Spot

    def decide(self, ask: Ask) -> Numbers:
        """This will take the branch, or join both."""
        asked = self.condition.decide(ask, Truth.UNKNOWN)
        if asked.truth is not Truth.UNKNOWN:
            taken = (self.then if asked.truth is Truth.TRUE else self.otherwise).decide(ask)
            return Numbers(
                taken.cases,
                taken.absent,
                taken.doubts,
                asked.reasons + taken.reasons,
                asked.used + taken.used,
            )
        one, other = self.then.decide(ask), self.otherwise.decide(ask)
        return Numbers(
            (*one.cases, *other.cases),
            asked.missing + one.absent + other.absent if one.absent or other.absent else (),
            asked.missing + one.doubts + other.doubts,
            one.reasons + other.reasons,
            asked.used + one.used + other.used,
        )

    def days(self, index: FactIndex, known: int, limits: Limits = None) -> Iterator[int]:
        """The days of the condition and of both branches."""
        yield from self.condition.days(index, known)
        yield from self.then.days(index, known, limits)
        yield from self.otherwise.days(index, known, limits)


@dataclass(frozen=True, slots=True)
class Comparing:
    """A comparison of two numbers; `about` says in words what is asked for."""

    operator: Comparison
    left: NumberPlan
    right: NumberPlan
    about: Text
    at: Spot

    def decide(self, ask: Ask, _wanted: Truth = Truth.TRUE) -> Evaluation:
        """This will compare every possibility of both sides."""
        return compare(self.left.decide(ask), self.operator, self.right.decide(ask), self.about)

    def answer(self, ask: Ask) -> Truth:
        """The truth alone."""
        return decides(self.left.decide(ask), self.operator, self.right.decide(ask))

    def days(self, index: FactIndex, known: int) -> Iterator[int]:
        """The days of both sides; each is told the limits that the other side writes, so that only telling birthdays count."""
        yield from self.left.days(index, known, written(self.right))
        yield from self.right.days(index, known, written(self.left))


def written(side: NumberPlan) -> Limits:
    """This will return the numbers that a side of a comparison writes; None when it asks for others."""
    match side:
        case Written(value=value):
            return frozenset() if value is None else frozenset((value,))
        case NumberChoice(then=then, otherwise=otherwise):
            one, other = written(then), written(otherwise)
            return None if one is None or other is None else one | other
        case _:
            return None


Plan = Constant | Asked | Negation | Junction | Choice | Comparing
NumberPlan = Written | Asked | NumberChoice
