"""The age on the day of a fact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ibis
import ibis.expr.types as ir

from protocord.cohort.kinds import UNKNOWN
from protocord.cohort.plan.classes import OPERATORS
from protocord.cohort.plan.facts import Asking, decisions, judged, possible
from protocord.cohort.plan.pieces import chosen, outcome
from protocord.cohort.plan.program import Leaf
from protocord.criteria.lengths import LONG_AGO, NEVER


def ages(asking: Asking) -> ir.Table | None:
    """AgeInYearsAt: what each fact that could be the latest one says of the age on its day."""

    def details(leaf: Leaf) -> dict[str, Any]:
        assert leaf.operator
        assert leaf.limit is not None
        before = leaf.arguments[1] if len(leaf.arguments) > 1 else None
        back = {"back_days": before.days if before else 0}
        limit = {"operator": int(OPERATORS[leaf.operator]), "bound": float(leaf.limit)}
        return {"opens": LONG_AGO, "day": leaf.day, **back, **limit}

    facts = asking.facts("ages", asking.classes.of(("AgeInYearsAt",), details))
    if facts is None:
        return None
    facts = facts.filter(possible(facts))
    back = _back(facts)
    facts = asking.aged(facts, back(facts["first"]), back(ibis.least(facts["last"], facts.day)))
    # Before birth there is no age: one that may have been then counts from birth on.
    youngest = ibis.greatest(ibis.coalesce(facts.youngest, 0), 0).cast("float64")
    no = ibis.literal(False)
    said = outcome(facts.operator, youngest, facts.oldest.cast("float64"), no, no, facts.bound)
    born = ibis.coalesce(facts.to_day >= facts.birth_last, no)
    found = decisions(judged(facts, chosen((born, said), otherwise=UNKNOWN)))
    return found.select(
        "person",
        "leaf",
        a=found.any_false | found.any_unknown,
        b=found.any_true | found.any_unknown,
        c=found.sure,
    )


def _back(facts: ir.Table) -> Callable[[Any], Any]:
    """What moves a day back by a leaf's length: constants of each leaf, since only days that are known are moved."""

    def moved(day: Any) -> Any:
        open_ = (day <= LONG_AGO) | (day >= NEVER)
        return chosen((open_, day), otherwise=day - facts.back_days)

    return moved
