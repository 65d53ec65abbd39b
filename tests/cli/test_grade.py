"""`protocord grade`: what a person reads in English and Chinese, what a program reads, what is written, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from protocord.cli import main
from protocord.words.layout import WIDTH, width

STUDY = "nct06848582"
RESULTS = """\
subject,date,test,value,unit,low,high,dosed,anticoagulated
1,2025-03-01,ALT,80,U/L,,40,2025-03-05,
1,2025-03-09,ALT,119,U/L,,40,2025-03-05,
1,2025-03-09,NEUT,1.2,10*9/L,2,7,2025-03-05,
1,2025-03-09,INR,1.3,,,,2025-03-05,
1,2025-03-09,CRP,12,mg/L,,,2025-03-05,
2,2025-03-09,Lipase,150,U/L,,60,2025-03-05,
2,2025-03-09,Platelet count,60,10*9/L,150,400,2025-03-05,
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["grade", *(str(one) for one in arguments)], prog_name="protocord")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    file = tmp_path / "results.csv"
    file.write_text(RESULTS, "utf-8")
    return file


def test_grades_are_told_by_term_and_what_has_none_by_reason(results: Path) -> None:
    told = run(STUDY, results, "--first-treatment", "dosed")
    assert told.exit_code == 0
    assert told.output.startswith("nct06848582, protocol version 1.0.0: laboratory results by CTCAE v5.0\n")
    tally = "7 results of 2 participants; 4 graded, 1 to ask about, 1 without a grade, 1 that CTCAE does not grade"
    assert tally in told.output.replace("\n", " ")
    rows = [line.split() for line in told.output.splitlines()]
    assert ["Neutrophil", "count", "decreased", "1"] in rows
    assert "CTCAE has no laboratory term for this test" in told.output
    assert "ask: are there signs or symptoms?" in told.output
    assert all(width(line) <= WIDTH for line in told.output.splitlines())


def test_a_fact_stated_for_all_results_decides_where_they_are_silent(results: Path) -> None:
    told = run(
        STUDY,
        results,
        "--first-treatment",
        "dosed",
        "--stated",
        "anticoagulated=no",
        "--stated",
        "symptoms=yes",
        "--format",
        "json",
    )
    counts = {(one["statistic"], *one["context"].values()): one["value"] for one in json.loads(told.stdout)["statistics"]}
    assert counts["results", "INR increased", "1"] == 1
    assert counts["results", "Lipase increased", "3"] == 1
    assert counts["ask",] == 0


def test_another_version_than_the_protocols_is_marked(results: Path, tmp_path: Path) -> None:
    told = run(STUDY, results, "--ctcae", "6.0", "--out", tmp_path / "out")
    assert (
        "≠ The protocol grades by CTCAE v5.0. These grades are by v6.0, as asked, and are not the protocol's."
        in told.output.replace("\n", " ")
    )
    data = json.loads((tmp_path / "out" / "results.json").read_text("utf-8"))
    assert (data["about"]["ctcae"], data["about"]["ctcae_of_protocol"], data["about"]["differs_from_protocol"]) == (
        "6.0",
        "5.0",
        "yes",
    )
    same = json.loads(run(STUDY, results, "--ctcae", "5.0", "--format", "json").stdout)
    assert same["about"]["differs_from_protocol"] == "no"


def test_grades_and_worst_grades_are_written_with_the_counts(results: Path, tmp_path: Path) -> None:
    told = run(STUDY, results, "--first-treatment", "dosed", "--out", tmp_path / "out")
    assert told.exit_code == 0
    assert {"grades.csv", "worst.csv", "results.csv", "results.json", "results.parquet"} <= {
        file.name for file in (tmp_path / "out").iterdir()
    }
    grades = pl.read_csv(tmp_path / "out" / "grades.csv")
    assert grades.height == 7
    assert grades["grade_high"].to_list()[:2] == [0, 0]
    assert grades["atoxgr"].to_list()[2] == -2
    assert set(grades["version"].to_list()) == {5.0}
    worst = pl.read_csv(tmp_path / "out" / "worst.csv")
    assert worst.filter(pl.col("term") == "Platelet count decreased")["worst_grade"].to_list() == [2]


