"""What washouts cannot see: rows whose codes mean nothing to the study are counted, by table and by candidate, on every engine."""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

import protocord
from protocord.cli import main
from protocord.cli.cohort_lines import screening_lines
from protocord.cohort.answers.listing import Listing, listing
from protocord.cohort.answers.mending import mendable
from protocord.cohort.answers.opened import Opened
from protocord.cohort.answers.readiness import Readiness
from protocord.cohort.answers.screened import Screened, screened
from protocord.cohort.answers.unexplained import Unexplained, unexplained
from protocord.cohort.engines import DuckDB, Engine, Postgres, Spark
from protocord.cohort.sources.omop import COLUMNS, Omop
from protocord.cohort.sources.omop_ingest import ingest_omop
from protocord.exchange.mapping import read_mapping
from protocord.protocol import Protocol

HOSPITAL = runpy.run_path(str(Path(__file__).parents[2] / "cohort_children.py"))
ON, INFUSION = date(2025, 6, 25), date(2025, 6, 30)
SINCE = INFUSION - timedelta(days=55)  # 56 days after a transplantation a child may enter: no washout asks for longer
NOTHING, VINCRISTINE, MORE = 2_000_000_998, 2_000_000_301, 2_000_000_997
DAY, OLD = ON - timedelta(days=1), date(2020, 1, 1)
# Code, first and last day; whether the row counts for the candidate.
DRUGS = [
    (NOTHING, DAY, DAY, True),
    (0, DAY, DAY, True),
    (None, DAY, DAY, True),
    (VINCRISTINE, OLD, OLD, False),
    (NOTHING, OLD, OLD, False),
    (NOTHING, OLD, DAY, True),
    (NOTHING, OLD, date(2026, 1, 1), True),
    (NOTHING, OLD, SINCE - timedelta(days=1), False),
    (NOTHING, SINCE, SINCE, True),
    (NOTHING, INFUSION, None, True),
    (NOTHING, INFUSION + timedelta(days=1), None, False),
    (NOTHING, None, None, True),
    (NOTHING, None, DAY, True),
    (NOTHING, None, OLD, False),
]


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return protocord.load(protocord.STUDIES / "nct06848582")


def with_rows(frame: pl.DataFrame, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.concat(
        [frame, pl.DataFrame([{name: row.get(name) for name in frame.columns} for row in rows], schema=frame.schema)]
    )


def over(engine: Engine, tables: dict[str, pl.DataFrame], protocol: Protocol, folder: Path) -> Opened:
    """The tables on an engine, as a source that is open."""
    (folder / "mapping.yaml").write_text(HOSPITAL["mapping"](), "utf-8")
    for name, frame in tables.items():
        engine.bring(name, frame)
    source = Omop(engine, frozenset(tables), protocol.concepts, read_mapping(folder / "mapping.yaml", protocol.concepts))
    return Opened(folder, source, engine.dialect, frozenset(tables))


def looked_at(opened: Opened, protocol: Protocol) -> tuple[Screened, Listing]:
    found = screened(opened.engine, opened.relations(), protocol, on=ON, planned_infusion=INFUSION)
    return found, listing(found, opened.records, mendable(found), limit=0)


@pytest.fixture(scope="module")
def tables(protocol: Protocol, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, pl.DataFrame], int]:
    """Eighty children whose given drugs are all explained, and one candidate with rows that nothing explains."""
    made = dict(HOSPITAL["children"](80, seed=8))
    made["drug_exposure"] = made["drug_exposure"].filter(pl.col("drug_concept_id") < HOSPITAL["SITE"] + 600)
    engine = DuckDB(threads=1)
    _, people = looked_at(over(engine, made, protocol, tmp_path_factory.mktemp("before")), protocol)
    engine.close()
    person = int(people.key["person"][1])
    drugs = [
        {"drug_exposure_id": 9_000_000 + at, "person_id": person, "drug_concept_id": code, "drug_exposure_start_date": start,
         "drug_exposure_end_date": end} for at, (code, start, end, _) in enumerate(DRUGS)
    ]  # fmt: skip
    made["drug_exposure"] = with_rows(made["drug_exposure"], drugs)
    procedures = [
        {"procedure_occurrence_id": 9_000_000, "person_id": person, "procedure_concept_id": MORE, "procedure_date": DAY}
    ]
    made["procedure_occurrence"] = with_rows(made["procedure_occurrence"], procedures)
    kinds = {"int64": pl.Int64, "date": pl.Date}
    devices = pl.DataFrame(schema={name: kinds[kind] for name, kind in COLUMNS["device_exposure"].items()})
    worn = {"device_exposure_id": 1, "person_id": person, "device_concept_id": 0, "device_exposure_start_date": DAY}
    made["device_exposure"] = with_rows(devices, [worn])
    return made, person


