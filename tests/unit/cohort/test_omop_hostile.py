"""Rows that no hospital should have: they change no other answer, the row reader and the columns say the same, or the source is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

import protocord
from protocord.cli import main
from protocord.cohort.answers.opened import opened
from protocord.cohort.plan.program import program
from protocord.cohort.plan.truths import ANSWERS
from protocord.cohort.sources.omop import COLUMNS, EQUAL
from protocord.cohort.sources.warehouses import Address
from protocord.eligibility import screen
from protocord.errors import SubjectProblems
from protocord.exchange.mapping import SiteMapping
from protocord.protocol import Protocol

ANC, VINCRISTINE, CONSENT, LANSKY = 101, 104, 107, 103
MAPPING = SiteMapping(
    codes={f"omop|{ANC}": "ANC", f"omop|{VINCRISTINE}": "Vincristine", f"omop|{CONSENT}": "Guardian consent", f"omop|{LANSKY}": "Lansky"},
    units={"omop|8848": "10*9/L"},
)  # fmt: skip
ON, EVE = date(2025, 6, 25), date(2025, 6, 24)
_TYPES = {"int64": "BIGINT", "int32": "BIGINT", "float64": "DOUBLE", "date": "DATE", "string": "VARCHAR"}
PERSON = {"person_id": 1, "year_of_birth": 2015, "month_of_birth": 3, "day_of_birth": 14}


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return protocord.load(protocord.STUDIES / "nct06848582")


def hospital(folder: Path, **tables: Sequence[Mapping[str, Any]]) -> Path:
    """A DuckDB file of these rows; what a row leaves out is empty."""
    file = folder / "hospital.duckdb"
    with closing(duckdb.connect(str(file))) as made:
        for name, rows in ({"person": [PERSON]} | tables).items():
            columns = COLUMNS[name]
            made.execute(f"CREATE TABLE {name} ({', '.join(f'{one} {_TYPES[kind]}' for one, kind in columns.items())})")
            for row in rows:
                values = [
                    f"CAST({row[one]!r} AS {_TYPES[kind]})" if row.get(one) is not None else "NULL"
                    for one, kind in columns.items()
                ]
                made.execute(f"INSERT INTO {name} VALUES ({', '.join(values)})")
    return file


def anc(number: int | None, value: float | None, on: str = "2025-06-25", **more: Any) -> dict[str, Any]:
    row = {"measurement_id": number, "person_id": 1, "measurement_concept_id": ANC, "measurement_date": on}
    return row | {"value_as_number": value, "unit_concept_id": 8848} | more


def drug(start: str | None, end: str | None, number: int = 1, **more: Any) -> dict[str, Any]:
    row = {"drug_exposure_id": number, "person_id": 1, "drug_concept_id": VINCRISTINE}
    return row | {"drug_exposure_start_date": start, "drug_exposure_end_date": end} | more


def answers(place: Path | Address, protocol: Protocol, engine: str = "duckdb") -> dict[str, str]:
    """Person 1's answer to each criterion by the columns, which the row evaluator must give as well for every person."""
    with opened(place, protocol.concepts, MAPPING, engine=engine, threads=1) as source:
        found = source.answered(program(protocol, ON, None))
        columns = {
            (int(person), column.criterion): str(ANSWERS[found.codes[at, place]])
            for at, column in enumerate(found.program.columns)
            if column in found.program.chosen
            for place, person in enumerate(found.persons)
        }
        rows = {}
        for person, record in source.records([int(one) for one in found.persons]).items():
            for finding in screen(protocol, record, on=ON, planned_infusion=None).findings:
                rows[person, finding.criterion_id] = str(finding.answer.value)
    assert columns == rows
    return {criterion: answer for (person, criterion), answer in columns.items() if person == 1}


def refusal(place: Path | Address, protocol: Protocol) -> str:
    with pytest.raises(SubjectProblems) as refused, opened(place, protocol.concepts, MAPPING):
        pass
    return str(refused.value)


