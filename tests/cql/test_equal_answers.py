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

from protocord.criteria import Anchors, CheckedRule, FactIndex, RuleProblem, Truth, check, parse
from protocord.criteria.functions import FUNCTIONS
from protocord.eligibility import screen
from protocord.exchange.cql.library import HELPERS, helper_library, library_name, rules_library, study_library
from protocord.exchange.fhir import from_bundle
from protocord.protocol import STUDIES, Protocol, load
from protocord.values import SubjectRecord


def _beside(name: str) -> ModuleType:
    """A module that stands beside this one; these folders are no packages."""
    spec = importlib.util.spec_from_file_location(f"cql_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


patients = _beside("patients")
site_mapping = patients.site_mapping
pytestmark = [pytest.mark.cql, pytest.mark.slow]
ON, INFUSION = date(2025, 3, 1), date(2025, 3, 8)
_TRUTHS = {Truth.TRUE: True, Truth.FALSE: False, Truth.UNKNOWN: None}


def _study(name: str) -> Protocol:
    return load(STUDIES / name)


def _record(bundle: dict[str, Any], protocol: Protocol) -> SubjectRecord:
    data = json.loads(json.dumps(bundle), parse_float=Decimal)
    return from_bundle(data, concepts=protocol.concepts, mapping=site_mapping(protocol.concepts)).record


def _hospital(protocol: Protocol, asked: set[str], seed: int) -> Any:
    codes = [[member.code for member in one.members] for one in protocol.value_sets.values()]
    return patients.Hospital(protocol.concepts, asked, codes, seed)


@pytest.mark.parametrize(("study", "seed"), [("nct06848582", 1), ("nct06631391", 2)])
def test_a_study_screens_equally_in_an_engine_of_others(study: str, seed: int, run: Any) -> None:
    protocol = _study(study)
    rules = [rule for one in protocol.rules.values() for rule in (one.rule, one.review_when) if rule]
    hospital = _hospital(protocol, {name for rule in rules for name in rule.concepts}, seed)
    bundles = [hospital.patient(number) for number in range(30)]
    text = study_library(protocol, site_mapping(protocol.concepts))
    days = {"Reference Date": ON.isoformat(), "Planned Infusion": INFUSION.isoformat()}
    found = run({HELPERS: helper_library(), library_name(study): text}, library_name(study), days, bundles)
    told: Counter[str] = Counter()
    different = []
    for bundle in bundles:
        record = _record(bundle, protocol)
        for finding in screen(protocol, record, on=ON, planned_infusion=INFUSION).findings:
            review, met = (found[record.id][f"{finding.criterion_id}{part}"] for part in (" review", ""))
            answer = "review" if review else "unknown" if met is None else "met" if met else "not_met"
            told[answer] += 1
            if answer != finding.answer:
                different.append((record.id, finding.criterion_id, str(finding.answer), answer))
    assert not different
    assert set(told) == {"met", "not_met", "unknown", "review"}


_LENGTHS = ("3 days", "7 days", "14 days", "21 days", "6 weeks", "1 month", "1 year")
_OPERATORS = ("<", "<=", ">", ">=", "=", "!=")


def _atoms(protocol: Protocol, concept: str, draw: Random) -> list[str]:
    """A call of every function that takes the concept, with a limit where it gives a number."""
    known = protocol.concepts[concept]
    length, operator = draw.choice(_LENGTHS), draw.choice(_OPERATORS)
    found = [f'Recorded("{concept}", {length})', f'Recorded("{concept}")', f'AgeInYearsAt("{concept}") {operator} {draw.choice((1, 8, 16, 18))}',
             f'AgeInYearsAt("{concept}", {length}) {operator} 16', f"AgeInYears() {operator} 17"]  # fmt: skip
    match known.kind.value:
        case "exposure" | "procedure":
            found += [f'Washout("{concept}", {length})', f'Ever("{concept}")', f'OnOrBefore("Informed consent", "{concept}")']
        case "condition":
            found += [f'Has("{concept}")', f'Has("{concept}", {length})', f'OnOrBefore("{concept}", "Chemotherapy")']
        case "attestation":
            found += [f'Attested("{concept}")', f'Attested("{concept}", {length})', f'OnOrBefore("{concept}", "Cancer surgery")']
        case "coded":
            found += [f'CodeIn("{concept}", "{name}")' for name in protocol.value_sets]
        case "date":
            pass
        case kind:
            limit = draw.choice(("0.5", "1", "20", "53.04", "75"))
            found.append(f"Latest(\"{concept}\", {length}) {operator} {limit} '{known.unit}'")
            if kind == "measurement":
                found.append(f'TimesULN("{concept}", {length}) {operator} {draw.choice(("1", "1.5", "3"))}')
            if kind == "toxicity":
                found += [f'RecoveredTo("{concept}", {grade})' for grade in (1, 2)]
    return found


def _rules(protocol: Protocol, seed: int) -> tuple[dict[str, CheckedRule], set[str]]:
    draw = Random(seed)
    asked = sorted({name for one in protocol.rules.values() for name in one.rule.concepts} | {"Histology", "Primary site", "Sex"})
    atoms = [atom for name in asked for atom in _atoms(protocol, name, draw)]
    texts = [
        *atoms,
        *(f"if {draw.choice(atoms)} then {draw.choice(atoms)} else not ({draw.choice(atoms)})" for _ in range(25)),
        *(f"({draw.choice(atoms)}) and (({draw.choice(atoms)}) or null)" for _ in range(10)),
        *(f"({draw.choice(atoms)}) implies ({draw.choice(atoms)})" for _ in range(10)),
        *(f"Latest(\"ANC\", 14 days) >= (if {draw.choice(atoms)} then 0.5 '10*9/L' else 20 '10*9/L')" for _ in range(10)),
    ]
    sets = {name: tuple(member.code for member in one.members) for name, one in protocol.value_sets.items()}
    rules: dict[str, CheckedRule] = {}
    for number, text in enumerate(texts):
        try:
            rules[f"R{number:03d}"] = check(parse(text), concepts=protocol.concepts, value_sets=sets)
        except RuleProblem:
            continue  # a rule that can never be true, say: the study's check refuses it, and so it is never exported
    return rules, {*asked, "Chemotherapy", "Cancer surgery", "Informed consent"}


def test_every_function_means_the_same_in_an_engine_of_others(run: Any) -> None:
    protocol = _study("nct06848582")
    rules, asked = _rules(protocol, 5)
    hospital = _hospital(protocol, asked, 6)
    bundles = [hospital.patient(number) for number in range(30)]
    text = rules_library("Rules", rules, protocol.concepts, site_mapping(protocol.concepts))
    found = run(
        {HELPERS: helper_library(), "Rules": text}, "Rules", {"Reference Date": ON.isoformat(), "Planned Infusion": None}, bundles
    )
    different, told = [], Counter[tuple[str, Truth]]()
    for bundle in bundles:
        record = _record(bundle, protocol)
        index = FactIndex(record, protocol.concepts)
        for name, rule in rules.items():
            truth = rule.truth(index, Anchors(ON, ON))
            told.update((function, truth) for function in FUNCTIONS if f"{function}(" in rule.text)
            if found[record.id][name] is not _TRUTHS[truth]:
                different.append((record.id, rule.text, _TRUTHS[truth], found[record.id][name]))
    assert not different
    assert {(name, truth) for name in FUNCTIONS for truth in Truth} <= set(told)  # each function with each answer
