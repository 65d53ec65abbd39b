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

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property, partial
from typing import Any

import ibis
import ibis.expr.types as ir
import polars as pl

from protocord.cohort.engines import Engine, small
from protocord.cohort.kinds import Kind, Sex, Status, Why
from protocord.cohort.normal import FACTS, HISTORIES, Numbering
from protocord.cohort.plan.facts import Lazily, Relations, own
from protocord.cohort.plan.pieces import chosen
from protocord.cohort.sources.omop_codes import OmopCodes, omop_codes
from protocord.cohort.sources.omop_days import event_days, float_or_none, ordinal, within
from protocord.cohort.sources.omop_presence import held
from protocord.concepts import Concepts
from protocord.criteria.index import BIRTH_DATE, SEX
from protocord.criteria.lengths import LONG_AGO, NEVER
from protocord.exchange.mapping import SiteMapping

ALL_CONCEPTS = -1  # a history of everything: an observation period
MALE, FEMALE = 8507, 8532  # standard concept ids of OMOP's Gender domain
YES, NO = 4188539, 4188540  # of its Meas Value domain
BELOW, AT_MOST, EQUAL, AT_LEAST, ABOVE = 4171756, 4171754, 4172703, 4171755, 4172704  # of its Meas Value Operator domain
SIGNS = (BELOW, AT_MOST, EQUAL, AT_LEAST, ABOVE, 0)  # 0: none is stated, which is "="