# --- ids --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("older", "newer"),
    [((1 << 41) + 17, 7), (11 * (1 << 36) + 5, 7), ((1 << 62) + 1, (1 << 62) + 2), (5, -(1 << 41)), (1 << 36, (1 << 36) - 1)],
)
def test_an_id_of_any_size_never_moves_a_result_to_another_day(
    protocol: Protocol, tmp_path: Path, older: int, newer: int
) -> None:
    place = hospital(tmp_path, measurement=[anc(older, 2.4, "2025-06-24"), anc(newer, 0.2)])

    assert answers(place, protocol)["I12a"] == "not_met"
    with opened(place, protocol.concepts, MAPPING, threads=1) as source:
        told = {fact.source.record for fact in source.records([1])[1].facts if fact.concept == "ANC" and fact.source}
    assert told == {f"measurement/{older}", f"measurement/{newer}"}


@pytest.mark.parametrize("ids", [(-3, -2), (1 << 60, 4), (9, 10), (99, 100)])
def test_of_two_results_of_one_day_both_readers_take_the_same(protocol: Protocol, tmp_path: Path, ids: tuple[int, int]) -> None:
    place = hospital(tmp_path, measurement=[anc(ids[0], 2.4), anc(ids[1], 0.2)])

    assert answers(place, protocol)["I12a"] in ("met", "not_met", "unknown")


@pytest.mark.parametrize("person", [-5, (1 << 62) + 3, 1 << 46])
def test_persons_may_have_any_whole_number(protocol: Protocol, tmp_path: Path, person: int) -> None:
    rows = [PERSON | {"gender_concept_id": 8507}, PERSON | {"person_id": person, "gender_concept_id": 8507}]
    place = hospital(tmp_path, person=rows, measurement=[anc(1, 2.0), anc(2, 2.0, person_id=person)])

    answers(place, protocol)


def test_rows_without_an_id_are_refused(protocol: Protocol, tmp_path: Path) -> None:
    place = hospital(tmp_path, measurement=[anc(None, 0.2), anc(1, 2.0, "2025-06-01")], drug_exposure=[drug(None, None)])

    assert "the table measurement has one row without a measurement_id that is a whole number. " in refusal(place, protocol)


def test_persons_without_a_number_or_there_twice_are_refused(protocol: Protocol, tmp_path: Path) -> None:
    place = hospital(tmp_path, person=[PERSON, PERSON, PERSON | {"person_id": None}, PERSON | {"person_id": None}])

    said = refusal(place, protocol)
    assert "the table person has 1 more than once. Each person stands there once: mend the table." in said
    assert "the table person has 2 rows without a person_id that is a whole number." in said


def test_persons_whose_ids_are_no_numbers_are_refused(protocol: Protocol, tmp_path: Path) -> None:
    place = hospital(tmp_path)
    with closing(duckdb.connect(str(place))) as made:
        made.execute("CREATE OR REPLACE TABLE person AS SELECT 'P' || person_id AS person_id, year_of_birth FROM person")

    assert "without a person_id that is a whole number. OMOP numbers persons" in refusal(place, protocol)


def test_rows_of_nobody_change_nothing(protocol: Protocol, tmp_path: Path) -> None:
    covered = {"observation_period_start_date": "2015-01-01", "observation_period_end_date": "2025-06-30"}
    own = {"measurement": [anc(1, 2.0)], "observation_period": [{"person_id": 1, **covered}]}
    (tmp_path / "own").mkdir()
    place = hospital(
        tmp_path,
        measurement=[*own["measurement"], anc(2, 0.2, person_id=None)],
        drug_exposure=[drug("2025-06-20", "2025-06-20", person_id=None)],
        observation_period=[*own["observation_period"], {"person_id": None, **covered}],
    )

    assert answers(place, protocol) == answers(hospital(tmp_path / "own", **own, drug_exposure=[]), protocol)


