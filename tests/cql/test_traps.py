"""The traps of CQL over FHIR: each was a wrong answer once, in a text that translated without a word.

Each is shown twice: our text answers as Protocord does, and the same text with the trap put back does not.
"""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from protocord.criteria import Anchors, FactIndex, Truth, check, parse
from protocord.exchange.cql.canonical import BASE
from protocord.exchange.cql.codes import code_sets
from protocord.exchange.cql.elm import TESTED
from protocord.exchange.cql.library import HELPERS, helper_library, rules_library
from protocord.exchange.fhir import from_bundle
from protocord.exchange.mapping import SiteMapping
from protocord.protocol import STUDIES, load

pytestmark = [pytest.mark.cql, pytest.mark.slow]
ON = date(2025, 3, 1)
DAYS = {"Reference Date": ON.isoformat(), "Planned Infusion": None}
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
    "tie-again": ([_count("a", "2025-02-27", 2), _count("b", "2025-02-27", 0.4)], "count", False),
    "order": ([_count("a", "2025-02-28", 2), _count("z", "2025-02-27", 0.4)], "count", True),
    "order-again": ([_count("z", "2025-02-27", 0.4), _count("a", "2025-02-28", 2)], "count", True),
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


_FLOOR = next(f"{line}\n" for line in helper_library().splitlines() if line.startswith("define function Floor("))
CONCEPTS = load(STUDIES / "nct06848582").concepts
SETS = code_sets("Rules", CONCEPTS, {}, BASE).resources("1.0.0")
BUNDLES = [_bundle(name, resources) for name, (resources, _, _) in PATIENTS.items()]
# The infusion is not planned: it is counted to the day of the assessment.
_AT_INFUSION = '\ndefine "same day":\n  "At infusion" = "At"\n'


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """Our own text: the helper library, and the rules."""
    rules = {name: check(parse(text), concepts=CONCEPTS) for name, text in RULES.items()}
    return {HELPERS: helper_library(), "Rules": rules_library("Rules", rules, CONCEPTS, MAPPING) + _AT_INFUSION}


def _with(texts: dict[str, str], *changes: tuple[str, str]) -> dict[str, str]:
    """The texts with traps put back: each change stands in one of them, once."""
    changed = dict(texts)
    for old, new in changes:
        assert sum(text.count(old) for text in changed.values()) == 1, old
        changed = {name: text.replace(old, new) for name, text in changed.items()}
    return changed


def _caught(found: Any) -> set[str]:
    """The patients of whom an engine answers wrongly."""
    return {name for name, (_, rule, expected) in PATIENTS.items() if found[name][rule] is not expected}


@pytest.fixture(scope="module")
def with_traps(session: Any, texts: dict[str, str]) -> set[str]:
    """The patients caught by the first, second and fourth trap; none of the three has to do with the others' rules."""
    changed = {"FHIRHelpers": _FHIR_HELPERS} | _with(texts, *_SORTED, *_END_OF, *_CLOSED)
    return _caught(session.run("Rules", BUNDLES, DAYS, value_sets=SETS, libraries=changed))


@pytest.mark.parametrize("bound", [True, False])
def test_no_trap_catches_the_exported_text(bound: bool, session: Any, texts: dict[str, str]) -> None:
    days = DAYS if bound else {"Reference Date": ON.isoformat()}
    found = session.run("Rules", BUNDLES, days, value_sets=SETS, libraries=texts)
    truths = {Truth.TRUE: True, Truth.FALSE: False, Truth.UNKNOWN: None}
    for bundle, (name, (_, rule, expected)) in zip(BUNDLES, PATIENTS.items(), strict=True):
        data = json.loads(json.dumps(bundle), parse_float=Decimal)
        index = FactIndex(from_bundle(data, concepts=CONCEPTS, mapping=MAPPING).record, CONCEPTS)
        checked = check(parse(RULES[rule]), concepts=CONCEPTS)
        assert truths[checked.truth(index, Anchors(ON, ON))] is expected, name
    assert not _caught(found)
    assert all(one["same day"] is True for one in found.values())


