"""Whom time alone may let in, and from which day at the earliest: of the criteria that are not met, which could be met if nothing new were learned.

Bounds, not answers: they leave out nobody whom a washout, a birthday, or a fact dated later lets in, and no day on which one is let in;
the row evaluator's date line then says the day, or that there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import ibis
import numpy as np
import numpy.typing as npt
import polars as pl

from protocord.cohort.answers.screened import INELIGIBLE, Screened
from protocord.cohort.engines import Engine, run
from protocord.cohort.kinds import Kind, Status
from protocord.cohort.plan.classes import Classes
from protocord.cohort.plan.facts import Relations
from protocord.cohort.plan.program import Ask, Both, Choose, Circuit, Column, Either, Fixed, Leaf, Not, leaves_of
from protocord.cohort.plan.truths import NOT_MET, Deciding, Flags
from protocord.criteria import Truth
from protocord.criteria.lengths import LONG_AGO, NEVER, Length

Days = npt.NDArray[np.int64]  # ordinals; NEVER where there is no such day
Persons = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Mendable:
    """`places` of the persons whom time may let in, and the earliest day on which each may pass."""

    places: npt.NDArray[np.intp]
    days: Days


@dataclass(frozen=True)
class Dates:
    """What an engine says of the days of facts. Two short queries; nothing is asked of persons whom no day can help."""

    engine: Engine
    relations: Relations

    def over(self, found: Screened, persons: Persons) -> dict[int, Days]:
        """This will return, for each washout of the program, the last day on which what these persons had begun may have ended.

        In the order of `persons`: LONG_AGO where there was nothing, NEVER where something goes on or nobody says its end.
        """
        classes = Classes(found.program, found.protocol.concepts)
        rows = classes.of(("Washout",), lambda leaf: {"day": leaf.day})
        if rows.is_empty():
            return {}
        asked = self.relations.small("ended_persons", pl.DataFrame({"person": persons}, schema={"person": pl.Int64}))
        small = self.relations.small("ended_classes", rows.select(pl.col("concept", "leaf", "day").cast(pl.Int32)))
        parts = []
        for facts in _holding(self.relations, rows["concept"]):
            joined = facts.join(small, "concept").join(asked, "person")
            begun = (joined.status == Status.RECORDED) & (joined.kind != Kind.NO) & (joined["first"] <= joined.day)
            parts.append(joined.filter(begun).select("person", "leaf", "over_last"))
        if not parts:
            return {}
        every = parts[0] if len(parts) == 1 else ibis.union(*parts)
        told = run(self.engine, every.group_by("person", "leaf").agg(over=every.over_last.max()))
        ended = {}
        for leaf in rows["leaf"].unique():
            of = told.filter(pl.col("leaf") == leaf)
            ended[int(leaf)] = _laid(persons, of["person"], of["over"], LONG_AGO)
        return ended

    def ahead(self, found: Screened) -> pl.DataFrame:
        """This will return each person who has facts with days after that of the assessment (`person`), and the earliest such day (`ahead`)."""
        classes = Classes(found.program, found.protocol.concepts)
        asked = {number for leaf in found.program.leaves for name in _concepts(leaf) for number, _ in classes.counted(name)}
        small = self.relations.small("dated_concepts", pl.DataFrame({"concept": sorted(asked)}, schema={"concept": pl.Int32}))
        on, parts = found.on.toordinal(), []
        for facts in _holding(self.relations, asked):
            days = [facts[name] for name in ("first", "last", "over_first", "over_last")]
            later = [ibis.cases(((day > on) & (day < NEVER), day), else_=NEVER) for day in days]
            dated = facts.filter(facts.status == Status.RECORDED).join(small, "concept").mutate(ahead=ibis.least(*later))
            parts.append(dated.filter(dated.ahead < NEVER).select("person", "ahead"))
        if not parts:
            return pl.DataFrame(schema={"person": pl.Int64, "ahead": pl.Int64})
        every = parts[0] if len(parts) == 1 else ibis.union(*parts)
        return run(self.engine, every.group_by("person").agg(ahead=every.ahead.min()))


def _holding(relations: Relations, asked: Iterable[int]) -> Iterator[ibis.Table]:
    """The relations of facts that can hold one of these concepts."""
    wanted = set(asked)
    for place, facts in enumerate(relations.facts):
        if relations.present is None or not wanted.isdisjoint(relations.present[place]):
            yield facts


def _concepts(leaf: Leaf) -> list[str]:
    """The concepts that a leaf asks; of `OnOrBefore` both, of an age none."""
    places = {"AgeInYears": 0, "OnOrBefore": 2}.get(leaf.function, 1)
    return [str(one) for one in leaf.arguments[:places]]


def _laid(persons: Persons, of: pl.Series, values: pl.Series, otherwise: int) -> Days:
    """Values by person in the order of `persons`, which is ascending."""
    laid = np.full(len(persons), otherwise, np.int64)
    laid[np.searchsorted(persons, of.to_numpy())] = values.to_numpy()
    return laid


def mendable(found: Screened, dates: Dates | None = None) -> Mendable:
    """This will tell who is not eligible and may meet each criterion that she does not meet, on which day at the earliest.

    Without `dates` every washout may be over at once, and no fact is dated later.
    """
    persons = found.answered.persons
    ahead = dates.ahead(found) if dates else pl.DataFrame(schema={"person": pl.Int64, "ahead": pl.Int64})
    late = _laid(persons, ahead["person"], ahead["ahead"], NEVER)
    places = np.flatnonzero(_worth_a_look(found)[found.patterns.of] | ((late < NEVER) & (found.outcomes == INELIGIBLE)))
    if not len(places):
        return Mendable(places, np.empty(0, np.int64))
    later = _Later(found, found.answered.planes(places), dates.over(found, persons[places]) if dates else {}, late[places])
    days = np.full(len(places), found.on.toordinal(), np.int64)
    for column in found.program.chosen:
        not_met = found.codes(column)[places] == NOT_MET
        if not_met.any():
            days = np.where(not_met, np.maximum(days, later.met(column)), days)
    may = days < NEVER
    order = places[may]
    return Mendable(order, days[may])


def _worth_a_look(found: Screened) -> Flags:
    """The patterns in which each criterion that is not met asks something that time alone can turn."""
    worth: Flags = found.pattern_outcomes == INELIGIBLE
    for column in found.program.chosen:
        circuits = [column.rule, *([column.review] if column.review else [])]
        leaves = {found.program.leaves[leaf] for circuit in circuits for leaf in leaves_of(circuit)}
        if not any(map(_is_timed, leaves)):
            worth = worth & (found.by_pattern(column.criterion) != NOT_MET)
    return worth


def _is_timed(leaf: Leaf) -> bool:
    """Whether time alone can turn it: an interval passes, a birthday comes, a record grows too old to count."""
    old = leaf.function == "Recorded" and any(isinstance(one, Length) for one in leaf.arguments)
    return leaf.function in ("Washout", "AgeInYears") or old


@dataclass(frozen=True, slots=True)
class _When:
    """For every person the earliest day on which something may be true, and on which it may be false."""

    true: Days
    false: Days


@dataclass
class _Later:
    """The leaves of some persons (`rows`, their planes) on this and all later days. `over` and `ahead` are in the order of the rows."""

    found: Screened
    rows: pl.DataFrame
    over: dict[int, Days]
    ahead: Days

    @cached_property
    def deciding(self) -> Deciding:
        return Deciding(self.found.program, self.rows)

    def met(self, column: Column) -> Days:
        """The earliest day on which a criterion may be met, or be one for a person to judge."""
        rule = self.when(column.rule)
        met = rule.true if column.wanted else rule.false
        if column.review is None:
            return met
        review = self.when(column.review)
        return np.minimum(np.maximum(met, review.false), review.true)

    def when(self, circuit: Circuit) -> _When:
        match circuit:
            case Ask(leaf):
                return self._leaf(leaf)
            case Fixed(truth):
                return _When(self._from(truth is Truth.TRUE), self._from(truth is Truth.FALSE))
            case Not(operand):
                one = self.when(operand)
                return _When(one.false, one.true)
            case Both(left, right):
                one, other = self.when(left), self.when(right)
                return _When(np.maximum(one.true, other.true), np.minimum(one.false, other.false))
            case Either(left, right):
                one, other = self.when(left), self.when(right)
                return _When(np.minimum(one.true, other.true), np.maximum(one.false, other.false))
            case Choose(condition, then, otherwise):
                asked, one, other = self.when(condition), self.when(then), self.when(otherwise)
                return _When(*(self._choice(asked, getattr(one, side), getattr(other, side)) for side in ("true", "false")))

    @staticmethod
    def _choice(asked: _When, then: Days, otherwise: Days) -> Days:
        either = np.minimum(np.maximum(asked.true, then), np.maximum(asked.false, otherwise))
        return np.minimum(either, np.maximum(then, otherwise))

    def _from(self, now: Flags | bool) -> Days:
        """The day of the assessment where it is so now, else never."""
        return np.where(np.broadcast_to(now, self.rows.height), self.found.on.toordinal(), NEVER)

    def _leaf(self, place: int) -> _When:
        leaf = self.found.program.leaves[place]
        truths = self.deciding.truths(Ask(place))
        now, not_now, every = self._from(truths.true), self._from(truths.false), self._from(True)
        match leaf.function:
            case "Washout":
                when = _When(np.minimum(now, self._washed_out(place, leaf)), not_now)
            case "AgeInYears" if leaf.operator in (">=", ">"):  # nobody grows younger
                when = _When(np.minimum(now, self._aged(leaf)), not_now)
            case "AgeInYears" if leaf.operator in ("<=", "<"):
                when = _When(now, every)
            case "AgeInYears":
                when = _When(every, every)
            case "Recorded" if _is_timed(leaf):
                when = _When(now, every)
            case _:
                when = _When(now, not_now)
        return _When(np.minimum(when.true, self.ahead), np.minimum(when.false, self.ahead))

    def _washed_out(self, place: int, leaf: Leaf) -> Days:
        """The day of the assessment on which all that had begun is over by the gap; the leaf's own day may lie some days later."""
        today = self.found.on.toordinal()
        if place not in self.over:
            return self._from(True)
        ended, row = np.unique(self.over[place], return_inverse=True)
        gap: Length = leaf.arguments[1]
        clear = [NEVER if day >= NEVER else max(today, gap.after(int(day)) - (leaf.day - today)) for day in ended]
        return np.array(clear, np.int64)[row]

    def _aged(self, leaf: Leaf) -> Days:
        """A day before which nobody of this birth date reaches the age: a year has at least 365 days."""
        today = self.found.on.toordinal()
        birth = self.rows["birth_first"].cast(pl.Int64).fill_null(NEVER).to_numpy()
        reached = birth + int((leaf.limit or 0) * 365) - (leaf.day - today)
        return np.where(birth < NEVER, np.maximum(reached, today), NEVER)
