"""`protocord check`, `describe` and `examples` on shipped studies and on broken copies of one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from protocord.cli.door import shipped_studies

Run = Callable[..., Result]
STUDIES = sorted(shipped_studies())


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of a shipped study, to be spoilt."""
    return Path(shutil.copytree(shipped_studies()["nct06848582"], tmp_path / "nct06848582"))


def spoil(study: Path, document: str, before: str, after: str) -> int:
    """Replace the first `before` and return its line."""
    text = (study / document).read_text(encoding="utf-8")
    assert before in text
    (study / document).write_text(text.replace(before, after, 1), encoding="utf-8")
    return text[: text.index(before)].count("\n") + 1


@pytest.mark.parametrize("study", STUDIES)
def test_a_shipped_study_has_no_problem_and_lists_what_to_confirm(run: Run, study: str) -> None:
    result = run("check", study)

    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"{study}: no problem\n")
    assert "Our conventions, for the sponsor to confirm or change (" in result.output
    assert "  eligibility.yaml\n" in result.output


def test_what_to_confirm_is_said_in_chinese_too(run: Run) -> None:
    assert "我方约定，待申办者确认或更改" in run("check", "nct06848582", "--language", "zh").output


def test_all_problems_are_named_at_once_by_file_and_line_and_the_exit_code_is_three(run: Run, copy: Path) -> None:
    line = spoil(copy, "eligibility.yaml", "lab_window)", "lab_windw)")
    spoil(copy, "study.yaml", "version:", "versoin:")

    result = run("check", copy)

    assert result.exit_code == 3
    assert f"eligibility.yaml:{line}: " in result.output
    assert "Did you mean lab_window?" in result.output
    assert "Did you mean 'version'?" in result.output


def test_json_gives_problems_and_open_confirmations_as_data(run: Run, copy: Path) -> None:
    whole = json.loads(run("check", copy, "--format", "json").output)
    spoil(copy, "eligibility.yaml", "lab_window)", "lab_windw)")
    broken = run("check", copy, "--format", "json")

    assert whole["problems"] == []
    assert {item["source"] for item in whole["to_confirm"]} >= {"convention", "not_retrieved"}
    assert broken.exit_code == 3
    assert json.loads(broken.output)["problems"][0]["file"].endswith("eligibility.yaml")


@pytest.mark.parametrize(("language", "heading"), [("en", "## Eligibility criteria"), ("zh", "## 入排标准")])
def test_describe_tells_synopsis_schedule_and_criteria_in_each_language(run: Run, language: str, heading: str) -> None:
    result = run("describe", "nct06848582", "--language", language)

    assert result.exit_code == 0
    assert heading in result.output
    assert "C1D8" in result.output
    assert "I12a" in result.output


def test_a_command_on_a_broken_study_names_its_problems_on_the_error_stream(run: Run, copy: Path) -> None:
    spoil(copy, "study.yaml", "version:", "versoin:")

    result = run("describe", copy)

    assert result.exit_code == 3
    assert result.stdout == ""
    assert "Did you mean 'version'?" in result.stderr


def test_the_examples_of_a_study_come_out_as_they_say(run: Run) -> None:
    result = run("examples", "nct06631391")  # tests/studies runs those of every shipped study

    assert result.exit_code == 0, result.output
    assert "each comes out as it says." in result.output


def test_an_example_that_comes_out_otherwise_is_named(run: Run, copy: Path) -> None:
    (copy / "examples.yaml").write_text(
        "examples:\n"
        "  - { id: nobody, text: Nothing is known, on: 2025-06-25, expect: { I02: met }, outcome: eligible, reasons: { I02: [magic] } }\n"
    )

    result = run("examples", copy)

    assert result.exit_code == 3
    assert "nobody: I02 is unknown, not met as the example says." in result.stderr
    assert "I02 gives no reason magic" in result.stderr
    assert "the outcome is incomplete, not eligible" in result.stderr
