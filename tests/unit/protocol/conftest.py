"""A small whole study, of which a test's docstring replaces parts; what is said about it comes back as lines.

In a docstring, `# file: forms/blood.yaml` begins a whole file and `# in schedule.yaml: visits` the new text of one top-level key.
A line that ends in `# <--` is one at which a problem is expected: the fixture `told` demands exactly these places.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from protocord.errors import DocumentProblems, Problem
from protocord.protocol import Protocol, load
from protocord.protocol.check import CHECKS

MARK = "# <--"
_PART = re.compile(r"^# (file:|in) (\S+?)(?:: (\S+))?\n((?:(?!# file: |# in ).+\n?)*)", re.MULTILINE)

SMALL: dict[str, dict[str, str]] = {
    "study.yaml": {
        "id": "id: small",
        "version": 'version: "1.0.0"',
        "date": "date: 2026-01-01",
        "title": "title:\n  brief: { en: Small, zh: 小 }\n  official: { en: A small study, zh: 小研究 }",
        "registry": "registry: { id: NCT0, name: A registry, status: Recruiting, phase: N/A }",
        "sponsor": "sponsor: { name: { en: A university, zh: 大学 }, class: academic }",
        "population": "population: { condition: { en: Sarcoma, zh: 肉瘤 }, sex: all, age_max: 18, healthy_volunteers: no, enrolment: 10 }",
        "objectives": "objectives:\n  - { id: safety, level: primary, text: { en: Safety, zh: 安全 }, source: registry }",
        "endpoints": "endpoints:\n  - id: ae\n    objective: safety\n    level: primary\n    text: { en: Events, zh: 事件 }\n"
        "    time_frame: { en: 28 days, zh: 28天 }\n    source: convention",
        "arms": "arms:\n  - { id: nk, type: experimental, name: { en: NK, zh: NK }, description: { en: Cells, zh: 细胞 }, source: registry }",
        "sites": "sites:\n  - id: north\n    code: \"01\"\n    name: { en: North, zh: 北院 }\n    city: { en: North City, zh: 北市 }\n"
        "    country: CN\n    time_zone: Asia/Shanghai\n    source: registry",
        "epochs": "epochs:\n  - { id: screening, name: { en: Screening, zh: 筛选 }, source: convention }\n"
        "  - { id: treatment, name: { en: Treatment, zh: 治疗 }, source: convention }",
        "design": "design:\n  allocation: na\n  model: single_group\n  masking: none\n  purpose: treatment\n  planned_subjects: 10\n"
        "  analysis_sets:\n"
        "    - { id: treated, name: { en: Treated, zh: 已治疗 }, definition: { en: All, zh: 全部 }, requires: [treated], source: convention }\n"
        "  source: registry",
        "regulation": "regulation: { profile: cn_iit_cell, sae_report_hours: 24, retention_years: 30, ctcae: \"5.0\", "
        "cdisc_ct: 2025-03-28, assent_age: 8, majority_age: 18, source: convention }",
    },
    "eligibility.yaml": {
        "parameters": "parameters:\n  - { id: lab_window, value: 7 days, text: { en: Window, zh: 窗 }, source: convention }",
        "exclusion_status": "exclusion_status: not_retrieved",
        "criteria": "criteria:\n  - id: I01\n    type: inclusion\n    text: { en: Enough neutrophils, zh: 中性粒细胞足够 }\n"
        "    rule: Latest(\"ANC\", lab_window) >= 1.0 '10*9/L'\n    reading: { en: As written, zh: 按原文 }\n    source: registry",
    },
    "schedule.yaml": {
        "activities": "activities:\n  - { id: blood, name: { en: Blood count, zh: 血常规 }, source: convention }",
        "visits": "visits:\n"
        "  - { id: SCR, name: { en: Screening, zh: 筛选 }, epoch: screening, day: -7, activities: [blood], forms: [blood], source: convention }\n"
        "  - { id: D1, name: { en: Infusion, zh: 输注 }, epoch: treatment, day: 1, infusion: 1, source: convention }\n"
        "  - id: D43\n    name: { en: Assessment, zh: 评估 }\n    epoch: treatment\n    day: 43\n    forms: [blood]\n    source: convention",
    },
    "dosing.yaml": {
        "product": "product:\n  id: nk\n  name: { en: NK cells, zh: NK细胞 }\n  kind: allogeneic_nk_cells\n  origin: cord_blood\n"
        "  active_cells: { en: Viable cells, zh: 活细胞 }\n  genetically_modified: no\n  state: either\n  traceability: [lot]\n"
        "  conditional_release: yes\n  source: convention",
        "dose": "dose: { unit: 10*7/kg, basis: actual_body_weight, target: 3, low: 1, high: 10, source: convention }",
        "infusions": "infusions: { planned: 1, min_gap_days: 5, skip_if_delayed_days: 14, tolerance_percent: { low: 80, high: 120 }, "
        "source: convention }",
        "weight": "weight: { max_age_days: 7, recalculate_percent: 10, source: convention }",
        "administration": "administration: { route: intravenous, shortest: 15 minutes, longest: 60 minutes, "
        "text: { en: No filter, zh: 不用滤器 }, source: convention }",
        "observation": "observation: { signs: [Body temperature], minutes: [0, 60], reaction_window: 4 hours, source: convention }",
        "lymphodepletion": "lymphodepletion: { used: no, text: { en: None, zh: 无 }, source: convention }",
    },
    "safety.yaml": {
        "grading": "grading:\n  scales:\n    - { scale: ctcae, version: \"5.0\", source: standard }\n"
        "  baseline: last_before_first_treatment\n  source: convention",
        "adverse_events": "adverse_events:\n  collection:\n"
        "    - { id: all, text: { en: All, zh: 全部 }, what: all, start: first_infusion, end: last_infusion, source: convention }\n"
        "  emergent_until: 30 days\n"
        "  serious: { criteria: [death], progression: no, planned_admission: no, source: convention }\n"
        "  causes: { causes: [product], levels: [unrelated, possible], related_from: possible, source: convention }\n"
        "  source: convention",
    },
    "efficacy.yaml": {
        "assessments": "assessments: { baseline_days: 28, visits: [D43], source: convention }",
        "response": "response:\n  criteria: RECIST 1.1\n  confirmation: { required: yes }\n  stable_min_days: 42\n  source: standard",
    },
    "kinetics.yaml": {"rules": "rules: { source: convention }"},
    "forms/blood.yaml": {
        "id": "id: blood",
        "version": "version: 1",
        "title": "title: { en: Blood count, zh: 血常规 }",
        "source": "source: convention",
        "sections": "sections:\n  - id: count\n    title: { en: Count, zh: 计数 }\n    items:\n"
        "      - { id: day, type: date, label: { en: Date, zh: 日期 } }\n"
        "      - { id: anc, type: number, label: { en: ANC, zh: 中性粒细胞 }, concept: ANC, units: [10*9/L] }\n"
        "    facts:\n      - { concept: ANC, value: anc, date: day }",
    },
}  # fmt: skip


@dataclass
class Small:
    """The small study as a folder, to be changed and loaded."""

    folder: Path

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def key(self, name: str, key: str, text: str) -> None:
        """Replace (or add) the text of one top-level key of a document."""
        self.write(name, "\n".join({**SMALL[name], key: text}.values()) + "\n")

    def load(self) -> Protocol:
        return load(self.folder)

    def problems(self) -> tuple[Problem, ...]:
        try:
            self.load()
        except DocumentProblems as wrong:
            return wrong.problems
        return ()

    def name(self, problem: Problem) -> str:
        return str(Path(problem.place.file).relative_to(self.folder)) if problem.place.file != str(self.folder) else "."


@pytest.fixture
def small(tmp_path: Path, request: pytest.FixtureRequest) -> Small:
    """The small study, with the parts that the test's docstring replaces."""
    study = Small(tmp_path / "small")
    for name, parts in SMALL.items():
        study.write(name, "\n".join(parts.values()) + "\n")
    doc = inspect.cleandoc(request.function.__doc__ or "")
    changed: dict[str, dict[str, str]] = {}
    for kind, name, key, text in _PART.findall(doc):
        if kind == "file:":
            study.write(name, text)
        else:
            changed.setdefault(name, dict(SMALL[name]))[key] = text.rstrip("\n")
    for name, parts in changed.items():
        study.write(name, "\n".join(parts.values()) + "\n")
    return study


