"""Every cell that an engine of others finds is the one that we find: true, false, or null where it is not known."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest

from protocord.criteria import Anchors, FactIndex, Truth
from protocord.criteria import plan as rows
from protocord.criteria import tree as t
from protocord.criteria.functions import FUNCTIONS
from protocord.eligibility import screen
from protocord.exchange.cql.canonical import BASE
from protocord.exchange.cql.codes import code_sets
from protocord.exchange.cql.library import HELPERS, helper_library, library_name, rules_library, study_code_sets, study_library
from protocord.exchange.fhir import from_bundle
from protocord.protocol import STUDIES, Protocol, load
from protocord.values import SubjectRecord


def _beside(name: str) -> ModuleType:
    """A module that stands beside this one; these folders are no packages."""
    if f"cql_{name}" not in sys.modules:
        spec = importlib.util.spec_from_file_location(f"cql_{name}", Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    return sys.modules[f"cql_{name}"]


patients, drawing = _beside("patients"), _beside("rules")
site_mapping = patients.site_mapping
ON, INFUSION = date(2025, 3, 1), date(2025, 3, 8)
DAYS = {"Reference Date": ON.isoformat(), "Planned Infusion": INFUSION.isoformat()}
_TRUTHS = {Truth.TRUE: True, Truth.FALSE: False, Truth.UNKNOWN: None}
# What rules are drawn over: every kind of concept, some with others above or below them that may be meant.
ASKED = (
    "ANC", "ALT", "Creatinine", "Karnofsky", "Lansky", "Acute non-haematological toxicity", "Peripheral neuropathy",
    "Chemotherapy", "Nitrosourea", "Long-acting growth factor", "Radiotherapy", "Cancer surgery",
    "Stem cell transplantation without TBI", "Bone marrow involvement", "Liver metastasis", "Metastatic disease",
    "Informed consent", "Guardian consent", "Able to comply", "Histology", "Primary site", "Disease status", "Diagnosis date", "Sex",
)  # fmt: skip


def _record(bundle: dict[str, Any], protocol: Protocol) -> SubjectRecord:
    data = json.loads(json.dumps(bundle), parse_float=Decimal)
    return from_bundle(data, concepts=protocol.concepts, mapping=site_mapping(protocol.concepts)).record


def _hospital(protocol: Protocol, asked: set[str], seed: int) -> Any:
    codes = [[member.code for member in one.members] for one in protocol.value_sets.values()]
    return patients.Hospital(protocol.concepts, asked, codes, seed)


def _asked(protocol: Protocol) -> set[str]:
    return {name for one in protocol.rules.values() for rule in (one.rule, one.review_when) if rule for name in rule.concepts}


def _drawn(protocol: Protocol) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The rules that are asked below, and the patients of whom they are asked."""
    sets = {name: tuple(member.code for member in one.members) for name, one in protocol.value_sets.items()}
    rules = drawing.drawn(drawing.Rules(Random(5), protocol.concepts, ASKED, sets), leaves=12, nested=120)
    hospital = _hospital(protocol, set(ASKED), 6)
    return rules, [hospital.patient(number) for number in range(30)]


@pytest.fixture(scope="module")
def study() -> Protocol:
    return load(STUDIES / "nct06848582")


def _differing(protocol: Protocol, found: Any, bundles: list[dict[str, Any]]) -> tuple[list[Any], set[str]]:
    """The cells that are not equal, and the answers that there were."""
    told, different = set(), []
    for bundle in bundles:
        record = _record(bundle, protocol)
        for finding in screen(protocol, record, on=ON, planned_infusion=INFUSION).findings:
            review, met = (found[record.id][f"{finding.criterion_id}{part}"] for part in (" review", ""))
            answer = "review" if review else "unknown" if met is None else "met" if met else "not_met"
            told.add(answer)
            if answer != finding.answer:
                different.append((record.id, finding.criterion_id, str(finding.answer), answer))
    return different, told


@pytest.mark.cql
@pytest.mark.slow
def test_a_study_screens_equally_in_an_engine_of_others(session: Any) -> None:
    protocol = load(STUDIES / "nct06631391")
    hospital = _hospital(protocol, _asked(protocol), 2)
    bundles = [hospital.patient(number) for number in range(30)]
    name = library_name("nct06631391")
    libraries = {HELPERS: helper_library(), name: study_library(protocol, site_mapping(protocol.concepts))}
    sets = study_code_sets(protocol).resources(protocol.version)
    found = session.run(name, bundles, DAYS, value_sets=sets, libraries=libraries)
    different, told = _differing(protocol, found, bundles)
    assert not different
    assert told == {"met", "not_met", "unknown", "review"}


@pytest.mark.cql
@pytest.mark.slow
def test_the_elm_and_the_value_sets_that_the_command_writes_are_what_the_engine_runs(
    session: Any, exported: Any, study: Protocol
) -> None:
    hospital = _hospital(study, _asked(study), 1)
    bundles = [hospital.patient(number) for number in range(30)]
    found = session.run("NCT06848582", bundles, DAYS, value_sets=exported.value_sets, elm=exported.elm)
    different, told = _differing(study, found, bundles)
    assert not different
    assert told == {"met", "not_met", "unknown", "review"}


