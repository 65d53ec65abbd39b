"""Leaves that the latest fact decides, where every fact has one known day: one maximum for each person and test serves all of them.

A *test* is one concept asked for on one day by one kind of function. Its latest fact in the widest look-back is the latest in every
narrower one that holds it, and where a narrower one does not hold it, that one holds no fact at all. So the engine finds the latest
fact of each test, however many limits and look-backs the program compares it with, and `deciding` compares it, over arrays.

The general shape, for facts with partial dates and concepts that may be of something else, stands in `results` and `ages`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import ibis
import ibis.expr.types as ir
import polars as pl

from protocord.cohort.kinds import Kind, Status, Why
from protocord.cohort.plan.classes import Classes, opens
from protocord.cohort.plan.facts import Relations
from protocord.cohort.plan.pieces import at_last, chosen, key
from protocord.cohort.plan.program import Leaf
from protocord.concepts import ConceptKind
from protocord.criteria.lengths import LONG_AGO

RESULTS = ("Latest", "TimesULN")
FUNCTIONS = (*RESULTS, "Attested", "Recorded", "CodeIn", "AgeInYearsAt")

# What a fact's number is: itself, or all from it on (without it), or all up to it (without it); or it must not be used.
POINT, FROM, ABOVE, UP_TO, BELOW, UNUSABLE = 0, 1, 2, 3, 4, -1
ADULTS = 8  # added where the upper limit is an adult's: it may be used for somebody of 18 years or more
YES, NO = 1.0, 0.0
_ALWAYS = ("person", "record", "concept", "first", "status", "kind")
_NUMBER = ("low", "high", "strict", "upper", "upper_why", "child")
_CODE = ("code",)
SHORT = 62  # days of a look-back in which a person has few facts of one test


@dataclass(frozen=True)
class Test:
    """A concept asked for on one day by one kind of function, and the leaves that ask, by place."""

    function: str
    asked: str
    day: int
    leaves: tuple[tuple[int, Leaf], ...]

    @property
    def opens(self) -> int:
        """The first day of its widest look-back."""
        return min(first_day(leaf) for _, leaf in self.leaves)


def first_day(leaf: Leaf) -> int:
    """This will return the first day of a leaf's look-back; LONG_AGO without one."""
    return LONG_AGO if leaf.function in ("CodeIn", "AgeInYearsAt") else opens(leaf)


