"""Exposures and procedures: washed out, ever begun, on record, in order."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir
import polars as pl

from protocord.cohort.normal import Kind, Status
from protocord.cohort.plan.classes import cleared_until, opens
from protocord.cohort.plan.facts import Asking, possible, sure
from protocord.cohort.plan.pieces import chosen
from protocord.cohort.plan.program import Leaf
from protocord.criteria.lengths import LONG_AGO


def exposures(asking: Asking) -> ir.Table | None:
    """Washout and Ever."""

    def details(leaf: Leaf) -> dict[str, Any]:
        washout = leaf.function == "Washout"
        until = cleared_until(leaf.arguments[1], leaf.day) if washout else LONG_AGO
        return {"washout": washout, "until": until, "day": leaf.day, "known": leaf.known}

    facts = asking.facts("exposures", asking.classes.of(("Washout", "Ever"), details))
    if facts is None:
        return None
    begun = facts.filter((facts.kind != Kind.NO) & (facts["first"] <= facts.day))
    began_last = chosen((begun.undated & begun.ongoing & begun.washout, begun.known), otherwise=begun["last"])
    over = begun.over_last <= begun.until
    open_ = (began_last > begun.day) | (begun.over_first <= begun.until) | ~begun.certain
    surely = begun.certain & (begun["last"] <= begun.day)
    return begun.select(
        "person",
        "leaf",
        a=chosen((begun.washout, ~over & ~open_), otherwise=surely),
        b=chosen((begun.washout, ~over & open_), otherwise=ibis.literal(True)),
        c=ibis.literal(False),
    )


def recorded(asking: Asking) -> ir.Table | None:
    """Recorded."""
    rows = asking.classes.of(("Recorded",), lambda leaf: {"opens": opens(leaf), "day": leaf.day})
    facts = asking.facts("recorded", rows)
    if facts is None:
        return None
    met = facts.filter(possible(facts))
    return met.select("person", "leaf", a=sure(met), b=ibis.literal(True), c=ibis.literal(False))


def ordered(asking: Asking) -> ir.Table | None:
    """OnOrBefore: the earliest days of both, and whether the second is on record as not done."""
    firsts = asking.classes.of(("OnOrBefore",), lambda leaf: {"day": leaf.day, "second": False}, 0)
    seconds = asking.classes.of(("OnOrBefore",), lambda leaf: {"day": leaf.day, "second": True}, 1)
    if firsts.is_empty():
        return None
    rows = pl.concat([firsts, seconds])
    rows = rows.with_columns(by_yes=pl.Series([asking.classes.is_answered_by_yes(number) for number in rows["concept"]]))
    facts = asking.facts("ordered", rows, recorded=False)
    assert facts is not None
    usable = facts.status == Status.RECORDED
    first = ~facts.second & usable & (facts.kind != Kind.NO) & (facts["first"] <= facts.day)
    sure = first & (facts["last"] <= facts.day) & facts.certain & (~facts.by_yes | (facts.kind == Kind.YES))
    second = facts.second & usable
    not_done = facts.second & facts.certain & (facts.status == Status.NOT_DONE)
    found = facts.group_by("person", "leaf").agg(
        earliest=facts["first"].min(where=first),
        surely=facts["last"].min(where=sure),
        other=facts["first"].min(where=second),
        other_surely=facts["last"].min(where=second & facts.certain),
        not_done=not_done.any(),
    )
    is_sure, no_other = found.surely.notnull(), found.other.isnull()
    no = ibis.literal(False)
    true = is_sure & ibis.coalesce(found.surely <= found.other, no) | (is_sure & no_other & found.not_done)
    false = is_sure & ~no_other & ibis.coalesce(found.earliest > found.other_surely, no)
    pending = is_sure & no_other & ~found.not_done  # both planes: true where a history covers
    return found.select("person", "leaf", a=true | pending, b=false | pending, c=no)
