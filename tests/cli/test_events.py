"""`protocord events` and `protocord scale` on the tutorial's tables: what a person reads, what is written, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from protocord.cli import main
from protocord.words.layout import WIDTH, width

DATA = Path(__file__).parents[2] / "docs" / "tutorials" / "data"
Run = Callable[..., Result]


def table(name: str) -> str:
    return str(DATA / f"adverse-events_{name}.csv")


THREE = (table("events"), table("infusions"), table("followed"))


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words), catch_exceptions=False)


@pytest.mark.slow
def test_counting_prints_the_table_and_writes_results_and_figures(tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = run("events", "count", "nct06848582", *THREE, "--cut-off", "2026-06-30", "--out", str(out))
    assert found.exit_code == 0
    assert "14 treated subjects, 94 infusions" in found.output
    assert "Neutrophil count decreased" in found.output
    assert all(width(line) <= WIDTH for line in found.output.splitlines() if str(tmp_path) not in line)
    written = {file.name for file in out.iterdir() if not file.name.startswith(".")}
    assert {"results.csv", "results.json", "results.parquet", "ae_grid.svg", "ae_incidence.png", "ae_first_event.svg"} <= written


def test_counting_speaks_chinese_and_json() -> None:
    found = run("events", "count", "nct06848582", *THREE, "--cut-off", "2026-06-30", "--language", "zh")
    assert "接受治疗14例，输注94次" in found.output
    assert all(width(line) <= WIDTH for line in found.output.splitlines())
    data = json.loads(run("events", "count", "nct06848582", *THREE, "--cut-off", "2026-06-30", "--format", "json").output)
    assert data["about"]["cut_off"] == "2026-06-30"
    assert {row["analysis"] for row in data["statistics"]} >= {"ae_incidence", "ae_first_rate", "ae_per_infusion", "ae_grid"}


def test_toxicity_is_judged_and_handed_on_to_monitoring(tmp_path: Path) -> None:
    out = tmp_path / "dlt"
    more = ("--course", table("course"), "--results", table("results"), "--states", table("states"))
    found = run("events", "dlt", "nct06848582", *THREE, *more, "--cut-off", "2026-06-30", "--out", str(out))
    assert "2 of 12 evaluable with a dose-limiting toxicity; 0 not yet evaluable, 1 undecided, 2 not evaluable." in found.output
    rows = {row[0]: row[1:] for row in pl.read_csv(out / "monitoring_events.csv").iter_rows()}
    assert rows["01-002"] == ("dlt", "yes", "yes")
    assert rows["01-012"] == ("dlt", "pending", "unknown")
    assert rows["01-010"] == ("dlt", "no", "unknown")
    position = run("monitor", "position", "nct06848582", str(out / "monitoring_events.csv"))
    assert position.exit_code == 0
    assert "2 events among 12 evaluable." in position.output


def test_without_laboratory_results_nobody_is_free_of_cytopenia() -> None:
    found = run("events", "dlt", "nct06848582", *THREE, "--cut-off", "2026-06-30", "--language", "zh")
    assert "可评价1例中1例发生DLT" in found.output or "可评价0例" in found.output
    assert "窗口期内无可用的中性粒细胞" in found.output


def test_shifts_and_the_liver_screen() -> None:
    found = run("events", "shift", "nct06848582", table("results"), *THREE[1:], "--cut-off", "2026-06-30")
    assert "Neutrophil count decreased: from baseline (rows) to worst afterwards (columns), n = 14" in found.output
    assert "1 of 14 subjects with transferase and bilirubin" in found.output


def test_clocks_say_what_is_due_in_both_languages() -> None:
    words = ("events", "clocks", "nct06848582", table("cases"), "--reports", table("reports"), "--at", "2026-05-12T09:00")
    assert "overdue" in run(*words).output
    assert "逾期未报" in run(*words, "--language", "zh").output
    assert run(*words[:-1], "noon").exit_code == 2


@pytest.mark.parametrize(("scale", "said"), [("crs", "low-flow oxygen"), ("icans", "ICE 7 to 9"), ("agvhd", "liver stage 2")])
def test_scales_grade_the_tutorials_tables(scale: str, said: str) -> None:
    assert said in run("scale", scale, table(scale)).output
    assert run("scale", scale, table(scale), "--language", "zh").exit_code == 0


def test_reactions_are_coded_by_the_studys_window() -> None:
    assert "infusion related reaction" in run("scale", "reaction", "nct06848582", table("reactions")).output
    assert "细胞因子释放综合征" in run("scale", "reaction", "nct06848582", table("reactions"), "--language", "zh").output


def test_every_problem_of_a_table_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    broken = tmp_path / "events.csv"
    broken.write_text("subject,event,term,grade,onset,sok\n01-001,1,Fever,7,2025-09-09,x\n01-001,1,Fever,2,9.9.2025,x\n")
    out = tmp_path / "out"
    found = run("events", "count", "nct06848582", str(broken), *THREE[1:], "--cut-off", "2026-06-30", "--out", str(out))
    assert found.exit_code == 4
    assert "events.csv: row 1, column grade: 7 is above 5." in found.stderr
    assert not out.exists()


def test_times_that_cannot_be_read_and_strange_subjects_are_named(tmp_path: Path) -> None:
    broken = tmp_path / "events.csv"
    broken.write_text("subject,event,term,category,grade,onset\n01-001,1,Fever,,2,9.9.2025\n99,1,Fever,crs,2,2025-09-09\n")
    for command in ("count", "dlt"):
        found = run("events", command, "nct06848582", str(broken), *THREE[1:], "--cut-off", "2026-06-30")
        assert found.exit_code == 4
        assert "row 1, column onset" in found.stderr
        assert "row 2, column subject: 99 is not in the table of subjects." in found.stderr


def test_a_row_of_a_scale_that_cannot_be_is_named(tmp_path: Path) -> None:
    file = tmp_path / "crs.csv"
    file.write_text("subject,date,birth_date,systolic\nA,2025-06-01,2025-06-09,80\n")
    found = run("scale", "crs", str(file))
    assert found.exit_code == 4
    assert "row 1: the child is not born on 2025-06-01." in found.stderr


@pytest.mark.parametrize(
    "words",
    [("events", "count"), ("events", "dlt"), ("events", "shift"), ("events", "clocks"), ("scale", "crs"), ("scale", "agvhd")],
)
def test_help_teaches_the_columns(words: tuple[str, ...]) -> None:
    found = run(*words, "--help")
    assert "Columns" in found.output
    assert "The subject's number" in found.output
    assert "Example" in found.output
