"""A rule that columns cannot repeat is refused at once, by criterion, file and line; never approximated."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

import protocord
from protocord.cohort.plan.program import program
from protocord.errors import DocumentProblems

DAY = date(2025, 6, 25)
TWO_ASKED = 'AgeInYears() >= AgeInYearsAt("Informed consent")'
MONTHS = 'AgeInYearsAt("Informed consent", 2 months) < 1'


def test_each_rule_that_cannot_be_repeated_is_named_by_criterion_file_and_line(tmp_path: Path) -> None:
    study = shutil.copytree(protocord.STUDIES / "nct06848582", tmp_path / "nct06848582")
    eligibility = study / "eligibility.yaml"
    text = eligibility.read_text(encoding="utf-8")
    for written, instead in (
        ('    rule: AgeInYearsAt("Informed consent") <= 18\n', f"    rule: |\n      AgeInYears() <= 18\n      and {TWO_ASKED}\n"),
        ('    review_when: AgeInYears() < 2 and AgeInYearsAt("Informed consent") < 1\n', f"    review_when: {MONTHS}\n"),
    ):
        assert written in text
        text = text.replace(written, instead, 1)
    eligibility.write_text(text, encoding="utf-8")
    lines = {line.strip(): number for number, line in enumerate(text.splitlines(), 1)}

    with pytest.raises(DocumentProblems) as refused:
        program(protocord.load(study), DAY)

    found = {(problem.place.file, problem.place.line, problem.place.item) for problem in refused.value.problems}
    assert found == {
        (str(eligibility), lines[f"and {TWO_ASKED}"], "criteria.I02.rule"),
        (str(eligibility), lines[f"review_when: {MONTHS}"], "criteria.I02.review_when"),
    }
    assert all(problem.remedy for problem in refused.value.problems)