@pytest.fixture
def told(small: Small) -> list[str]:
    """What loading says, without places; the places must be the lines marked in the docstring, and no others."""
    problems = small.problems()
    assert {(small.name(problem), problem.place.line) for problem in problems} == marked_lines(small), "\n".join(
        map(str, problems)
    )
    return [f"{problem.place.item}: {problem.what} {problem.remedy}".strip() for problem in problems]


@pytest.fixture
def slips(small: Small) -> dict[str, list[str]]:
    """What each check that finds something says; the places must be the lines marked in the docstring, and no others."""
    protocol = small.load()
    found = {name: sorted(one(protocol)) for name, one in CHECKS.items()}
    problems = [problem for said in found.values() for problem in said]
    assert {(small.name(problem), problem.place.line) for problem in problems if problem.place.line} == marked_lines(small), (
        "\n".join(map(str, problems))
    )
    return {
        name: [f"{problem.place.item}: {problem.what} {problem.remedy}" for problem in said]
        for name, said in found.items()
        if said
    }


def marked_lines(small: Small) -> set[tuple[str, int]]:
    """The lines of the study's files at which a problem is expected."""
    return {
        (str(path.relative_to(small.folder)), number)
        for path in small.folder.rglob("*.yaml")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if line.rstrip().endswith(MARK)
    }
