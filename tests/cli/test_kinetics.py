"""`protocord kinetics`: exit codes, words, and what is written."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from protocord.cli import main

DATA = Path(__file__).resolve().parents[2] / "docs" / "tutorials" / "data"
STUDY = "nct06848582"


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["kinetics", *words])


def test_a_simulation_says_where_each_number_comes_from_and_writes_what_fit_reads(tmp_path: Path) -> None:
    out = tmp_path / "made"
    result = run("simulate", STUDY, "--children", "12", "--seed", "7", "--out", str(out))
    assert result.exit_code == 0, result.output
    assert "slow_half_life: typical 2.500 d (the study's assumption)" in result.output
    assert "lloq: typical 50.00 {copies}/ug (shipped base scenario)" in result.output
    assert {"concentrations.csv", "doses.csv", "results.csv", "bands.svg", "bands.png"} <= {file.name for file in out.iterdir()}
    again = run("simulate", STUDY, "--children", "12", "--seed", "7", "--format", "json")
    assert json.loads(again.output)["statistics"] == json.loads((out / "results.json").read_text("utf-8"))["statistics"]


@pytest.mark.slow
def test_workers_make_no_difference_to_a_simulation() -> None:
    alone, shared = (
        run("simulate", STUDY, "--children", "12", "--seed", "7", "--workers", workers, "--format", "json") for workers in "12"
    )
    assert json.loads(alone.output)["statistics"] == json.loads(shared.output)["statistics"]


def test_counting_needs_its_limit() -> None:
    result = run("simulate", STUDY, "--cells")
    assert result.exit_code == 2
    assert "Counting in cells/uL needs its limit" in result.output


def test_an_analyte_or_a_cell_that_is_wrong_is_named(tmp_path: Path) -> None:
    files = [str(DATA / f"kinetic-models_{name}.csv") for name in ("concentrations", "doses")]
    assert "is no analyte of the study" in run("fit", STUDY, files[0], "--doses", files[1], "--analyte", "dna").output
    broken = tmp_path / "broken.csv"
    pl.read_csv(files[0]).with_columns(value=pl.lit("much")).write_csv(broken)
    result = run("fit", STUDY, str(broken), "--doses", files[1], "--analyte", "donor_dna")
    assert result.exit_code == 4
    assert "broken.csv: row 1, column value: 'much' is not a number" in result.output


def test_blood_says_what_is_left_out_and_why() -> None:
    result = run("blood", STUDY)
    assert result.exit_code == 0
    assert "637.5 mL of blood; at most 6.375 mL a day and 19.125 mL in 28 days" in result.output
    assert "C1D1-4H, cytokines: Left out: 1 mL asked, 0.375 mL left on that day" in result.output
    assert "Every planned tube fits." in run("blood", STUDY, "--weight", "40", "--age", "12").output
    assert "未采" in run("blood", STUDY, "--language", "zh").output
    assert run("blood", STUDY, "--drawn", "0:2").exit_code == 2


def test_blood_drawn_before_counts() -> None:
    result = run("blood", STUDY, "--drawn", "-3:30")
    assert "! Study day 1: routine blood, or blood taken already, breaks the guard by itself" in result.output


def test_dynamics_summarises_what_the_protocol_asks() -> None:
    files = [str(DATA / f"kinetic-models_{name}.csv") for name in ("cytokines", "doses")]
    result = run("dynamics", STUDY, files[0], "--doses", files[1])
    assert result.exit_code == 0, result.output
    assert "analyte il6, of fold_change" in result.output


def test_survival_by_exposure_without_a_landmark_is_refused_and_the_remedy_works() -> None:
    file = str(DATA / "kinetic-models_exposures.csv")
    refused = run("exposure", STUDY, file, "--metric", "auc_0_28d", "--outcome", "survival")
    assert refused.exit_code == 6
    assert "immortal-time bias" in refused.output
    assert "landmark 28" in refused.output
    allowed = run("exposure", STUDY, file, "--metric", "auc_0_28d", "--outcome", "survival", "--landmark", "28")
    assert allowed.exit_code == 0
    assert "hazard_ratio" in allowed.output


@pytest.mark.parametrize("command", ["simulate", "fit", "blood", "dynamics", "exposure"])
def test_each_commands_help_shows_an_example_of_itself(command: str) -> None:
    assert f"protocord kinetics {command} nct06848582" in run(command, "--help").output


def test_help_lists_the_columns_of_the_tables() -> None:
    assert "lloq" in run("fit", "--help").output
    assert "until" in run("exposure", "--help").output


TABLES = {name: str(DATA / f"kinetic-models_{name}.csv") for name in ("concentrations", "doses", "cytokines", "exposures")}
DRAWING = {
    "fit": ["fit", STUDY, TABLES["concentrations"], "--doses", TABLES["doses"], "--analyte", "donor_dna", "--starts", "2",
            "--replicates", "50"],
    "effects": ["dynamics", STUDY, TABLES["cytokines"], "--doses", TABLES["doses"]],
    "exposure": ["exposure", STUDY, TABLES["exposures"], "--metric", "auc_0_28d"],
    "blood": ["blood", STUDY],
}  # fmt: skip
DRAWN = {
    "fit": {"fits.svg", "vpc.svg"},
    "effects": {"fold_change.svg"},
    "exposure": {"exposure_response.svg"},
    "blood": {"blood.svg"},
}
# A fit prints its estimates and how far its starts agree.
SAID = {("fit", "en"): ("Slow half-life", "converged 2 of 2"), ("fit", "zh"): ("慢速半衰期", "收敛2/2")}
EVERY_DAY = {"fit": "zh", "effects": "en", "exposure": "zh", "blood": "en"}


@pytest.mark.parametrize(
    ("name", "language"),
    [
        pytest.param(name, language, marks=() if EVERY_DAY[name] == language else pytest.mark.slow)
        for name in DRAWING
        for language in ("en", "zh")
    ],
)
def test_every_figure_is_drawn_in_both_languages(tmp_path: Path, name: str, language: str) -> None:
    result = run(*DRAWING[name], "--language", language, "--out", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    assert {file.name for file in tmp_path.rglob("*.svg")} == DRAWN[name]
    assert all(word in result.output for word in SAID.get((name, language), ()))