@pytest.fixture(scope="module")
def source(
    tables: tuple[dict[str, pl.DataFrame], int], protocol: Protocol, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Opened]:
    engine = DuckDB(threads=1)
    yield over(engine, tables[0], protocol, tmp_path_factory.mktemp("hospital"))
    engine.close()


@pytest.fixture(scope="module")
def seen(source: Opened, protocol: Protocol) -> tuple[Screened, Listing]:
    return looked_at(source, protocol)


def test_what_nothing_explains_leaves_washouts_met_and_is_counted_beside_the_candidate(
    seen: tuple[Screened, Listing], source: Opened, tables: tuple[dict[str, pl.DataFrame], int]
) -> None:
    told, people = unexplained(seen[0], source, seen[1])
    frame = people.candidates.join(people.key, "name")
    own = frame.filter(pl.col("person") == tables[1]).row(0, named=True)

    assert [own[criterion] for criterion in ("I07", "I08", "I09")] == ["met", "met", "met"]
    assert own["unexplained"] == sum(counts for *_, counts in DRUGS) + 2
    assert frame.filter(pl.col("person") != tables[1])["unexplained"].to_list() == [0] * (frame.height - 1)
    assert told.candidates == 1
    assert told.window == (SINCE, INFUSION)
    assert people.near_misses.equals(seen[1].near_misses)


def test_rows_and_codes_that_nothing_explains_are_counted_by_table(seen: tuple[Screened, Listing], source: Opened) -> None:
    told, _ = unexplained(seen[0], source, seen[1])

    assert told.tables.rows() == [("drug_exposure", 13, 1, 2), ("procedure_occurrence", 1, 1, 0), ("device_exposure", 1, 0, 1)]
    assert (told.rows, told.codes) == (15, 2)
    counts = {(one.name, *one.context.values()): one.value for one in told.statistics()}
    assert counts[("rows", "drug_exposure")] == 13
    assert counts[("candidates", SINCE, INFUSION)] == 1
    assert {name for one in told.statistics() for name in one.conventions} == {"unexplained_codes"}
    assert told.told() == {
        "unexplained_rows": 15, "unexplained_codes": 2, "unexplained_candidates": 1, "unexplained_since": "2025-05-06",
        "unexplained_until": "2025-06-30",
    }  # fmt: skip


def test_inspection_counts_rows_without_any_id_as_those_with_id_0(source: Opened, protocol: Protocol) -> None:
    ready = Readiness(source, protocol, ON).results()

    assert ready.value("unmapped", "without_concept", table="drug_exposure") == 2
    assert ready.value("unmapped_code", "rows", table="drug_exposure", code=NOTHING, label="") == 11


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            ("Washouts do not see 15 rows", "1 of", "between 2025-05-06 and 2025-06-30", "protocord cohort inspect", "map them"),
        ),
        ("zh", ("洗脱期看不到", "15 行", "有 1 名", "2025-05-06 至 2025-06-30", "protocord cohort inspect", "建立对应")),
    ],
)
def test_a_screening_says_in_words_what_washouts_do_not_see(
    seen: tuple[Screened, Listing], source: Opened, language: Any, said: tuple[str, ...]
) -> None:
    text = "".join(spoken(seen, *unexplained(seen[0], source, seen[1]), language).split())  # lines break anywhere in Chinese

    for words in said:
        assert "".join(words.split()) in text


