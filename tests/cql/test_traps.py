"""The traps of CQL over FHIR: each was a wrong answer once, in a text that translated without a word."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from protocord.criteria import Anchors, FactIndex, Truth, check, parse
from protocord.exchange.cql.library import HELPERS, helper_library, rules_library
from protocord.exchange.fhir import from_bundle
from protocord.exchange.mapping import SiteMapping
from protocord.protocol import STUDIES, load

pytestmark = [pytest.mark.cql, pytest.mark.slow]
RULES = {
    "washout": 'Washout("Chemotherapy", 21 days)',
    "radiotherapy": 'Washout("Radiotherapy", 14 days)',
    "count": "Latest(\"ANC\", 7 days) >= 1.0 '10*9/L'",
    "healed": 'RecoveredTo("Acute non-haematological toxicity", 1)',
    "infusion": 'Ever("Chemotherapy")',
}
CODES = ("Chemotherapy", "Radiotherapy", "ANC", "Acute non-haematological toxicity")
MAPPING = SiteMapping(codes={f"s|{name}": name for name in CODES}, coverage={f"d|{name}": name for name in CODES})


def _code(name: str, system: str = "s") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": name}]}


def _complete(name: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"complete-{name[:4]}",
        "status": "final",
        "code": _code(name, "d"),
        "effectiveDateTime": "2025-03-20",
    }


def _dose(name: str, **effective: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationAdministration",
        "id": name,
        "status": "completed",
        "medicationCodeableConcept": _code("Chemotherapy"),
        **effective,
    }


def _count(name: str, on: str, value: float) -> dict[str, Any]:
    found = {"resourceType": "Observation", "id": name, "status": "final", "code": _code("ANC"), "effectiveDateTime": on}
    return found | {"valueQuantity": {"value": value, "code": "10*9/L"}}


def _grade(name: str, grade: int | None) -> dict[str, Any]:
    found = {"resourceType": "Observation", "id": name, "status": "final", "code": _code("Acute non-haematological toxicity")}
    found |= {"effectiveDateTime": "2025-02-20"}
    return found | {"valueQuantity": {"value": grade, "code": "furlong"} if grade == 9 else {"value": grade, "code": "{grade}"}}


PATIENTS: dict[str, tuple[list[dict[str, Any]], str, bool | None]] = {
    # sorting by an element sorts what wraps it: same day, and the last id decides, whatever the order in the bundle
    "tie": ([_count("b", "2025-02-27", 0.4), _count("a", "2025-02-27", 2)], "count", False),
    "order": ([_count("a", "2025-02-28", 2), _count("z", "2025-02-27", 0.4)], "count", True),
    # the end of a Period without an end is the last day of all, and 21 days more are none
    "open": ([_complete("Chemotherapy"), _dose("a", effectivePeriod={"start": "2024-06-01"})], "washout", None),
    "late": ([_complete("Chemotherapy"), _dose("a", effectivePeriod={"start": "2025-02-20"})], "washout", False),
    # AllTrue leaves out what is unknown
    "all": ([_complete("Acute non-haematological toxicity"), _grade("a", 1), _grade("b", 9)], "healed", None),
    "worst": ([_complete("Acute non-haematological toxicity"), _grade("a", 1), _grade("b", 9), _grade("c", 1)], "healed", None),
    # a where on a day drops what has none
    "undated": (
        [_complete("Radiotherapy"), {"resourceType": "Procedure", "id": "a", "status": "completed", "code": _code("Radiotherapy")}],
        "radiotherapy", None,
    ),
    "partial": ([_complete("Chemotherapy"), _dose("a", effectiveDateTime="2025-02")], "washout", None),
    # a parameter that is not bound is no null
    "unbound": ([_complete("Chemotherapy"), _dose("a", effectiveDateTime="2025-01-01")], "infusion", True),
}  # fmt: skip


def _bundle(name: str, resources: list[dict[str, Any]]) -> dict[str, Any]:
    patient = {"resourceType": "Patient", "id": name, "birthDate": "2012-05-05"}
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in (patient, *resources)]}


@pytest.mark.parametrize("bound", [True, False])
def test_no_trap_catches_the_exported_text(bound: bool, run: Any) -> None:
    concepts = load(STUDIES / "nct06848582").concepts
    rules = {name: check(parse(text), concepts=concepts) for name, text in RULES.items()}
    bundles = [_bundle(name, resources) for name, (resources, _, _) in PATIENTS.items()]
    libraries = {HELPERS: helper_library(), "Rules": rules_library("Rules", rules, concepts, MAPPING)}
    days = {"Reference Date": "2025-03-01"} | ({"Planned Infusion": None} if bound else {})
    found = run(libraries, "Rules", days, bundles)
    truths = {Truth.TRUE: True, Truth.FALSE: False, Truth.UNKNOWN: None}
    for bundle, (name, (_, rule, expected)) in zip(bundles, PATIENTS.items(), strict=True):
        data = json.loads(json.dumps(bundle), parse_float=Decimal)
        index = FactIndex(from_bundle(data, concepts=concepts, mapping=MAPPING).record, concepts)
        on = date(2025, 3, 1)
        assert truths[rules[rule].truth(index, Anchors(on, on))] is expected, name
        assert found[name][rule] is expected, name
