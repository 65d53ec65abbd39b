"""Conditions: present, absent, ended, denied."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir
import polars as pl

from protocord.cohort.normal import Kind
from protocord.cohort.plan.classes import opens
from protocord.cohort.plan.facts import Asking, dated, own, possible
from protocord.cohort.plan.pieces import key
from protocord.cohort.plan.program import Leaf


def conditions(asking: Asking) -> ir.Table | None:
    """Has: a statement of presence holds unless it ended, or a later statement denies it or a condition above it."""
    numbers, concepts = asking.classes.numbering.numbers, asking.classes.concepts

    def details(leaf: Leaf) -> dict[str, Any]:
        return {"opens": opens(leaf), "day": leaf.day, "asked": numbers[leaf.arguments[0]]}

    facts = asking.facts("conditions", asking.classes.of(("Has",), details))
    if facts is None:
        return None
    stated = facts.filter(possible(facts))
    stated = stated.mutate(sure=dated(stated))
    above = asking.classes.pairs(("Has",), lambda asked, one, certain: _above(concepts, asked, one, certain=certain))
    denials = _denials(stated, asking.relations.small("denials_above", above))
    ended = stated.ended & (stated.over_last <= stated.day)
    present = stated.filter((stated.kind != Kind.NO) & ~ended)
    present = own(
        present.left_join(
            denials,
            (present.person == denials.person) & (present.leaf == denials.leaf) & (present.concept == denials.concept),
        )
    )
    denied = ibis.coalesce(present.surely_denied, -1) > key(present["last"], present.record)
    doubted = ibis.coalesce(present.maybe_denied, -1) > key(present["first"], present.record)
    may_have_ended = present.ended & (present.over_first <= present.day)
    active = present.sure & present.certain & (present.kind == Kind.YES) & ~may_have_ended & ~doubted
    bits = present.filter(~denied).select("person", "leaf", a=active, b=~active, c=ibis.literal(False))
    asked_above = asking.relations.small("conditions_above", _above_asked(asking))
    absent = stated.semi_join(asked_above, (stated.leaf == asked_above.leaf) & (stated.concept == asked_above.concept))
    absent = absent.filter(absent.sure & (absent.kind == Kind.NO))
    over = stated.filter(stated.sure & ended & (stated.kind == Kind.YES) & (stated.concept == stated.asked))
    no, yes = ibis.literal(False), ibis.literal(True)
    return ibis.union(bits, *(part.select("person", "leaf", a=no, b=no, c=yes) for part in (absent, over)))


def _above_asked(asking: Asking) -> pl.DataFrame:
    numbers, concepts = asking.classes.numbering.numbers, asking.classes.concepts
    rows = [
        {"leaf": place, "concept": numbers[name]}
        for place, leaf in asking.classes.leaves("Has")
        for name in sorted(concepts.ancestors(leaf.arguments[0]) | {leaf.arguments[0]})
    ]
    return pl.DataFrame(rows, schema={"leaf": pl.Int32, "concept": pl.Int32})


def _above(concepts: Any, asked: str, one: str, *, certain: bool) -> set[str]:
    """The concepts a denial of which denies `one`."""
    own = set(concepts.ancestors(one)) | {one}
    return own if certain else own | set(concepts.ancestors(asked)) | {asked}


def _denials(stated: ir.Table, above: ir.Table) -> ir.Table:
    """For each person, leaf and concept: the latest moment at which it is surely, or may be, denied."""
    said = stated.filter(stated.kind != Kind.YES)
    met = said.join(above.rename(denied="concept"), ["leaf", (said.concept == above.other)])
    met = met.select(
        "person",
        "leaf",
        concept="denied",
        surely=(met.kind == Kind.NO) & met.sure,
        first_key=key(met["first"], met.record),
        last_key=key(met["last"], met.record),
    )
    return met.group_by("person", "leaf", "concept").agg(
        surely_denied=met.first_key.max(where=met.surely), maybe_denied=met.last_key.max()
    )
