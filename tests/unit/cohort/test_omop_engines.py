"""The same warehouse on other engines: its rows become the same facts in PostgreSQL, in place, as in the embedded engine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import polars as pl
import pytest

import protocord
from protocord.cohort.engines import DuckDB, Engine, Postgres, Spark, run
from protocord.cohort.sources import Omop
from protocord.cohort.sources.omop import COLUMNS, FEMALE, MALE
from protocord.exchange.mapping import SiteMapping
from protocord.protocol import Protocol

_KINDS = {"int64": pl.Int64, "int32": pl.Int32, "float64": pl.Float64, "date": pl.Date, "string": pl.String}
ANC, BILIRUBIN, VINCRISTINE, SARCOMA, HISTOLOGY = range(101, 106)
MAPPING = SiteMapping(
    codes={
        f"omop|{ANC}": "ANC", f"omop|{BILIRUBIN}": "Total bilirubin", f"omop|{VINCRISTINE}": "Vincristine",
        f"omop|{SARCOMA}": "Rhabdomyosarcoma", f"omop|{HISTOLOGY}": "Histology",
    },
    units={"omop|8848": "10*9/L", "omop|8647": "/uL", "omop|8749": "umol/L"},
)  # fmt: skip
DAYS = (date(2025, 6, 1), date(2024, 2, 29), None)


def tables() -> dict[str, pl.DataFrame]:
    """One person of each kind of birth date, and rows with each part present, absent and wrong in turn."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in COLUMNS}
    births = [(2015, 3, 14), (2016, 2, 30), (2016, 2, None), (2015, None, 14), (None, None, None), (2008, 2, 29)]
    for person, (year, month, day) in enumerate(births):
        known = {"year_of_birth": year, "month_of_birth": month, "day_of_birth": day}
        rows["person"].append({"person_id": person, "gender_concept_id": (MALE, FEMALE, 0)[person % 3], **known})
        covered = {"observation_period_start_date": date(2016, 2, 29), "observation_period_end_date": date(2025, 6, 30)}
        rows["observation_period"].append({"person_id": person, **covered})
    for number, (on, value, unit) in enumerate(
        (on, value, unit) for on in DAYS for value in (0.5, -1.0, None) for unit in (8848, 8647, 7)
    ):
        row = {"person_id": number % 6, "measurement_concept_id": (ANC, BILIRUBIN)[number % 2], "measurement_date": on}
        row |= {"value_as_number": value, "unit_concept_id": unit, "range_high": (None, 1.5, 0.0)[number % 3]}
        rows["measurement"].append({"measurement_id": number, **row})
    for number, (start, end) in enumerate((start, end) for start in DAYS for end in DAYS):
        row = {"person_id": number % 6, "drug_concept_id": VINCRISTINE}
        days = {"drug_exposure_start_date": start, "drug_exposure_end_date": end}
        rows["drug_exposure"].append({"drug_exposure_id": number, **row, **days})
        row = {"person_id": number % 6, "condition_concept_id": SARCOMA}
        days = {"condition_start_date": start, "condition_end_date": end}
        rows["condition_occurrence"].append({"condition_occurrence_id": number, **row, **days})
    made = {}
    for name, found in rows.items():
        schema = {column: _KINDS[kind] for column, kind in COLUMNS[name].items()}
        made[name] = pl.DataFrame([{column: row.get(column) for column in schema} for row in found], schema=schema)
    return made


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return protocord.load(protocord.STUDIES / "nct06848582")


@pytest.fixture
def postgres(postgres_server: Any) -> Iterator[Postgres]:
    engine = Postgres(postgres_server.url(postgres_server.new_database()))
    yield engine
    engine.close()


def normal(engine: Engine, protocol: Protocol) -> list[list[tuple[Any, ...]]]:
    """Persons, every fact and every history, as the engine gives them."""
    made = tables()
    for name, frame in made.items():
        engine.bring(name, frame)
    relations = Omop(engine, frozenset(made), protocol.concepts, MAPPING).relations()
    expressions = (relations.persons, *relations.facts, relations.histories)
    return [sorted(run(engine, one).rows(), key=repr) for one in expressions]


@pytest.fixture
def expected(protocol: Protocol) -> list[list[tuple[Any, ...]]]:
    engine = DuckDB(threads=1)
    found = normal(engine, protocol)
    engine.close()
    assert sum(map(len, found)) > 50
    return found


@pytest.mark.postgres
@pytest.mark.slow
def test_postgresql_makes_the_same_facts_of_a_warehouse(postgres: Postgres, protocol: Protocol, expected: Any) -> None:
    assert normal(postgres, protocol) == expected


@pytest.mark.spark
@pytest.mark.slow
def test_spark_makes_the_same_facts_of_a_warehouse(spark: Spark, protocol: Protocol, expected: Any) -> None:
    assert normal(spark, protocol) == expected
