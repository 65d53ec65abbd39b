"""What is missing, counted over everybody: for each criterion why how many answers are unknown, and what to look up first.

| analysis | context | statistic | counts the persons … |
| --- | --- | --- | --- |
| unknown | criterion, reading, missing, concept | persons | whose answer is unknown, this among the reasons |
| | | alone | of these, who lack nothing else for the criterion |
| | | not_kept_out | of these, who meet or may meet every other criterion |
| look_up | missing, concept | persons | who lack this for any criterion, under the chosen readings |
| | | candidates | of these, whom no criterion keeps out |
| | | decides | of these, who lack nothing else at all: the look-up decides them |
| look_up_concept | concept | the same | for all that is missing of a concept; those first that most candidates lack |
| | | decides_so_far | of all candidates, who lack nothing but this concept and those before it |

`missing` is a kind of reason as the row evaluator gives it (`Finding.missing`), `concept` what it is about; both readings of the facts
are equal person by person. A chunk of persons is looked at a time, so that memory does not grow with the hospital.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from protocord.cohort.answers.screened import Screened
from protocord.cohort.engines import Engine
from protocord.cohort.plan.facts import Relations
from protocord.cohort.plan.lacking import Lacking, ruled
from protocord.cohort.plan.reasons import Why, once, reasons
from protocord.cohort.plan.truths import NOT_MET, UNKNOWN, Deciding, Flags
from protocord.statistics import Results
from protocord.statistics.results import Scalar, Statistic

_CHUNK = 1 << 19  # persons looked at a time: about two kilobytes each

Rows = npt.NDArray[np.intp]
Lacks = Mapping[Why, Rows]
What = TypeVar("What")


def unknowns(
    found: Screened,
    engine: Engine,
    relations: Relations,
    inputs: str = "",
    about: Mapping[str, Scalar] | None = None,
    *,
    chunk: int = _CHUNK,
) -> Results:
    """This will return why the answers of a screening are unknown, with one more query a chunk of persons on the engine that has the facts."""
    counts = Counts(found.criteria)
    for part in lacking_by_chunk(found, engine, relations, chunk):
        counts.add(part)
    return Results(tuple(counts.statistics()), inputs, about or {})


@dataclass(frozen=True)
class Part:
    """Some persons whose answer to any criterion is unknown: of each column what its unknown answers lack, by row.

    `columns` are criterion, reading, and whether it is the chosen one; `others_failed` tells of each column who fails another criterion,
    `kept_out` who fails any.
    """

    persons: npt.NDArray[np.int64]
    columns: tuple[tuple[str, str, bool], ...]
    lacks: tuple[Lacks, ...]
    others_failed: tuple[Flags, ...]
    kept_out: Flags


def lacking_by_chunk(found: Screened, engine: Engine, relations: Relations, chunk: int = _CHUNK) -> Iterator[Part]:
    """This will look up what is missing, so many persons at a time; persons whose every answer is known are left out."""
    answered, protocol = found.answered, found.protocol
    rules = ruled(protocol, answered.program, found.on.toordinal(), (found.planned_infusion or found.on).toordinal())
    places = sorted(rules)
    columns = [answered.program.columns[place] for place in places]
    chosen = {column.criterion: place for place, column in zip(places, columns, strict=True) if column.chosen}
    some = np.flatnonzero((answered.codes[places] == UNKNOWN).any(axis=0))
    for start in range(0, some.size, chunk):
        rows = some[start : start + chunk]
        deciding = Deciding(answered.program, answered.planes(rows))
        lacking = Lacking(deciding)
        items = [lacking.of(column, rules[place]) for place, column in zip(places, columns, strict=True)]
        why = reasons(engine, relations, protocol.concepts, deciding, answered.persons[rows], items)
        failed = {criterion: answered.codes[place, rows] == NOT_MET for criterion, place in chosen.items()}
        count: npt.NDArray[np.int16] = np.sum(list(failed.values()), axis=0, dtype=np.int16)
        yield Part(
            answered.persons[rows],
            tuple((column.criterion, column.reading, column.chosen) for column in columns),
            tuple(why.of(one) for one in items),
            tuple(count > failed[column.criterion] for column in columns),
            count > 0,
        )


@dataclass
class Together:
    """Of which concepts each candidate lacks something: the different sets, each with its number of persons."""

    _places: dict[str, int] = field(default_factory=dict)
    _sets: Counter[int] = field(default_factory=Counter)

    def add(self, concepts: Mapping[str, Rows], candidates: Flags) -> None:
        """This will add the candidates among some persons."""
        for concept in concepts:
            self._places.setdefault(concept, len(self._places))
        count = int(candidates.sum())
        number = np.cumsum(candidates) - 1  # of each candidate among the candidates
        words = [np.zeros(count, np.uint64) for _ in range(-(-len(self._places) // 64))]
        for concept, rows in concepts.items():
            place = self._places[concept]
            words[place // 64][number[rows[candidates[rows]]]] |= np.uint64(1 << (place % 64))
        if not words:
            return
        distinct = pl.DataFrame({f"{place}": word for place, word in enumerate(words)}).group_by(pl.all()).len("persons")
        for *parts, persons in distinct.iter_rows():
            self._sets[sum(part << (64 * place) for place, part in enumerate(parts))] += persons

    def so_far(self, order: Sequence[str]) -> list[int]:
        """This will return, for each concept in this order, how many candidates lack something, but only of it and those before it."""
        found, known = [], 0
        left = {one: count for one, count in self._sets.items() if one}
        decided = 0
        for concept in order:
            known |= 1 << self._places[concept]
            for one in [one for one in left if one & ~known == 0]:
                decided += left.pop(one)
            found.append(decided)
        return found


@dataclass
class Counts:
    """The counts so far."""

    criteria: tuple[str, ...]
    _unknown: dict[tuple[str, str], dict[Why, list[int]]] = field(default_factory=dict)
    _look_up: dict[Why, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))
    _concepts: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))
    _together: Together = field(default_factory=Together)

    def add(self, part: Part) -> None:
        """This will count some persons."""
        size = part.persons.size
        whole: dict[Why, list[Rows]] = defaultdict(list)
        for (criterion, reading, is_chosen), lacks, failed in zip(part.columns, part.lacks, part.others_failed, strict=True):
            how_many = _how_many(lacks.values(), size)
            into = self._unknown.setdefault((criterion, reading), defaultdict(lambda: [0, 0, 0]))
            for why, rows in lacks.items():
                _count(into[why], rows.size, (how_many[rows] == 1).sum(), (~failed[rows]).sum())
                if is_chosen:
                    whole[why].append(rows)
        each = {why: once(rows, size) for why, rows in whole.items()}
        by_concept: dict[str, list[Rows]] = defaultdict(list)
        for why, rows in each.items():
            by_concept[why.concept].append(rows)
        concepts = {name: once(rows, size) for name, rows in by_concept.items()}
        _look_up(self._look_up, each, part.kept_out)
        _look_up(self._concepts, concepts, part.kept_out)
        self._together.add(concepts, ~part.kept_out)

    def statistics(self) -> Iterator[Statistic]:
        """This will yield the counts: by criterion in the protocol's order, the most frequent reason first."""
        for (criterion, reading), counts in sorted(self._unknown.items(), key=lambda one: self.criteria.index(one[0][0])):
            for why, counted in sorted(counts.items(), key=lambda one: (-one[1][0], one[0])):
                context = {"criterion": criterion, "reading": reading, "missing": why.kind, "concept": why.concept}
                for name, count in zip(("persons", "alone", "not_kept_out"), counted, strict=True):
                    yield Statistic("unknown", name, count, context=context)
        names = ("persons", "candidates", "decides")
        for why, counted in sorted(self._look_up.items(), key=lambda one: (*_first(one[1]), one[0])):
            for name, count in zip(names, counted, strict=True):
                yield Statistic("look_up", name, count, context={"missing": why.kind, "concept": why.concept})
        asked = sorted(self._concepts.items(), key=lambda one: (-one[1][1], -one[1][2], -one[1][0], one[0]))
        so_far = self._together.so_far([concept for concept, _ in asked])
        for (concept, counted), count in zip(asked, so_far, strict=True):
            for name, value in zip((*names, "decides_so_far"), (*counted, count), strict=True):
                yield Statistic("look_up_concept", name, value, context={"concept": concept})


def _look_up(into: dict[What, list[int]], lacks: Mapping[What, Rows], kept_out: Flags) -> None:
    how_many = _how_many(lacks.values(), kept_out.size)
    for what, rows in lacks.items():
        free = rows[~kept_out[rows]]
        _count(into[what], rows.size, free.size, (how_many[free] == 1).sum())


def _first(counted: list[int]) -> tuple[int, int, int]:
    """What decides most children comes first, then what most candidates lack."""
    persons, candidates, decides = counted
    return -decides, -candidates, -persons


def _count(into: list[int], *more: int) -> None:
    for place, count in enumerate(more):
        into[place] += int(count)


def _how_many(lacks: Iterable[Rows], size: int) -> npt.NDArray[np.int16]:
    """How many different things each row lacks."""
    found = np.zeros(size, np.int16)
    for rows in lacks:
        found[rows] += 1
    return found
