"""`protocord cohort what-if`: the changes it tells, the limits it is asked for, the charts it writes, and what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from protocord.cli import main

ROOT = Path(__file__).parents[2]
DATA = ROOT / "docs" / "tutorials" / "data"
STUDY, DAY = "nct06848582", ("--on", "2025-06-25", "--planned-infusion", "2025-06-30")
MAPPING = ("--mapping", DATA / "cohort_mapping.yaml")


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["cohort", "what-if", *map(str, (DATA / "omop", STUDY, *words))], catch_exceptions=False)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("what_if") / "out"


@pytest.fixture(scope="module")
def asked(out: Path) -> Result:
    wishes = ("--limit", "I12a: 1.0 -> 0.75, 0.5", "--limit", "lab_window: -> 14 days", "--days", "I07: 21")
    return run(*MAPPING, *DAY, *wishes, "--out", out)


def test_what_is_asked_for_is_told_also_where_it_admits_nobody(asked: Result) -> None:
    assert asked.exit_code == 0
    for said in (
        "As written: 4 eligible; 155 not kept out, 139 of them undecided.",
        "Limits moved (3 of 3)",
        "I12a Absolute neutrophil count ≥ 1.0 → 0.5 ×10⁹/L",
        "I12a Absolute neutrophil count ≥ 1.0 → 0.75 ×10⁹/L",
        "lab_window 7 → 14 days (I12a, I12b, I12c, I12d)",
        "without I07",
        "Along the limit: I07 Myelosuppressive chemotherapy: washout 21 days",
        "as written",
    ):
        assert said in asked.output
    assert re.search(r"\+1 +\+6 +\+5 +I12a Absolute neutrophil count ≥ 1\.0 → 0\.5 ×10⁹/L", asked.output)


def test_the_folder_holds_every_number_and_a_chart_for_each_curve(asked: Result, out: Path) -> None:
    assert asked.exit_code == 0
    results = pl.read_parquet(out / "results.parquet")
    curve = results.filter((pl.col("analysis") == "curve") & (pl.col("statistic") == "possible"))

    assert {file.name for file in out.iterdir()} >= {"what_if.svg", "what_if.png", "curve_1.svg", "curve_1.png", "results.csv"}
    assert set(results["analysis"]) == {"what_if", "together", "curve"}
    assert curve["at"].to_list() == [float(day) for day in range(0, 43, 3)]
    assert curve["value"].is_sorted(descending=True)
    assert set(results.filter(pl.col("change") == "limit")["method"]) >= {"asked"}


@pytest.mark.slow
def test_without_a_wish_every_limit_is_tried_and_each_kind_of_change_is_told() -> None:
    result = run(*MAPPING, *DAY, "--language", "zh")

    assert result.exit_code == 0
    for said in ("改动界值（9/194）", "不计某条标准（8/16）", "其他解读（0/19）", "骨髓抑制性化疗：洗脱期 21 → 16天", "合并改动"):
        assert said in result.output


@pytest.mark.slow
def test_all_shows_what_admits_nobody_too_and_json_has_the_place_of_each_limit() -> None:
    everything = run(*MAPPING, *DAY, "--limit", "I12a: 1.0 -> 2", "--all")
    data = json.loads(run(*MAPPING, *DAY, "--limit", "I12a: 1.0 -> 2", "--format", "json").output)

    assert "Other readings (19 of 19)" in everything.output
    assert "I04 read as" in everything.output
    (moved,) = [
        one for one in data["statistics"] if one["context"].get("change") == "limit" and one["statistic"] == "possible_more"
    ]
    assert moved["context"]["place"] == "eligibility.yaml:562:109, eligibility.yaml:568:39"
    assert moved["value"] < 0


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (
            ("--limit", "I12a: 2.0 -> 1"),
            "The limits of I12a are: Latest(\"ANC\") >= 0.5 '10*9/L'; Latest(\"ANC\") >= 1.0 '10*9/L'",
        ),
        (("--days", "I12a: 1 -> 2"), "I12a writes no limit 1."),
        (("--limit", "I12: 2.0 -> 1"), "Did you mean"),
    ],
)
def test_a_limit_that_the_criterion_does_not_write_is_refused_with_those_that_it_writes(wish: tuple[str, str], said: str) -> None:
    result = run(*wish)

    assert result.exit_code == 2
    assert said in result.output
