"""Washout, Ever and Recorded: leaves of which each fact says its part alone, by comparing its days with constants of the program.

Such a leaf needs no row of its own. A fact's words are the bits that its concept may set, cut by the steps that its days have passed;
so a source table is read once, whatever the number of leaves, and a further leaf is a bit more in numbers that are there already.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import ibis
import ibis.expr.types as ir

from protocord.cohort.kinds import Kind, Status
from protocord.cohort.plan.classes import Classes, cleared_until, opens
from protocord.cohort.plan.facts import Relations
from protocord.cohort.plan.masks import Layout, after, by_limit, until, word
from protocord.cohort.plan.program import Leaf
from protocord.criteria.lengths import LONG_AGO

FUNCTIONS = ("Washout", "Ever", "Recorded")
_COLUMNS = ("person", "first", "last", "over_first", "over_last", "undated", "ongoing", "status", "kind")


@dataclass(frozen=True)
class _Span:
    """When a fact counts for a leaf: it began by `day`, not before `opens`, and was not over by `over`."""

    bit: int
    day: int
    opens: int
    over: int
    leaf: Leaf

    @classmethod
    def of(cls, place: int, leaf: Leaf) -> _Span:
        over = cleared_until(leaf.arguments[1], leaf.day) if leaf.function == "Washout" else LONG_AGO - 1
        since = opens(leaf) if leaf.function == "Recorded" else LONG_AGO
        return cls(place, leaf.day, since, over, leaf)


@dataclass(frozen=True)
class Spans:
    """The leaves of these functions, asking one relation of facts."""

    classes: Classes
    relations: Relations
    layout: Layout

    def parts(self) -> list[ir.Table]:
        """This will return, of each relation that holds a concept asked for, the facts with a say: person and the words of planes a and b."""
        asked = self._asked
        found = []
        for at in self.relations.holding(asked):
            held = {concept: asked[concept] for concept in self.relations.held(at, asked)}
            found.append(self._part(at, held))
        return found

    @cached_property
    def _asked(self) -> dict[int, dict[str, list[int]]]:
        """For each concept, the leaves that its facts may count for, and those that they surely count for."""
        found: dict[int, dict[str, list[int]]] = {}
        for place, leaf in self.classes.leaves(*FUNCTIONS):
            for concept, certain in self.classes.counted(leaf.arguments[0]):
                row = found.setdefault(concept, {"asked": [], "surely": []})
                row["asked"].append(place)
                if certain:
                    row["surely"].append(place)
        return found

    def _part(self, at: int, held: dict[int, dict[str, list[int]]]) -> ir.Table:
        places = sorted({place for row in held.values() for place in row["asked"]})
        leaves = self.classes.program.leaves
        spans = [_Span.of(place, leaves[place]) for place in places]
        table = self.layout.table(held, ("asked", "surely"))
        facts = self.relations.asked(at, f"spans_{at}", table, min(one.opens for one in spans), _COLUMNS)
        facts = facts.filter((facts.status == Status.RECORDED) & (facts["first"] <= max(one.day for one in spans)))
        words = {}
        for place in range(self.layout.count):
            here = [one for one in spans if self.layout.words([one.bit])[place]]
            said = self._words(facts, place, here) if here else (word(0), word(0))
            words[f"a_{place}"], words[f"b_{place}"] = said
        planes = facts.select("person", **words)
        some = planes.a_0 | planes.b_0
        for place in range(1, self.layout.count):
            some = some | planes[f"a_{place}"] | planes[f"b_{place}"]
        return planes.filter(some != 0)

    def _words(self, facts: ir.Table, place: int, spans: list[_Span]) -> tuple[ir.IntegerValue, ir.IntegerValue]:
        """One word of planes a (surely counts) and b (may count)."""

        def bits(some: Iterable[_Span]) -> int:
            return self.layout.words(one.bit for one in some)[place]

        days = by_limit((one.day, bits([one])) for one in spans)
        overs = by_limit((one.over, bits([one])) for one in spans)
        washouts = [one for one in spans if one.leaf.function == "Washout"]
        whole, refusable = bits(spans), bits(one for one in spans if one.leaf.function != "Recorded")
        # What was begun with no day at all and goes on had begun by the last day known.
        known = bits(one for one in washouts if one.leaf.known <= one.day)
        began = until(facts["last"], days)
        began = ibis.ifelse(facts.undated & facts.ongoing, (began & word(whole & ~bits(washouts))) | word(known), began)
        may = facts[f"asked_{place}"] & until(facts["first"], days)
        if len(overs) > 1 or LONG_AGO - 1 not in overs:
            may = may & after(facts.over_last, overs)
            began = began & after(facts.over_first, overs)
        since = by_limit((one.opens - 1, bits([one])) for one in spans)
        if len(since) > 1 or LONG_AGO - 1 not in since:
            may = may & after(facts["last"], since)
            began = began & after(facts["first"], since)
        may = may & ibis.ifelse(facts.kind == Kind.NO, word(whole & ~refusable), word(whole))
        return may & facts[f"surely_{place}"] & began, may
