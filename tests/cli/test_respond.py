"""`protocord respond`: the answer, the tables and figures it writes, and what it refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from protocord.cli import main

DATA = Path(__file__).parents[2] / "docs" / "tutorials" / "data" / "response"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["respond", "nct06848582", *map(str, words)], catch_exceptions=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the tutorial's tables, to spoil."""
    return Path(shutil.copytree(DATA, tmp_path / "data"))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one run with everything written."""
    out = tmp_path_factory.mktemp("respond") / "out"
    assert run(DATA, "--cut", "2026-06-30", "--out", out).exit_code == 0
    return out


def spoil(file: Path, before: str, after: str) -> None:
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), "utf-8")


def test_the_answer_says_best_responses_rates_and_times() -> None:
    found = run(DATA, "--cut", "2026-06-30")

    assert found.exit_code == 0
    assert "12 children, 11 treated" in found.output
    assert "Objective response rate, by EOT" in found.output
    assert "2 of 10" in found.output
    assert "95 % interval 2.5 % to 55.6 %, Clopper-Pearson" in found.output
    assert "Left out, being after the data cut of 2026-06-30: 0 assessments, 2 events." in found.output


def test_the_answer_comes_in_chinese_too() -> None:
    found = run(DATA, "--language", "zh")

    assert found.exit_code == 0
    assert "客观缓解率（截至EOT）" in found.output
    assert "未给出数据截止日" in found.output


def test_files_are_taken_as_well_as_a_folder() -> None:
    files = sorted(DATA.glob("*.csv"))

    assert run(*files, "--cut", "2026-06-30").output == run(DATA, "--cut", "2026-06-30").output
    mixed = run(DATA, files[0])
    assert mixed.exit_code == 2
    assert "give one folder, or files only" in mixed.output


def test_rates_by_a_column_are_rates_of_its_groups() -> None:
    found = json.loads(run(DATA, "--by", "site", "--format", "json").output)

    groups = {
        item["context"].get("group"): item["value"]
        for item in found["statistics"]
        if (item["analysis"], item["statistic"]) == ("orr", "n")
    }
    assert groups == {None: 10, "DG": 3, "GZ": 7}
    missing = run(DATA, "--by", "height")
    assert missing.exit_code == 4
    assert "There is no column 'height' to group by." in missing.output


def test_out_holds_tables_results_and_figures(written: Path) -> None:
    names = {file.name for file in written.iterdir() if not file.name.startswith(".")}
    assert {"assessments.csv", "best.csv", "times.csv", "excluded.csv", "results.csv", "results.json", "results.parquet"} <= names
    assert {f"{name}.{form}" for name in ("waterfall", "spider", "swimmer", "forest") for form in ("svg", "png")} <= names
    best = pl.read_csv(written / "best.csv")
    assert best.filter(pl.col("subject") == "C02")["best_confirmed"].item() == "CR"
    assert pl.read_csv(written / "assessments.csv")["why"].null_count() == 0
    excluded = pl.read_csv(written / "excluded.csv")
    assert set(excluded["reason"]) == {"time_no_response"}


def test_the_times_are_those_that_survive_reads(written: Path) -> None:
    from protocord.efficacy.columns import TIMES
    from protocord.tables import read

    times = read(TIMES, written / "times.csv")

    pfs = times.filter((pl.col("endpoint") == "pfs") & (pl.col("variant") == "main"))
    assert pfs.height == 11
    assert dict(pfs.select("subject", "cause").iter_rows())["C03"] == "missed_assessments"
    assert set(pfs["site"]) == {"GZ", "DG"}


def test_all_problems_of_all_tables_are_named_and_nothing_is_written(folder: Path, tmp_path: Path) -> None:
    spoil(folder / "events.csv", "C08,death,2025-07-11", "C08,death,11.7.2025")
    spoil(folder / "measurements.csv", "C01,SCR,T1,,2025-01-25,measured,24", "C01,SCR,T1,,2025-01-25,measured,24 mm")
    spoil(folder / "subjects.csv", "C02,", "C01,")

    found = run(folder, "--out", tmp_path / "out")

    assert found.exit_code == 4
    assert "measurements.csv: row 1, column mm: '24 mm' is not a number." in found.output
    assert "subjects.csv: row 2: repeats row 1 (subject C01)." in found.output
    assert not (tmp_path / "out").exists()
    spoil(folder / "measurements.csv", "24 mm", "24")
    spoil(folder / "subjects.csv", "C01,2025-02-18", "C02,2025-02-18")
    again = run(folder)
    assert again.exit_code == 4
    assert "events.csv: row" in again.output
    assert "'11.7.2025' is not a date" in again.output


def test_a_partly_known_death_is_refused_and_bounded_when_asked(folder: Path) -> None:
    spoil(folder / "events.csv", "C04,death,2025-08-02", "C04,death,2025-08")

    refused = run(folder)
    assert refused.exit_code == 4
    assert "only 2025-08 is known of the day of death" in refused.output
    bounded = run(folder, "--partial-dates", "latest")
    assert bounded.exit_code == 0
    assert "Partly known dates were taken at their latest day; run both ends" in bounded.output


def test_lesions_chosen_against_the_rules_are_refused_or_listed(folder: Path) -> None:
    spoil(folder / "measurements.csv", "C11,SCR,T1,,2025-08-16,measured,28", "C11,SCR,T1,,2025-08-16,measured,9")

    refused = run(folder)
    assert refused.exit_code == 4
    assert "measurable from 10 mm" in refused.output
    allowed = run(folder, "--allow-selection")
    assert allowed.exit_code == 0
    assert "Lesions chosen against the rules, used all the same (1):" in allowed.output


def test_help_teaches_the_columns_of_every_table() -> None:
    found = CliRunner().invoke(main, ["respond", "--help"])

    assert found.exit_code == 0
    for word in (
        "subjects:",
        "events:",
        "lesions:",
        "measurements:",
        "assessments:",
        "new_lesions:",
        "too_small",
        "--partial-dates",
    ):
        assert word in found.output
