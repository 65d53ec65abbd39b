"""A source screened once: the answer of every criterion for every person, and every count that is made of these answers.

| outcome | means |
| --- | --- |
| eligible | every criterion is met |
| review | none is not met or unknown, and a person must judge one |
| incomplete | none is not met, and one is unknown: would pass if the unknown were good |
| ineligible | one is not met |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from protocord.cohort.engines import Engine, run
from protocord.cohort.plan.facts import Relations
from protocord.cohort.plan.planes import planes
from protocord.cohort.plan.program import Column, Program, program
from protocord.cohort.plan.truths import ANSWERS, MET, NOT_MET, REVIEW, UNKNOWN, Deciding, Flags
from protocord.protocol import Protocol
from protocord.statistics import Results
from protocord.statistics.results import Scalar, Statistic

OUTCOMES = ("eligible", "review", "incomplete", "ineligible")
ELIGIBLE, REVIEWED, INCOMPLETE, INELIGIBLE = range(4)

Answers = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int16]


def screened(
    engine: Engine, relations: Relations, protocol: Protocol, *, on: date, planned_infusion: date | None = None
) -> Screened:
    """This will screen every person of a source in one pass over its facts.

    Raises DocumentProblems naming each rule that columns cannot repeat.
    """
    asked = program(protocol, on, planned_infusion)
    rows = run(engine, planes(asked, protocol.concepts, relations)).sort("person")
    return Screened(protocol, asked, rows, on, planned_infusion)


@dataclass(frozen=True)
class Tally:
    """For every person, how many criteria are not met, unknown, or for a person to judge."""

    not_met: Counts
    unknown: Counts
    review: Counts

    def without(self, answers: Answers) -> Tally:
        """This will return the tally with one criterion taken away."""
        return Tally(*(old - (answers == kind) for old, kind in self._parts()))

    def adding(self, answers: Answers) -> Tally:
        """This will return the tally with one criterion more."""
        return Tally(*(old + (answers == kind) for old, kind in self._parts()))

    def good(self, answers: Answers) -> Tally:
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
    """One source, one protocol, one day. `rows` are the planes of every person, sorted by person."""

    protocol: Protocol
    program: Program
    rows: pl.DataFrame
    on: date
    planned_infusion: date | None = None
    _answers: dict[str, Answers] = field(default_factory=dict)

    @cached_property
    def deciding(self) -> Deciding:
        """The leaves of the program over the rows."""
        return Deciding(self.program, self.rows)

    @property
    def persons(self) -> int:
        """How many persons the source has."""
        return self.rows.height

    @property
    def criteria(self) -> tuple[str, ...]:
        """The criteria, in the order of the protocol's text."""
        return tuple(column.criterion for column in self.program.chosen)

    def answers(self, criterion: str) -> Answers:
        """This will return every person's answer to a criterion under the reading that the protocol chose."""
        if criterion not in self._answers:
            column = next(one for one in self.program.chosen if one.criterion == criterion)
            self._answers[criterion] = self.deciding.answer(column)
        return self._answers[criterion]

    @cached_property
    def tally(self) -> Tally:
        """How many criteria of each answer every person has."""
        none = [np.zeros(self.persons, np.int16) for _ in range(3)]
        found = Tally(*none)
        for criterion in self.criteria:
            found = found.adding(self.answers(criterion))
        return found

    @cached_property
    def outcomes(self) -> npt.NDArray[np.uint8]:
        """Every person's outcome, as a place in OUTCOMES."""
        tally = self.tally
        found = np.where(tally.unknown > 0, INCOMPLETE, np.where(tally.review > 0, REVIEWED, ELIGIBLE))
        return np.where(tally.not_met > 0, INELIGIBLE, found).astype(np.uint8)

    def results(self, inputs: str = "", about: Mapping[str, Scalar] | None = None) -> Results:
        """This will return the counts: persons, outcomes, answers of each criterion, attrition."""
        return Results((*self._overall(), *self._by_criterion(), *self._attrition()), inputs, about or {})

    def _overall(self) -> Iterator[Statistic]:
        yield Statistic("cohort", "persons", self.persons)
        for place, outcome in enumerate(OUTCOMES):
            yield Statistic("cohort", "outcome", int((self.outcomes == place).sum()), context={"outcome": outcome})

    def _by_criterion(self) -> Iterator[Statistic]:
        for criterion in self.criteria:
            answers, where = self.answers(criterion), {"criterion": criterion}
            for code, name in enumerate(ANSWERS):
                yield Statistic("criterion", name, int((answers == code).sum()), context=where)
            others = self.tally.without(answers)
            unknown = answers == UNKNOWN
            yield Statistic("criterion", "passes_if_good", int((unknown & others.possible).sum()), context=where)
            yield Statistic("criterion", "eligible_if_good", int((unknown & others.eligible).sum()), context=where)

    def _attrition(self) -> Iterator[Statistic]:
        """In the protocol's order whom a criterion surely keeps out; who surely meets all so far; and every criterion as the last one."""
        left, sure = np.ones(self.persons, np.bool_), np.ones(self.persons, np.bool_)
        for criterion in self.criteria:
            answers, where = self.answers(criterion), {"criterion": criterion}
            before = int(left.sum())
            left, sure = left & (answers != NOT_MET), sure & (answers == MET)
            others = self.tally.without(answers).possible
            yield Statistic("attrition", "left", int(left.sum()), context=where)
            yield Statistic("attrition", "lost", before - int(left.sum()), context=where)
            yield Statistic("attrition", "surely_met", int(sure.sum()), context=where)
            yield Statistic("attrition", "all_but_this", int(others.sum()), context=where)
            yield Statistic("attrition", "lost_to_this_alone", int((others & (answers == NOT_MET)).sum()), context=where)

    def what_if(self, inputs: str = "", about: Mapping[str, Scalar] | None = None) -> Results:
        """This will return how many more would be eligible, or not be kept out, were one thing different.

        `change` is `as_written`, `off` (a criterion switched off), `reading` (another reading of it) or `unknown_good` (what is unknown
        of it, or of all, counted as good). No fact is looked at again.
        """
        found = [*self._changed("as_written", self.tally)]
        for criterion in self.criteria:
            found += self._changed("off", self.tally.without(self.answers(criterion)), criterion=criterion)
        for column in self.program.columns:
            if not column.chosen:
                found += self._reading(column)
        for criterion in self.criteria:
            found += self._changed("unknown_good", self.tally.good(self.answers(criterion)), criterion=criterion)
        nothing = np.zeros_like(self.tally.unknown)
        found += self._changed("unknown_good", Tally(self.tally.not_met, nothing, self.tally.review), criterion="all")
        return Results(tuple(found), inputs, about or {})

    def _reading(self, column: Column) -> Iterator[Statistic]:
        others = self.tally.without(self.answers(column.criterion))
        changed = others.adding(self.deciding.answer(column))
        yield from self._changed("reading", changed, criterion=column.criterion, reading=column.reading)

    def _changed(self, change: str, tally: Tally, **where: str) -> Iterator[Statistic]:
        context = {"change": change, **where}
        for name in ("eligible", "possible"):
            count, before = int(getattr(tally, name).sum()), int(getattr(self.tally, name).sum())
            yield Statistic("what_if", name, count, context=context)
            if change != "as_written":
                yield Statistic("what_if", f"{name}_more", count - before, context=context)
