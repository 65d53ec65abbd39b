"""What becomes known narrows a grade and never contradicts it: a grade found with findings missing holds the one found with all."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any, TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from protocord.safety.scales import AgvhdFindings, CrsFindings, IcansFindings, agvhd, crs, hypotension, icans
from protocord.safety.scales.crs import OXYGEN
from protocord.values import PartialDate

Findings = TypeVar("Findings", CrsFindings, IcansFindings, AgvhdFindings)

ANSWER = st.booleans()
CRS = st.builds(
    CrsFindings,
    temperature=st.sampled_from([36.5, 37.9, 38.0, 40.1]),
    fever_explained=ANSWER,
    treated=ANSWER,
    hypotension=ANSWER,
    vasopressors=st.integers(0, 3),
    vasopressin=ANSWER,
    oxygen=st.sampled_from(OXYGEN),
    flow=st.sampled_from([1, 6, 6.1, 30]),
    airway_only=ANSWER,
    died=ANSWER,
    # "No hypotension" means that nothing holds the pressure up; a record that contradicts itself is none of this law's business.
).filter(lambda findings: findings.hypotension or not (findings.vasopressors or findings.vasopressin))
ICANS = st.builds(
    IcansFindings,
    years=st.sampled_from([3, 11, 12, 17]),
    delayed=ANSWER,
    ice=st.integers(0, 10),
    capd=st.integers(0, 32),
    capd_unable=ANSWER,
    capd_baseline=st.just(0),
    consciousness=st.sampled_from(["alert", "spontaneous", "voice", "touch", "unarousable"]),
    seizure=st.sampled_from(["none", "resolving", "prolonged_or_repetitive"]),
    motor=st.sampled_from(["none", "deep_focal_weakness"]),
    oedema=st.sampled_from(["none", "focal", "diffuse_or_raised_pressure"]),
    died=ANSWER,
    # Whoever could not be scored has no score: a record that says both contradicts itself.
).map(lambda findings: replace(findings, capd=None) if findings.capd_unable else findings)
AGVHD = st.builds(
    AgvhdFindings,
    skin=st.sampled_from([0, 10, 25, 50, 51]),
    bullae=ANSWER,
    desquamation=st.sampled_from([0, 5, 6]),
    bilirubin=st.sampled_from([1, 2, 3.05, 6, 15, 16]),
    bilirubin_unit=st.just("mg/dL"),
    upper_gut=st.sampled_from(["none", "intermittent", "persistent"]),
    stool_volumes=st.sampled_from([(0, 0, 0), (250, 250, 250), (500, 500, 500), (1600, 1600, 1600)]),
    mixed_with_urine=ANSWER,
    weight=st.sampled_from([12, 50, 51]),
    pain_opioid=ANSWER,
    pain_performance=ANSWER,
    bloody_stool=ANSWER,
)


def forgetting(findings: Findings, forgotten: frozenset[str]) -> Findings:
    changes: dict[str, Any] = {name: () if name.startswith("stool_") else None for name in forgotten}
    return replace(findings, **changes)


def some(kind: type) -> st.SearchStrategy[frozenset[str]]:
    names = [field.name for field in fields(kind) if field.name != "capd_baseline"]
    return st.frozensets(st.sampled_from(names))


@settings(max_examples=100, deadline=None)
@given(CRS, some(CrsFindings), some(CrsFindings))
def test_crs(findings: CrsFindings, one: frozenset[str], other: frozenset[str]) -> None:
    whole, part, less = crs(findings), crs(forgetting(findings, one)), crs(forgetting(findings, one | other))
    assert whole.grade is not None
    assert less.grade_min <= part.grade_min <= whole.grade <= part.grade_max <= less.grade_max
    assert bool(part.reasons) == (part.grade is None)


@settings(max_examples=100, deadline=None)
@given(ICANS, some(IcansFindings), some(IcansFindings))
def test_icans(findings: IcansFindings, one: frozenset[str], other: frozenset[str]) -> None:
    whole, part, less = icans(findings), icans(forgetting(findings, one)), icans(forgetting(findings, one | other))
    assert whole.grade is not None
    assert less.grade_min <= part.grade_min <= whole.grade <= part.grade_max <= less.grade_max
    assert bool(part.reasons) == (part.grade is None)


@settings(max_examples=100, deadline=None)
@given(AGVHD, some(AgvhdFindings), some(AgvhdFindings))
def test_agvhd(findings: AgvhdFindings, one: frozenset[str], other: frozenset[str]) -> None:
    whole, part, less = agvhd(findings), agvhd(forgetting(findings, one)), agvhd(forgetting(findings, one | other))
    assert whole.grade is not None
    assert less.grade_min <= part.grade_min <= whole.grade <= part.grade_max <= less.grade_max
    assert bool(part.reasons) == (part.grade is None)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 18 * 365), st.integers(40, 110), st.booleans())
def test_hypotension(days: int, systolic: int, month_known: bool) -> None:
    on = date(2025, 6, 15)
    birth = on - timedelta(days=days)
    known = hypotension(systolic, birth, on)
    assert known is not None
    part = hypotension(systolic, PartialDate(birth.year, birth.month if month_known else None), on)
    assert part in {known, None}
