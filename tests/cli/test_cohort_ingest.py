"""`protocord cohort ingest`: what it says of an export, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from protocord.cli import main

LOINC = "http://loinc.org"


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
        "store: 2 patients, 2 facts, 0 declared histories",
        "read: 2 Observation, 2 Patient",
        "1  no concept has the code",
        f"1  Observation {LOINC}|1-8",
        "1  ANC: value, unit missing",
        "patients with a malformed resource, kept without facts: 1",
        "  b: Bundle.entry[0].resource.birthDate: 'June'",
    ):
        assert line in said.output


def test_the_manifest_is_given_as_json(folder: Path, tmp_path: Path) -> None:
    said = json.loads(run("ingest", folder, "nct06848582", "--out", tmp_path / "store", "--format", "json").output)

    assert said["counts"]["persons"] == 2
    assert said["unmapped"] == {"fhir_code_unknown": 1}


def test_a_store_that_exists_is_not_written_over(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    said = run("ingest", folder, "nct06848582", "--out", tmp_path / "store")

    assert said.exit_code == 4
    assert "exists already" in said.output
