"""One person of an OMOP warehouse as a subject's record: the same facts as the columns, with each number as it was recorded.

So the row evaluator can explain what the columns decided, and name the table and the row that a fact stands in.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

import polars as pl

from protocord.cohort.sources.omop import (
    ABOVE,
    AT_LEAST,
    AT_MOST,
    BELOW,
    CODED,
    FEMALE,
    MALE,
    NO,
    RANKS,
    ROWS,
    SIGNS,
    YES,
    Omop,
)
from protocord.criteria.index import BIRTH_DATE, SEX
from protocord.values import Fact, History, PartialDate, Quantity, ReferenceRange, Source, SubjectRecord
from protocord.values.quantities import Comparator

_SIGNS: Mapping[int, Comparator] = {BELOW: "<", AT_MOST: "<=", AT_LEAST: ">=", ABOVE: ">"}

Row = Mapping[str, Any]


@dataclass
class OmopRecords:
    """Reads whole persons of a warehouse, many with one query a table."""

    omop: Omop
    _units: dict[int, str] = field(default_factory=dict)
    _everything: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._units = dict(self.omop.codes.units.rows())
        # A history of everything is one of each concept that stands under no other: it holds for all below them.
        self._everything = tuple(name for name, concept in sorted(self.omop.concepts.items()) if not concept.is_a)

    def record(self, person: int) -> SubjectRecord:
        """This will return one person's record. Raises KeyError where the warehouse has no such person."""
        return self.records([person])[person]

    def records(self, persons: Sequence[int]) -> dict[int, SubjectRecord]:
        """This will return the records of these persons, by person; a person that the warehouse does not have is left out."""
        engine, tables = self.omop.engine, self.omop.tables
        engine.bring("asked_persons", pl.DataFrame({"person_id": list(persons)}, schema={"person_id": pl.Int64}))
        engine.bring("record_codes", self.omop.codes.codes)
        facts: dict[int, list[Fact]] = {}
        for row in self._rows("person", "SELECT {columns} FROM person t JOIN asked_persons a ON t.person_id = a.person_id"):
            facts[row["person_id"]] = list(self._of_person(row))
        for table, (concept, *_) in CODED.items():
            if table not in tables:
                continue
            asked = (
                f"SELECT {{columns}}, c.concept AS known FROM {table} t JOIN asked_persons a ON t.person_id = a.person_id "
                f"JOIN record_codes c ON t.{concept} = c.concept_id"
            )
            for row in self._rows(table, asked):
                if row["person_id"] in facts:
                    facts[row["person_id"]].append(self._fact(table, row))
        histories: dict[int, list[History]] = {}
        if "observation_period" in tables:
            asked = "SELECT {columns} FROM observation_period t JOIN asked_persons a ON t.person_id = a.person_id"
            for row in self._rows("observation_period", asked):
                histories.setdefault(row["person_id"], []).extend(self._histories(row))
        return {
            person: SubjectRecord(str(person), tuple(sorted(found, key=lambda fact: fact.id)), tuple(histories.get(person, ())))
            for person, found in facts.items()
        }

    def _rows(self, table: str, sql: str) -> Iterator[Row]:
        own = ["own_id"] if table in self.omop.numbered else []
        columns = ", ".join(f"t.{name}" for name in (*self.omop.table(table).columns, *own))
        yield from self.omop.engine.run(sql.format(columns=columns)).iter_rows(named=True)

    def _of_person(self, row: Row) -> Iterator[Fact]:
        source = Source("omop", f"person/{row['person_id']}")
        born = _born(row["year_of_birth"], row["month_of_birth"], row["day_of_birth"])
        if born is not None:
            yield Fact(_id("person", 0), BIRTH_DATE, start=born, source=source)
        sex = {MALE: "male", FEMALE: "female"}.get(row["gender_concept_id"])
        if sex is not None:
            yield Fact(_id("person", 1), SEX, sex, source=source)

    def _fact(self, table: str, row: Row) -> Fact:
        _, start, end = CODED[table]
        number = row[f"{table}_id"]
        value, limits = self._value(table, row)
        return Fact(
            id=_id(table, number),
            concept=self.omop.numbering.ids[row["known"]],
            value=value,
            start=_day(row[start]),
            end=_day(row[end]) if end else None,
            range=limits,
            source=Source("omop", f"{table}/{row.get('own_id', number)}"),
        )

    def _value(self, table: str, row: Row) -> tuple[Quantity | bool | str | None, ReferenceRange | None]:
        if table == "condition_occurrence":
            return True, None
        if table not in ("measurement", "observation"):
            return None, None
        unit = self._unit(row["unit_concept_id"])
        number = _decimal(row["value_as_number"])
        limits = None
        high = _decimal(row.get("range_high"))
        if high is not None and high > 0:
            specific = self.omop.mapping.ranges_are_age_specific
            limits = ReferenceRange(high=Quantity(high, unit), age_specific=specific, laboratory=self.omop.mapping.laboratory)
        if number is not None:
            comparator = row.get("operator_concept_id") or 0
            if comparator not in SIGNS:  # a number in no unit known, as in the columns
                return Quantity(number, f"{unit or ''} (comparator omop|{comparator})".strip()), limits
            return Quantity(number, unit, _SIGNS.get(comparator, "")), limits
        if table == "measurement":
            return None, limits
        said = {YES: True, NO: False}.get(row["value_as_concept_id"])
        return row["value_as_string"] if said is None else said, None

    def _unit(self, unit: int | None) -> str | None:
        """The unit of an id; one that nobody explains keeps its number, so that a person can see what is missing in the mapping."""
        return self._units.get(unit, f"omop|{unit}") if unit else None

    def _histories(self, row: Row) -> Iterator[History]:
        since, until = _day(row["observation_period_start_date"]), _day(row["observation_period_end_date"])
        if since is not None and until is not None and since.earliest <= until.earliest:
            source = Source("omop", f"observation_period/{row['person_id']}")
            for name in self._everything:
                yield History(name, since, until, source)


def _id(table: str, number: int) -> str:
    """An id that sorts as the record numbers of the columns do."""
    return f"{RANKS[table] * ROWS + number:013d}"


def _born(year: int | None, month: int | None, day: int | None) -> PartialDate | None:
    """What the parts of a birth date say, as the columns read them: a part that no calendar has is left out, never guessed."""
    if year is None or not 1 <= year <= 9998:
        return None
    if month is None or not 1 <= month <= 12:
        return PartialDate(year)
    return PartialDate(year, month, day if day is not None and 1 <= day <= monthrange(year, month)[1] else None)


def _day(value: date | datetime | None) -> PartialDate | None:
    if value is None:
        return None
    return PartialDate.of(value.date() if isinstance(value, datetime) else value)


def _decimal(value: float | None) -> Decimal | None:
    return Decimal(repr(float(value))) if value is not None and isfinite(value) else None
