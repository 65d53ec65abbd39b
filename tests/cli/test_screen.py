"""`protocord screen`: what a person reads in English and Chinese, and what a program reads."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from protocord.cli import main
from protocord.words.layout import WIDTH, width

Run = Callable[..., Result]

FACTS = """\
subject: NK-003
facts:
  - { concept: Birth date, date: 2019-03-14 }
  - { concept: ANC, value: 2.4, unit: "10*9/L", date: 2025-06-23 }
  - { concept: Platelet count, value: 60, unit: "10*3/uL", date: 2025-06-23 }
  - { concept: Bone marrow involvement, value: no, date: 2025-06-16 }
  - { concept: Vincristine, start: 2025-03-03, end: 2025-06-12 }
  - { concept: Creatinine, value: 31, unit: umol/L, date: 2025-06-23, range: { high: 44, for_child: yes } }
  - { concept: Height, value: 112, unit: cm, date: 2025-06-23 }
histories:
  - { concept: Chemotherapy }
"""
BUNDLE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"resource": {"resourceType": "Patient", "id": "p1", "birthDate": "2019-03-14"}},
        {
            "resource": {
                "resourceType": "Observation",
                "id": "plt-1",
                "status": "final",
                "code": {"coding": [{"system": "http://lab.example", "code": "PLT"}]},
                "subject": {"reference": "Patient/p1"},
                "effectiveDateTime": "2025-06-23",
                "valueQuantity": {"value": 60, "system": "http://unitsofmeasure.org", "code": "10*9/L"},
            }
        },
    ],
}
DAYS = ("--on", "2025-06-25", "--planned-infusion", "2025-06-30")


@pytest.fixture(scope="module")
def girl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A facts file with one criterion met, two not met, and much missing."""
    file = tmp_path_factory.mktemp("facts") / "girl.yaml"
    file.write_text(FACTS)
    return file


