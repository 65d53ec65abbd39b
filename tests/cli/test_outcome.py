"""Results reach a person whole: on the screen, or as a folder that is all there or not there."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from protocord.cli.outcome import TableCommand, columns_help, deliver, progress, result_lines
from protocord.errors import Refused
from protocord.report.canvas import Canvas
from protocord.statistics import Results, Statistic
from protocord.tables import Column, Table

RESULTS = Results((Statistic("orr", "estimate", 1 / 3, "1", {"group": "all"}), Statistic("orr", "n", 40)), inputs="ab12")


def figure() -> Canvas:
    return Canvas("A figure", width=3, height=2)


def test_the_folder_holds_the_results_the_tables_and_the_figures(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"

    deliver(RESULTS, figures={"km": figure}, tables={"times": pl.DataFrame({"a": [1]})}, out=out, form="text", language="en")

    written = sorted(path.name for path in out.iterdir() if not path.name.startswith("."))
    assert written == ["km.png", "km.svg", "results.csv", "results.json", "results.parquet", "times.csv"]
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_a_folder_of_an_earlier_run_is_replaced_and_a_persons_own_is_left(tmp_path: Path) -> None:
    out, own = tmp_path / "out", tmp_path / "own"
    own.mkdir()
    (own / "thesis.txt").write_text("mine")

    deliver(RESULTS, figures={"old": figure}, out=out, form="text", language="en")
    deliver(RESULTS, out=out, form="text", language="en")

    assert not (out / "old.svg").exists()
    with pytest.raises(Refused, match="Name an empty or a new folder"):
        deliver(RESULTS, out=own, form="text", language="en")
    assert [path.name for path in own.iterdir()] == ["thesis.txt"]


def test_a_figure_that_fails_leaves_nothing_half_done(tmp_path: Path) -> None:
    def broken() -> Canvas:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        deliver(RESULTS, figures={"good": figure, "bad": broken}, out=tmp_path / "out", form="text", language="en")

    assert list(tmp_path.iterdir()) == []


def test_json_is_the_whole_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deliver(RESULTS, out=tmp_path / "out", form="json", language="en")

    told = json.loads(capsys.readouterr().out)
    assert told["statistics"][0]["value"] == 1 / 3
    assert told["inputs"] == "ab12"


@pytest.mark.parametrize(("language", "header"), [("en", "analysis"), ("zh", "分析")])
def test_a_terminal_shows_one_line_a_statistic(language: str, header: str) -> None:
    lines = result_lines(RESULTS, language)  # type: ignore[arg-type]

    assert lines[0].startswith(header)
    assert lines[1].split() == ["orr", "estimate", "group", "all", "0.33333", "1"]
    assert lines[2].split() == ["orr", "n", "40"]


def test_help_lists_a_tables_columns_with_kind_unit_and_whether_they_may_be_left_out() -> None:
    table = Table(
        "labs",
        "Results.",
        (Column("v", "number", "The value.", unit="mg/L"), Column("k", "choice", "Kind.", False, choices=("a", "b"))),
    )

    said = columns_help(table)

    assert "labs: Results." in said
    assert "v                  The value. (number, mg/L)" in said
    assert "(a|b, may be left out)" in said


def test_progress_yields_everything_where_nobody_watches() -> None:
    assert list(progress(range(3), "work")) == [0, 1, 2]


def test_a_commands_help_ends_with_its_tables_which_are_looked_up_only_then() -> None:
    asked = []

    def tables() -> list[Table]:
        asked.append(1)
        return [Table("labs", "Results.", (Column("value", "number", "The value.", unit="mg/L"),))]

    command = TableCommand("grade", help="Grade.", tables=tables)
    assert asked == []

    said = CliRunner().invoke(command, ["--help"]).output

    assert said.endswith("Columns:\n\n  labs: Results.\n    value              The value. (number, mg/L)\n")