# --- days -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["infinity", "20250-06-20"])
def test_an_end_that_no_calendar_has_is_not_known(protocol: Protocol, tmp_path: Path, end: str) -> None:
    place = hospital(tmp_path, drug_exposure=[drug("2020-01-01", end)])

    assert answers(place, protocol)["I07"] == "unknown"
    with opened(place, protocol.concepts, MAPPING, threads=1) as source:
        (fact,) = (fact for fact in source.records([1])[1].facts if fact.concept == "Vincristine")
    assert (str(fact.start), fact.end) == ("2020-01-01", None)


@pytest.mark.parametrize("start", ["-infinity", "infinity", "20250-06-20", "2025-06-20 (BC)"])
def test_a_start_that_no_calendar_has_is_no_day(protocol: Protocol, tmp_path: Path, start: str) -> None:
    place = hospital(tmp_path, drug_exposure=[drug(start, None)], measurement=[anc(1, 2.0, start)])

    found = answers(place, protocol)
    assert (found["I07"], found["I12a"]) == ("unknown", "unknown")


def test_a_period_without_end_covers_the_day_and_one_that_ends_before_it_starts_covers_nothing(
    protocol: Protocol, tmp_path: Path
) -> None:
    said = {}
    for name, (since, until) in {
        "endless": ("2015-01-01", "infinity"), "typed": ("2015-01-01", "20250-01-01"), "inverted": ("2025-06-25", "2015-01-01"),
        "from_never": ("-infinity", "2025-06-30"),
    }.items():  # fmt: skip
        (tmp_path / name).mkdir()
        period = {"person_id": 1, "observation_period_start_date": since, "observation_period_end_date": until}
        place = hospital(tmp_path / name, drug_exposure=[], observation_period=[period])
        said[name] = answers(place, protocol)["I07"]
        with opened(place, protocol.concepts, MAPPING, threads=1) as source:
            assert bool(source.records([1])[1].histories) is (name == "endless")
    assert said == {"endless": "met", "typed": "unknown", "inverted": "unknown", "from_never": "unknown"}


def test_days_that_depend_on_a_time_zone_are_refused(protocol: Protocol, tmp_path: Path) -> None:
    place = hospital(tmp_path, drug_exposure=[drug("2025-06-20", "2025-06-20")])
    with closing(duckdb.connect(str(place))) as made:
        made.execute("ALTER TABLE drug_exposure ALTER drug_exposure_start_date TYPE TIMESTAMP WITH TIME ZONE")

    said = refusal(place, protocol)
    assert "the column drug_exposure_start_date of the table drug_exposure holds moments of a time zone" in said
    assert "Make it a DATE in the hospital's time zone" in said
    assert "drug_exposure_end_date" not in said


@pytest.mark.parametrize("year", [2147483647, -2147483648, 1 << 40, 0, 9999])
def test_a_year_of_birth_that_no_calendar_has_is_not_known(protocol: Protocol, tmp_path: Path, year: int) -> None:
    place = hospital(tmp_path, person=[PERSON | {"year_of_birth": year}], drug_exposure=[])

    answers(place, protocol)
    with opened(place, protocol.concepts, MAPPING, threads=1) as source:
        assert source.records([1])[1].facts == ()


# --- numbers ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sign", "answer"), [(EQUAL, "met"), (0, "met"), (None, "met"), (9999, "unknown"), (-1, "unknown"), (4171757, "unknown")]
)
def test_a_number_with_a_comparator_that_nobody_knows_does_not_decide(
    protocol: Protocol, tmp_path: Path, sign: int | None, answer: str
) -> None:
    rows = [anc(1, 2.0, operator_concept_id=sign)]
    rows.append(anc(2, 100.0, measurement_concept_id=LANSKY, unit_concept_id=None, operator_concept_id=sign))
    clean = {"condition_occurrence": [], "observation": []}

    found = answers(hospital(tmp_path, measurement=rows, **clean), protocol)
    assert found["I12a"] == answer