@pytest.fixture(scope="module")
def english(girl: Path) -> str:
    """Her screening in English."""
    result = CliRunner().invoke(main, ["screen", "nct06848582", str(girl), *DAYS], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


@pytest.fixture(scope="module")
def chinese(girl: Path) -> str:
    """The same in Chinese, asked for by the environment."""
    result = CliRunner(env={"PROTOCORD_LANGUAGE": "zh"}).invoke(
        main, ["screen", "nct06848582", str(girl), *DAYS], catch_exceptions=False
    )
    assert result.exit_code == 0
    return result.output


def block(output: str, criterion: str) -> str:
    """The lines of one criterion."""
    return next(part for part in output.split("\n\n") if f"  {criterion} " in part.splitlines()[0])


def test_the_head_says_who_by_which_protocol_on_which_days_and_the_outcome(english: str) -> None:
    assert english.startswith("NK-003  Umbilical Cord Blood NK Cell Therapy")
    assert "\nnct06848582, protocol 1.0.0, content " in english
    assert "\nassessed on 2025-06-25, first infusion planned for 2025-06-30\n" in english
    assert "\n✗ not eligible   2 met · 2 not met · 12 unknown · 0 review\n" in english


def test_a_criterion_shows_answer_reason_threshold_fact_unit_date_and_source(english: str) -> None:
    shown = block(english, "I12b")

    assert shown.startswith("✗ not met  I12b  Platelet count (PLT) ≥ 75 × 10^9/L")
    assert "75 ×10⁹/L" in shown.partition("      asked    ")[2].splitlines()[0]
    assert "Platelet count           60 ×10³/µL (= 60 ×10⁹/L)  2025-06-23  girl.yaml:5" in shown


def test_what_is_missing_and_the_reference_date_are_said(english: str) -> None:
    assert "missing  Total bilirubin: no usable record from 2025-06-18 to 2025-06-25" in block(english, "I12c")
    assert "Bedside Schwartz" in block(english, "I12c")
    assert "2025-07-03 on" in block(english, "I07")
    assert "as of    2025-06-30" in block(english, "I07")
    assert "as of" not in block(english, "I12a")


def test_every_day_is_covered_and_every_stretch_says_what_blocks_it(english: str) -> None:
    stretches = [line for line in english.splitlines() if line.startswith("  20")]

    assert stretches[0].startswith("  2025-06-25 – 2025-06-27  ✗ not eligible")
    assert "✗ I07 I12b · ? I01" in stretches[0]
    assert all("✗" in line or "?" in line for line in stretches)
    assert "No day is eligible yet." in english


def test_the_exclusion_criteria_that_nobody_could_read_are_told_every_time(english: str, chinese: str) -> None:
    assert "exclusion criteria of this study were not retrieved" in english
    assert "排除标准" in chinese


def test_chinese_says_the_same_in_columns_that_align(english: str, chinese: str) -> None:
    facts = [line for line in chinese.splitlines() if "girl.yaml:4" in line or "girl.yaml:6" in line][:2]
    marks = [[line[0] for line in said.splitlines() if line[:1] in {"✓", "✗", "?", "!"}] for said in (english, chinese)]

    assert "\n✗ 不符合入组条件   2 符合 · 2 不符合 · 12 无法判定 · 0 需判断\n" in chinese
    assert len({width(line.partition("2025-")[0]) for line in facts}) == 1
    assert marks[0] == marks[1]


def test_no_line_is_wider_than_a_hundred_columns(english: str, chinese: str) -> None:
    assert [line for line in (english + chinese).splitlines() if width(line) > WIDTH] == []


def test_json_carries_the_screening_its_hash_and_the_days(run: Run, girl: Path) -> None:
    answer = json.loads(run("screen", "nct06848582", girl, *DAYS, "--format", "json").output)

    assert answer["screening"]["outcome"] == "ineligible"
    assert len(answer["content_hash"]) == 64
    assert answer["timeline"]["segments"][0]["blocking"][0] == "I01"
    assert answer["unmapped"] == []


def test_a_bundle_is_read_and_what_no_concept_took_is_listed(run: Run, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.json"
    bundle.write_text(json.dumps(BUNDLE))

    output = run("screen", "nct06848582", bundle, *DAYS).output

    assert "Of the bundle, not used (1):\n  Observation/plt-1 http://lab.example|PLT" in output
    assert block(output, "I12b").startswith("? unknown")


def test_a_mapping_lends_a_bundle_its_concepts(run: Run, tmp_path: Path) -> None:
    bundle, mapping = tmp_path / "bundle.json", tmp_path / "hospital.yaml"
    bundle.write_text(json.dumps(BUNDLE))
    mapping.write_text('codes:\n  "http://lab.example|PLT": Platelet count\n')

    output = run("screen", "nct06848582", bundle, *DAYS, "--mapping", mapping).output

    assert "Of the bundle" not in output
    assert "60 ×10⁹/L  2025-06-23  Observation/plt-1" in block(output, "I12b")


def test_a_mapping_for_a_facts_file_is_refused_rather_than_ignored(run: Run, girl: Path, tmp_path: Path) -> None:
    mapping = tmp_path / "hospital.yaml"
    mapping.write_text("codes: {}\n")

    result = run("screen", "nct06848582", girl, "--mapping", mapping)

    assert result.exit_code == 4
    assert "Leave --mapping out" in result.stderr


def test_facts_that_cannot_be_read_are_named_by_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "facts.yaml"
    file.write_text("subject: x\nfacts:\n  - { concept: Birthdate, date: 2019-03-14 }\n")

    result = run("screen", "nct06848582", file)

    assert result.exit_code == 4
    assert "facts.yaml:3: Birthdate: there is no concept 'Birthdate'. Did you mean 'Birth date'?" in result.stderr
    assert result.stdout == ""


def test_the_day_is_today_unless_said_otherwise(run: Run, girl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import date

    monkeypatch.setattr("protocord.cli.screen.today", lambda: date(2025, 6, 25))

    assert "assessed on 2025-06-25, first infusion planned for 2025-06-25" in run("screen", "nct06848582", girl).output


def test_screening_loads_no_django(girl: Path) -> None:
    script = (
        "import sys\nfrom protocord.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print(sorted(name for name in sys.modules if name.split('.')[0] == 'django'))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, "screen", "nct06848582", girl, *DAYS], capture_output=True, text=True, check=True
    )

    assert "not eligible" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_an_infusion_planned_before_the_assessment_is_refused(girl: Path) -> None:
    asked = ["screen", "nct06848582", str(girl), "--on", "2025-06-25", "--planned-infusion", "2025-06-20"]

    result = CliRunner().invoke(main, asked)

    assert result.exit_code == 2
    assert "The planned infusion 2025-06-20 lies before the assessment 2025-06-25." in " ".join(result.output.split())
