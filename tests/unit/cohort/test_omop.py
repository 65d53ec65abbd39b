"""Each table of an OMOP warehouse becomes the facts that its rows state, whatever the hospital left empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

import protocord
from protocord.cohort.engines import run
from protocord.cohort.kinds import Kind, Sex, Why
from protocord.cohort.normal import Numbering
from protocord.cohort.sources import Omop, open_source
from protocord.cohort.sources.omop import ABOVE, ALL_CONCEPTS, AT_LEAST, AT_MOST, BELOW, COLUMNS, FEMALE, MALE, NO, YES
from protocord.cohort.sources.omop_record import OmopRecords
from protocord.cohort.sources.warehouses import Schemas
from protocord.criteria.lengths import LONG_AGO, NEVER
from protocord.errors import ProblemsFound
from protocord.exchange.mapping import SiteMapping
from protocord.protocol import Protocol

Rows = Sequence[Mapping[str, Any]]
ANC, BILIRUBIN, LANSKY, VINCRISTINE, RADIOTHERAPY, SARCOMA, CONSENT, HISTOLOGY = range(101, 109)
GIGA, PER_UL, UMOL = 8848, 8647, 8749
MAPPING = SiteMapping(
    codes={
        f"omop|{ANC}": "ANC", f"omop|{BILIRUBIN}": "Total bilirubin", f"omop|{LANSKY}": "Lansky", f"omop|{VINCRISTINE}": "Vincristine",
        f"omop|{RADIOTHERAPY}": "Radiotherapy", f"omop|{SARCOMA}": "Rhabdomyosarcoma", f"omop|{CONSENT}": "Guardian consent",
        f"omop|{HISTOLOGY}": "Histology",
    },
    units={f"omop|{GIGA}": "10*9/L", f"omop|{PER_UL}": "/uL", f"omop|{UMOL}": "umol/L"},
)  # fmt: skip
_KINDS = {"int64": pl.Int64, "int32": pl.Int32, "float64": pl.Float64, "date": pl.Date, "string": pl.String}
PERSON = {"person_id": 1, "gender_concept_id": FEMALE, "year_of_birth": 2015}


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return protocord.load(protocord.STUDIES / "nct06848582")


def warehouse(folder: Path, **tables: Rows) -> Path:
    """A folder with each table as one Parquet file; what a row leaves out is empty."""
    for name, rows in ({"person": [PERSON]} | tables).items():
        schema = {column: _KINDS[kind] for column, kind in COLUMNS[name].items()} if name in COLUMNS else None
        whole = [{column: row.get(column) for column in schema} for row in rows] if schema else rows
        pl.DataFrame(whole, schema=schema).write_parquet(folder / f"{name}.parquet")
    return folder


def omop(path: Path, protocol: Protocol, mapping: SiteMapping = MAPPING) -> Omop:
    source = open_source(path, protocol.concepts, mapping)
    assert isinstance(source, Omop)
    return source


def facts(source: Omop, *, personal: bool = False) -> list[dict[str, Any]]:
    """Every fact, those of the table person only where asked for, in the order of their records."""
    found = pl.concat([run(source.engine, one) for one in source.relations().facts])
    rows = list(found.sort("record", "person").iter_rows(named=True))
    return [row for row in rows if personal or row["record"] >= 1 << 36]


def only(path: Path, protocol: Protocol, mapping: SiteMapping = MAPPING) -> dict[str, Any]:
    (row,) = facts(omop(path, protocol, mapping))
    return row


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def on(text: str) -> date:
    return date.fromisoformat(text)


BIRTHS: list[tuple[tuple[int | None, ...], str, str]] = [
    ((2015, 3, 14), "2015-03-14", "2015-03-14"),
    ((2015, 3, None), "2015-03-01", "2015-03-31"),
    ((2016, 2, None), "2016-02-01", "2016-02-29"),
    ((2015, 12, None), "2015-12-01", "2015-12-31"),
    ((2015, None, None), "2015-01-01", "2015-12-31"),
    ((2015, None, 14), "2015-01-01", "2015-12-31"),
    ((2015, 13, 14), "2015-01-01", "2015-12-31"),
    ((2015, 2, 30), "2015-02-01", "2015-02-28"),
    ((2015, 2, 0), "2015-02-01", "2015-02-28"),
    ((2016, 2, 29), "2016-02-29", "2016-02-29"),
]


def test_a_birth_date_is_as_exact_as_its_parts(protocol: Protocol, tmp_path: Path) -> None:
    names = ("year_of_birth", "month_of_birth", "day_of_birth")
    rows = [{"person_id": number, **dict(zip(names, parts, strict=True))} for number, (parts, _, _) in enumerate(BIRTHS)]
    source = omop(warehouse(tmp_path, person=rows), protocol)

    expected = [(number, day(first), day(last), Sex.NOT_SAID) for number, (_, first, last) in enumerate(BIRTHS)]
    assert run(source.engine, source.relations().persons).sort("person").rows() == expected
    said = [(born["first"], born["last"], born["over_first"], born["over_last"]) for born in facts(source, personal=True)]
    assert said == [(first, last, first, NEVER) for _, first, last, _ in expected]


ODD_PARTS = [
    (year, month, day)
    for year in (None, -1, 0, 1, 1900, 2015, 2016, 9998, 9999)
    for month in (None, -1, 0, 2, 4, 12, 13)
    for day in (None, -1, 0, 1, 28, 29, 30, 31, 32)
]


def test_a_record_has_the_birth_date_that_the_columns_have_however_odd_its_parts(protocol: Protocol, tmp_path: Path) -> None:
    names = ("year_of_birth", "month_of_birth", "day_of_birth")
    rows = [{"person_id": number, **dict(zip(names, parts, strict=True))} for number, parts in enumerate(ODD_PARTS)]
    source = omop(warehouse(tmp_path, person=rows), protocol)

    columns = {born["person"]: (born["first"], born["last"]) for born in facts(source, personal=True)}
    records = {}
    for person, record in OmopRecords(source).records(range(len(ODD_PARTS))).items():
        for fact in record.facts:
            assert fact.start is not None
            records[person] = (fact.start.earliest.toordinal(), fact.start.latest.toordinal())
    assert records == columns
    assert {ODD_PARTS[person][0] for person in columns} == {1, 1900, 2015, 2016, 9998}


def test_without_a_year_nothing_is_known_of_the_birth(protocol: Protocol, tmp_path: Path) -> None:
    rows = [{"person_id": 1, "gender_concept_id": MALE}, {"person_id": 2, "gender_concept_id": 8521, "year_of_birth": 0}]
    source = omop(warehouse(tmp_path, person=rows), protocol)

    persons = run(source.engine, source.relations().persons).sort("person").rows()
    assert persons == [(1, None, None, Sex.MALE), (2, None, None, Sex.NOT_SAID)]
    (sex,) = facts(source, personal=True)
    assert (sex["person"], sex["code"], sex["undated"], sex["first"], sex["last"]) == (1, "male", True, LONG_AGO, NEVER)


EXPOSURES: list[tuple[str | None, str | None, tuple[Any, ...], tuple[bool, bool]]] = [
    ("2025-06-01", "2025-06-09", ("2025-06-01", "2025-06-01", "2025-06-09", "2025-06-09"), (False, True)),
    ("2025-06-01", None, ("2025-06-01", "2025-06-01", "2025-06-01", NEVER), (False, False)),
    ("2025-06-09", "2025-06-01", ("2025-06-09", "2025-06-09", "2025-06-09", "2025-06-09"), (False, True)),
    (None, "2025-06-09", (LONG_AGO, "2025-06-09", "2025-06-09", "2025-06-09"), (True, True)),
    (None, None, (LONG_AGO, NEVER, LONG_AGO, NEVER), (True, False)),
]


def test_a_medicine_has_the_days_that_are_recorded_and_no_others(protocol: Protocol, tmp_path: Path) -> None:
    rows = []
    for number, (start, end, _, _) in enumerate(EXPOSURES):
        dates = {"drug_exposure_start_date": start and on(start), "drug_exposure_end_date": end and on(end)}
        rows.append({"drug_exposure_id": number, "person_id": 1, "drug_concept_id": VINCRISTINE, **dates})
    found = facts(omop(warehouse(tmp_path, drug_exposure=rows), protocol))

    vincristine = Numbering(protocol.concepts).numbers["Vincristine"]
    assert {(one["concept"], one["kind"], one["ongoing"]) for one in found} == {(vincristine, Kind.NONE, False)}
    for one, (_, _, days, flags) in zip(found, EXPOSURES, strict=True):
        expected = tuple(day(text) if isinstance(text, str) else text for text in days)
        assert (one["first"], one["last"], one["over_first"], one["over_last"]) == expected
        assert (one["undated"], one["ended"]) == flags


def test_a_procedure_is_over_on_its_day_a_device_when_it_ends_and_a_condition_is_present(
    protocol: Protocol, tmp_path: Path
) -> None:
    june = on("2025-06-01")
    folder = warehouse(
        tmp_path,
        condition_occurrence=[{"condition_occurrence_id": 1, "person_id": 1, "condition_concept_id": SARCOMA, "condition_start_date": june}],
        procedure_occurrence=[{"procedure_occurrence_id": 1, "person_id": 1, "procedure_concept_id": RADIOTHERAPY, "procedure_date": june}],
        device_exposure=[{"device_exposure_id": 1, "person_id": 1, "device_concept_id": RADIOTHERAPY, "device_exposure_start_date": june}],
    )  # fmt: skip

    condition, procedure, device = facts(omop(folder, protocol))

    assert (condition["kind"], condition["over_last"]) == (Kind.YES, NEVER)
    assert (procedure["over_first"], procedure["over_last"], procedure["ended"]) == (june.toordinal(), june.toordinal(), True)
    assert (device["over_last"], device["ended"]) == (NEVER, False)


def measured(number: float | None, unit: int | None = GIGA, sign: int | None = None, **more: Any) -> dict[str, Any]:
    row = {"measurement_id": 9, "person_id": 1, "measurement_concept_id": ANC, "measurement_date": on("2025-06-01")}
    return row | {"value_as_number": number, "unit_concept_id": unit, "operator_concept_id": sign} | more


RESULTS: list[tuple[dict[str, Any], tuple[Any, ...]]] = [
    (measured(1.5), (Kind.NUMBER, Why.FINE, 1.5, 1.5, 0)),
    (measured(1500, PER_UL), (Kind.NUMBER, Why.FINE, 1.5, 1.5, 0)),
    (measured(0.5, sign=BELOW), (Kind.NUMBER, Why.FINE, None, 0.5, 2)),
    (measured(0.5, sign=AT_MOST), (Kind.NUMBER, Why.FINE, None, 0.5, 0)),
    (measured(0.5, sign=AT_LEAST), (Kind.NUMBER, Why.FINE, 0.5, None, 0)),
    (measured(0.5, sign=ABOVE), (Kind.NUMBER, Why.FINE, 0.5, None, 1)),
    (measured(0.5, sign=4172703), (Kind.NUMBER, Why.FINE, 0.5, 0.5, 0)),  # "="
    (measured(1.5, None), (Kind.UNUSABLE, Why.UNIT_MISSING, None, None, 0)),
    (measured(1.5, 0), (Kind.UNUSABLE, Why.UNIT_MISSING, None, None, 0)),
    (measured(1.5, UMOL), (Kind.UNUSABLE, Why.UNIT_UNKNOWN, None, None, 0)),
    (measured(1.5, 424242), (Kind.UNUSABLE, Why.UNIT_UNKNOWN, None, None, 0)),
    (measured(-1), (Kind.UNUSABLE, Why.IMPLAUSIBLE, None, None, 0)),
    (measured(1e6), (Kind.UNUSABLE, Why.IMPLAUSIBLE, None, None, 0)),
    (measured(1e6, sign=ABOVE), (Kind.UNUSABLE, Why.IMPLAUSIBLE, None, None, 0)),
    (measured(1e6, sign=BELOW), (Kind.NUMBER, Why.FINE, None, 1e6, 2)),
    (measured(float("nan")), (Kind.NONE, Why.FINE, None, None, 0)),
    (measured(None), (Kind.NONE, Why.FINE, None, None, 0)),
    (measured(80, None, measurement_concept_id=LANSKY), (Kind.NUMBER, Why.FINE, 80, 80, 0)),
]


def test_a_result_is_its_bounds_in_the_concepts_unit_or_why_it_must_not_be_used(protocol: Protocol, tmp_path: Path) -> None:
    rows = [row | {"measurement_id": number} for number, (row, _) in enumerate(RESULTS)]
    found = facts(omop(warehouse(tmp_path, measurement=rows), protocol))

    said = [(one["kind"], one["why"], one["low"], one["high"], one["strict"]) for one in found]
    assert said == [expected for _, expected in RESULTS]
    assert all(one["first"] == one["last"] == day("2025-06-01") for one in found)


LIMITS: list[tuple[dict[str, Any], tuple[Any, ...]]] = [
    (measured(1500, PER_UL, range_high=7000.0), (7.0, Why.FINE, True)),
    (measured(None, range_high=7.0), (7.0, Why.FINE, True)),
    (measured(1.5), (None, Why.NO_UPPER_LIMIT, False)),
    (measured(1.5, range_high=0.0), (None, Why.NO_UPPER_LIMIT, False)),
    (measured(1.5, 0, range_high=7.0), (None, Why.UNIT_MISSING, True)),
    (measured(1.5, UMOL, range_high=7.0), (None, Why.UNIT_UNKNOWN, True)),
    (measured(1.5, range_high=1e6), (None, Why.IMPLAUSIBLE, True)),
]


def test_an_upper_limit_is_converted_or_says_why_not(protocol: Protocol, tmp_path: Path) -> None:
    mapping = SiteMapping(codes=MAPPING.codes, units=MAPPING.units, ranges_are_age_specific=True)
    folder = warehouse(tmp_path, measurement=[row | {"measurement_id": number} for number, (row, _) in enumerate(LIMITS)])
    found = facts(omop(folder, protocol, mapping))

    assert [(one["upper"], one["upper_why"], one["child"]) for one in found] == [expected for _, expected in LIMITS]
    assert not any(one["child"] for one in facts(omop(folder, protocol))), "an adult's range until the laboratory says otherwise"


STATEMENTS: list[tuple[dict[str, Any], Kind, str | None]] = [
    ({"value_as_concept_id": YES}, Kind.YES, None),
    ({"value_as_concept_id": NO, "value_as_string": "no"}, Kind.NO, None),
    ({"value_as_string": "8910/3"}, Kind.CODE, "8910/3"),
    ({"value_as_concept_id": 12345}, Kind.NONE, None),
    ({}, Kind.NONE, None),
]


def test_an_observation_says_yes_no_a_code_or_nothing(protocol: Protocol, tmp_path: Path) -> None:
    usual = {"person_id": 1, "observation_concept_id": CONSENT, "observation_date": on("2025-06-01")}
    rows = [usual | {"observation_id": number} | said for number, (said, _, _) in enumerate(STATEMENTS)]
    found = facts(omop(warehouse(tmp_path, observation=rows), protocol))

    assert [(one["kind"], one["code"]) for one in found] == [(kind, code) for _, kind, code in STATEMENTS]


def test_an_observation_may_be_a_number(protocol: Protocol, tmp_path: Path) -> None:
    row = {
        "observation_id": 1,
        "person_id": 1,
        "observation_concept_id": LANSKY,
        "observation_date": None,
        "value_as_number": 90.0,
    }
    found = only(warehouse(tmp_path, observation=[row]), protocol)

    assert (found["kind"], found["low"], found["high"], found["undated"]) == (Kind.NUMBER, 90, 90, True)


def periods(*days: tuple[str | None, str | None]) -> Rows:
    names = ("observation_period_start_date", "observation_period_end_date")
    return [{"person_id": 1, **dict(zip(names, [one and on(one) for one in pair], strict=True))} for pair in days]


def test_each_observation_period_is_a_history_of_everything(protocol: Protocol, tmp_path: Path) -> None:
    told = periods(
        ("2015-01-01", "2018-05-31"),
        ("2019-01-01", "2025-06-25"),
        ("2016-01-01", None),
        (None, "2016-01-01"),
        ("2020-02-02", "2020-01-01"),
    )
    source = omop(warehouse(tmp_path, observation_period=told), protocol)

    assert sorted(run(source.engine, source.relations().histories).rows()) == [
        (1, ALL_CONCEPTS, LONG_AGO, day("2018-05-31")),  # it begins on the first possible day of birth
        (1, ALL_CONCEPTS, day("2019-01-01"), day("2025-06-25")),
    ]


def test_a_warehouse_of_persons_alone_has_nothing_else_and_covers_nothing(protocol: Protocol, tmp_path: Path) -> None:
    source = omop(warehouse(tmp_path), protocol)

    assert facts(source) == []
    assert run(source.engine, source.relations().histories).is_empty()


def test_rows_of_different_tables_never_share_a_record_number(protocol: Protocol, tmp_path: Path) -> None:
    june = on("2025-06-01")
    folder = warehouse(
        tmp_path,
        drug_exposure=[{"drug_exposure_id": 9, "person_id": 1, "drug_concept_id": VINCRISTINE, "drug_exposure_start_date": june}],
        measurement=[measured(1.5)],
    )
    found = facts(omop(folder, protocol), personal=True)

    assert len({row["record"] for row in found}) == len(found) == 4


# --- opening


def test_a_duckdb_file_is_read_in_place_with_its_tables_in_any_schema(protocol: Protocol, tmp_path: Path) -> None:
    file = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(file)) as made:
        made.execute("CREATE SCHEMA cdm; CREATE SCHEMA vocabulary")
        made.execute("CREATE TABLE cdm.PERSON AS SELECT 1 AS person_id, 8532 AS gender_concept_id, 2015 AS year_of_birth")
        made.execute(
            "CREATE TABLE vocabulary.concept AS SELECT 501 AS concept_id, 'LOINC' AS vocabulary_id, '751-8' AS concept_code"
        )
        made.execute(
            "CREATE TABLE cdm.measurement AS SELECT 9 AS measurement_id, 1 AS person_id, 501 AS measurement_concept_id, "
            "TIMESTAMP '2025-06-01 10:00' AS measurement_date, 1.50::DECIMAL(9, 2) AS value_as_number, 8848 AS unit_concept_id"
        )
    before = file.read_bytes()
    source = omop(file, protocol)

    (found,) = facts(source)
    assert (found["low"], found["first"], found["upper_why"]) == (1.5, day("2025-06-01"), Why.NO_UPPER_LIMIT)
    source.engine.close()
    assert file.read_bytes() == before


def test_of_two_schemas_with_persons_one_must_be_named(protocol: Protocol, tmp_path: Path) -> None:
    file = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(file)) as made:
        for number, schema in enumerate(("cdm", "old")):
            made.execute(
                f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.person AS SELECT {number} AS person_id, 2015 AS year_of_birth"
            )

    with pytest.raises(
        ProblemsFound, match=r"several schemas have a table person\. Say which one is meant with --schema: cdm, old"
    ):
        open_source(file, protocol.concepts)
    with pytest.raises(ProblemsFound, match=r"the schema 'new' has no table person\. It is in: cdm, old"):
        open_source(file, protocol.concepts, schemas=Schemas("new"))
    source = open_source(file, protocol.concepts, schemas=Schemas("old"))
    assert run(source.engine, source.relations().persons)["person"].to_list() == [1]


def test_a_table_may_be_a_folder_of_parquet_files(protocol: Protocol, tmp_path: Path) -> None:
    warehouse(tmp_path)
    (tmp_path / "measurement").mkdir()
    for number in (1, 2):
        row = measured(1.5, measurement_id=number)
        pl.DataFrame([row]).write_parquet(tmp_path / "measurement" / f"part-{number}.parquet")

    assert len(facts(omop(tmp_path, protocol))) == 2


def test_what_is_no_source_is_refused_with_the_remedy(protocol: Protocol, tmp_path: Path) -> None:
    def refused(path: Path) -> str:
        with pytest.raises(ProblemsFound) as found:
            open_source(path, protocol.concepts)
        return str(found.value)

    assert "there is no such file or folder. A source is a DuckDB file" in refused(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("no warehouse")
    assert "cannot be opened as a DuckDB file" in refused(tmp_path / "notes.txt")
    assert "there is no OMOP table person here" in refused(tmp_path)
    pl.DataFrame({"person_id": [1]}).write_parquet(tmp_path / "person.parquet")
    assert "the table person has no column year_of_birth" in refused(tmp_path)
    bulk = tmp_path / "bulk"
    bulk.mkdir()
    (bulk / "Patient.ndjson").write_text("{}")
    assert f"Run: protocord cohort ingest {bulk} STUDY --out STORE" in refused(bulk)
