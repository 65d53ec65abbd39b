"""Toxicities: which have a grade still too high."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import polars as pl

from protocord.cohort.normal import Kind
from protocord.cohort.plan.classes import Operator
from protocord.cohort.plan.facts import Asking, decisions, high_strict, low_strict, own
from protocord.cohort.plan.pieces import FALSE, TRUE, UNKNOWN, chosen, key, outcome
from protocord.criteria.lengths import NEVER


def recovered(asking: Asking) -> ir.Table | None:
    """RecoveredTo: the latest record of each toxicity; one of a whole class stands for itasking."""
    ids, concepts = asking.classes.numbering.ids, asking.classes.concepts
    rows = asking.classes.of(("RecoveredTo",), lambda leaf: {"day": leaf.day, "grade": float(leaf.arguments[1])})
    if rows.is_empty():
        return None
    rows = rows.with_columns(whole=pl.Series([bool(concepts.descendants(ids[number])) for number in rows["concept"]]))
    facts = asking.facts("toxicities", rows)
    if facts is None:
        return None
    begun = facts.filter(facts.kind.isin([Kind.NONE, Kind.NUMBER, Kind.UNUSABLE]) & (facts["first"] <= facts.day))
    begun = begun.mutate(toxicity=chosen((begun.whole, begun.record), otherwise=ibis.literal(-1, "int64")))
    no = ibis.literal(False)
    within = outcome(
        ibis.literal(int(Operator.AT_MOST)), begun.low, begun.high, low_strict(begun), high_strict(begun), begun.grade
    )
    goes_on = (begun.over_first == NEVER) | (begun.ended & (begun.over_first > begun.day))
    resolved = begun.ended & (begun.over_last <= begun.day)
    is_number = begun.kind == Kind.NUMBER
    said = chosen(
        (resolved, TRUE),
        (is_number & (within == TRUE), TRUE),
        (is_number & (within == FALSE) & goes_on, FALSE),
        otherwise=UNKNOWN,
    )
    judged = begun.select(
        "person",
        "leaf",
        "concept",
        "toxicity",
        sure=begun.certain & (begun["last"] <= begun.day),
        low_key=key(begun["first"], begun.record),
        high_key=key(ibis.least(begun["last"], begun.day), begun.record),
        said=said,
    )
    found = decisions(judged, "concept", "toxicity")
    above = found.sure & found.any_false & ~found.any_true & ~found.any_unknown
    fine = found.any_true & ~found.any_false & ~found.any_unknown
    groups = found.mutate(above=above, fine=fine)
    doubtful = _superseded(asking, groups.filter(groups.above), begun)
    joined = own(groups.left_join(doubtful, ["person", "leaf", "concept", "toxicity"]))
    superseded = ibis.coalesce(joined.superseded, no)
    return joined.select(
        "person", "leaf", a=joined.above & ~superseded, b=(joined.above & superseded) | (~joined.above & ~joined.fine), c=no
    )


def _superseded(asking: Asking, above: ir.Table, begun: ir.Table) -> ir.Table:
    """The toxicities above the grade of which a later record, of a class that it may belong to or the other way round, may be."""
    concepts = asking.classes.concepts

    def overlapping(_asked: str, one: str, _certain: bool) -> set[str]:
        own = concepts.descendants(one) | {one}
        return {name for name in concepts if not own.isdisjoint(concepts.descendants(name) | {name})}

    pairs = asking.relations.small("overlapping", asking.classes.pairs(("RecoveredTo",), overlapping))
    paired = above.join(pairs, ["leaf", "concept"])
    later = begun.select(
        "person", "leaf", other_toxicity="toxicity", other_concept="concept", later_key=key(begun["last"], begun.record)
    )
    met = paired.join(later, ["person", "leaf", (paired.other == later.other_concept)])
    another = (met.other_concept != met.concept) | (met.other_toxicity != met.toxicity)
    return (
        met.filter(another & (met.later_key > met.top))
        .select("person", "leaf", "concept", "toxicity", superseded=ibis.literal(True))
        .distinct()
    )
