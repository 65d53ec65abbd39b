"""A source screened once: the answer of every criterion for every person, and every count that is made of these answers.

Counts go over the distinct patterns of answers, each with its number of persons, so that five million persons cost little more than
five thousand.

| outcome | means |
| --- | --- |
| eligible | every criterion is met |
| review | none is not met or unknown, and a person must judge one |
| incomplete | none is not met, and one is unknown: would pass if the unknown were good |
| ineligible | one is not met |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt

from protocord.cohort.answers.patterns import Codes, Patterns
from protocord.cohort.engines import Engine
from protocord.cohort.plan.answered import Answered, answered_by_sql
from protocord.cohort.plan.facts import Relations
from protocord.cohort.plan.program import Column, Program, program
from protocord.cohort.plan.truths import ANSWERS, MET, NOT_MET, REVIEW, UNKNOWN, Flags
from protocord.protocol import Protocol
from protocord.statistics import Results
from protocord.statistics.results import Scalar, Statistic

OUTCOMES = ("eligible", "review", "incomplete", "ineligible")
ELIGIBLE, REVIEWED, INCOMPLETE, INELIGIBLE = range(4)

Counts = npt.NDArray[np.int16]


def screened(
    engine: Engine, relations: Relations, protocol: Protocol, *, on: date, planned_infusion: date | None = None
) -> Screened:
    """This will screen every person of a source in one pass over its facts, by SQL on the engine that holds them.

    Raises DocumentProblems naming each rule that columns cannot repeat.
    """
    asked = program(protocol, on, planned_infusion)
    return Screened(protocol, answered_by_sql(engine, relations, protocol.concepts, asked), on, planned_infusion)


@dataclass(frozen=True)
class Tally:
    """For every pattern of answers, how many criteria are not met, unknown, or for a person to judge."""

    not_met: Counts
    unknown: Counts
    review: Counts

    def without(self, answers: Codes) -> Tally:
        """This will return the tally with one criterion taken away."""
        return Tally(*(old - (answers == kind) for old, kind in self._parts()))

    def good(self, answers: Codes) -> Tally:
        """This will return the tally with what is unknown of one criterion counted as good."""
        return Tally(self.not_met, self.unknown - (answers == UNKNOWN), self.review)

    def _parts(self) -> tuple[tuple[Counts, np.uint8], ...]:
        return (self.not_met, NOT_MET), (self.unknown, UNKNOWN), (self.review, REVIEW)

    @property
    def possible(self) -> Flags:
        """Whom no criterion keeps out, as far as is known."""
        found: Flags = self.not_met == 0
        return found

    @property
    def eligible(self) -> Flags:
        """Who meets every criterion."""
        found: Flags = (self.not_met == 0) & (self.unknown == 0) & (self.review == 0)
        return found


@dataclass
class Screened:
    """One source, one protocol, one day. What is `by_pattern` or a `Tally` has one place a pattern; the rest one a person."""

    protocol: Protocol
    answered: Answered
    on: date
    planned_infusion: date | None = None

    @property
    def program(self) -> Program:
        """What was asked."""
        return self.answered.program

    @property
    def persons(self) -> int:
        """How many persons the source has."""
        return len(self.answered.persons)

    @cached_property
    def criteria(self) -> tuple[str, ...]:
        """The criteria, in the order of the protocol's text."""
        return tuple(column.criterion for column in self.program.chosen)

    def answers(self, criterion: str) -> Codes:
        """This will return every person's answer to a criterion under the reading that the protocol chose."""
        return self.codes(self._chosen[criterion])

    def codes(self, column: Column) -> Codes:
        """This will return every person's answer to a criterion under any reading."""
        found: Codes = self.answered.codes[self._places[column]]
        return found

    @cached_property
    def _chosen(self) -> Mapping[str, Column]:
        return {column.criterion: column for column in self.program.chosen}

    @cached_property
    def _places(self) -> Mapping[Column, int]:
        return {column: place for place, column in enumerate(self.program.columns)}

    @cached_property
    def patterns(self) -> Patterns:
        """The distinct patterns of answers to the criteria, in their order, under the readings that the protocol chose."""
        return Patterns.among(self.answered.codes[[self._places[column] for column in self.program.chosen]])

    def by_pattern(self, criterion: str) -> Codes:
        """This will return the answer to a criterion in every pattern."""
        found: Codes = self.patterns.codes[self.criteria.index(criterion)]
        return found

    @cached_property
    def tally(self) -> Tally:
        """How many criteria of each answer every pattern has."""
        codes = self.patterns.codes
        return Tally(*((codes == kind).sum(axis=0, dtype=np.int16) for kind in (NOT_MET, UNKNOWN, REVIEW)))

    @cached_property
    def pattern_outcomes(self) -> Codes:
        """The outcome of every pattern, as a place in OUTCOMES."""
        tally = self.tally
        found = np.where(tally.unknown > 0, INCOMPLETE, np.where(tally.review > 0, REVIEWED, ELIGIBLE))
        return np.where(tally.not_met > 0, INELIGIBLE, found).astype(np.uint8)

    @cached_property
    def outcomes(self) -> Codes:
        """Every person's outcome, as a place in OUTCOMES."""
        found: Codes = self.pattern_outcomes[self.patterns.of]
        return found

    def results(
        self, inputs: str = "", about: Mapping[str, Scalar] | None = None, *, order: Sequence[str] | None = None
    ) -> Results:
        """This will return the counts: persons, outcomes, answers of each criterion, attrition in an order (see `attrition`)."""
        return Results((*self._overall(), *self._by_criterion(), *self.attrition(order)), inputs, about or {})

    def _overall(self) -> Iterator[Statistic]:
        yield Statistic("cohort", "persons", self.persons)
        for place, outcome in enumerate(OUTCOMES):
            count = self.patterns.count(self.pattern_outcomes == place)
            yield Statistic("cohort", "outcome", count, context={"outcome": outcome})

    def _by_criterion(self) -> Iterator[Statistic]:
        count = self.patterns.count
        for criterion in self.criteria:
            answers, where = self.by_pattern(criterion), {"criterion": criterion}
            for code, name in enumerate(ANSWERS):
                yield Statistic("criterion", name, count(answers == code), context=where)
            others = self.tally.without(answers)
            unknown = answers == UNKNOWN
            yield Statistic("criterion", "passes_if_good", count(unknown & others.possible), context=where)
            yield Statistic("criterion", "eligible_if_good", count(unknown & others.eligible), context=where)

    def attrition(self, order: Sequence[str] | None = None) -> Iterator[Statistic]:
        """This will yield the attrition in any order of the criteria, by default the protocol's; criteria left out are not asked.

        For each criterion: how many it surely keeps out of those `left` so far, who surely meets all so far, and it as the last one of
        all that the protocol has. Raises KeyError for a criterion that the protocol does not have.
        """
        count, codes = self.patterns.count, {name: self.by_pattern(name) for name in self.criteria}
        left = sure = np.ones(self.patterns.codes.shape[1], np.bool_)
        for criterion in self.criteria if order is None else order:
            answers, where = codes[criterion], {"criterion": criterion}
            before = count(left)
            left, sure = left & (answers != NOT_MET), sure & (answers == MET)
            others = self.tally.without(answers).possible
            yield Statistic("attrition", "left", count(left), context=where)
            yield Statistic("attrition", "lost", before - count(left), context=where)
            yield Statistic("attrition", "surely_met", count(sure), context=where)
            yield Statistic("attrition", "all_but_this", count(others), context=where)
            yield Statistic("attrition", "lost_to_this_alone", count(others & (answers == NOT_MET)), context=where)
