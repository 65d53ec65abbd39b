"""Read a warehouse in the OMOP Common Data Model 5.4 as the normal form, in place: every relation is an expression, nothing is copied.

| OMOP | fact |
| --- | --- |
| person | birth date (as exact as its parts), sex |
| condition_occurrence | condition, present from its start, ended on its end date |
| drug_exposure, procedure_occurrence, device_exposure | exposure or procedure, from start to end; no end date: not known |
| measurement | result: number, comparator, unit, upper limit of normal (whose age band nobody states) |
| observation | statement (yes, no), number, or code in words |
| observation_period | everything of the period is on record |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
import polars as pl

from protocord.cohort.engines import Engine, small
from protocord.cohort.normal import FACTS, HISTORIES, Kind, Numbering, Sex, Status, Why
from protocord.cohort.plan.facts import Relations, own
from protocord.cohort.plan.pieces import chosen
from protocord.cohort.sources.omop_codes import OmopCodes, omop_codes
from protocord.concepts import Concepts
from protocord.criteria.index import BIRTH_DATE, SEX
from protocord.criteria.lengths import LONG_AGO, NEVER
from protocord.exchange.mapping import SiteMapping

ALL_CONCEPTS = -1  # a history of everything: an observation period
MALE, FEMALE = 8507, 8532  # standard concept ids of OMOP's Gender domain
YES, NO = 4188539, 4188540  # of its Meas Value domain
BELOW, AT_MOST, AT_LEAST, ABOVE = 4171756, 4171754, 4171755, 4172704  # of its Meas Value Operator domain

_EPOCH = 719163  # ordinal of 1970-01-01
_RANK = 1 << 36  # record numbers of one OMOP table lie below it, so that the tables' rows never share one
RANKS = {
    "person": 0, "condition_occurrence": 1, "drug_exposure": 2, "procedure_occurrence": 3, "device_exposure": 4, "measurement": 5,
    "observation": 6,
}  # fmt: skip

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "person": {
        "person_id": "int64", "gender_concept_id": "int64", "year_of_birth": "int32", "month_of_birth": "int32", "day_of_birth": "int32",
    },
    "observation_period": {
        "person_id": "int64", "observation_period_start_date": "date", "observation_period_end_date": "date",
    },
    "condition_occurrence": {
        "condition_occurrence_id": "int64", "person_id": "int64", "condition_concept_id": "int64", "condition_start_date": "date",
        "condition_end_date": "date",
    },
    "drug_exposure": {
        "drug_exposure_id": "int64", "person_id": "int64", "drug_concept_id": "int64", "drug_exposure_start_date": "date",
        "drug_exposure_end_date": "date",
    },
    "procedure_occurrence": {
        "procedure_occurrence_id": "int64", "person_id": "int64", "procedure_concept_id": "int64", "procedure_date": "date",
    },
    "device_exposure": {
        "device_exposure_id": "int64", "person_id": "int64", "device_concept_id": "int64", "device_exposure_start_date": "date",
        "device_exposure_end_date": "date",
    },
    "measurement": {
        "measurement_id": "int64", "person_id": "int64", "measurement_concept_id": "int64", "measurement_date": "date",
        "operator_concept_id": "int64", "value_as_number": "float64", "unit_concept_id": "int64", "range_high": "float64",
    },
    "observation": {
        "observation_id": "int64", "person_id": "int64", "observation_concept_id": "int64", "observation_date": "date",
        "value_as_number": "float64", "value_as_string": "string", "value_as_concept_id": "int64", "unit_concept_id": "int64",
    },
}  # fmt: skip


CODED: Mapping[str, tuple[str, str, str]] = {  # table: column of the concept, of the first day, of the last day
    "condition_occurrence": ("condition_concept_id", "condition_start_date", "condition_end_date"),
    "drug_exposure": ("drug_concept_id", "drug_exposure_start_date", "drug_exposure_end_date"),
    "procedure_occurrence": ("procedure_concept_id", "procedure_date", "procedure_date"),
    "device_exposure": ("device_concept_id", "device_exposure_start_date", "device_exposure_end_date"),
    "measurement": ("measurement_concept_id", "measurement_date", ""),
    "observation": ("observation_concept_id", "observation_date", ""),
}


@dataclass
class Omop:
    """An OMOP warehouse on an engine, read for one study. `tables` are the names that it has."""

    engine: Engine
    tables: frozenset[str]
    concepts: Concepts
    mapping: SiteMapping = field(default_factory=SiteMapping)

    def __post_init__(self) -> None:
        self.numbering = Numbering(self.concepts)
        self.codes: OmopCodes = omop_codes(self.engine, self.tables, self.concepts, self.mapping)

    def relations(self) -> Relations:
        """This will return the warehouse's normal form as expressions over its own tables."""
        of_person = [name for name in (BIRTH_DATE, SEX) if name in self.numbering.numbers]
        numbers = [frozenset({self.numbering.numbers[name]}) for name in of_person]
        held, undated = self._held()
        facts = (*self._of_person(), *(self._read(name, self.codes.codes, "omop_codes") for name in self._coded))
        return Relations(
            self._persons(),
            facts,
            self._histories(),
            self._small,
            present=(*numbers, *held),
            exact=frozenset().union(*held) - undated.union(*numbers),
            undated=frozenset(self.numbering.numbers[name] for name in of_person if name == SEX).difference(*held),
            periods=self._periods(),
            reader=self._reader,
        )

    @property
    def _coded(self) -> list[str]:
        """The tables that it has whose rows are of coded concepts."""
        return [name for name in CODED if name in self.tables]

    def _held(self) -> tuple[list[frozenset[int]], frozenset[int]]:
        """Which of the study's concepts each coded table holds, and those some row of which has no date.

        A quick look at each table's ids spares many whole reads; a Parquet file says itself where a column has no gaps.
        """
        meant = dict(self.codes.codes.rows())

        def of(sql: str) -> frozenset[int]:
            return frozenset(meant[one] for one in self.engine.run(sql)["id"] if one in meant)

        held, undated = [], frozenset[int]()
        for name in self._coded:
            concept, start, _ = CODED[name]
            ids = f"SELECT DISTINCT {concept} AS id FROM {name}"
            held.append(of(ids))
            undated |= of(f"{ids} WHERE {start} IS NULL")
        return held, undated

    def _reader(self, at: int, name: str, rows: pl.DataFrame, opens: int) -> ir.Table:
        """The facts of a relation beside a small table, which is joined by the table's own ids: what nobody asks for is dropped at once."""
        of_person = self._of_person()
        if at < len(of_person):
            return of_person[at].join(self._small(name, rows), "concept")
        return self._read(self._coded[at - len(of_person)], self.codes.codes.join(rows, on="concept"), name, opens)

    def _read(self, table: str, asked: pl.DataFrame, name: str, opens: int = LONG_AGO) -> ir.Table:
        """The facts of a coded table whose ids are asked for, with the columns that the small table has more; none surely before `opens`."""
        concept, start, end = CODED[table]
        rows, small = self.table(table), self._small(name, asked)
        rows = rows.join(small, rows[concept] == small.concept_id)
        if opens > LONG_AGO:
            rows = rows.filter((rows[start] >= ibis.date(*_parts(opens))) | rows[start].isnull())
        more = [one for one in asked.columns if one not in ("concept_id", "concept")]
        if table == "measurement":
            return self._measurements(rows, more)
        if table == "observation":
            return self._observations(rows, more)
        kind = Kind.YES if table == "condition_occurrence" else Kind.NONE
        days = _days(rows[start], rows[end])
        return self._fact(rows, table, rows[f"{table}_id"], rows["concept"], more=more, **days, kind=int(kind))

    def _small(self, name: str, frame: pl.DataFrame) -> ir.Table:
        return small(self.engine, name, frame)

    def table(self, name: str) -> ir.Table:
        """This will return one of the warehouse's tables, by the columns that are read of it."""
        return ibis.table(dict(COLUMNS[name]), name=name)

    def _persons(self) -> ir.Table:
        person = self.table("person")
        first, last = self._birth(person)
        sex = chosen(
            (person.gender_concept_id == MALE, int(Sex.MALE)), (person.gender_concept_id == FEMALE, int(Sex.FEMALE)), otherwise=0
        )
        return person.select(person="person_id", birth_first=first, birth_last=last, sex=ibis.coalesce(sex, 0).cast("int8"))

    def _birth(self, person: ir.Table) -> tuple[ir.IntegerValue, ir.IntegerValue]:
        """The earliest and the latest day that the parts of the birth date allow.

        A day without a month says nothing, nor does a month or a day that no calendar has: what is left is less exact, never a guess.
        """
        none = ibis.null("int32")
        year = chosen((person.year_of_birth.between(1, 9998), person.year_of_birth), otherwise=none)
        month = chosen((person.month_of_birth.between(1, 12), person.month_of_birth), otherwise=none)
        latest = ibis.coalesce(month, 12)
        start = ordinal(ibis.date(year, ibis.coalesce(month, 1), 1))
        next_year = year + chosen((latest == 12, 1), otherwise=0)
        end = ordinal(ibis.date(next_year, chosen((latest == 12, 1), otherwise=latest + 1), 1)) - 1
        day = start + person.day_of_birth - 1
        exact = ibis.coalesce(month.notnull() & (day >= start) & (day <= end), ibis.literal(False))
        known = year.notnull()
        return (
            chosen((known & exact, day), (known, start), otherwise=none),
            chosen((known & exact, day), (known, end), otherwise=none),
        )

    def _of_person(self) -> list[ir.Table]:
        """The birth date and the sex as facts, since rules may ask whether they are on record."""
        person = self.table("person")
        first, last = self._birth(person)
        made = []
        known_sex = person.gender_concept_id.isin([MALE, FEMALE])
        code = chosen((person.gender_concept_id == MALE, "male"), otherwise="female")
        if BIRTH_DATE in self.numbering.numbers:
            days = {"first": first, "last": last, "over_first": first, "over_last": ibis.literal(NEVER)}
            made.append(self._fact(person.filter(first.notnull()), "person", person.person_id * 2, BIRTH_DATE, **days))
        if SEX in self.numbering.numbers:
            days = {
                "first": ibis.literal(LONG_AGO),
                "last": ibis.literal(NEVER),
                "over_first": ibis.literal(LONG_AGO),
                "over_last": ibis.literal(NEVER),
            }
            kinds = {"kind": int(Kind.CODE), "code": code, "undated": ibis.literal(True)}
            made.append(self._fact(person.filter(known_sex), "person", person.person_id * 2 + 1, SEX, **days, **kinds))
        return made

    def _fact(self, rows: ir.Table, table: str, record: Any, concept: Any, more: Sequence[str] = (), **given: Any) -> ir.Table:
        """Rows of one OMOP table as facts, with the columns `more`; what is not given is what most facts have."""
        number = self.numbering.numbers[concept] if isinstance(concept, str) else concept
        none = {name: ibis.null(kind) for name, kind in (("low", "float64"), ("high", "float64"), ("upper", "float64"))}
        usual: dict[str, Any] = {
            "person": rows.person_id, "record": RANKS[table] * _RANK + record, "concept": number, "undated": ibis.literal(False),
            "ended": ibis.literal(False), "ongoing": ibis.literal(False), "status": int(Status.RECORDED), "kind": int(Kind.NONE),
            "why": int(Why.FINE), "strict": 0, "upper_why": int(Why.NO_UPPER_LIMIT), "band_low": ibis.null("int16"),
            "band_high": ibis.null("int16"), "range_sex": 0, "child": ibis.literal(False), "code": ibis.null("string"), **none,
        }  # fmt: skip
        usual |= given
        kinds = {
            pl.Int8: "int8",
            pl.Int16: "int16",
            pl.Int32: "int32",
            pl.Int64: "int64",
            pl.Float64: "float64",
            pl.Boolean: "boolean",
            pl.String: "string",
        }
        cast = {}
        for name, kind in FACTS.items():
            value = usual[name]
            cast[name] = (value if isinstance(value, ir.Value) else ibis.literal(value)).cast(kinds[kind])
        return rows.select(**cast, **{name: rows[name] for name in more})

    def _measurements(self, rows: ir.Table, more: Sequence[str]) -> ir.Table:
        rows = self._numbered(rows, "operator_concept_id")
        sign = ibis.coalesce(rows.operator_concept_id, 0)
        usable = rows.kind == int(Kind.NUMBER)
        no_number = ibis.null("float64")
        low = chosen((usable & ~sign.isin([BELOW, AT_MOST]), rows.number), otherwise=no_number)
        high = chosen((usable & ~sign.isin([ABOVE, AT_LEAST]), rows.number), otherwise=no_number)
        strict = chosen((usable & (sign == ABOVE), 1), (usable & (sign == BELOW), 2), otherwise=0)
        upper = rows.range_high * rows.factor
        stated = ibis.coalesce(rows.range_high > 0, ibis.literal(False))
        believable = _within(upper, rows.plausible_low, rows.plausible_high)
        upper_why = chosen(
            (~stated, int(Why.NO_UPPER_LIMIT)),
            ((rows.unit_id == 0) & rows.factor.isnull(), int(Why.UNIT_MISSING)),
            (rows.factor.isnull(), int(Why.UNIT_UNKNOWN)),
            (~believable, int(Why.IMPLAUSIBLE)),
            otherwise=int(Why.FINE),
        )
        child = ibis.literal(self.mapping.ranges_are_age_specific)
        return self._fact(
            rows, "measurement", rows.measurement_id, rows["concept"], more, **_days(rows.measurement_date, None), kind=rows.kind, why=rows.why, low=low, high=high, strict=strict,
            upper=chosen((upper_why == int(Why.FINE), upper), otherwise=no_number), upper_why=upper_why, child=child & stated,
        )  # fmt: skip

    def _numbered(self, rows: ir.Table, operator: str = "") -> ir.Table:
        """The rows with their number in the concept's unit, or why it must not be used; `operator` is the column of its comparator."""
        units = self._small("omop_units", self._factors())
        unit = ibis.coalesce(rows.unit_concept_id, 0)
        rows = rows.mutate(unit_id=unit)
        rows = own(rows.left_join(units, ["concept", rows.unit_id == units.factor_unit_id]))
        number = rows.value_as_number * rows.factor
        low, high = rows.plausible_low, rows.plausible_high
        if operator:  # of "below 200" some numbers lie within limits that end at 100; of "above 200" none does
            sign = ibis.coalesce(rows[operator], 0)
            low = chosen((sign.isin([ABOVE, AT_LEAST]), ibis.null("float64")), otherwise=low)
            high = chosen((sign.isin([BELOW, AT_MOST]), ibis.null("float64")), otherwise=high)
        kind = chosen(
            (rows.value_as_number.isnull(), int(Kind.NONE)),
            (rows.factor.isnull() | ~_within(number, low, high), int(Kind.UNUSABLE)),
            otherwise=int(Kind.NUMBER),
        )
        why = chosen(
            (rows.value_as_number.isnull(), int(Why.FINE)),
            (rows.factor.isnull() & (rows.unit_id == 0), int(Why.UNIT_MISSING)),
            (rows.factor.isnull(), int(Why.UNIT_UNKNOWN)),
            (kind == int(Kind.UNUSABLE), int(Why.IMPLAUSIBLE)),
            otherwise=int(Why.FINE),
        )
        return rows.mutate(number=number, kind=kind, why=why)

    def _factors(self) -> pl.DataFrame:
        """For each concept and unit id the factor to the concept's unit, and what is plausible; unit 0 is none, complete only for a pure number."""
        rows = []
        units = dict(self.codes.units.rows())
        for number, name in enumerate(self.numbering.ids):
            concept = self.concepts[name]
            limits = (_float(concept.plausible.low), _float(concept.plausible.high))
            for unit_id, unit in units.items():
                factor = concept.units.get(unit)
                if factor is None and concept.is_pure_number and unit == "1":
                    factor = Decimal(1)
                if factor is not None:
                    rows.append((number, unit_id, float(factor), *limits))
            if concept.is_pure_number:
                rows.append((number, 0, 1.0, *limits))
        numbers = dict.fromkeys(("factor", "plausible_low", "plausible_high"), pl.Float64)
        return pl.DataFrame(rows, schema={"concept": pl.Int32, "factor_unit_id": pl.Int64, **numbers}, orient="row")

    def _observations(self, rows: ir.Table, more: Sequence[str]) -> ir.Table:
        rows = self._numbered(rows)
        usable = rows.kind == int(Kind.NUMBER)
        number = chosen((usable, rows.number), otherwise=ibis.null("float64"))
        text = rows.value_as_string
        kind = chosen(
            (rows.kind != int(Kind.NONE), rows.kind),
            (rows.value_as_concept_id == YES, int(Kind.YES)),
            (rows.value_as_concept_id == NO, int(Kind.NO)),
            (text.notnull(), int(Kind.CODE)),
            otherwise=int(Kind.NONE),
        )
        return self._fact(
            rows, "observation", rows.observation_id, rows["concept"], more, **_days(rows.observation_date, None), kind=kind, why=rows.why, low=number, high=number,
            code=chosen((kind == int(Kind.CODE), text), otherwise=ibis.null("string")),
        )  # fmt: skip

    def _periods(self) -> ir.Table:
        """Observation periods; one that lacks an end, or ends before it starts, covers nothing. Without the table nothing is covered."""
        if "observation_period" not in self.tables:
            return self._small("no_histories", pl.DataFrame(schema=dict(HISTORIES))).drop("concept")
        periods = self.table("observation_period")
        since, until = ordinal(periods.observation_period_start_date), ordinal(periods.observation_period_end_date)
        told = periods.select(person="person_id", since=since, until=until)
        return told.filter(told.since <= told.until)

    def _histories(self) -> ir.Table:
        """Each observation period as a history of everything; a period that begins at birth reaches back without end."""
        told = own(self._periods().left_join(self._persons(), "person"))
        from_birth = ibis.coalesce(told.since <= told.birth_first, ibis.literal(False))
        return told.select(
            person="person",
            concept=ibis.literal(ALL_CONCEPTS).cast("int32"),
            since=chosen((from_birth, LONG_AGO), otherwise=told.since).cast("int32"),
            until=told.until.cast("int32"),
        )