# --- PostgreSQL -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Postgresql://u:pw@h:1/d", "postgresql://u@h:1/d"),
        ("postgresql+psycopg://u:pw@h/d", "postgresql://u@h/d"),
        ("POSTGRES://u:p%40w@h/d", "postgresql://u@h/d"),
        ("postgres://u:p@pw@h/d", "postgresql://…"),
    ],
)
def test_an_address_is_known_however_its_scheme_is_written_and_never_shown_with_its_password(written: str, shown: str) -> None:
    assert Address.is_one(written)
    assert str(Address(written)) == shown
    assert "pw" not in repr(Address(written))


@pytest.mark.parametrize("written", ["Postgresql:/u:pw@h/d", "mysql://u:pw@h/d", "postgresql+psycopg://u:pw@127.0.0.1:1/d"])
def test_a_command_never_repeats_a_password(written: str) -> None:
    result = CliRunner().invoke(main, ["cohort", "screen", written, "nct06848582"])

    assert result.exit_code != 0
    assert "pw" not in result.output


@pytest.fixture
def server(postgres_server: Any) -> tuple[Any, str]:
    """A server, and a database of it with a patient, her result and her medicine."""
    name = postgres_server.new_database()
    rows = {"person": PERSON, "measurement": anc(1, 2.0), "drug_exposure": drug("2020-01-01", "2020-01-01")}
    for table, row in rows.items():
        types = {"float64": "numeric", "int32": "numeric", "string": "text"}
        columns = ", ".join(f"{one} {types.get(kind, _TYPES[kind])}" for one, kind in COLUMNS[table].items())
        postgres_server.run(f"CREATE TABLE {table} ({columns})", database=name)
        postgres_server.run(f"GRANT SELECT ON {table} TO PUBLIC", database=name)
        values = ", ".join(repr(row[one]) if row.get(one) is not None else "NULL" for one in COLUMNS[table])
        postgres_server.run(f"INSERT INTO {table} VALUES ({values})", database=name)
    return postgres_server, name


@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "criterion", "answer"),
    [
        ("UPDATE drug_exposure SET drug_exposure_end_date = 'infinity'", "I07", "unknown"),
        ("UPDATE drug_exposure SET drug_exposure_start_date = '-infinity'", "I07", "unknown"),
        ("UPDATE drug_exposure SET drug_exposure_end_date = '20250-06-20'", "I07", "unknown"),
        ("UPDATE measurement SET value_as_number = 1e400", "I12a", "unknown"),
        ("UPDATE measurement SET value_as_number = 'NaN'", "I12a", "unknown"),
        ("UPDATE person SET year_of_birth = 1e30", "I02", "unknown"),
        ("UPDATE measurement SET measurement_id = -9000000000000000000", "I12a", "met"),
    ],
)
def test_postgresql_reads_on_where_a_value_is_beyond_every_type(
    protocol: Protocol, server: tuple[Any, str], change: str, criterion: str, answer: str
) -> None:
    database, name = server
    database.run(change, database=name)

    assert answers(Address(database.url(name)), protocol, "postgres")[criterion] == answer


@pytest.mark.postgres
@pytest.mark.slow
def test_what_postgresql_cannot_read_is_told_without_the_value(protocol: Protocol, server: tuple[Any, str]) -> None:
    database, name = server
    place = Address(database.url(name))
    database.run("ALTER TABLE measurement ALTER measurement_date TYPE timestamptz", database=name)
    assert "the column measurement_date of the table measurement holds moments of a time zone" in refusal(place, protocol)

    database.run("ALTER TABLE measurement ALTER measurement_date TYPE text", database=name)
    database.run("UPDATE measurement SET measurement_date = 'Li Xiaoming'", database=name)
    with pytest.raises(SubjectProblems) as refused:
        answers(place, protocol, "postgres")
    assert "a value is not of the type that its column should have (state 22007)" in str(refused.value)
    assert "Li" not in str(refused.value)