def test_everything_is_said_in_chinese_too(results: Path) -> None:
    told = run(STUDY, results, "--language", "zh")
    assert "按CTCAE v5.0对检验结果分级" in told.output
    assert "中性粒细胞计数降低" in told.output
    assert "首次治疗日期未知" in told.output
    assert all(width(line) <= WIDTH for line in told.output.splitlines())


def test_ranges_and_subjects_come_from_tables_of_their_own(results: Path, tmp_path: Path) -> None:
    ranges, people = tmp_path / "ranges.csv", tmp_path / "people.csv"
    ranges.write_text(
        "laboratory,test,sex,age_low,age_high,low,high,unit\nA,ALT,any,0,4,1,30,U/L\nA,ALT,any,5,18,1,40,U/L\n", "utf-8"
    )
    people.write_text("subject,first_treatment,sex,birth_date\n1,2025-03-05,male,2018-01-01\n", "utf-8")
    results.write_text(
        "subject,date,test,value,unit,laboratory\n1,2025-03-09,ALT,130,U/L,A\n1,2025-03-01,ALT,20,U/L,A\n", "utf-8"
    )
    told = run(STUDY, results, "--ranges", ranges, "--first-treatment", people, "--out", tmp_path / "out")
    assert "row 1, column age_high: ALT at A has no range from 4 to 5 years" in told.stderr
    grades = pl.read_csv(tmp_path / "out" / "grades.csv")
    assert grades["range_from"].to_list() == ["row 2", "row 2"]
    assert grades["grade_high"].to_list() == [2, 0]


@pytest.mark.parametrize(
    ("content", "arguments", "code", "said"),
    [
        (
            "subject,date,test,value,unit,low,high\n1,2025-03-09,ALT,1,U/L,5,4\n",
            (),
            4,
            "results.csv: row 1, column low: 5 lies above",
        ),
        (
            "subject,date,test,value,unt\n1,2025-03-09,ALT,1,U/L\n",
            (),
            4,
            "results.csv: column unit: is missing. Is it the column 'unt'?",
        ),
        (
            RESULTS,
            ("--first-treatment", "nothing"),
            4,
            "results.csv: column nothing: is neither a file nor a column of the results.",
        ),
        (RESULTS, ("--ctcae", "4.03"), 2, "there are no tables of CTCAE version '4.03'"),
        (RESULTS, ("--stated", "drunk=yes"), 2, "'drunk=yes' states nothing."),
        (RESULTS, ("--stated", "symptoms=perhaps"), 2, "states nothing"),
    ],
)
def test_a_problem_is_named_and_ends_the_command_with_its_code(
    tmp_path: Path, content: str, arguments: tuple[str, ...], code: int, said: str
) -> None:
    file = tmp_path / "results.csv"
    file.write_text(content, "utf-8")
    told = run(STUDY, file, *arguments, "--out", tmp_path / "out")
    assert told.exit_code == code
    assert said in told.output
    assert not (tmp_path / "out").exists()


def test_a_parquet_table_and_a_tab_separated_one_are_read_with_a_named_column(results: Path, tmp_path: Path) -> None:
    frame = pl.read_csv(results, infer_schema=False)
    frame.write_parquet(tmp_path / "r.parquet")
    frame.write_csv(tmp_path / "r.tsv", separator="\t")
    told = [
        run(STUDY, file, "--first-treatment", "dosed", "--format", "json")
        for file in (results, tmp_path / "r.parquet", tmp_path / "r.tsv")
    ]
    assert len({one.stdout for one in told}) == 1
    assert told[0].exit_code == 0


def test_help_teaches_the_columns() -> None:
    told = run("--help").output
    for name in ("before_treatment", "anticoagulated", "age_high", "first_treatment", "valid_from"):
        assert name in told


def test_asking_for_help_on_another_command_loads_no_engine() -> None:
    program = "import sys; from protocord.cli import main; import protocord.cli.grade; print('protocord.safety' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
