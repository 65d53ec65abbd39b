"""What a source can and cannot answer, before anybody is screened: criterion by criterion, code by code, and row by row that is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import ibis
import polars as pl

from protocord.cohort.answers.holdings import Store, Warehouse
from protocord.cohort.answers.opened import Opened
from protocord.cohort.engines import run
from protocord.cohort.kinds import Kind, Why
from protocord.cohort.normal import Numbering
from protocord.cohort.plan.classes import Classes, covered
from protocord.cohort.plan.program import Leaf, Program, leaves_of, program
from protocord.cohort.sources.omop import ALL_CONCEPTS, Omop
from protocord.concepts import ConceptKind
from protocord.protocol import Protocol
from protocord.statistics import Results
from protocord.statistics.results import Scalar, Statistic

# Functions that ask one concept a thing; the places of their arguments that are concepts.
_ASKED: Mapping[str, tuple[int, ...]] = {"AgeInYears": (), "OnOrBefore": (0, 1)}
_STATES = ("mapped_and_found", "mapped_no_rows", "not_mapped")
_STATES_OF_STORE = ("mapped_and_found", "no_rows")  # which codes a store would have understood is not kept in it


@dataclass
class Readiness:
    """A source looked at for one study on one day."""

    opened: Opened
    protocol: Protocol
    on: date

    @cached_property
    def program(self) -> Program:
        """The program of the study. Raises DocumentProblems for a rule that columns cannot repeat."""
        return program(self.protocol, self.on)

    @cached_property
    def classes(self) -> Classes:
        """The program's small tables."""
        return Classes(self.program, self.protocol.concepts)

    @cached_property
    def numbering(self) -> Numbering:
        """The numbers of the concepts."""
        return Numbering(self.protocol.concepts)

    @cached_property
    def facts(self) -> pl.DataFrame:
        """One row for each concept, kind of value, and reason why a number or an upper limit is not used: how many facts."""
        relations = self.opened.relations()
        columns = ("concept", "kind", "why", "upper_why", "child", "undated")
        parts = [part.select(*columns) for part in relations.facts]
        joined = parts[0] if len(parts) == 1 else ibis.union(*parts)
        return run(self.opened.engine, joined.group_by(*columns).agg(rows=joined.count()))

    @cached_property
    def rows(self) -> Mapping[int, int]:
        """How many facts of each concept, by its number."""
        return dict(self.facts.group_by("concept").agg(pl.col("rows").sum()).iter_rows())

    @cached_property
    def holdings(self) -> Warehouse | Store:
        """What is asked of the source in its own terms."""
        source = self.opened.source
        if isinstance(source, Omop):
            return Warehouse(source, self.opened.engine, self.opened.found, self.numbering, self.on)
        return Store(source, self.numbering, self.on)

    @cached_property
    def declared(self) -> Mapping[str, int]:
        """For each concept whose absence may count, how many persons have a history of it, of one above it, or of everything."""
        asked = {name for leaf in self.program.leaves if (need := covered(leaf)) for name in need[:1]}
        names = sorted(asked)
        numbers, concepts = self.numbering.numbers, self.protocol.concepts
        rows = [
            (place, number)
            for place, name in enumerate(names)
            for number in (ALL_CONCEPTS, *(numbers[one] for one in concepts.ancestors(name) | {name}))
        ]
        relations = self.opened.relations()
        small = relations.small("declared", pl.DataFrame(rows, schema={"asked": pl.Int32, "concept": pl.Int32}, orient="row"))
        joined = relations.histories.join(small, "concept")
        found = run(self.opened.engine, joined.group_by("asked").agg(persons=joined.person.nunique()))
        return dict.fromkeys(names, 0) | {names[place]: persons for place, persons in found.iter_rows()}

    def results(self, inputs: str = "", about: Mapping[str, Scalar] | None = None, *, top: int = 20) -> Results:
        """This will return everything that was counted; `top` is how many unmapped codes and units are named."""
        held = self.holdings
        parts = [held.tables(), self._criteria(), self._rows_lost(), held.dates(), held.unmapped(top), held.persons()]
        return Results(tuple(one for part in parts for one in part), inputs, about or {})

    def asked(self, criterion: str) -> list[str]:
        """This will return the concepts that a criterion asks, under the reading that the protocol chose, in the order of its rule."""
        column = next(one for one in self.program.chosen if one.criterion == criterion)
        circuits = [column.rule, *([column.review] if column.review else [])]
        leaves = dict.fromkeys(leaf for circuit in circuits for leaf in leaves_of(circuit))
        names = dict.fromkeys(name for leaf in leaves for name in concepts_of(self.program.leaves[leaf]))
        return list(names)

    def below(self, concept: str) -> list[int]:
        """This will return the numbers of the concept and of all that counts for it."""
        return [number for number, certain in self.classes.counted(concept) if certain]

    def _criteria(self) -> Iterator[Statistic]:
        states = _STATES if self.holdings.codes is not None else _STATES_OF_STORE
        for column in self.program.chosen:
            worst = 0
            leaves = {leaf for circuit in (column.rule, column.review) if circuit for leaf in leaves_of(circuit)}
            declared = {need[0] for leaf in leaves if (need := covered(self.program.leaves[leaf]))}
            for concept in self.asked(column.criterion):
                numbers = self.below(concept)
                rows, codes = sum(self.rows.get(number, 0) for number in numbers), self.holdings.codes
                where = {"criterion": column.criterion, "concept": concept}
                state = 0 if rows else 1
                if codes is not None:
                    meant = sum(codes.get(number, 0) for number in numbers)
                    state = 0 if rows else 1 if meant else 2
                    yield Statistic("concept", "codes", meant, context=where)
                worst = max(worst, state)
                yield Statistic("concept", "rows", rows, context=where)
                if concept in declared:
                    yield Statistic("concept", "declared", self.declared[concept], context=where)
                yield Statistic("concept", "state", states[state], context=where)
            yield Statistic("criterion", "state", states[worst], context={"criterion": column.criterion})
            yield Statistic("criterion", "needs_coverage", bool(declared), context={"criterion": column.criterion})

    def _rows_lost(self) -> Iterator[Statistic]:
        """Numbers and upper limits that must not be used, by reason; only of concepts that the study asks."""
        asked = {number for column in self.program.chosen for name in self.asked(column.criterion) for number in self.below(name)}
        limits = {
            number for leaf in self.program.leaves if leaf.function == "TimesULN" for number in self.below(leaf.arguments[0])
        }
        facts = self.facts.filter(pl.col("concept").is_in(list(asked)))
        for concept, why, rows in _grouped(facts.filter(pl.col("kind") == Kind.UNUSABLE), "why"):
            yield self._lost("number", concept, Why(why).name.lower(), rows)
        numbers = facts.filter(pl.col("concept").is_in(list(limits)) & (pl.col("kind") == Kind.NUMBER))
        for concept, why, rows in _grouped(numbers.filter(pl.col("upper_why") != Why.FINE), "upper_why"):
            yield self._lost("upper_limit", concept, Why(why).name.lower(), rows)
        adult = numbers.filter((pl.col("upper_why") == Why.FINE) & ~pl.col("child"))
        for concept, _, rows in _grouped(adult, "upper_why"):
            yield self._lost("upper_limit", concept, "age_not_stated", rows)
        numeric = {
            number for number in asked if self.protocol.concepts[self.numbering.ids[number]].kind is ConceptKind.MEASUREMENT
        }
        empty = facts.filter(pl.col("concept").is_in(list(numeric)) & (pl.col("kind") == Kind.NONE))
        for concept, _, rows in _grouped(empty, "why"):
            yield self._lost("number", concept, "no_number", rows)

    def _lost(self, what: str, concept: int, why: str, rows: int) -> Statistic:
        context = {"what": what, "concept": self.numbering.ids[concept], "why": why}
        return Statistic("lost", "rows", rows, context=context)


def concepts_of(leaf: Leaf) -> list[str]:
    """This will return the concepts that a leaf asks; of an age the date of birth."""
    if leaf.function == "AgeInYears":
        return ["Birth date"]
    names = [str(leaf.arguments[place]) for place in _ASKED.get(leaf.function, (0,))]
    return [*names, "Birth date"] if leaf.function == "AgeInYearsAt" else names


def _grouped(facts: pl.DataFrame, why: str) -> Iterator[tuple[int, int, int]]:
    counted = facts.group_by("concept", why).agg(pl.col("rows").sum()).sort("concept", why)
    yield from counted.iter_rows()
