"""`protocord design`: what each command prints, writes and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from protocord.cli import main

SITES = "site,opened,enrolled\n01,2025-06-01,5\n02,2025-10-01,2\n"


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["design", *words])


COMMANDS = {
    "single": ["--p0", "0.1", "--p1", "0.3", "--power", "0.9", "--loss", "0.1"],
    "simon": ["--p0", "0.2", "--p1", "0.4", "--alpha", "0.1", "--power", "0.9"],
    "admissible": ["--p0", "0.2", "--p1", "0.4", "--alpha", "0.1", "--power", "0.9"],
    "stages": ["--p0", "0.1", "--p1", "0.3", "--curtail"],
    "gehan": ["--p1", "0.2"],
    "bryant-day": ["--p0", "0.1", "--p1", "0.6", "--toxic", "0.6", "--tolerable", "0.1"],
    "precision": ["--n", "40", "--n", "20"],
    "assurance": ["--design", "3/17 10/37", "--prior", "2", "4", "--threshold", "0.2"],
    "characteristics": ["--design", "0/9 1/18 2/26", "--design", "2/20", "--rates", "0.05,0.25"],
    "after": ["--design", "3/13 12/43", "--p0", "0.2", "--seen", "5/13", "--seen", "9/27"],
    "attained": [
        "--p0",
        "0.2",
        "--p1",
        "0.4",
        "--alpha",
        "0.1",
        "--power",
        "0.9",
        "--design",
        "3/17 10/37",
        "--n1",
        "19",
        "--n",
        "40",
    ],
    "boin": ["--rates", "0.1,0.3", "--cohorts", "4"],
    "three-plus-three": ["--rates", "0.1,0.3"],
    "accrual": ["nct06848582", "--start", "2025-06-01", "--by", "2028-01-01"],
    "why": ["nct06848582"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_answers_in_both_languages_and_as_data(command: str) -> None:
    told = run(command, *COMMANDS[command], "--language", "zh")
    assert told.exit_code == 0, told.output
    assert any("\u4e00" <= character <= "\u9fff" for character in told.output)
    data = json.loads(run(command, *COMMANDS[command], "--format", "json").output)
    assert data["statistics"]
    assert len(data["inputs"]) == 64


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_teaches(command: str) -> None:
    told = run(command, "--help").output
    assert "Example" in told
    assert f"protocord design {command}" in told


def test_results_and_figures_are_written_whole(tmp_path: Path) -> None:
    out = tmp_path / "answer"
    told = run("admissible", *COMMANDS["admissible"], "--out", str(out), "--language", "zh")
    assert told.exit_code == 0, told.output
    assert {file.name for file in out.iterdir()} >= {
        "results.csv",
        "results.json",
        "results.parquet",
        "admissible.svg",
        "admissible.png",
        "characteristics.svg",
        "characteristics.png",
    }


@pytest.mark.slow
@pytest.mark.parametrize(("command", "figure"), [("single", "saw_tooth"), ("precision", "precision"), ("accrual", "accrual")])
def test_the_other_figures_are_drawn(command: str, figure: str, tmp_path: Path) -> None:
    told = run(command, *COMMANDS[command], "--out", str(tmp_path / "out"))
    assert told.exit_code == 0, told.output
    assert (tmp_path / "out" / f"{figure}.svg").stat().st_size > 5000


def test_the_bound_is_said_with_its_direction() -> None:
    told = run("simon", *COMMANDS["simon"]).output
    assert "After 17 subjects: stop for futility when responses <= 3." in told
    assert "After 37 subjects: conclude for efficacy when responses >= 11." in told


def test_a_second_stage_that_deviates_is_said() -> None:
    told = run("after", *COMMANDS["after"]).output
    assert "The second stage had 27 subjects, not 30" in told
    assert "0.016" in told


def test_a_first_stage_that_deviates_needs_the_rate_worth_pursuing() -> None:
    words = ["--design", "3/13 12/43", "--p0", "0.2", "--seen", "5/15", "--seen", "9/28"]
    refused = run("after", *words)
    assert refused.exit_code == 2
    assert "--p1" in refused.output
    told = run("after", *words, "--p1", "0.4").output
    assert "The plan was 3/13 12/43; carried out were 5/15 9/28." in told


def test_a_trial_that_ended_at_its_first_look_is_read_from_one_stage() -> None:
    data = json.loads(run("after", "--design", "3/13 12/43", "--p0", "0.2", "--seen", "2/13", "--format", "json").output)
    values = {row["statistic"]: row["value"] for row in data["statistics"] if row["analysis"] == "after"}
    assert values["decision"] == "futility"
    assert values["sizes_as_planned"] is True


def test_sites_are_read_from_a_table(tmp_path: Path) -> None:
    table = tmp_path / "sites.csv"
    table.write_text(SITES, "utf-8")
    told = run("accrual", "nct06848582", "--sites", str(table), "--cut", "2026-06-30")
    assert told.exit_code == 0, told.output
    assert "2025-10-01" in told.output
    assert "--cut" in run("accrual", "nct06848582", "--sites", str(table)).output
    table.write_text(SITES + "02,2025-11-01,-1\n", "utf-8")
    refused = run("accrual", "nct06848582", "--sites", str(table), "--cut", "2026-06-30")
    assert refused.exit_code == 4


def test_a_study_without_an_accrual_assumption_says_what_to_do() -> None:
    refused = run("accrual", "nct06631391", "--start", "2025-01-01")
    assert refused.exit_code == 3
    assert "--prior" in refused.output
    assert run("accrual", "nct06631391", "--start", "2025-01-01", "--prior", "4,6").exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["simon", "--p0", "0.4", "--p1", "0.2"], "Rates must lie in 0 < p0 < p1 < 1"),
        (["simon", "--p0", "0.2", "--p1", "0.4", "--at-most", "10"], "No two-stage design of at most 10 subjects"),
        (["stages", "--p0", "0.1", "--p1", "0.3", "--kind", "chen", "--criterion", "alternative"], "--kind efficacy"),
        (["assurance", "--design", "3-17 10/37", "--prior", "1", "1"], "is not a stage"),
        (["assurance", "--design", "3/17 10/12", "--prior", "1", "1"], "must rise"),
        (["assurance", "--design", "3/17 10/37", "--prior", "0", "1"], "exceed 0"),
        (["after", "--design", "3/13 12/43", "--p0", "0.2", "--seen", "15/13"], "not a stage's outcome"),
        (["after", "--design", "3/13 12/43", "--p0", "0.2", "--seen", "5/13"], "cannot end at stage 1"),
        (["after", "--design", "3/13 12/43", "--p0", "0.2", *["--seen", "5/13"] * 3], "has 2 stages"),
        (["after", "--design", "3/13 12/43", "--p0", "0.2", "--seen", "3/13", "--seen", "14/30"], "had to end at stage 1 with 3"),
        (["after", "--design", "3/13 12/43", "--p0", "0.2", "--seen", "3/13", "--seen", "14/27"], "had to end at stage 1 with 3"),
        (["after", "--design", "3-9/13 12/43", "--p0", "0.2", "--seen", "5/13", "--seen", "5/20"], "stop for futility alone"),
        (["attained", "--p0", "0.2", "--p1", "0.4", "--design", "12/43", "--n1", "9", "--n", "40"], "two stages"),
        (["three-plus-three", "--rates", "0.1,2"], "not a row of probabilities"),
        (["three-plus-three", "--rates", "0.1", "--start", "3"], "There is no level"),
        (["boin", "--target", "0.3", "--low", "0.4"], "low < target < high"),
        (["accrual", "nct06848582", "--start", "2025-01-01", "--prior", "x"], "pair of positive numbers"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(words: list[str], said: str) -> None:
    refused = run(*words)
    assert refused.exit_code == 2
    assert said in refused.output


def test_characteristics_are_those_of_each_design_given() -> None:
    """Two-stage 3/17 10/37 at 0.2 and 0.4: 0.0948 and 0.9033 (R 4.2.2, tests/validation/design/oracle.R)."""
    told = run("characteristics", "--design", "3/17 10/37", "--rates", "0.2,0.4").output
    assert "0.0948" in told
    assert "0.9033" in told
