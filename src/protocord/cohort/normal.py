"""The normal form: what every source becomes, and what every evaluator over columns reads.

Three relations hold all that a rule can ask of a whole hospital: who the persons are, what is known of them, and how completely. Each
fact is what `protocord.criteria.index` makes of it for one child, as numbers: the days it may lie on, the bounds of its value in the
concept's own unit, and why its number or its upper limit must not be used. So the meaning of a rule stands in one place, the row
evaluator, and columns only repeat it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from protocord.cohort.kinds import Kind, Sex, Status, Why
from protocord.concepts import Concepts
from protocord.criteria import FactIndex
from protocord.criteria.index import Event
from protocord.values import Fact, FactStatus, Quantity, Reason, ReferenceRange, SubjectRecord

if TYPE_CHECKING:
    from protocord.protocol import Protocol


# Days are ordinals (1 = 1 January of year 1), LONG_AGO and NEVER where a side is open. `low` and `high` bound the number in the
# concept's unit, null where unbounded; bit 0 of `strict` says that `low` itself is not possible, bit 1 the same of `high`.
PERSONS: Mapping[str, Any] = {"person": pl.Int64, "birth_first": pl.Int32, "birth_last": pl.Int32, "sex": pl.Int8}
FACTS: Mapping[str, Any] = {
    "person": pl.Int64, "record": pl.Int64, "concept": pl.Int32, "first": pl.Int32, "last": pl.Int32,
    "over_first": pl.Int32, "over_last": pl.Int32, "undated": pl.Boolean, "ended": pl.Boolean, "ongoing": pl.Boolean,
    "status": pl.Int8, "kind": pl.Int8, "why": pl.Int8, "low": pl.Float64, "high": pl.Float64, "strict": pl.Int8,
    "upper": pl.Float64, "upper_why": pl.Int8, "band_low": pl.Int16, "band_high": pl.Int16, "range_sex": pl.Int8,
    "child": pl.Boolean, "code": pl.String,
}  # fmt: skip
HISTORIES: Mapping[str, Any] = {"person": pl.Int64, "concept": pl.Int32, "since": pl.Int32, "until": pl.Int32}

_SEXES = {None: Sex.NOT_SAID, "male": Sex.MALE, "female": Sex.FEMALE}
_STATUSES = {FactStatus.RECORDED: Status.RECORDED, FactStatus.NOT_DONE: Status.NOT_DONE, FactStatus.EXCLUDED: Status.EXCLUDED}


@dataclass(frozen=True)
class Numbering:
    """A study's concepts as numbers: the place of each id in alphabetical order."""

    concepts: Concepts

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The concepts' ids; the number of a concept is its place here."""
        return tuple(sorted(self.concepts))

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """The number of each concept."""
        return {name: number for number, name in enumerate(self.ids)}


@dataclass(frozen=True)
class Normal:
    """The three relations in memory, persons numbered from 0 in the order given; `subjects` are their ids."""

    persons: pl.DataFrame
    facts: pl.DataFrame
    histories: pl.DataFrame
    subjects: tuple[str, ...]

    @classmethod
    def of_records(cls, records: Iterable[SubjectRecord], protocol: Protocol) -> Normal:
        """This will return the normal form of subjects' records; facts of concepts that the study does not know are left out.

        `record` numbers a person's facts in the order of their ids, which is what breaks a tie of dates.
        """
        numbering = Numbering(protocol.concepts)
        persons: list[tuple[Any, ...]] = []
        facts: list[tuple[Any, ...]] = []
        histories: list[tuple[Any, ...]] = []
        subjects: list[str] = []
        for person, record in enumerate(records):
            index = FactIndex(record, protocol.concepts)
            birth = index.birth or (None, None)
            persons.append((person, *birth, _sex(index.sex)))
            facts.extend((person, *row) for row in _facts(index, numbering))
            histories.extend((person, *row) for row in _histories(index, numbering))
            subjects.append(record.id)
        return cls(
            pl.DataFrame(persons, schema=dict(PERSONS), orient="row"),
            pl.DataFrame(facts, schema=dict(FACTS), orient="row"),
            pl.DataFrame(histories, schema=dict(HISTORIES), orient="row"),
            tuple(subjects),
        )


def _sex(code: str | None) -> Sex:
    return _SEXES.get(code, Sex.OTHER)


def _facts(index: FactIndex, numbering: Numbering) -> Iterator[tuple[Any, ...]]:
    ordered = sorted(index.record.facts, key=lambda fact: fact.id)
    for number, fact in enumerate(ordered):
        concept = numbering.numbers.get(fact.concept)
        if concept is None:
            continue
        event = Event.of(fact, certain=True)
        days = (event.first, event.last, event.over_first, event.over_last)
        flags = (fact.start is None, fact.end is not None, fact.ongoing)
        yield (number, concept, *days, *flags, _STATUSES[fact.status], *_value(index, fact), *_range(index, fact), _code(fact))


def _code(fact: Fact) -> str | None:
    return fact.value if isinstance(fact.value, str) else None


def _value(index: FactIndex, fact: Fact) -> tuple[Kind, Why, float | None, float | None, int]:
    """Kind, why, low, high, strict."""
    if not isinstance(fact.value, Quantity):
        kind = Kind.CODE if isinstance(fact.value, str) else {None: Kind.NONE, True: Kind.YES, False: Kind.NO}[fact.value]
        return kind, Why.FINE, None, None, 0
    standard = index.standard(fact, fact.concept)
    if not isinstance(standard, Quantity):
        assert standard is not None
        return Kind.UNUSABLE, Why[standard.kind.upper()], None, None, 0
    bounds = standard.bounds
    return Kind.NUMBER, Why.FINE, _float(bounds.low), _float(bounds.high), bounds.low_strict + 2 * bounds.high_strict


def _range(index: FactIndex, fact: Fact) -> tuple[float | None, Why, int | None, int | None, Sex, bool]:
    """Upper, upper_why, band_low, band_high, range_sex, child."""
    stated = fact.range or ReferenceRange()
    band = (stated.age_low, stated.age_high, _sex(stated.sex), stated.age_specific)
    high = stated.high
    if high is None or high.comparator or high.value <= 0:
        return None, Why.NO_UPPER_LIMIT, *band
    wrong = index.implausible(fact, high)
    upper = wrong or index.concepts.standard(fact.concept, high)
    if isinstance(upper, Reason):
        return None, Why[upper.kind.upper()], *band
    return _float(upper.value), Why.FINE, *band


def _histories(index: FactIndex, numbering: Numbering) -> Iterator[tuple[int, int, int]]:
    for history in index.record.histories:
        concept = numbering.numbers.get(history.concept)
        if concept is not None:
            since, until = index.stretch(history)
            if since <= until:
                yield concept, since, until


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