def ordinal(day: ir.DateValue) -> ir.IntegerValue:
    """This will return a date's ordinal."""
    return (day.delta(ibis.date("1970-01-01"), unit="day") + _EPOCH).cast("int32")


def _parts(day: int) -> tuple[int, int, int]:
    on = date.fromordinal(day)
    return on.year, on.month, on.day


def _days(start: ir.DateValue, end: ir.DateValue | None) -> dict[str, Any]:
    """The days of an event with a start and perhaps an end (None where the table has no such thing), as `Event.of` takes them.

    A start that is missing may be any day; an end before the start is a slip, and the later day counts.
    """
    first = ibis.coalesce(ordinal(start), LONG_AGO)
    last = ibis.coalesce(ordinal(start), NEVER)
    days = {"first": first, "last": last, "over_first": first, "over_last": ibis.literal(NEVER), "undated": start.isnull()}
    if end is None:
        return days
    over = chosen((end.notnull(), ibis.greatest(ordinal(end), first)), otherwise=ibis.null("int32"))
    return days | {
        "last": ibis.least(last, ibis.coalesce(over, NEVER)),
        "over_first": ibis.coalesce(over, first),
        "over_last": ibis.coalesce(over, NEVER),
        "ended": end.notnull(),
    }


def _within(number: ir.FloatingValue, low: ir.FloatingValue, high: ir.FloatingValue) -> ir.BooleanValue:
    """Whether a number lies within limits of which either may be open."""
    yes = ibis.literal(True)
    return ibis.coalesce(number >= low, yes) & ibis.coalesce(number <= high, yes)


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
