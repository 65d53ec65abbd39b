"""Check a rule against the study's concepts, parameters and value sets, and make it ready to evaluate."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from protocord.concepts import Concepts
from protocord.criteria.answers import Anchors, Evaluation
from protocord.criteria.index import FactIndex
from protocord.criteria.tree import Expression

ParameterValue = str | int | Decimal | bool


@dataclass(frozen=True, slots=True)
class CheckedRule:
    """A rule whose names, types and units are known to be right."""

    expression: Expression
    text: str

    @property
    def concepts(self) -> frozenset[str]:
        """The ids of all concepts that the rule asks for."""
        raise NotImplementedError

    def evaluate(self, index: FactIndex, anchors: Anchors) -> Evaluation:
        """This will decide the rule on `anchors.reference`, with reasons."""
        raise NotImplementedError

    def breakpoints(self, index: FactIndex, known_on: date, lead: int = 0) -> set[date]:
        """This will return every day D on which the answer for the reference date D + `lead` days may differ from the day before."""
        raise NotImplementedError


def check(
    expression: Expression,
    *,
    concepts: Concepts,
    parameters: Mapping[str, ParameterValue] | None = None,
    value_sets: Mapping[str, Collection[str]] | None = None,
) -> CheckedRule:
    """This will return the rule ready to evaluate; `parameters` are literals as the study writes them (`7 days`), `value_sets` codes by id.

    Raises RuleProblem with every slip: unknown names (did you mean), argument types, concept kinds, units that the concept does
    not accept, conditions that are constant, branches that cannot be reached, limits that contradict one another.
    """
    raise NotImplementedError
