"""`protocord cohort ingest`: what it says of an export, and how it ends."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from shutil import rmtree

import pytest
from click.testing import CliRunner, Result

from protocord.cli import main

LOINC = "http://loinc.org"
HOSPITAL = runpy.run_path(str(Path(__file__).parents[1] / "cohort_children.py"))
children, mapping, write = (HOSPITAL[name] for name in ("children", "mapping", "write"))


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["cohort", *map(str, words)], catch_exceptions=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "export"
    made.mkdir()
    me = {"subject": {"reference": "Patient/a"}}
    resources = [
        {"resourceType": "Patient", "id": "a", "birthDate": "2019-03-14"},
        {"resourceType": "Patient", "id": "b", "birthDate": "June"},
        {"resourceType": "Observation", "id": "1", "status": "final", **me, "code": {"coding": [{"system": LOINC, "code": "1-8"}]}},
        {"resourceType": "Observation", "id": "2", "status": "final", **me, "code": {"coding": [{"system": LOINC, "code": "751-8"}]},
         "valueQuantity": {"value": 2}},
    ]  # fmt: skip
    (made / "all.ndjson").write_text("".join(json.dumps(one) + "\n" for one in resources))
    return made


def test_what_was_read_and_what_was_not_is_said(folder: Path, tmp_path: Path) -> None:
    said = run("ingest", folder, "nct06848582", "--out", tmp_path / "store")

    assert said.exit_code == 0
    for line in (
        "store: 2 persons, 2 facts, 0 declared histories",
        "2  Observation",
        "2  Patient",
        "1  no concept has the code",
        f"1  Observation {LOINC}|1-8",
        "1  ANC  value  no unit",
        "Patients with a malformed resource, kept without facts: 1",
        "  b: Bundle.entry[0].resource.birthDate: 'June'",
    ):
        assert line in said.output


def test_it_is_said_in_chinese(folder: Path, tmp_path: Path) -> None:
    said = run("ingest", folder, "nct06848582", "--out", tmp_path / "store", "--language", "zh")

    for line in ("2 人，2 条事实，0 段已声明病史", "没有概念使用该代码", "ANC  数值  无单位"):
        assert line in said.output


@pytest.mark.slow
def test_a_warehouse_becomes_a_store_that_screens_as_the_warehouse_does(tmp_path: Path) -> None:
    write(tmp_path / "omop", children(60))
    (tmp_path / "map.yaml").write_text(mapping(), "utf-8")
    said = run("ingest", tmp_path / "omop", "nct06848582", "--out", tmp_path / "store", "--mapping", tmp_path / "map.yaml")

    assert said.exit_code == 0
    for line in ("store: 60 persons", "measurement", "no concept has the id", "drug_exposure omop|2000000602", "are read from"):
        assert line in said.output
    screened = [
        json.loads(run("screen", tmp_path / name, "nct06848582", "--on", "2025-06-25", "--format", "json", *more).output)
        for name, *more in (("omop", "--mapping", tmp_path / "map.yaml"), ("store",))
    ]
    results = [[row for row in one["statistics"] if row["analysis"] in ("cohort", "criterion", "attrition")] for one in screened]
    assert results[0] == results[1]
    assert results[0]


def test_a_store_whose_warehouse_is_gone_still_screens_and_says_so_of_single_records(tmp_path: Path) -> None:
    write(tmp_path / "omop", children(20))
    (tmp_path / "map.yaml").write_text(mapping(), "utf-8")
    run("ingest", tmp_path / "omop", "nct06848582", "--out", tmp_path / "store", "--mapping", tmp_path / "map.yaml")
    fine = run("explain", tmp_path / "store", "nct06848582", "3", "--on", "2025-06-25")
    write(tmp_path / "omop", children(21))
    changed = run("explain", tmp_path / "store", "nct06848582", "3", "--on", "2025-06-25")
    rmtree(tmp_path / "omop")
    gone = run("explain", tmp_path / "store", "nct06848582", "3", "--on", "2025-06-25")

    assert (fine.exit_code, changed.exit_code, gone.exit_code) == (0, 4, 4)
    assert "which has changed since" in changed.output
    assert "which is gone" in gone.output


def test_the_manifest_is_given_as_json(folder: Path, tmp_path: Path) -> None:
    said = json.loads(run("ingest", folder, "nct06848582", "--out", tmp_path / "store", "--format", "json").output)

    assert said["counts"]["persons"] == 2
    assert said["unmapped"] == {"fhir_code_unknown": 1}
    assert list(said["files"]) == ["all.ndjson"]


def test_a_store_that_exists_is_not_written_over(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    said = run("ingest", folder, "nct06848582", "--out", tmp_path / "store")

    assert said.exit_code == 4
    assert "exists already" in said.output


@pytest.mark.parametrize("memory", ["lots", "4", "0GB", "1MB", "-1GB", "1GB'; DROP TABLE x; --", "80%", ""])
def test_an_amount_of_memory_that_is_none_is_refused(memory: str, folder: Path, tmp_path: Path) -> None:
    said = run("ingest", folder, "nct06848582", "--out", tmp_path / "store", "--memory", memory)

    assert said.exit_code == 2
    assert "--memory" in said.output
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("memory", ["512MB", "1.5 GiB", "0.5gb"])
def test_an_amount_of_memory_is_a_number_and_its_unit(memory: str, folder: Path, tmp_path: Path) -> None:
    assert run("ingest", folder, "nct06848582", "--out", tmp_path / "store", "--memory", memory).exit_code == 0