@pytest.mark.cql
@pytest.mark.slow
def test_every_rule_drawn_means_the_same_in_an_engine_of_others(session: Any, study: Protocol) -> None:
    rules, bundles = _drawn(study)
    checked = {name: rule for name, (_, rule) in rules.items()}
    text = rules_library("Rules", checked, study.concepts, site_mapping(study.concepts), study.value_sets)
    sets = code_sets("Rules", study.concepts, study.value_sets, BASE).resources("1.0.0")
    days = {"Reference Date": ON.isoformat(), "Planned Infusion": None}
    found = session.run("Rules", bundles, days, value_sets=sets, libraries={HELPERS: helper_library(), "Rules": text})
    different = []
    for bundle in bundles:
        record = _record(bundle, study)
        index = FactIndex(record, study.concepts)
        for name, rule in checked.items():
            truth = _TRUTHS[rule.truth(index, Anchors(ON, ON))]
            if found[record.id][name] is not truth:
                different.append((record.id, rule.text, truth, found[record.id][name]))
    assert not different


def test_every_node_kind_and_every_function_of_the_language_is_drawn_and_answered_in_every_way(study: Protocol) -> None:
    rules, bundles = _drawn(study)
    nodes = [node for tree, _ in rules.values() for node in t.walk(tree)]
    assert {type(node) for node in nodes} == set(drawing.NODES)
    assert {node.operator for node in nodes if isinstance(node, t.Compare)} == set(drawing.OPERATORS)
    assert {node.unit for node in nodes if isinstance(node, t.Duration)} == {"day", "week", "month", "year"}
    calls = {(node.function, len(node.arguments)) for node in nodes if isinstance(node, t.Call)}
    for name, function in FUNCTIONS.items():
        least = sum(not argument.optional for argument in function.arguments)
        assert {(name, number) for number in range(least, len(function.arguments) + 1)} <= calls
    assert {type(plan) for _, rule in rules.values() for plan in _plans(rule.plan)} == {
        *rows.Plan.__args__,
        *rows.NumberPlan.__args__,
    }
    told: Counter[tuple[str, Truth]] = Counter()
    for bundle in bundles:
        index = FactIndex(_record(bundle, study), study.concepts)
        for tree, rule in rules.values():
            leaf = tree.left if isinstance(tree, t.Compare) and isinstance(tree.left, t.Call) else tree
            if isinstance(leaf, t.Call):
                told[leaf.function, rule.truth(index, Anchors(ON, ON))] += 1
    assert {(name, truth) for name in FUNCTIONS for truth in Truth} <= set(told)


def _plans(plan: Any) -> list[Any]:
    """A plan and all its parts."""
    parts = (getattr(plan, name, None) for name in ("operand", "condition", "left", "right", "then", "otherwise"))
    return [plan, *(one for part in parts if part is not None for one in _plans(part))]


def _resources(bundles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [entry["resource"] for bundle in bundles for entry in bundle["entry"]]


def _days(resource: dict[str, Any]) -> list[str]:
    found = []
    for key, value in resource.items():
        if key.endswith(("DateTime", "Date", "Instant")) and isinstance(value, str):
            found.append(value)
        if key.endswith("Period"):
            found += value.values()
    return found


def test_the_patients_drawn_carry_what_records_of_hospitals_carry(study: Protocol) -> None:
    _, bundles = _drawn(study)
    every = _resources(bundles)
    days = {day for one in every for day in _days(one)}
    assert any(day.endswith("02-29") for day in days)
    assert {4, 7, 10} <= {len(day) for day in days}  # years, months and days
    assert any("T" in day for day in days)
    assert any(one["resourceType"] == "Patient" and one.get("birthDate", "").endswith("02-29") for one in every)
    assert any(one["resourceType"] == "Patient" and "birthDate" not in one for one in every)
    periods = [value for one in every for key, value in one.items() if key.endswith("Period")]
    assert any("end" not in one for one in periods)
    assert any("start" not in one for one in periods)
    statuses = {one.get("status") for one in every}
    assert {"entered-in-error", "not-done", "completed", "final"} <= statuses
    results = [one for one in every if one["resourceType"] == "Observation" and "valueQuantity" in one]
    units = {(one["code"]["coding"][0]["code"], one["valueQuantity"].get("code")) for one in results}
    assert len({unit for code, unit in units if code == "ANC"}) > 2  # two units, and none
    assert any("referenceRange" not in one for one in results)
    assert any("comparator" in one["valueQuantity"] for one in results)
    assert any("dataAbsentReason" in one for one in every)
    ties = Counter(
        (bundle["entry"][0]["resource"]["id"], one["code"]["coding"][0]["code"], one.get("effectiveDateTime"))
        for bundle in bundles
        for one in _resources([bundle])
        if one in results and "effectiveDateTime" in one
    )
    assert max(ties.values()) > 1