# What a text needs that compares the wrappers of FHIR; ours reads `.value` and includes nothing of the kind.
_FHIR_HELPERS = """library FHIRHelpers version '4.0.1'
using FHIR version '4.0.1'
define function ToDateTime(value FHIR.dateTime) returns System.DateTime: value.value
define function ToString(value FHIR.id) returns System.String: value.value
"""
_SORTED = (
    ("include ProtocordHelpers", "include FHIRHelpers version '4.0.1'\ninclude ProtocordHelpers"),
    (
        "P.ObservationFacts([Observation], Patient",
        "P.ObservationFacts(([Observation] O sort by (effective as FHIR.dateTime), id), Patient",
    ),
    (
        _FLOOR,
        f"{_FLOOR}  Last(events E where E.certain and E.dayFirst >= opens and E.dayLast <= at return all E)\n\n"
        + _FLOOR.replace("Floor", "OurFloor"),
    ),
)


def test_first_trap_sorting_by_what_wraps_a_date(with_traps: set[str]) -> None:
    assert {"tie", "tie-again", "order", "order-again"} & with_traps


_PERIOD_END = "define function PeriodEnd(period FHIR.Period) returns System.Date:"
_END_OF = (
    (
        f"{_PERIOD_END} date from period.end.value",
        f"{_PERIOD_END} date from (end of Interval[period.start.value, period.end.value])",
    ),
)


def test_second_trap_the_end_of_a_period_that_has_none(with_traps: set[str]) -> None:
    assert "open" in with_traps


_FOR_ALL = "define function ForAll(truths List<System.Boolean>) returns System.Boolean:\n"


def test_third_trap_all_true_leaves_out_what_is_unknown(session: Any, texts: dict[str, str]) -> None:
    change = (
        f"{_FOR_ALL}  truths T aggregate all R starting (true): R and T",
        f"{_FOR_ALL}  AllTrue(truths)",
    )
    found = session.run("Rules", BUNDLES, DAYS, value_sets=SETS, libraries=_with(texts, change))
    assert {"all", "worst", "open"} <= _caught(found)
    assert found["all"]["healed"] is True  # an unknown grade became a recovery


_CLOSED = (
    (
        "flatten (procedures P where IsOwn(P.subject, patient)",
        "flatten (procedures P where IsOwn(P.subject, patient) and DateFrom(P.performed as FHIR.dateTime) on or before @2025-03-01",
    ),
)


def test_fourth_trap_a_where_on_a_day_drops_what_has_none(with_traps: set[str]) -> None:
    assert "undated" in with_traps


def test_fifth_trap_a_bare_type_is_the_one_of_fhir(session: Any, texts: dict[str, str]) -> None:
    change = ("@2000-01-01 + System.Quantity { value: ToDecimal(dayNumber", "@2000-01-01 + Quantity { value: ToDecimal(dayNumber")
    found = session.ask(translate=_with(texts, change))
    assert [note for note in found["notes"] if note["severity"] == "error"]
    assert not session.ask(translate=texts)["notes"]


def test_sixth_trap_a_parameter_that_is_not_bound_is_no_null(session: Any, texts: dict[str, str]) -> None:
    changed = _with(texts, ('"Planned Infusion" System.Date default null', '"Planned Infusion" System.Date'))
    found = session.run("Rules", BUNDLES, {"Reference Date": ON.isoformat()}, value_sets=SETS, libraries=changed)
    assert all(one["same day"] is None for one in found.values())  # neither the day of the infusion nor that of the assessment


def test_sixth_trap_a_value_set_that_is_missing_ends_the_whole_run(session: Any, texts: dict[str, str]) -> None:
    found = session.ask(run="Rules", libraries=texts, bundles=BUNDLES[:1], parameters=DAYS, valueSets=SETS[1:])
    assert SETS[0]["url"] in found["error"]


@pytest.mark.parametrize(
    "text",
    [
        "define function F(within System.Integer): within",
        "define function F(truths List<System.Boolean>): truths T aggregate R starting true: R",
    ],
)
def test_sixth_trap_words_that_the_translator_does_not_take(text: str, session: Any) -> None:
    found = session.ask(translate={"Small": f"library Small\n{text}\n"})
    assert [note for note in found["notes"] if note["severity"] == "error"]


def test_seventh_trap_no_engine_is_promised_that_the_tests_do_not_run() -> None:
    versions = json.loads((Path(__file__).parent / "engine" / "package.json").read_text("utf-8"))["dependencies"]
    manual = (Path(__file__).parents[2] / "docs" / "how-to" / "export-cql.md").read_text("utf-8")
    assert {name: versions[name] for name in TESTED} == TESTED
    assert f"cql-execution {versions['cql-execution']}" in manual
    assert f"@cqframework/cql@{versions['@cqframework/cql']}" in manual
