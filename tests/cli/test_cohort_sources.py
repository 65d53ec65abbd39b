"""Every kind of source through the cohort commands: the same answers from each, and a refusal that says what is possible."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner, Result

from protocord.cli import main
from protocord.cohort.engines import Postgres

ROOT = Path(__file__).parents[2]
DATA = ROOT / "docs" / "tutorials" / "data"
STUDY = "nct06848582"
MAPPING = ("--mapping", DATA / "cohort_mapping.yaml")
ON = ("--on", "2025-06-25")
SECRET = "open-sesame"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["cohort", *map(str, words)], catch_exceptions=False)


def body(result: Result) -> list[str]:
    """What a command says below the lines that name the source."""
    assert result.exit_code == 0, result.output
    return result.output.splitlines()[2:]


def apart_from_codes(lines: list[str]) -> list[str]:
    """The lines of a screening without the sentence on unexplained codes, which a fact store tells less of."""
    kept, skipping = [], False
    for line in lines:
        skipping = line.startswith("  Washouts do not see") or (skipping and line != "")
        if not skipping:
            kept.append(line)
    return kept


COMMANDS: dict[str, tuple[str, ...]] = {
    "inspect": ON, "screen": (*ON, "--limit", "5"), "what-if": ON, "explain": ("17", *ON),
}  # fmt: skip


def asked(command: str, source: str | Path, *options: str) -> Result:
    person, *rest = COMMANDS[command] if command == "explain" else ("", *COMMANDS[command])
    return run(command, source, STUDY, *([person] if person else []), *rest, *MAPPING, *options)


@pytest.fixture(scope="module")
def from_folder() -> dict[str, list[str]]:
    """What each command says of the Parquet folder, read by DuckDB."""
    return {command: body(asked(command, DATA / "omop")) for command in COMMANDS}


# --- a DuckDB file ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_duckdb_file_says_what_its_parquet_folder_says_through_every_command(
    tmp_path: Path, from_folder: dict[str, list[str]]
) -> None:
    import duckdb

    file = tmp_path / "hospital.duckdb"
    with duckdb.connect(str(file)) as made:
        made.execute("CREATE SCHEMA cdm")
        for one in (DATA / "omop").glob("*.parquet"):
            made.execute(f"CREATE TABLE cdm.{one.stem} AS SELECT * FROM '{one}'")
    before = file.read_bytes()

    assert {command: body(asked(command, file, "--schema", "cdm")) for command in COMMANDS} == from_folder
    assert file.read_bytes() == before


# --- PostgreSQL -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hospital(postgres_server: Any) -> str:
    """The tutorial's hospital in a database of two schemas, and a third with another table of persons; the reader may only read."""
    name = postgres_server.new_database()
    engine = Postgres(postgres_server.url(name))
    for one in (DATA / "omop").glob("*.parquet"):
        schema = "words" if one.stem.startswith("concept") else "cdm"
        engine.bring(one.stem, pl.read_parquet(one))
        engine.do(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        engine.do(f"CREATE TABLE {schema}.{one.stem} AS SELECT * FROM pg_temp.{one.stem}")
    engine.do("CREATE SCHEMA old")
    engine.do("CREATE TABLE old.person AS SELECT * FROM cdm.person LIMIT 1")
    engine.do("GRANT USAGE ON SCHEMA cdm, words, old TO app")
    engine.do("GRANT SELECT ON ALL TABLES IN SCHEMA cdm, words, old TO app")
    engine.close()
    return str(postgres_server.url(name, "app")).replace("app@", f"app:{SECRET}@")


SCHEMAS = ("--schema", "cdm", "--vocabulary-schema", "words")


@pytest.mark.postgres
@pytest.mark.slow
def test_postgresql_says_what_the_parquet_folder_says_through_every_command(
    hospital: str, from_folder: dict[str, list[str]]
) -> None:
    assert {command: body(asked(command, hospital, *SCHEMAS)) for command in COMMANDS} == from_folder


@pytest.mark.postgres
@pytest.mark.slow
def test_the_password_of_a_database_is_neither_said_nor_kept(hospital: str, tmp_path: Path) -> None:
    out, key = tmp_path / "run", tmp_path / "key.csv"
    result = asked("screen", hospital, *SCHEMAS, "--out", str(out), "--identifiers", str(key))
    record = json.loads((out / "run.json").read_text("utf-8"))
    kept = b"".join(file.read_bytes() for file in out.iterdir()) + key.read_bytes()

    assert SECRET not in result.output
    assert SECRET.encode() not in kept
    assert record["path"].startswith("postgresql://app@127.0.0.1:")
    assert (record["schema"], record["engine"]) == ("cdm", "postgres")
    assert record["fingerprint_of"] == "rows and greatest ids of each table"
    persons = set(pl.read_csv(key)["person"])
    assert persons <= set(pl.read_parquet(DATA / "omop" / "person.parquet")["person_id"])
    assert len(persons) > 100


@pytest.mark.postgres
@pytest.mark.slow
def test_a_database_asks_which_schema_is_meant_and_says_what_it_lacks(hospital: str, postgres_server: Any) -> None:
    result = asked("inspect", hospital)
    assert result.exit_code == 4
    assert "Say which one is meant with --schema: cdm, old." in result.output
    result = asked("inspect", hospital, "--schema", "new")
    assert "the schema 'new' has no table person. It is in: cdm, old." in result.output
    result = asked("inspect", hospital, "--schema", "cdm", "--vocabulary-schema", "cdm")
    assert "the schema 'cdm' has no vocabulary tables. They are in: words." in result.output
    result = asked("inspect", postgres_server.url("postgres", "app"))
    assert result.exit_code == 4
    assert "there is no OMOP table person here. The account must be allowed to read" in result.output


@pytest.mark.postgres
@pytest.mark.slow
def test_an_account_without_temporary_tables_is_told_that_it_needs_them(postgres_server: Any) -> None:
    name = postgres_server.new_database()
    postgres_server.run("CREATE TABLE person (person_id int, year_of_birth int)", database=name)
    postgres_server.run(f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC")
    postgres_server.run("GRANT SELECT ON person TO app", database=name)
    result = asked("inspect", postgres_server.url(name, "app"))

    assert result.exit_code == 4
    assert "permission denied to create temporary tables" in result.output
    assert "make temporary ones of its own session; nothing else is written." in result.output


@pytest.mark.postgres
@pytest.mark.slow
def test_a_database_becomes_a_fact_store_that_keeps_no_password_and_reads_records_where_they_are(
    hospital: str, from_folder: dict[str, list[str]], tmp_path: Path
) -> None:
    store = tmp_path / "store"
    made = run("ingest", hospital, STUDY, *MAPPING, *SCHEMAS, "--out", store)

    assert made.exit_code == 0, made.output
    assert SECRET not in made.output + (store / "manifest.json").read_text("utf-8")
    screened = body(run("screen", store, STUDY, *COMMANDS["screen"]))
    assert apart_from_codes(screened) == apart_from_codes(from_folder["screen"])


# --- a fact store ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stores") / "store"
    made = run("ingest", DATA / "omop", STUDY, *MAPPING, "--out", folder)
    assert made.exit_code == 0, made.output
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["kernel", "duckdb"])
def test_a_fact_store_says_what_its_warehouse_says(store: Path, engine: str, from_folder: dict[str, list[str]]) -> None:
    said = {
        command: body(run(command, store, STUDY, *rest, "--engine", engine))
        for command, rest in COMMANDS.items()
        if command not in ("inspect", "explain")
    }

    assert {name: apart_from_codes(lines) for name, lines in said.items()} == {
        name: apart_from_codes(from_folder[name]) for name in said
    }
    assert body(run("explain", store, STUDY, *COMMANDS["explain"])) == from_folder["explain"]


@pytest.mark.slow
def test_the_kernel_is_what_reads_a_fact_store_unless_told_otherwise(store: Path) -> None:
    result = run("what-if", store, STUDY, *ON)

    assert "; kernel numba " in result.output.splitlines()[1]


@pytest.mark.slow
@pytest.mark.parametrize(("language", "said"), [("en", "Resources that became no fact"), ("zh", "建库时未成为事实的资源")])
def test_inspecting_a_fact_store_says_criterion_by_criterion_what_it_can_answer(store: Path, language: str, said: str) -> None:
    result = run("inspect", store, STUDY, *ON, "--language", language)
    asked = json.loads(run("inspect", store, STUDY, *ON, "--format", "json").output)["statistics"]
    of_warehouse = json.loads(run("inspect", DATA / "omop", STUDY, *ON, *MAPPING, "--format", "json").output)["statistics"]

    def counts(statistics: list[dict[str, Any]], analysis: str, name: str) -> dict[tuple[str, ...], int]:
        chosen = [one for one in statistics if (one["analysis"], one["statistic"]) == (analysis, name)]
        return {tuple(one["context"].values()): one["value"] for one in chosen}

    assert result.exit_code == 0
    assert said in result.output
    assert "omop|2000000602" in result.output
    for analysis, name in (("concept", "rows"), ("concept", "declared"), ("criterion", "needs_coverage"), ("lost", "rows")):
        assert counts(asked, analysis, name) == counts(of_warehouse, analysis, name) != {}
    assert counts(asked, "criterion", "state")["I12c",] == "no_rows"
    assert counts(asked, "criterion", "state")["I05",] == "mapped_and_found"


@pytest.mark.slow
def test_a_store_whose_warehouse_has_changed_is_counted_but_tells_of_no_person(tmp_path: Path) -> None:
    import shutil

    shutil.copytree(DATA / "omop", tmp_path / "omop")
    run("ingest", tmp_path / "omop", STUDY, *MAPPING, "--out", tmp_path / "store")
    (tmp_path / "omop" / "observation.parquet").unlink()
    result = run("screen", tmp_path / "store", STUDY, *ON)

    assert result.exit_code == 0
    assert "has changed since" in result.output
    assert "Attrition" in result.output


# --- Spark ------------------------------------------------------------------------------------------------------------------


@pytest.mark.spark
@pytest.mark.slow
def test_spark_screens_a_parquet_folder_to_the_same_answers(spark: Any) -> None:
    assert spark.session is not None  # that of this run: starting one takes longer than the screening
    by_spark, by_duckdb = (
        run("screen", DATA / "omop", STUDY, *MAPPING, *ON, "--limit", "0", *engine) for engine in (("--engine", "spark"), ())
    )

    assert "; spark " in by_spark.output.splitlines()[1]
    assert body(by_spark) == body(by_duckdb)
    assert "person" not in spark.tables()


# --- what is refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "engine", "said"),
    [
        (DATA / "omop", "postgres", "say duckdb or spark. PostgreSQL reads its own databases"),
        (DATA / "omop", "kernel", "The kernel reads a fact store, which is made once"),
        ("postgresql://127.0.0.1:1/none", "spark", "say postgres. Spark reads a folder of Parquet files"),
        ("postgresql://127.0.0.1:1/none", "duckdb", "DuckDB reads a DuckDB file"),
    ],
)
def test_an_engine_that_cannot_read_the_source_is_refused_with_what_is_possible(
    source: str | Path, engine: str, said: str
) -> None:
    result = asked("screen", source, "--engine", engine)

    assert result.exit_code == 4
    assert f"the engine {engine} cannot read" in result.output
    assert said in result.output


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (f"postgresql://me:{SECRET}@127.0.0.1:1/none", "the database did not answer"),
        (f"postgresql://me:{SECRET}@127.0.0.1/none?nonsense=1", "this is no address of a PostgreSQL database"),
        (f"postgresql://me:{SECRET}@127.0.0.1:port/none", "this is no address of a PostgreSQL database"),
        (f"postgresql://me:half@{SECRET}@127.0.0.1:1/none", "an @ of it is %40"),
        (f"postgresql://me:half/{SECRET}@127.0.0.1:1/none", "an @ of it is %40"),
        (f"postgresql://me@127.0.0.1:1/none?password={SECRET}", "the database did not answer"),
    ],
)
def test_a_database_that_cannot_be_reached_ends_with_the_remedy_and_without_its_password(address: str, said: str) -> None:
    result = asked("inspect", address)

    assert result.exit_code == 4
    assert said in result.output
    assert SECRET not in result.output


def test_a_source_that_is_not_there_is_told_how_sources_are_named() -> None:
    result = asked("inspect", "nowhere")

    assert result.exit_code == 2
    assert "There is no file or folder 'nowhere'. A PostgreSQL database is named postgresql://" in result.output