ROWS = 1 << 36  # record numbers of one OMOP table lie below it, so that the tables' rows never share one
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
    """An OMOP warehouse on an engine, read for one study. `tables` are the names that it has; rows of `numbered` keep their ids as `own_id`."""

    engine: Engine
    tables: frozenset[str]
    concepts: Concepts
    mapping: SiteMapping = field(default_factory=SiteMapping)
    numbered: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.numbering = Numbering(self.concepts)
        self.codes: OmopCodes = omop_codes(self.engine, self.tables, self.concepts, self.mapping)

    def relations(self) -> Relations:
        """This will return the warehouse's normal form as expressions over its own tables."""
        of_person = self._personal
        numbers = [frozenset({self.numbering.numbers[name]}) for name in of_person]
        present, undated = self._held()
        coded = [partial(self._read, name, self.codes.codes, "omop_codes") for name in self._coded]
        facts = Lazily([*(partial(self._of_person, name) for name in of_person), *coded])
        return Relations(
            self._persons(),
            facts,
            self._histories(),
            self._small,
            present=(*numbers, *present),
            exact=frozenset().union(*present) - undated.union(*numbers),
            undated=frozenset(self.numbering.numbers[name] for name in of_person if name == SEX).difference(*present),
            periods=self._periods(),
            reader=self._reader,
        )

    @property
    def _personal(self) -> list[str]:
        """The concepts that the table of persons states."""
        return [name for name in (BIRTH_DATE, SEX) if name in self.numbering.numbers]

    @property
    def _coded(self) -> list[str]:
        """The tables that it has whose rows are of coded concepts."""
        return [name for name in CODED if name in self.tables]

    def _held(self) -> tuple[list[frozenset[int]], frozenset[int]]:
        """Which of the study's concepts each coded table holds, and those some row of which has no date."""
        return held(self.engine, {name: CODED[name][:2] for name in self._coded}, dict(self.codes.codes.rows()))

    def _reader(self, at: int, name: str, rows: pl.DataFrame, opens: int, columns: Iterable[str]) -> ir.Table:
        """The facts of a relation beside a small table, which is joined by the table's own ids: what nobody asks for is dropped at once."""
        of_person = self._personal
        if at < len(of_person):
            return (
                self._of_person(of_person[at])
                .select(*columns, *({"concept"} - {*columns}))
                .join(self._small(name, rows), "concept")
            )
        return self._read(self._coded[at - len(of_person)], self.codes.codes.join(rows, on="concept"), name, opens, columns)

    def _picked(self, table: str, asked: pl.DataFrame, name: str, opens: int) -> ir.Table:
        """The rows of a coded table beside a small one. Of some days alone they are few among many, and kept: an engine works on whole blocks."""
        concept, start, _ = CODED[table]
        rows, small = self.table(table), self._small(name, asked)
        if opens <= LONG_AGO:
            return rows.join(small, rows[concept] == small.concept_id)
        # The ids have done their work in the join: what says a fact's concept is the number beside them.
        mine, beside = (
            {column: kind for column, kind in one.schema().items() if column != id_}
            for one, id_ in ((rows, concept), (small, "concept_id"))
        )
        columns = [*(f"t.{one}" for one in mine), *(f"k.{one}" for one in beside)]
        day = date.fromordinal(opens)
        self.engine.keep(
            f"{name}_rows",
            f"SELECT {', '.join(columns)} FROM {table} t JOIN {name} k ON t.{concept} = k.concept_id "
            f"WHERE t.{start} >= DATE '{day}' OR t.{start} IS NULL",
        )
        return ibis.table({**mine, **beside}, name=f"{name}_rows")

    def _read(
        self, table: str, asked: pl.DataFrame, name: str, opens: int = LONG_AGO, columns: Iterable[str] = tuple(FACTS)
    ) -> ir.Table:
        """The facts of a coded table whose ids are asked for, with the columns that the small table has more; none surely before `opens`."""
        _, start, end = CODED[table]
        rows = self._picked(table, asked, name, opens)
        rows = rows.filter(rows.person_id.notnull())  # nobody's
        more = [one for one in asked.columns if one not in ("concept_id", "concept")]
        columns = [*columns, *more]
        if table == "measurement":
            return self._measurements(rows, columns)
        if table == "observation":
            return self._observations(rows, columns)
        kind = Kind.YES if table == "condition_occurrence" else Kind.NONE
        days = event_days(rows[start], rows[end])
        return self._fact(rows, table, rows[f"{table}_id"], rows["concept"], columns, **days, kind=int(kind))

    def _small(self, name: str, frame: pl.DataFrame) -> ir.Table:
        return small(self.engine, name, frame)

    def table(self, name: str) -> ir.Table:
        """This will return one of the warehouse's tables, by the columns that are read of it."""
        return ibis.table(dict(COLUMNS[name]), name=name)

    def _persons(self) -> ir.Table:
        person = self._born()
        sex = chosen(
            (person.gender_concept_id == MALE, int(Sex.MALE)), (person.gender_concept_id == FEMALE, int(Sex.FEMALE)), otherwise=0
        )
        return person.select(
            person="person_id", birth_first="first_day", birth_last="last_day", sex=ibis.coalesce(sex, 0).cast("int8")
        )

    def _born(self) -> ir.Table:
        """The table of persons with the earliest and the latest day that the parts of the birth date allow.

        A day without a month says nothing, nor does a month or a day that no calendar has: what is left is less exact, never a guess.
        """
        person = self.table("person")
        month = ibis.coalesce(chosen((person.month_of_birth.between(1, 12), person.month_of_birth), otherwise=0), 0)
        year = chosen((person.year_of_birth.between(1, 9998), person.year_of_birth), otherwise=ibis.null("int32"))
        person = person.mutate(month_key=(year * 16 + month).cast("int32"))
        person = own(person.left_join(self._small("omop_months", self._months), "month_key"))
        day = person.month_first + person.day_of_birth - 1
        exact = ibis.coalesce(
            (person.month_key % 16 > 0) & (day >= person.month_first) & (day <= person.month_last), ibis.literal(False)
        )
        return person.mutate(
            first_day=chosen((exact, day), otherwise=person.month_first).cast("int32"),
            last_day=chosen((exact, day), otherwise=person.month_last).cast("int32"),
        )

    @cached_property
    def _months(self) -> pl.DataFrame:
        """First and last day of the years in which somebody was born (month 0) and of their months: a look is cheaper than to reckon."""
        said = self.engine.run(
            "SELECT min(year_of_birth) AS low, max(year_of_birth) AS high FROM person WHERE year_of_birth BETWEEN 1 AND 9998"
        )
        low, high = said.row(0)
        years = range(0) if low is None else range(low, high + 1)
        rows = [
            (
                year * 16 + month,
                date(year, month or 1, 1).toordinal(),
                date(year + (month in (0, 12)), month % 12 + 1, 1).toordinal() - 1,
            )
            for year in years
            for month in range(13)
        ]
        return pl.DataFrame(rows, schema=dict.fromkeys(("month_key", "month_first", "month_last"), pl.Int32), orient="row")

    def _of_person(self, concept: str) -> ir.Table:
        """The birth date, or the sex, as facts, since rules may ask whether they are on record."""
        columns = list(FACTS)
        if concept == BIRTH_DATE:
            born = self._born()
            born = born.filter(born.first_day.notnull())
            first, last = born.first_day, born.last_day
            days = {"first": first, "last": last, "over_first": first, "over_last": ibis.literal(NEVER)}
            return self._fact(born, "person", 0, BIRTH_DATE, columns, **days)
        person = self.table("person")
        person = person.filter(person.gender_concept_id.isin([MALE, FEMALE]))
        code = chosen((person.gender_concept_id == MALE, "male"), otherwise="female")
        open_ = {"first": LONG_AGO, "last": NEVER, "over_first": LONG_AGO, "over_last": NEVER}
        kinds = {"kind": int(Kind.CODE), "code": code, "undated": ibis.literal(True)}
        return self._fact(person, "person", 1, SEX, columns, **open_, **kinds)

    def _fact(self, rows: ir.Table, table: str, record: Any, concept: Any, columns: Sequence[str], **given: Any) -> ir.Table:
        """Rows of one OMOP table as facts, some columns of them and of the rows; what is not given is what most facts have."""
        number = self.numbering.numbers[concept] if isinstance(concept, str) else concept
        none = {name: ibis.null(kind) for name, kind in (("low", "float64"), ("high", "float64"), ("upper", "float64"))}
        usual: dict[str, Any] = {
            "person": rows.person_id, "record": RANKS[table] * ROWS + record, "concept": number, "undated": ibis.literal(False),
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
        for name in columns:
            if name not in FACTS:
                cast[name] = rows[name]
                continue
            kind, value = FACTS[name], usual[name]
            cast[name] = (value if isinstance(value, ir.Value) else ibis.literal(value)).cast(kinds[kind])
        return rows.select(**cast)

    def _measurements(self, rows: ir.Table, columns: Sequence[str]) -> ir.Table:
        rows = self._numbered(rows, "operator_concept_id")
        sign = ibis.coalesce(rows.operator_concept_id, 0)
        usable = rows.kind == int(Kind.NUMBER)
        no_number = ibis.null("float64")
        low = chosen((usable & ~sign.isin([BELOW, AT_MOST]), rows.number), otherwise=no_number)
        high = chosen((usable & ~sign.isin([ABOVE, AT_LEAST]), rows.number), otherwise=no_number)
        strict = chosen((usable & (sign == ABOVE), 1), (usable & (sign == BELOW), 2), otherwise=0)
        upper = rows.range_high * rows.factor
        stated = ibis.coalesce(rows.range_high > 0, ibis.literal(False))
        believable = within(upper, rows.plausible_low, rows.plausible_high)
        upper_why = chosen(
            (~stated, int(Why.NO_UPPER_LIMIT)),
            ((rows.unit_id == 0) & rows.factor.isnull(), int(Why.UNIT_MISSING)),
            (rows.factor.isnull(), int(Why.UNIT_UNKNOWN)),
            (~believable, int(Why.IMPLAUSIBLE)),
            otherwise=int(Why.FINE),
        )
        child = ibis.literal(self.mapping.ranges_are_age_specific)
        return self._fact(
            rows, "measurement", rows.measurement_id, rows["concept"], columns, **event_days(rows.measurement_date, None), kind=rows.kind, why=rows.why, low=low, high=high, strict=strict,
            upper=chosen((upper_why == int(Why.FINE), upper), otherwise=no_number), upper_why=upper_why, child=child & stated,
        )  # fmt: skip

    def _numbered(self, rows: ir.Table, operator: str = "") -> ir.Table:
        """The rows with their number in the concept's unit, or why it must not be used; `operator` is the column of its comparator.

        With a comparator that nobody knows a number is in no unit known: it may be a bound on either side, or none.
        """
        units = self._small("omop_units", self._factors)
        unit = ibis.coalesce(rows.unit_concept_id, 0)
        rows = rows.mutate(unit_id=unit)
        rows = own(rows.left_join(units, ["concept", rows.unit_id == units.factor_unit_id]))
        number = rows.value_as_number * rows.factor
        low, high = rows.plausible_low, rows.plausible_high
        strange = ibis.literal(False)
        if operator:  # of "below 200" some numbers lie within limits that end at 100; of "above 200" none does
            sign = ibis.coalesce(rows[operator], 0)
            strange = sign.notin(SIGNS)
            low = chosen((sign.isin([ABOVE, AT_LEAST]), ibis.null("float64")), otherwise=low)
            high = chosen((sign.isin([BELOW, AT_MOST]), ibis.null("float64")), otherwise=high)
        kind = chosen(
            (rows.value_as_number.isnull(), int(Kind.NONE)),
            (strange | rows.factor.isnull() | ~within(number, low, high), int(Kind.UNUSABLE)),
            otherwise=int(Kind.NUMBER),
        )
        why = chosen(
            (rows.value_as_number.isnull(), int(Why.FINE)),
            (strange, int(Why.UNIT_UNKNOWN)),
            (rows.factor.isnull() & (rows.unit_id == 0), int(Why.UNIT_MISSING)),
            (rows.factor.isnull(), int(Why.UNIT_UNKNOWN)),
            (kind == int(Kind.UNUSABLE), int(Why.IMPLAUSIBLE)),
            otherwise=int(Why.FINE),
        )
        return rows.mutate(number=number, kind=kind, why=why)

    @cached_property
    def _factors(self) -> pl.DataFrame:
        """For each concept and unit id the factor to the concept's unit, and what is plausible; unit 0 is none, complete only for a pure number."""
        rows = []
        units = dict(self.codes.units.rows())
        for number, name in enumerate(self.numbering.ids):
            concept = self.concepts[name]
            limits = (float_or_none(concept.plausible.low), float_or_none(concept.plausible.high))
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

    def _observations(self, rows: ir.Table, columns: Sequence[str]) -> ir.Table:
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
            rows, "observation", rows.observation_id, rows["concept"], columns, **event_days(rows.observation_date, None), kind=kind, why=rows.why, low=number, high=number,
            code=chosen((kind == int(Kind.CODE), text), otherwise=ibis.null("string")),
        )  # fmt: skip

    def _periods(self) -> ir.Table:
        """Observation periods; one that lacks an end, or ends before it starts, covers nothing. Without the table nothing is covered."""
        if "observation_period" not in self.tables:
            return self._small("no_histories", pl.DataFrame(schema=dict(HISTORIES))).drop("concept")
        periods = self.table("observation_period")
        since, until = ordinal(periods.observation_period_start_date), ordinal(periods.observation_period_end_date)
        told = periods.select(person="person_id", since=since, until=until)
        return told.filter((told.since <= told.until) & told.person.notnull())

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
