"""The plan as one expression: for every person the bits of every leaf, in one pass over the facts.

The result has one row a person: birth (earliest and latest day) and, for each plane and word, the bits of the leaves. What the
bits mean for a leaf is said in `hits`; `truths` reads them.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import polars as pl

from protocord.cohort.plan.classes import BITS, Classes, mask, words
from protocord.cohort.plan.facts import Relations, own
from protocord.cohort.plan.hits import hits
from protocord.cohort.plan.pieces import bit_or, flag
from protocord.cohort.plan.program import Program
from protocord.concepts import Concepts

PLANES = "abc"


def planes(program: Program, concepts: Concepts, relations: Relations) -> ir.Table:
    """This will return person, birth_first, birth_last and the words a_0, a_1, …, b_0, …, c_0, … of every person, as an expression.

    Nothing runs until it is executed. The bit of leaf i is bit i mod 62 of word i div 62.
    """
    classes = Classes(program, concepts)
    rows = _words(classes, relations)
    return rows.select("person", "birth_first", "birth_last", *word_names(len(program.leaves)))


def word_names(leaves: int) -> list[str]:
    """This will return the names of the words that hold a bit of each leaf in each plane."""
    return [f"{plane}_{word}" for plane in PLANES for word in range(words(leaves))]


def _words(classes: Classes, relations: Relations) -> ir.Table:
    """One row a person: birth and sex, and for each plane and word the bits of the leaves."""
    count = words(len(classes.program.leaves))
    names = word_names(len(classes.program.leaves))
    parts = [_bits(part, count) for part in hits(classes, relations)]
    histories = _covered(classes, relations, count)
    if histories is not None:
        parts.append(histories)
    persons = relations.persons
    if not parts:
        return persons.mutate(**{name: ibis.literal(0, "int64") for name in names})
    bits = parts[0] if len(parts) == 1 else ibis.union(*parts)
    gathered = bits.group_by("person").agg(**{name: bit_or(bits[name]) for name in names})
    joined = own(persons.left_join(gathered, "person"))
    return joined.mutate(**{name: ibis.coalesce(joined[name], ibis.literal(0, "int64")) for name in names})


def _bits(hits: ir.Table, count: int) -> ir.Table:
    """Hits as words: the bit of the leaf, in its word, for each plane that the row speaks of."""
    # Engines differ in the type of a bare 1, and a shift keeps the type of what it shifts.
    bit = ibis.literal(1, "int8").cast("int64") << (hits.leaf.cast("int32") % BITS)
    within = [hits.leaf.between(place * BITS, place * BITS + BITS - 1) for place in range(count)]
    return hits.select(
        "person",
        **{f"{plane}_{place}": flag(hits[plane] & within[place], bit) for plane in PLANES for place in range(count)},
    )


def _covered(classes: Classes, relations: Relations, count: int) -> ir.Table | None:
    """What histories cover: at once where one stretch holds all the days, else by joining stretches that meet."""
    needs = classes.needs()
    if not needs:
        return None
    histories = relations.histories
    alone: dict[str, ir.IntegerValue] = {
        f"{plane}_{place}": ibis.literal(0, "int64") for plane in PLANES for place in range(count)
    }
    for leaf, names, first, last in needs:
        place, bit = mask(leaf)
        holds = histories.concept.isin([*names, -1]) & (histories.since <= first) & (histories.until >= last)
        alone[f"c_{place}"] = alone[f"c_{place}"] | flag(holds, bit)
    parts = [histories.select("person", **alone), _bits(_joined(classes, relations), count)]
    return ibis.union(*parts)


def _joined(classes: Classes, relations: Relations) -> ir.Table:
    """Leaves whose days only several stretches together cover; only stretches that hold a part of the days are looked at."""
    rows = [
        {"concept": concept, "leaf": leaf, "need_first": first, "need_last": last}
        for leaf, names, first, last in classes.needs()
        for concept in [*names, -1]
    ]
    schema = dict.fromkeys(("concept", "leaf", "need_first", "need_last"), pl.Int32)
    needs = relations.small("needs", pl.DataFrame(rows, schema=schema))
    histories = relations.histories
    met = histories.join(needs, "concept")
    touching = (met.since <= met.need_last + 1) & (met.until >= met.need_first - 1)
    partly = met.filter(touching & ~((met.since <= met.need_first) & (met.until >= met.need_last)))
    window = ibis.window(group_by=["person", "leaf"], order_by=["since", "until"], preceding=(None, 1))
    before = partly.mutate(reached=partly.until.max().over(window))
    starts = before.mutate(island=flag(before.reached.isnull() | (before.since > before.reached + 1), 1))
    so_far = ibis.window(group_by=["person", "leaf"], order_by=["since", "until"], preceding=(None, 0))
    islands = starts.mutate(number=starts.island.sum().over(so_far))
    whole = islands.group_by("person", "leaf", "number").agg(
        since=islands.since.min(), until=islands.until.max(), first=islands.need_first.min(), last=islands.need_last.min()
    )
    held = whole.filter((whole.since <= whole["first"]) & (whole.until >= whole["last"]))
    no = ibis.literal(False)
    return held.select("person", "leaf", a=no, b=no, c=ibis.literal(True))
