"""Check a rule against the study's concepts, parameters and value sets, and make it ready to evaluate."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache

from protocord.concepts import Concepts
from protocord.criteria import logic, tree
from protocord.criteria.answers import Anchors, Evaluation, Truth
from protocord.criteria.compile import Compiler
from protocord.criteria.functions import Ask
from protocord.criteria.index import FactIndex
from protocord.criteria.lengths import is_day
from protocord.criteria.numbers import each_once, unique
from protocord.criteria.parse import parse
from protocord.criteria.plan import Plan, lacking
from protocord.criteria.problems import RuleProblem
from protocord.criteria.tree import Expression
from protocord.criteria.write import to_text

ParameterValue = str | int | Decimal | bool


@dataclass(frozen=True, slots=True)
class CheckedRule:
    """A rule whose names, types and units are known to be right.

    `expression` has the study's parameters put in, `text` names them. `concepts`, `parameters` and `value_sets` are what it names.
    """

    expression: Expression
    text: str
    concepts: frozenset[str]
    parameters: frozenset[str]
    value_sets: frozenset[str]
    plan: Plan = field(repr=False, compare=False)

    def evaluate(self, index: FactIndex, anchors: Anchors, wanted: Truth = Truth.TRUE) -> Evaluation:
        """This will decide the rule on `anchors.reference`, with reasons.

        `missing` lists what could still make it as it is `wanted`: true for an inclusion criterion, false for an exclusion
        criterion, unknown where either will do.
        """
        ask = Ask(index, anchors.reference.toordinal(), anchors.known_on.toordinal())
        found: Evaluation = self.plan.decide(ask, wanted)
        reasons, missing, thresholds = unique(found.reasons), unique(lacking(found, wanted)), unique(found.thresholds)
        return Evaluation(found.truth, reasons, each_once(found.used), missing, thresholds)

    def truth(self, index: FactIndex, anchors: Anchors) -> Truth:
        """This will decide the rule as `evaluate` does, without gathering reasons."""
        return self.plan.answer(Ask(index, anchors.reference.toordinal(), anchors.known_on.toordinal()))

    def breakpoints(self, index: FactIndex, known_on: date, lead: int = 0) -> set[date]:
        """This will return every day D on which the answer for the reference date D + `lead` days may differ from the day before."""
        days = {day - lead for day in self.plan.days(index, known_on.toordinal())}
        return {date.fromordinal(day) for day in days if is_day(day)}


def check(
    expression: Expression,
    *,
    concepts: Concepts,
    parameters: Mapping[str, ParameterValue] | None = None,
    value_sets: Mapping[str, Collection[str]] | None = None,
    sense: bool = True,
) -> CheckedRule:
    """This will return the rule ready to evaluate; `parameters` are literals as the study writes them (`7 days`), `value_sets` codes by id.

    Raises RuleProblem with every slip: unknown names (did you mean), argument types, concept kinds, units that the concept does
    not accept, conditions that are constant, branches that cannot be reached, limits that contradict one another. Without `sense` the
    last three are let be, as in a rule one of whose limits was moved onto another.
    """
    constants = {name: parameter(value) for name, value in (parameters or {}).items()}
    compiler = Compiler(concepts, constants, value_sets or {})
    plan = compiler.condition(expression)
    slips = compiler.slips or (logic.slips(plan) if sense else [])
    if slips:
        raise RuleProblem(*slips)
    return CheckedRule(
        tree.substituted(expression, constants),
        to_text(expression),
        frozenset(compiler.asked_concepts),
        frozenset(compiler.asked_parameters),
        frozenset(compiler.asked_value_sets),
        plan,
    )


def parameter(value: ParameterValue) -> tree.Constant:
    """This will read a parameter's value: `7 days`, `0.5 '10*9/L'`, `50`, true or false. Raises RuleProblem for anything else."""
    return _constant(str(value).lower() if isinstance(value, bool) else str(value))


@lru_cache(maxsize=1024)
def _constant(said: str) -> tree.Constant:
    # A study checks each of its rules against the same twenty parameters; reading them anew was half the cost of loading it.
    read = parse(said)
    if not isinstance(read, tree.Constant):
        what = f"a parameter is one value; {said!r} is not."
        raise RuleProblem.at_start(what, "Write 7 days, 50, or 0.5 '10*9/L'.")
    return read
