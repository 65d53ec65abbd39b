"""The plan of a program over one source: what the engine computes, and what is made of its rows.

The engine runs two or three queries, whatever the number of leaves:

| query | module | gives |
| --- | --- | --- |
| persons | here | person, earliest and latest day of birth |
| bits | `spans`, `coverage`, and where a source has partial dates `hits` | person, words of bits, joined over all facts |
| the latest facts | `newest`, compared with the limits by `comparing` | person, test, day, number |

The result has one row a person: birth and, for each plane and word, the bits of the leaves. What the bits mean for a leaf is said in
`hits`; `truths` reads them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import polars as pl

from protocord.cohort.engines import Engine, kept, run
from protocord.cohort.normal import FACTS
from protocord.cohort.plan.classes import Classes, words
from protocord.cohort.plan.comparing import Births, Comparing
from protocord.cohort.plan.coverage import covered, covered_by_periods
from protocord.cohort.plan.facts import Asking, Relations
from protocord.cohort.plan.framed import Framed
from protocord.cohort.plan.hits import FEW, LATEST, OWN, hits_of_few, hits_of_latest
from protocord.cohort.plan.masks import Layout
from protocord.cohort.plan.newest import Newest, first_day
from protocord.cohort.plan.pieces import bit_or
from protocord.cohort.plan.program import Program
from protocord.cohort.plan.spans import Spans
from protocord.concepts import Concepts
from protocord.criteria.lengths import LONG_AGO, NEVER

PLANES = "abc"


def planes(engine: Engine, program: Program, concepts: Concepts, relations: Relations) -> pl.DataFrame:
    """This will return person, birth_first, birth_last and the words a_0, a_1, …, b_0, …, c_0, … of every person, by person.

    The bit of leaf i is bit i mod 62 of word i div 62.
    """
    return Plan(engine, Classes(program, concepts), relations).planes()


def word_names(leaves: int) -> list[str]:
    """This will return the names of the words that hold a bit of each leaf in each plane."""
    return [f"{plane}_{word}" for plane in PLANES for word in range(words(leaves))]


@dataclass(frozen=True)
class Plan:
    """What an engine is asked for a program, and what is made of its rows."""

    engine: Engine
    classes: Classes
    relations: Relations

    @cached_property
    def layout(self) -> Layout:
        """The words of the program."""
        return Layout(words(len(self.classes.program.leaves)))

    @cached_property
    def newest(self) -> Newest:
        """The leaves that the latest of facts with known days decides."""
        return Newest(self.classes, self.relations, self.engine.dialect)

    @cached_property
    def left(self) -> Classes:
        """The leaves that are left for the other shapes."""
        left = frozenset(range(len(self.classes.program.leaves))) - self.newest.settled
        return Classes(self.classes.program, self.classes.concepts, left)

    def planes(self) -> pl.DataFrame:
        """This will run the plan."""
        persons = run(self.engine, self.relations.persons.select("person", "birth_first", "birth_last"))
        persons = persons if persons["person"].is_sorted() else persons.sort("person")
        places, births = Places.of(persons["person"].to_numpy()), Births.of(persons)
        found = np.zeros((len(PLANES), self.layout.count, persons.height), np.int64)
        for bits in self._bits():
            rows, at = places.known(run(self.engine, bits))
            for name in rows.columns[1:]:
                plane, number = name.split("_")
                found[PLANES.index(plane), int(number), at] |= rows[name].to_numpy()
        for hit in self._hits():
            self._set(*places.known(hit), found)
        if self.relations.periods is not None:
            rows, at = places.known(run(self.engine, self.relations.periods))
            since, until = (rows[name].to_numpy() for name in ("since", "until"))
            since = np.where(births.known[at] & (since <= births.first[at]), LONG_AGO, since)
            for word, covered_at, covering in covered_by_periods(self.classes, self.layout, at, since, until):
                found[PLANES.index("c"), word, covered_at] |= covering
        comparing = Comparing(self.newest, self.layout, births, found)
        kinds: Any = {"said": pl.Float64, "side": pl.Int64, "moment": pl.Int64}
        if facts := [run(self.engine, one).cast(kinds) for one in self.newest.found()]:
            comparing.all(*places.known(pl.concat(facts, how="diagonal")))
        names = [(plane, word) for plane in range(len(PLANES)) for word in range(self.layout.count)]
        return persons.with_columns(**{f"{PLANES[plane]}_{word}": pl.Series(found[plane, word]) for plane, word in names})

    def _set(self, rows: pl.DataFrame, at: npt.NDArray[np.intp], found: npt.NDArray[np.int64]) -> None:
        """Set the bits that hits in the general shape say: a row is of a leaf, and says which planes."""
        leaves = rows["leaf"].to_numpy()
        for leaf in np.unique(leaves):
            here = leaves == leaf
            for plane, name in enumerate(PLANES):
                said = at[here & rows[name].fill_null(value=False).to_numpy()]
                for word, bit in enumerate(self.layout.words([int(leaf)])):
                    if bit and said.size:
                        found[plane, word, said] |= bit  # the same bit for all: a person may be named twice

    def _bits(self) -> list[ir.Table]:
        """The bits of the leaves that are left, each relation with one row a person."""
        spans = Spans(self.left, self.relations, self.layout).parts()
        parts = [spans, covered(self.classes, self.relations, self.layout)]
        return [_by_person(part) for part in parts if part]

    def _hits(self) -> Iterator[pl.DataFrame]:
        """What the general shape says: of leaves that few facts decide, and of the latest fact where its day is not known."""
        facts = self._facts("few", FEW)
        if facts is not None:
            yield from hits_of_few(Framed(self.left, run(self.engine, facts)))
        facts = self._facts("latest", LATEST)
        if facts is not None:
            asking = Asking(self.left, self.relations, kept(self.engine, "general_facts", facts))
            yield from (run(self.engine, one) for one in hits_of_latest(asking))

    def _facts(self, name: str, functions: tuple[str, ...]) -> ir.Table | None:
        """The facts that the leaves of some functions look at, of all relations; None where there are none."""
        opens: dict[int, int] = {}
        for _, leaf in self.left.leaves(*functions):
            for asked in leaf.arguments[: 2 if leaf.function == "OnOrBefore" else 1]:
                for concept, _ in self.left.counted(asked):
                    opens[concept] = min(opens.get(concept, NEVER), first_day(leaf))
        rows = pl.DataFrame({"concept": opens.keys(), "opens": opens.values()}, schema={"concept": pl.Int32, "opens": pl.Int32})
        asked = {leaf.function for _, leaf in self.left.leaves(*functions)}
        columns = [name for name in FACTS if asked & OWN.get(name, asked)]
        parts = []
        for at in self.relations.holding(opens):
            held = rows.filter(pl.col("concept").is_in(sorted(self.relations.held(at, opens))))
            facts = self.relations.asked(at, f"{name}_{at}", held, min(held["opens"]), columns)
            parts.append(facts.filter(facts["last"] >= facts.opens).select(*columns))
        if not parts:
            return None
        return parts[0] if len(parts) == 1 else ibis.union(*parts)


def _by_person(parts: list[ir.Table]) -> ir.Table:
    """The words of all parts, joined by person."""
    rows = parts[0] if len(parts) == 1 else ibis.union(*parts)
    return rows.group_by("person").agg(**{name: bit_or(rows[name]) for name in rows.columns[1:]})


@dataclass(frozen=True)
class Places:
    """The place of each person in ascending order; where the numbers lie close together, by a table instead of a search."""

    persons: npt.NDArray[np.int64]
    table: npt.NDArray[np.int32] | None

    @classmethod
    def of(cls, persons: npt.NDArray[np.int64]) -> Places:
        """This will number persons who stand in ascending order."""
        if not persons.size or int(persons[-1]) - int(persons[0]) >= 8 * persons.size + 1000:
            return cls(persons, None)
        table = np.full(int(persons[-1]) - int(persons[0]) + 1, -1, np.int32)
        table[persons - persons[0]] = np.arange(persons.size, dtype=np.int32)
        return cls(persons, table)

    def known(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, npt.NDArray[np.intp]]:
        """This will return the rows of persons who are known, and the places of these."""
        asked = rows["person"].to_numpy()
        if not self.persons.size:
            return rows.clear(), np.empty(0, np.intp)
        if self.table is not None:
            inside = (asked >= self.persons[0]) & (asked <= self.persons[-1])
            found = self.table[np.where(inside, asked - self.persons[0], 0)].astype(np.intp)
            known = inside & (found >= 0)
        else:
            found = np.minimum(np.searchsorted(self.persons, asked), self.persons.size - 1)
            known = self.persons[found] == asked
        return (rows, found) if known.all() else (rows.filter(known), found[known])
