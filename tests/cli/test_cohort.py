"""`protocord cohort`: what the commands say and write over the tutorial's hospital, and what they refuse."""

from __future__ import annotations

import csv
import json
import runpy
import stat
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result
from polars.testing import assert_frame_equal

from protocord.cli import main

ROOT = Path(__file__).parents[2]
DATA = ROOT / "docs" / "tutorials" / "data"
STUDY, DAY = "nct06848582", ("--on", "2025-06-25", "--planned-infusion", "2025-06-30")
MAPPING = ("--mapping", DATA / "cohort_mapping.yaml")


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["cohort", *map(str, words)], catch_exceptions=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cohort")


@pytest.fixture(scope="module")
def screened(folder: Path) -> Result:
    """One screening with everything written."""
    key = ("--identifiers", folder / "key.csv")
    return run("screen", DATA / "omop", STUDY, *MAPPING, *DAY, "--out", folder / "run", *key, "--threads", "2")


def test_the_tutorials_hospital_is_what_its_seed_makes() -> None:
    made = runpy.run_path(str(ROOT / "tests" / "cohort_children.py"))

    for name, frame in made["children"]().items():
        assert_frame_equal(pl.read_parquet(DATA / "omop" / f"{name}.parquet"), frame)
    assert (DATA / "cohort_mapping.yaml").read_text("utf-8") == made["mapping"]()


@pytest.mark.slow
def test_screening_says_the_outcomes_the_attrition_and_who_comes_next(screened: Result) -> None:
    assert screened.exit_code == 0
    for said in (
        "400 persons",
        "Attrition, in the protocol's order",
        "lost to this alone",
        "Candidates (",
        "Near misses",
        "P00001",
    ):
        assert said in screened.output


@pytest.mark.slow
def test_screening_writes_results_lists_charts_and_a_run_record(screened: Result, folder: Path) -> None:
    out = folder / "run"
    record = json.loads((out / "run.json").read_text("utf-8"))
    results = pl.read_parquet(out / "results.parquet")

    assert {file.name for file in out.iterdir()} >= {
        "results.csv", "results.json", "candidates.csv", "candidates.parquet", "near_misses.parquet", "work_list.csv", "attrition.svg",
        "attrition.png", "what_if.svg", "what_if.png", "unknowns.svg", "unknowns.png",
    }  # fmt: skip
    assert record["persons"] == 400
    assert len(record["protocol_hash"]) == len(record["source_fingerprint"]) == len(record["inputs"]) == 64
    assert record["candidates"] == pl.read_csv(out / "candidates.csv").height
    assert set(results["analysis"]) == {
        "cohort",
        "criterion",
        "attrition",
        "what_if",
        "unknown",
        "look_up",
        "look_up_concept",
        "unexplained",
    }
    listed = pl.read_csv(out / "candidates.csv")["unexplained"]
    assert record["unexplained_candidates"] == (listed > 0).sum() > 0
    assert record["unexplained_rows"] > listed.sum()
    outcomes = results.filter(pl.col("statistic") == "outcome")
    assert outcomes["value"].sum() == 400


@pytest.mark.slow
def test_only_the_key_says_who_is_who_and_only_its_owner_reads_it(screened: Result, folder: Path) -> None:
    key = folder / "key.csv"
    with key.open(encoding="utf-8", newline="") as written:
        rows = list(csv.DictReader(written))

    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len({row["person"] for row in rows}) == len(rows) > 100
    assert "person" not in pl.read_csv(folder / "run" / "candidates.csv").columns
    again = run("screen", DATA / "omop", STUDY, *MAPPING, *DAY, "--identifiers", key)
    assert again.exit_code == 2
    assert "never written over" in again.output


@pytest.mark.slow
def test_explaining_a_running_number_names_tables_and_rows(screened: Result, folder: Path) -> None:
    result = run("explain", DATA / "omop", STUDY, "P00001", *MAPPING, *DAY, "--identifiers", folder / "key.csv")

    assert result.exit_code == 0
    assert "✓ eligible" in result.output
    assert "measurement/" in result.output
    assert "drug_exposure/" in result.output


def test_explaining_in_json_is_the_screening_of_one_child() -> None:
    answer = json.loads(run("explain", DATA / "omop", STUDY, "17", *MAPPING, *DAY, "--format", "json").output)

    assert answer["screening"]["subject"] == "17"
    assert len(answer["screening"]["findings"]) == 16


@pytest.mark.parametrize("person", ["100000", "P00001"])
def test_a_person_that_the_source_does_not_have_is_refused(person: str) -> None:
    result = run("explain", DATA / "omop", STUDY, person, *MAPPING, *DAY)

    assert result.exit_code == 2
    assert "has no person" in result.output


@pytest.mark.parametrize(("language", "said"), [("en", "Rows that cannot decide"), ("zh", "不能用于判定的行")])
def test_inspection_says_what_the_source_lacks(language: str, said: str) -> None:
    result = run("inspect", DATA / "omop", STUDY, *MAPPING, "--on", "2025-06-25", "--language", language)

    assert result.exit_code == 0
    assert said in result.output
    for named in ("device_exposure", "Direct bilirubin", "Paracetamol", "2000000999"):
        assert named in result.output


def test_a_folder_that_is_no_source_is_refused_with_the_remedy(tmp_path: Path) -> None:
    result = run("inspect", tmp_path, STUDY)

    assert result.exit_code == 4
    assert "person" in result.output


def test_an_infusion_before_the_assessment_is_refused() -> None:
    result = run("screen", DATA / "omop", STUDY, "--on", "2025-06-25", "--planned-infusion", "2025-06-24")

    assert result.exit_code == 2


@pytest.mark.slow
def test_the_attrition_takes_criteria_in_the_order_asked_for() -> None:
    result = run("screen", DATA / "omop", STUDY, *MAPPING, *DAY, "--limit", "0", "--order", "I12d, I04", "--format", "json")
    asked = json.loads(result.output)
    left = [one for one in asked["statistics"] if (one["analysis"], one["statistic"]) == ("attrition", "left")]

    assert [one["context"]["criterion"] for one in left][:3] == ["I12d", "I04", "I01"]
    assert asked["about"]["order"].startswith("I12d,I04,I01,I02,")


def test_a_criterion_that_the_protocol_does_not_have_cannot_be_asked_first() -> None:
    result = run("screen", DATA / "omop", STUDY, *MAPPING, *DAY, "--order", "I04,I12")

    assert result.exit_code == 2
    assert "The protocol has no criterion I12. It has: I01, I02," in result.output


def test_a_folder_with_files_of_others_is_refused_before_anything_is_screened(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine", "utf-8")
    for command in ("screen", "inspect", "what-if"):
        result = run(command, tmp_path / "thesis.txt", STUDY, "--out", tmp_path)

        assert result.exit_code == 6
        assert "holds files that did not come from a run" in result.output


def test_a_key_that_is_none_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "key.csv").write_bytes(b"\xff\xfe\x00")
    result = run("explain", DATA / "omop", STUDY, "P00001", *MAPPING, *DAY, "--identifiers", tmp_path / "key.csv")

    assert result.exit_code == 2
    assert "is no key that `screen` wrote" in result.output