@dataclass(frozen=True)
class Newest:
    """The tests of a program whose facts in a source all have one known day; the number of a test is its place."""

    classes: Classes
    relations: Relations
    dialect: str

    @cached_property
    def settled(self) -> frozenset[int]:
        """The leaves of these functions that need no other shape: the tests', and those that no fact can decide."""
        return frozenset(self._empty | {place for test in self.tests for place, _ in test.leaves})

    @cached_property
    def tests(self) -> tuple[Test, ...]:
        """The tests, in order."""
        exact = [
            (leaf.function, leaf.arguments[0], leaf.day, place, leaf)
            for place, leaf in self.classes.leaves(*FUNCTIONS)
            if place not in self._empty and self._is_exact(leaf)
        ]
        ordered = groupby(sorted(exact, key=lambda one: one[:4]), key=lambda one: one[:3])
        return tuple(
            Test(function, asked, day, tuple((place, leaf) for *_, place, leaf in leaves))
            for (function, asked, day), leaves in ordered
        )

    @cached_property
    def _empty(self) -> frozenset[int]:
        """Leaves about which the source holds nothing, or nothing with a day: no fact surely is the latest."""
        found = set()
        for place, leaf in self.classes.leaves(*FUNCTIONS):
            held = self._held(leaf)
            sure = any(certain and concept not in self.relations.undated for concept, certain in held.items())
            never = not sure and leaf.function not in ("AgeInYearsAt", "Recorded")
            if not held or never:
                found.add(place)
        return frozenset(found)

    def _held(self, leaf: Leaf) -> dict[int, bool]:
        counted = dict(self.classes.counted(leaf.arguments[0]))
        places = self.relations.holding(counted)
        held = frozenset().union(*(self.relations.held(at, counted) for at in places))
        return {concept: certain for concept, certain in counted.items() if concept in held}

    def _is_exact(self, leaf: Leaf) -> bool:
        return all(certain and concept in self.relations.exact for concept, certain in self._held(leaf).items())

    def found(self) -> Iterator[ir.Table]:
        """This will yield of each relation the facts (person, test, moment, said, side, …) that may be the latest of a person and test.

        Where a person may have many, the engine returns the latest alone. Else it is cheaper to let `comparing` find it, which must look
        among the relations in any case.
        """
        rows = self._rows
        concepts = rows["concept"].to_list()
        for at in self.relations.holding(concepts):
            held = rows.filter(pl.col("concept").is_in(sorted(self.relations.held(at, concepts))))
            asked = {FUNCTIONS[number] for number in set(held["function"])}
            columns = [*_ALWAYS, *(_NUMBER if asked & {*RESULTS} else ()), *(_CODE if "CodeIn" in asked else ())]
            facts = self.relations.asked(at, f"tests_{at}", held, min(held["opens"]), columns)
            within = (facts["first"] >= facts.opens) & (facts["first"] <= facts.day) & (facts.status == Status.RECORDED)
            said = _said(facts.filter(within), asked)
            yield self._latest(said) if any(self._has_many(self.tests[number]) for number in set(held["test"])) else said

    def _has_many(self, test: Test) -> bool:
        """Whether a person may have many facts of a test: results or exposures, over a long time."""
        kind = self.classes.concepts[test.asked].kind
        return test.day - test.opens > SHORT and kind in (ConceptKind.MEASUREMENT, ConceptKind.EXPOSURE, ConceptKind.PROCEDURE)

    def _latest(self, facts: ir.Table) -> ir.Table:
        said = [name for name in facts.columns if name not in ("person", "test", "moment")]
        latest = {name: at_last(facts[name], facts.moment, self.dialect) for name in said}
        return facts.group_by("person", "test").agg(moment=facts.moment.max(), **latest)

    @cached_property
    def _rows(self) -> pl.DataFrame:
        rows = [
            (concept, number, test.opens, test.day, FUNCTIONS.index(test.function))
            for number, test in enumerate(self.tests)
            for concept, _ in self.classes.counted(test.asked)
        ]
        schema = {"concept": pl.Int32, "test": pl.Int32, "opens": pl.Int32, "day": pl.Int32, "function": pl.Int32}
        return pl.DataFrame(rows, schema=schema, orient="row")


def _said(facts: ir.Table, functions: set[str]) -> ir.Table:
    """What each fact says: `said`, a number, and `side`, how it is to be taken; its code and concept where codes are asked for.

    A worded result has no moment.
    """
    zero = ibis.coalesce(ibis.null("float64"), ibis.literal(0.0))  # a bare 0.0 is a decimal to some engines
    said, side = zero, ibis.literal(UNUSABLE)
    number = facts.kind == Kind.NUMBER
    if functions & {*RESULTS}:
        low, high = facts.low, facts.high
        side = chosen(
            (~number, UNUSABLE),
            (low.notnull() & high.notnull(), POINT),
            (low.notnull(), FROM + facts.strict % 2),
            otherwise=UP_TO + chosen((facts.strict >= 2, 1), otherwise=0),
        )
        said = ibis.coalesce(low, high, zero)
    if "TimesULN" in functions:
        times = facts.function == FUNCTIONS.index("TimesULN")
        usable = chosen((facts.upper_why != Why.FINE, UNUSABLE), (facts.child, side), otherwise=side + ADULTS)
        side = chosen((times & number, usable), otherwise=side)
        said = chosen((times, ibis.coalesce(said / facts.upper, zero)), otherwise=said)
    if "Attested" in functions:
        stated = facts.function == FUNCTIONS.index("Attested")
        answered = chosen((facts.kind.isin([Kind.YES, Kind.NO]), POINT), otherwise=UNUSABLE)
        side = chosen((stated, answered), otherwise=side)
        said = chosen((stated, chosen((facts.kind == Kind.YES, YES), otherwise=NO)), otherwise=said)
    moment = key(facts["first"], facts.record)
    if functions & {*RESULTS}:
        worded = facts.kind.isin([Kind.YES, Kind.NO, Kind.CODE]) & facts.function.isin(
            [FUNCTIONS.index(name) for name in RESULTS]
        )
        moment = chosen((worded, ibis.null("int64")), otherwise=moment)
    coded = {}
    if "CodeIn" in functions:
        whole = {name: facts[name].cast("int64") for name in ("kind", "concept")}
        coded = {**whole, "code": ibis.coalesce(facts.code, "")}
    return facts.select("person", "test", moment=moment, said=said.cast("float64"), side=side.cast("int64"), **coded)