def spoken(seen: tuple[Screened, Listing], told: Unexplained, people: Listing, language: Any = "en") -> str:
    about = {
        "study": "s", "protocol_version": "1", "protocol_hash": "h", "source": "omop", "path": "p", "source_fingerprint": "f",
        "engine": "e", "engine_version": "1", "persons": 80,
    }  # fmt: skip
    return " ".join(" ".join(line.split()) for line in screening_lines(seen[0].results("", about), people, told, language))


def test_a_source_all_whose_codes_are_explained_says_so(seen: tuple[Screened, Listing]) -> None:
    none = pl.DataFrame({"table": ["drug_exposure"], "rows": [0], "codes": [0], "without_concept": [0]})

    assert "Every row of drugs, procedures and devices has a code" in spoken(seen, Unexplained(none, (SINCE, ON), 0), seen[1])


def test_a_fact_store_says_how_many_and_that_nobody_knows_whose(
    tables: tuple[dict[str, pl.DataFrame], int], protocol: Protocol, tmp_path: Path
) -> None:
    HOSPITAL["write"](tmp_path / "omop", tables[0])
    (tmp_path / "mapping.yaml").write_text(HOSPITAL["mapping"](), "utf-8")
    ingest_omop(tmp_path / "omop", tmp_path / "store", protocol, read_mapping(tmp_path / "mapping.yaml", protocol.concepts))
    asked = ["cohort", "screen", str(tmp_path / "store"), "nct06848582", "--on", str(ON), "--planned-infusion", str(INFUSION)]
    screening = [*asked, "--engine", "duckdb", "--limit", "0", "--out", str(tmp_path / "run")]
    said = CliRunner().invoke(main, screening, catch_exceptions=False)
    record = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))
    left = pl.read_csv(tmp_path / "store" / "unmapped.csv")["count"].sum()

    assert f"when the store was made: {left:,} rows" in " ".join(said.output.split())
    assert "Of whom they are is not known" in " ".join(said.output.split())
    assert record["unexplained_rows"] == left >= 15
    assert record["unexplained_candidates"] is None
    assert pl.read_parquet(tmp_path / "run" / "candidates.parquet")["unexplained"].null_count() == record["candidates"] > 0
    unknown = pl.read_csv(tmp_path / "run" / "results.csv", infer_schema=False).filter(
        (pl.col("analysis") == "unexplained") & (pl.col("statistic") == "candidates")
    )
    assert unknown["value"].to_list() == [None]


def the_same(
    engine: Engine, tables: dict[str, pl.DataFrame], seen: tuple[Screened, Listing], source: Opened, folder: Path
) -> None:
    expected, people = unexplained(seen[0], source, seen[1])
    other = over(engine, tables, seen[0].protocol, folder)
    told, listed = unexplained(seen[0], other, seen[1])
    assert told.tables.equals(expected.tables)
    assert listed.candidates.equals(people.candidates)
    assert told.candidates == 1


@pytest.mark.postgres
@pytest.mark.slow
def test_postgresql_counts_the_same(
    postgres_server: Any, tables: Any, seen: tuple[Screened, Listing], source: Opened, tmp_path: Path
) -> None:
    engine = Postgres(postgres_server.url(postgres_server.new_database()))
    try:
        the_same(engine, tables[0], seen, source, tmp_path)
    finally:
        engine.close()


@pytest.mark.spark
@pytest.mark.slow
def test_spark_counts_the_same(spark: Spark, tables: Any, seen: tuple[Screened, Listing], source: Opened, tmp_path: Path) -> None:
    the_same(spark, tables[0], seen, source, tmp_path)
