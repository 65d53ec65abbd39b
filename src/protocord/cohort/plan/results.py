"""Leaves that the latest fact decides: results, multiples of the upper limit, statements and codes."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir
import polars as pl

from protocord.cohort.kinds import UNKNOWN, Kind, Why
from protocord.cohort.plan.classes import OPERATORS, opens
from protocord.cohort.plan.facts import Asking, decisions, high_strict, judged, low_strict, own, possible
from protocord.cohort.plan.pieces import chosen, decided, outcome
from protocord.cohort.plan.program import Leaf
from protocord.criteria.functions.results import ADULT


def latest(asking: Asking) -> ir.Table | None:
    """Latest, TimesULN, Attested and CodeIn: leaves that only the latest fact decides, or all that could be it.

    A candidate is a fact whose last possible moment is not before the first possible moment of every sure fact (the floor).
    So some candidate has an outcome exactly if the greatest moment among the facts with that outcome reaches the floor: one
    pass, no second look at the rows.
    """
    parts = [part for part in (_results(asking), _statements(asking), _codes(asking)) if part is not None]
    if not parts:
        return None
    found = decisions(parts[0] if len(parts) == 1 else ibis.union(*parts))
    return found.select(
        "person",
        "leaf",
        a=found.sure & found.any_true & ~found.any_false & ~found.any_unknown,
        b=found.sure & found.any_false & ~found.any_true & ~found.any_unknown,
        c=ibis.literal(False),
    )


def _results(asking: Asking) -> ir.Table | None:
    def details(leaf: Leaf) -> dict[str, Any]:
        assert leaf.operator
        assert leaf.limit is not None
        limit = {"operator": int(OPERATORS[leaf.operator]), "bound": float(leaf.limit)}
        return {"times": leaf.function == "TimesULN", "opens": opens(leaf), "day": leaf.day, **limit}

    facts = asking.facts("results", asking.classes.of(("Latest", "TimesULN"), details))
    if facts is None:
        return None
    facts = facts.filter(possible(facts) & facts.kind.isin([Kind.NONE, Kind.NUMBER, Kind.UNUSABLE]))
    times = bool(asking.classes.leaves("TimesULN"))
    if times:
        facts = asking.aged(facts, facts["first"], facts["last"])
    limit = chosen((facts.times, facts.bound * facts.upper), otherwise=facts.bound) if times else facts.bound
    said = _compared(facts, limit)
    usable = facts.kind == Kind.NUMBER
    if times:
        usable = usable & (~facts.times | _is_the_childs(facts))
    return judged(facts, chosen((usable, said), otherwise=UNKNOWN))


def _statements(asking: Asking) -> ir.Table | None:
    rows = asking.classes.of(("Attested",), lambda leaf: {"opens": opens(leaf), "day": leaf.day})
    facts = asking.facts("statements", rows)
    if facts is None:
        return None
    facts = facts.filter(possible(facts))
    return judged(facts, decided(facts.kind == Kind.YES, facts.kind == Kind.NO))


def _codes(asking: Asking) -> ir.Table | None:
    rows = asking.classes.of(("CodeIn",), lambda leaf: {"opens": opens(leaf, 9), "day": leaf.day})
    if rows.is_empty():
        return None
    patterns = [asking.classes.concepts[asking.classes.numbering.ids[number]].code_pattern for number in rows["concept"]]
    # An engine matches a pattern anywhere in the text.
    rows = rows.with_columns(pl.Series("pattern", [f"^(?:{one.pattern})$" if one else "" for one in patterns], dtype=pl.String))
    facts = asking.facts("codes", rows)
    if facts is None:
        return None
    facts = facts.filter(possible(facts))
    listed = [
        {"leaf": place, "listed": code} for place, leaf in asking.classes.leaves("CodeIn") for code in sorted(leaf.arguments[1])
    ]
    codes = asking.relations.small("listed_codes", pl.DataFrame(listed, schema={"leaf": pl.Int32, "listed": pl.String}))
    facts = own(facts.left_join(codes, (facts.leaf == codes.leaf) & (facts.code == codes.listed)))
    is_code = facts.kind == Kind.CODE
    # Some engines let the end of a pattern match before a last line break.
    readable = (facts.pattern == "") | (facts.code.re_search(facts.pattern) & ~facts.code.contains("\n"))
    inside = facts.listed.notnull()
    return judged(facts, decided(is_code & inside, is_code & ~inside & ibis.coalesce(readable, ibis.literal(False))))


def _compared(facts: ir.Table, limit: ir.FloatingValue) -> ir.IntegerValue:
    return outcome(facts.operator, facts.low, facts.high, low_strict(facts), high_strict(facts), limit)


def _is_the_childs(facts: ir.Table) -> ir.BooleanValue:
    """Whether the upper limit may be used: known, and of a range for this person's sex and age on the day of the sample."""
    youngest, oldest = facts.youngest, facts.oldest
    low, high = facts.band_low, facts.band_high
    banded = low.notnull() | high.notnull()
    no = ibis.literal(False)
    adults = ibis.coalesce(low < ADULT, ibis.literal(True)) & ibis.coalesce(high > ADULT, ibis.literal(True))
    inside = ibis.coalesce(youngest >= low, ibis.literal(True)) & ibis.coalesce(oldest <= high, ibis.literal(True))
    in_band = inside & ~((youngest < ADULT) & adults)
    by_age = youngest.notnull() & oldest.notnull() & chosen((banded, in_band), otherwise=youngest >= ADULT)
    for_sex = (facts.range_sex == 0) | (facts.range_sex == facts.sex)
    return (facts.upper_why == Why.FINE) & for_sex & ((facts.child & ~banded) | ibis.coalesce(by_age, no))
