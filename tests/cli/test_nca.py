"""`protocord nca`: the answer, the tables and figures it writes, and what it refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from protocord.cli import main

DATA = Path(__file__).parents[2] / "docs" / "tutorials" / "data"
SAMPLES, DOSES = DATA / "kinetics_concentrations.csv", DATA / "kinetics_doses.csv"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["nca", "nct06848582", *map(str, words)], catch_exceptions=False)


def test_the_answer_has_parameters_summary_and_footnotes() -> None:
    result = run(SAMPLES, "--doses", DOSES, "--cells")
    assert result.exit_code == 0
    assert "AUCINT" in result.output
    assert "Summary over subjects" in result.output
    for note in ("LLOQ by sample", "Infusions lasted", "Time zero imputed", "Left out: 3 results", "Actual times", "PPTESTCD"):
        assert note in result.output


def test_the_answer_is_said_in_chinese() -> None:
    result = run(SAMPLES, "--doses", DOSES, "--language", "zh")
    assert "受试者汇总" in result.output
    assert "采用实际时间" in result.output


def test_json_has_every_statistic_with_its_reason_or_value() -> None:
    result = run(SAMPLES, "--doses", DOSES, "--every-infusion", "--format", "json")
    statistics = json.loads(result.output)["statistics"]
    assert all((row["value"] is None) == (row["reason"] is not None) for row in statistics)
    found = {row["statistic"] for row in statistics}
    assert {
        "auc_tau",
        "lambda_z",
        "tobit_lambda_z",
        "accumulation_auc",
        "observed_to_superposition",
        "persistence",
        "flags",
    } <= found
    not_given = [row for row in statistics if row["reason"] and row["reason"]["kind"] == "kinetics_infusion_not_given"]
    assert {(row["context"]["subject"], row["context"]["window"]) for row in not_given} == {("SIM-03", "dose_7")}


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_out_holds_results_tables_and_figures(tmp_path: Path, language: str) -> None:
    out = tmp_path / "out"
    assert run(SAMPLES, "--doses", DOSES, "--every-infusion", "--cells", "--out", out, "--language", language).exit_code == 0
    names = {file.name for file in out.iterdir()}
    figures = ("concentration", "dose_aligned", "means_1", "terminal_slopes", "persistence", "peak_trough", "superposition")
    assert {f"{name}.{ending}" for name in figures for ending in ("svg", "png")} <= names
    assert {"results.csv", "results.parquet", "samples.csv", "doses.csv", "profiles_infusions.csv", "means.csv"} <= names
    assert pl.read_csv(out / "samples.csv")["time"].null_count() == 0


@pytest.mark.slow
@pytest.mark.parametrize("found", [True, False], ids=["measured", "all below the limit"])
def test_a_single_infusion_draws_no_figure_with_nothing_in_it(tmp_path: Path, found: bool) -> None:
    samples = pl.read_csv(SAMPLES).filter((pl.col("infusion") == 1) & (pl.col("analyte") == "donor_dna"))
    if not found:
        samples = samples.with_columns(value=pl.lit(None, pl.Float64), censoring=pl.lit("left"))
    samples.write_csv(tmp_path / "samples.csv")
    pl.read_csv(DOSES).filter(pl.col("infusion") == 1).write_csv(tmp_path / "doses.csv")

    result = run(tmp_path / "samples.csv", "--doses", tmp_path / "doses.csv", "--every-infusion", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    names = {file.stem for file in (tmp_path / "out").glob("*.svg")}
    assert ("means_1" in names, "terminal_slopes" in names, "superposition" in names) == (True, found, False)


def test_a_table_that_cannot_be_used_is_refused_with_every_problem(tmp_path: Path) -> None:
    samples = Path(shutil.copy(SAMPLES, tmp_path))
    text = samples.read_text("utf-8")
    samples.write_text(text.replace(",left,", ",lefty,", 1).replace("donor_dna,CB-014", "donor_rna,CB-014", 1), "utf-8")
    result = run(samples, "--doses", DOSES)
    assert result.exit_code == 4
    assert "Did you mean 'left'?" in result.output
    samples.write_text(text.replace("donor_dna,CB-014", "donor_rna,CB-014", 1), "utf-8")
    result = run(samples, "--doses", DOSES)
    assert "row 1, column analyte: 'donor_rna' is none of the study's analytes. Did you mean 'donor_dna'?" in result.output


def test_help_teaches_the_columns() -> None:
    result = CliRunner().invoke(main, ["nca", "--help"])
    assert "Never 0 for below the limit" in " ".join(result.output.split())
    assert "population_count" in result.output
