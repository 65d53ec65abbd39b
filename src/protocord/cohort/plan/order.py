"""Whether one event was not later than another."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import polars as pl

from protocord.cohort.normal import Kind, Status
from protocord.cohort.plan.facts import Asking


def ordered(asking: Asking) -> ir.Table | None:
    """OnOrBefore: the earliest days of both, and whether the second is on record as not done."""
    firsts = asking.classes.of(("OnOrBefore",), lambda leaf: {"day": leaf.day, "second": False}, 0)
    seconds = asking.classes.of(("OnOrBefore",), lambda leaf: {"day": leaf.day, "second": True}, 1)
    if firsts.is_empty():
        return None
    rows = pl.concat([firsts, seconds])
    rows = rows.with_columns(by_yes=pl.Series([asking.classes.is_answered_by_yes(number) for number in rows["concept"]]))
    facts = asking.facts("ordered", rows, recorded=False)
    if facts is None:
        return None
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
