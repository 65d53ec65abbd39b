"""`protocord monitor`: limits of a study, positions, rules, surfaces, simulation.

Document under test: protocord.cli.monitor, monitor_rules, monitoring_lines, report.figures.monitoring.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from click.testing import Result

Run = Callable[..., Result]
STUDY = "nct06848582"
EVENTS = Path(__file__).parents[2] / "docs" / "tutorials" / "data" / "monitoring_events.csv"


def test_bounds_are_printed_with_their_direction_and_whether_they_follow(run: Run) -> None:
    said = run("monitor", "bounds", STUDY)
    assert said.exit_code == 0
    assert "The count crosses when it is equal to or above the bound." in said.output
    assert "  38-40      ≥ 14" in said.output
    assert said.output.count("The printed bounds are those that follow from the rule.") == 2
    assert "Every event crosses." in said.output


def test_a_position_is_said_in_each_language(run: Run) -> None:
    english, chinese = run("monitor", "position", STUDY, EVENTS), run("monitor", "position", STUDY, EVENTS, "--language", "zh")
    assert "The limit may be crossed, depending on the pending subjects." in english.output
    assert "Not known yet: 2. With them 3 to 5 events" in english.output
    assert "是否越界取决于待评价者的结果。" in chinese.output


def test_a_table_with_problems_exits_with_4_and_names_them(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "events.csv"
    file.write_text("subject,evaluable,event\na,perhaps,yes\nb,pending,yes\n")
    said = run("monitor", "position", STUDY, file)
    assert said.exit_code == 4
    assert "events.csv: row 1, column evaluable: 'perhaps'" in said.output
    file.write_text("subject,evaluable,event\na,yes,yes\nb,pending,yes\n")
    said = run("monitor", "position", STUDY, file)
    assert said.exit_code == 4
    assert "events.csv: row 2, column evaluable: an event has happened" in said.output


def test_the_help_of_position_lists_the_columns(run: Run) -> None:
    said = run("monitor", "position", "--help").output
    assert "monitoring_events" in said
    assert "Share of the window" in said


def test_characteristics_are_exact_numbers_in_json_too(run: Run) -> None:
    text = run("monitor", "ocs", STUDY, "--rate", "0.25").output
    assert "0.25       0.296" in text
    data = json.loads(run("monitor", "ocs", STUDY, "--rate", "0.25", "--format", "json").output)
    rows = [row for row in data["statistics"] if row["statistic"] == "stops_high" and row["context"]["limit"] == "rule_a_dlt"]
    assert rows[0]["value"] == pytest.approx(0.296312168665, abs=1e-11)


def test_characteristics_say_what_pending_subjects_add(run: Run) -> None:
    """Three pending: expected subjects at 0.25 as protocord.design.monitoring.overrun, itself held to walking every path."""
    text = run("monitor", "ocs", STUDY, "--rate", "0.25", "--pending", "3").output
    assert "With 3 subjects enrolled but not evaluable when it stops" in text
    assert "0.25       32.9               8.22             0.122" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("pocock", "--rate", "0.2", "--looks", "1:40"), "1-2        cannot stop"),
        (("obrien-fleming", "--rate", "0.2", "--looks", "10,20,40"), "O'Brien-Fleming: rate 0.2, delta 0"),
        (("wang-tsiatis", "--rate", "0.2", "--delta", "0.25", "--looks", "10:40:10"), "Wang-Tsiatis: rate 0.2, delta 0.25"),
        (("beta-binomial", "--rate", "0.1", "--prior", "1", "4", "--looks", "1:30"), "Beta-binomial: rate 0.1"),
        (("posterior", "--rate", "0.25", "--prior", "0.5", "1.5", "--certainty", "0.9", "--looks", "3:40"), "38-40      ≥ 14"),
        (("posterior", "--rate", "0.3", "--prior", "1", "1", "--certainty", "0.9", "--looks", "10,20", "--low"), "≤ "),
        (("sprt", "--rate", "0.1", "--alternative", "0.3", "--looks", "1:40"), "crosses low"),
        (("max-sprt", "--rate", "0.3", "--looks", "1:20"), "Maximised sequential"),
    ],
)
def test_every_kind_of_boundary_is_computed(run: Run, arguments: tuple[str, ...], said: str) -> None:
    found = run("monitor", "boundary", *arguments)
    assert found.exit_code == 0, found.output
    assert said in found.output
    assert "Exact, by dynamic programming." in found.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("boundary", "posterior", "--rate", "0.2", "--looks", "3:40"), "posterior needs --certainty"),
        (("boundary", "sprt", "--rate", "0.2", "--alternative", "0.1", "--looks", "3:40"), "must lie above the rate"),
        (("boundary", "pocock", "--rate", "0.2", "--looks", "40:3"), "are no looks"),
        (("boundary", "pocock", "--rate", "0.2", "--looks", "10,ten"), "are no looks"),
        (("boundary", "pocock", "--rate", "0.2", "--looks", "1:9:0"), "are no looks"),
        (("bop2", "--null", "0.4", "--alternative", "0.2", "--looks", "10,20"), "must lie above the null"),
        (
            ("simulate", STUDY, "--toxicity", "0.2", "--seed", "1", "--limit", "rule_c"),
            "it has: rule_a_dlt, rule_b_related_death",
        ),
    ],
)
def test_a_question_that_makes_no_rule_is_a_slip_and_no_bug(run: Run, arguments: tuple[str, ...], said: str) -> None:
    found = run("monitor", *arguments)
    assert found.exit_code == 2
    assert said in found.output


def test_a_grid_without_a_rule_is_refused_with_the_remedy(run: Run) -> None:
    found = run(
        "monitor", "bop2", "--null", "0.2", "--alternative", "0.4", "--alpha", "0.000001", "--looks", "3,4", "--grid", "5"
    )
    assert found.exit_code == 6
    assert "give more looks" in found.output


def test_bop2_prints_the_optimum_and_its_exact_errors(run: Run) -> None:
    asked = ("monitor", "bop2", "--null", "0.2", "--alternative", "0.4", "--alpha", "0.1", "--looks", "10:40:5")
    plain = run(*asked).output
    assert "Type I error 0.0974, power 0.8815" in plain
    stop = run(*asked, "--efficacy-stop", "--grid", "11", "--eta-grid", "31").output
    assert "eta 2: the best of 633 different rules" in stop
    assert "Type I error 0.0986, power 0.8865" in stop


def test_predictive_and_thall_simon_print_their_bounds(run: Run) -> None:
    asked = (
        "--rate",
        "0.2",
        "--certainty",
        "0.9",
        "--threshold",
        "0.001",
        "--prior",
        "0.2",
        "0.8",
        "--looks",
        "10:36",
        "--efficacy",
        "0.99",
    )
    found = run("monitor", "predictive", *asked).output
    assert "10-16      ≤ 0" in found
    assert "≥ " in found
    found = run("monitor", "thall-simon", "--standard", "15", "35", "--prior", "0.6", "1.4", "--looks", "10:40:10").output
    assert "Thall-Simon: standard a 15" in found


def test_the_smallest_predictive_design_is_found_or_refused(run: Run) -> None:
    asked = ("monitor", "predictive-design", "--null", "0.2", "--alternative", "0.4", "--prior", "0.2", "0.8", "--sizes")
    assert "36 subjects, 11 successes needed" in run(*asked, "35:37").output
    refused = run(*asked, "20")
    assert refused.exit_code == 6
    assert "Try larger ones." in refused.output


def test_simulation_says_its_seed_and_its_standard_errors(run: Run) -> None:
    asked = ("monitor", "simulate", STUDY, "--toxicity", "0.25", "--trials", "3000", "--seed", "7")
    one, two = run(*asked), run(*asked, "--workers", "2")
    assert one.exit_code == 0
    assert "3000 trials, seed 7, PCG64DXSM" in one.output
    assert one.output == two.output


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_figures_and_results_are_written_together(run: Run, tmp_path: Path, language: str) -> None:
    for name, asked in {
        "position": ("position", STUDY, EVENTS),
        "ocs": ("ocs", STUDY, "--rate", "0.1", "--rate", "0.25"),
        "rule": ("boundary", "sprt", "--rate", "0.1", "--alternative", "0.3", "--looks", "5:20:5"),
        "surface": ("surface", "--looks", "5:20:5", "--grid", "12", "--odds-ratio", "2"),
    }.items():
        found = run("monitor", *asked, "--language", language, "--out", tmp_path / name)
        assert found.exit_code == 0, found.output
        frame = pl.read_parquet(tmp_path / name / "results.parquet")
        assert frame.height > 0
        for figure in (tmp_path / name).glob("*.png"):
            assert figure.with_suffix(".svg").is_file()
    assert {file.stem for file in (tmp_path / "ocs").glob("*.png")} == {
        f"{kind}_{limit}" for kind in ("ocs", "stopping") for limit in ("rule_a_dlt", "rule_b_related_death")
    }
    assert pl.read_csv(tmp_path / "surface" / "results.csv").height == 12 * 12 * 5
