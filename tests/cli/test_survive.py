"""`protocord survive`: what it prints, writes and refuses, with its exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

TIMES = Path(__file__).parents[2] / "docs" / "tutorials" / "data" / "survival_times.csv"
Run = Callable[..., Result]


def test_it_says_medians_landmarks_tests_and_why_a_number_is_missing(run: Run) -> None:
    said = run("survive", "nct06848582", TIMES, "--endpoint", "os", "--by", "histology", "--null", "12 months=0.3")
    assert said.exit_code == 0
    for words in ("Overall survival (OS)", "20.1 (11.6 to 24.3)", "log-rank test", "milestone test", "NE: not estimable"):
        assert words in said.output
    assert "* Not estimable: nobody was observed beyond day 1015." in said.output
    assert max(len(line) for line in said.output.splitlines()) <= 100


def test_it_speaks_chinese(run: Run) -> None:
    said = run("survive", "nct06848582", TIMES, "--endpoint", "os", "--language", "zh").output
    assert "总生存期" in said
    assert "中位数" in said
    assert "median" not in said


def test_json_holds_every_statistic(run: Run) -> None:
    data = json.loads(run("survive", "nct06848582", TIMES, "--endpoint", "pfs", "--format", "json").output)
    medians = [row for row in data["statistics"] if row["statistic"] == "quantile" and row["context"]["p"] == 0.5]
    assert [row["value"] for row in medians] == [259.5]
    assert len(data["inputs"]) == 64


def test_results_and_figures_are_written_together(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "pfs"
    assert run("survive", "nct06848582", TIMES, "--endpoint", "pfs", "--out", out).exit_code == 0
    names = {file.name for file in out.iterdir()}
    assert {"results.csv", "results.json", "results.parquet", "pfs.svg", "pfs.png"} <= names


@pytest.mark.slow
def test_groups_add_forests_of_hazard_ratios_and_of_each_landmark(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "pfs"
    assert run("survive", "nct06848582", TIMES, "--endpoint", "pfs", "--by", "histology", "--out", out).exit_code == 0
    names = {file.name for file in out.iterdir()}
    assert {"pfs.svg", "pfs_hazard_ratios.svg", "pfs_at_12_months.png", "pfs_at_36_months.png"} <= names


def test_response_goes_by_landmark_or_in_time(run: Run) -> None:
    base = ("survive", "nct06848582", TIMES, "--endpoint", "os", "--response", "response_day")
    assert "by response at 4 months: 3 ended before" in run(*base, "--landmark", "4 months").output
    assert "Mantel-Byar test" in run(*base, "--time-dependent").output
    refused = run(*base)
    assert refused.exit_code == 6
    assert "immortal-time bias" in refused.output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--landmark", "4 months"), "It needs --response"),
        (("--endpoint", "os", "--response", "response_day", "--landmark", "soon"), "Write it as '6 months'"),
        (("--null", "12 months"), "Write it as '12 months=0.30'"),
        (("--null", "12 months=1.3"), "Write it as '12 months=0.30'"),
        (("--response", "response_day", "--time-dependent"), "With --response name one --endpoint"),
    ],
)
def test_options_that_do_not_fit_are_explained(run: Run, options: tuple[str, ...], said: str) -> None:
    found = run("survive", "nct06848582", TIMES, *options)
    assert found.exit_code == 2
    assert said in found.output


def test_every_problem_of_the_table_is_named_and_nothing_is_written(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "times.csv"
    table.write_text(
        "subject,endpoint,days,status\nC1,pfs,ten,event\nC2,pfs,20,dead\nC3,pfs,30,event\nC3,pfs,30,event\n", "utf-8"
    )
    found = run("survive", "nct06848582", table, "--out", tmp_path / "out")
    assert found.exit_code == 4
    assert "times.csv: row 1, column days: 'ten' is not a whole number" in found.output
    assert "row 2, column status: 'dead' is not one of the choices" in found.output
    assert not (tmp_path / "out").exists()


def test_help_names_the_columns(run: Run) -> None:
    said = run("survive", "--help").output
    for word in ("times:", "endpoint", "status", "immortal-time bias", "survival_times.csv"):
        assert word in said
