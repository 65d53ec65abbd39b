"""A bulk export and a Bundle mean the same: random children, written as both, get the same answers from columns and from the row evaluator."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import protocord
from protocord.cohort.answers.screened import screened
from protocord.cohort.kernel.soundness import sealed
from protocord.cohort.plan.truths import ANSWERS
from protocord.cohort.sources import FactStore, open_source
from protocord.cohort.sources.fhir_bulk import ingest
from protocord.errors import ProblemsFound
from protocord.exchange.fhir import from_bundle
from protocord.exchange.mapping import SiteMapping
from protocord.protocol import Protocol

Resource = dict[str, Any]
ON = date(2025, 6, 25)
MAPPING = SiteMapping(
    codes={"http://lab|PLT": "Platelet count"},
    units={"x10^9/L": "10*9/L"},
    coverage={"http://his|CHEMO": "Chemotherapy", "http://his|GF": "Haematopoietic growth factor"},
    ranges_are_age_specific=True,
)
_LOINC, _SNOMED, _ATC = "http://loinc.org", "http://snomed.info/sct", "http://www.whocc.no/atc"


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return protocord.load(protocord.STUDIES / "nct06848582")


def code(system: str, *codes: str) -> Resource:
    return {"coding": [{"system": system, "code": one} for one in codes]}


def child(number: int, random: np.random.Generator) -> list[Resource]:
    """One child's resources: few days, few values, everything that a record may lack left out at times."""
    me = f"child-{number:03d}"

    def pick(*these: Any) -> Any:
        return these[int(random.integers(len(these)))]

    def day(back: int = 60) -> str:
        written = (ON - timedelta(days=int(random.integers(-3, back)))).isoformat()
        return str(pick(written, written, written, f"{written}T23:30:00+08:00", written[:7]))

    def made(kind: str, **content: Any) -> Resource:
        resource = {"resourceType": kind, "id": f"{me}-{len(found):02d}", "subject": {"reference": f"Patient/{me}"}}
        return resource | {key: value for key, value in content.items() if value is not None}

    found: list[Resource] = [{"resourceType": "Patient", "id": me}]
    found[0]["birthDate"] = pick("2008-03-14", "2006-06-25", "2019", "2020-09", "2024-12-01")
    found[0]["gender"] = pick("female", "male", "other")
    for _ in range(int(random.integers(0, 9))):
        unit = pick({"code": "10*9/L"}, {"unit": "x10^9/L"}, {"code": "/uL"}, {})
        limit = pick(None, [{"high": {"value": 1.5, "code": "mg/dL"}}], [{"high": {"value": 17, "code": "umol/L"}}])
        measured = pick(
            {"code": code(_LOINC, "751-8"), "valueQuantity": {"value": pick(0.75, 1.0, 800, 2.4), **unit}},
            {"code": code("http://lab", "PLT"), "valueQuantity": {"value": pick(20, 75, 180), **unit}},
            {"code": code(_LOINC, "1975-2"), "valueQuantity": {"value": pick(1.1, 20, 9), "code": "mg/dL"}, "referenceRange": limit},
            {"code": code(_LOINC, "99999-9"), "valueQuantity": {"value": 1}},
            {"code": {"text": "own words"}, "valueString": "x"},
            {"code": code(_LOINC, "777-3"), "dataAbsentReason": {"text": "clotted"}},
            {"code": code(_LOINC, "35094-2"), "component": [{"code": code(_LOINC, "751-8"), "valueQuantity": {"value": 3, "code": "10*9/L"}}]},
        )  # fmt: skip
        found.append(made("Observation", status=pick("final", "final", "entered-in-error"), effectiveDateTime=day(), **measured))
    for _ in range(int(random.integers(0, 4))):
        medicine = pick(
            {"medicationCodeableConcept": code(_ATC, pick("L01CA02", "L03AA13", "L01AD01"))},
            {"medicationReference": {"reference": pick("Medication/peg", "Medication/nobody")}},
            {"medicationCodeableConcept": {"text": "some herb"}},
        )
        period = pick({"start": day(), "end": pick("2025-06-30", "2025-07")}, {"start": "2025-05"}, {"end": "2025-06-01"})
        when = pick({"effectiveDateTime": day()}, {"effectivePeriod": period}, {})
        kind, status = pick(
            ("MedicationAdministration", "completed"), ("MedicationStatement", "active"), ("MedicationAdministration", "not-done")
        )
        found.append(made(kind, status=status, **medicine, **when))
    if random.random() < 0.5:
        sure = pick(None, code("", "refuted"), code("", "provisional"))
        found.append(made("Condition", code=code(_SNOMED, "302847003"), onsetDateTime=day(900), verificationStatus=sure))
    if random.random() < 0.5:
        found.append(made("Procedure", status="completed", code=code(_SNOMED, "108290001"), performedDateTime=day(200)))
    if random.random() < 0.7:
        found.append(
            made("Observation", status="final", code=code("http://his", "CHEMO"), effectivePeriod={"start": "2005", "end": day()})
        )
    if random.random() < 0.5:
        empty = code("", "nilknown")
        found.append(made("List", status="current", code=code("http://his", "GF"), date=day(), emptyReason=empty))
    if random.random() < 0.5:
        consent = made("Consent", status="active", scope=code("", "research"), dateTime=day())
        found.append({**consent, "patient": consent.pop("subject")})
    if random.random() < 0.3:
        found.append(made("Encounter", status="finished"))
    return found


PEG: Resource = {"resourceType": "Medication", "id": "peg", "code": code(_ATC, "L03AA13")}


def export(folder: Path, resources: list[Resource]) -> Path:
    """The resources as a bulk export: a file or more a type, one of them compressed."""
    folder.mkdir()
    files: Mapping[str, list[str]] = defaultdict(list)
    for number, resource in enumerate(resources):
        files[f"{resource['resourceType']}.{number % 2:03d}.ndjson"].append(json.dumps(resource, ensure_ascii=False))
    for name, lines in files.items():
        text = "\n".join(lines) + "\n\n"
        if name == "Observation.001.ndjson":
            (folder / f"{name}.gz").write_bytes(gzip.compress(text.encode()))
        else:
            (folder / name).write_text(text, encoding="utf-8")
    return folder


def as_read(resources: list[Resource]) -> list[Resource]:
    """As a JSON reader that keeps digits gives them."""
    return list(json.loads(json.dumps(resources), parse_float=Decimal))


def opened(store: Path, protocol: Protocol) -> FactStore:
    source = open_source(store, protocol.concepts, MAPPING)
    assert isinstance(source, FactStore)
    return source


def test_an_export_is_screened_as_each_childs_bundle_is(protocol: Protocol, tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    children = [child(number, random) for number in range(60)]
    everything = [resource for one in children for resource in one] + [PEG]
    folder = export(tmp_path / "export", [everything[place] for place in random.permutation(len(everything))])

    seen: list[tuple[int, int]] = []
    manifest = ingest(folder, tmp_path / "store", protocol, MAPPING, batch=17, progress=lambda *done: seen.append(done))
    source = opened(tmp_path / "store", protocol)
    answers = screened(source.engine, source.relations(), protocol, on=ON)

    assert seen == [(17, 60), (34, 60), (51, 60), (60, 60)]
    assert answers.persons == 60
    different = []
    truths = set()
    facts = 0
    for number, resources in enumerate(children):
        bundle = {"resourceType": "Bundle", "entry": [{"resource": one} for one in as_read([*resources, PEG])]}
        record = from_bundle(bundle, concepts=protocol.concepts, mapping=MAPPING).record
        assert source.subject(number) == record.id
        assert source.person(record.id) == number
        again = source.record(number)
        assert sorted(again.facts, key=str) == sorted(record.facts, key=str)
        assert sorted(again.histories, key=str) == sorted(record.histories, key=str)
        facts += len(record.facts)
        said = protocord.screen(protocol, record, on=ON)
        for finding in said.findings:
            column = ANSWERS[answers.answers(finding.criterion_id)[number]]
            truths.add(column)
            if column != finding.answer.value:
                different.append((record.id, finding.criterion_id, column, finding.answer.value))
    assert not different
    assert {"met", "not_met", "unknown"} <= truths
    assert manifest["counts"]["facts"] == facts


def test_what_became_no_fact_is_counted_and_named(protocol: Protocol, tmp_path: Path) -> None:
    me = {"subject": {"reference": "Patient/a"}}
    resources: list[Resource] = [
        {"resourceType": "Patient", "id": "a"},
        {"resourceType": "Observation", "id": "1", **me, "status": "final", "code": code(_LOINC, "99999-9")},
        {"resourceType": "Observation", "id": "2", **me, "status": "final", "code": code(_LOINC, "99999-9")},
        {"resourceType": "Observation", "id": "3", "status": "final", "code": code(_LOINC, "751-8")},
        {"resourceType": "Observation", "id": "4", "subject": {"reference": "Patient/gone"}, "status": "final", "code": code(_LOINC, "751-8")},
        {"resourceType": "Observation", "id": "5", **me, "status": "final", "code": code(_LOINC, "751-8"), "valueQuantity": {"value": 3}},
        {"resourceType": "Encounter", "id": "6"},
    ]  # fmt: skip

    manifest = ingest(export(tmp_path / "export", resources), tmp_path / "store", protocol)

    assert manifest["unmapped"] == {"fhir_code_unknown": 2, "fhir_resource_unread": 1, "no_subject": 1, "no_such_patient": 1}
    unknown = {"resource": "Observation", "code": f"{_LOINC}|99999-9", "reason": "fhir_code_unknown", "count": 2}
    assert manifest["unmapped_most"][0] == unknown
    assert (tmp_path / "store" / "unmapped.csv").read_text().splitlines()[:2] == [
        "resource,code,reason,count",
        f"Observation,{_LOINC}|99999-9,fhir_code_unknown,2",
    ]
    assert manifest["unusable"] == [{"part": "value", "concept": "ANC", "reason": "unit_missing", "count": 1}]


def complete(child: str) -> list[Resource]:
    """A child whose hospital declares all its chemotherapy known until 20 June."""
    declared = {"code": code("http://his", "CHEMO"), "effectivePeriod": {"start": "2005", "end": "2025-06-20"}}
    return [
        {"resourceType": "Patient", "id": child, "birthDate": "2019-01-01"},
        {"resourceType": "Observation", "id": f"{child}-1", "status": "final", "subject": {"reference": f"Patient/{child}"}}
        | declared,
    ]


def histories_of(folder: Path, protocol: Protocol, resources: list[Resource]) -> tuple[list[int], Mapping[str, int]]:
    """How many histories each patient of an export has, by columns and by record, and what was left out."""
    folder.mkdir()
    manifest = ingest(export(folder / "export", resources), folder / "store", protocol, MAPPING)
    source = opened(folder / "store", protocol)
    found = [len(source.record(person).histories) for person in range(manifest["counts"]["persons"])]
    assert manifest["counts"]["histories"] == sum(found)
    return found, manifest["unmapped"]


def test_no_history_is_believed_while_an_event_names_no_patient_since_it_may_be_anybodys(
    protocol: Protocol, tmp_path: Path
) -> None:
    given = {"resourceType": "MedicationAdministration", "id": "x", "status": "completed", "effectiveDateTime": "2025-06-19"}
    given["medicationCodeableConcept"] = code(_ATC, "L01CA02")
    two = [*complete("a"), *complete("b")]

    assert histories_of(tmp_path / "whole", protocol, two) == ([1, 1], {})
    anothers = given | {"subject": {"reference": "Patient/not-exported"}}
    assert histories_of(tmp_path / "anothers", protocol, [*two, anothers]) == ([1, 1], {"no_such_patient": 1})
    by_number = given | {"subject": {"identifier": {"value": "4711"}}}
    for name, nobodys in (("unsaid", given), ("by-number", by_number)):
        assert histories_of(tmp_path / name, protocol, [*two, nobodys]) == ([0, 0], {"no_subject": 1, "history_withheld": 2})


def test_no_history_is_believed_of_a_child_who_has_records_under_another_number(protocol: Protocol, tmp_path: Path) -> None:
    (patient, declared), other, third = complete("a"), complete("b"), complete("c")
    linked = patient | {"link": [{"other": {"reference": "Patient/b"}, "type": "replaced-by"}]}

    found, left = histories_of(tmp_path / "store", protocol, [linked, declared, *other, *third])
    assert (found, left) == ([0, 0, 1], {"fhir_patient_linked": 2})
    relative = patient | {"link": [{"other": {"reference": "RelatedPerson/mother"}, "type": "seealso"}]}
    assert histories_of(tmp_path / "related", protocol, [relative, declared]) == ([1], {})


def test_a_child_with_a_malformed_resource_is_kept_without_facts_and_listed(protocol: Protocol, tmp_path: Path) -> None:
    wrong = {"resourceType": "Procedure", "id": "1", "subject": {"reference": "Patient/a"}, "performedDateTime": "June"}
    patient = {"resourceType": "Patient", "id": "a", "birthDate": "2019-01-01"}

    manifest = ingest(export(tmp_path / "export", [patient, wrong]), tmp_path / "store", protocol)

    assert manifest["counts"]["unreadable persons"] == 1
    assert [one["subject"] for one in manifest["unreadable"]] == ["a"]
    assert "performedDateTime" in manifest["unreadable"][0]["problem"]
    assert not opened_plainly(tmp_path / "store", protocol).record(0).facts


def opened_plainly(store: Path, protocol: Protocol) -> FactStore:
    source = open_source(store, protocol.concepts)
    assert isinstance(source, FactStore)
    return source


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            '{"resourceType": "Patient", "id": "a"}\n{"resourceType": "Observ',
            "Patient.ndjson:2: this line is not well-formed JSON",
        ),
        ('{"resourceType": "Encounter", "id": "a"}\n', "the export holds no Patient"),
    ],
)
def test_an_export_that_is_not_whole_is_refused_and_leaves_nothing(
    protocol: Protocol, tmp_path: Path, content: str, said: str
) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "Patient.ndjson").write_text(content)

    with pytest.raises(ProblemsFound, match=said):
        ingest(folder, tmp_path / "store", protocol)
    assert [path.name for path in tmp_path.iterdir()] == ["export"]


def test_a_folder_without_ndjson_and_a_store_that_exists_are_refused(protocol: Protocol, tmp_path: Path) -> None:
    with pytest.raises(ProblemsFound, match=r"no \.ndjson files here"):
        ingest(tmp_path, tmp_path / "store", protocol)
    (tmp_path / "Patient.ndjson").write_text('{"resourceType": "Patient", "id": "a"}')
    (tmp_path / "store").mkdir()
    with pytest.raises(ProblemsFound, match="exists already"):
        ingest(tmp_path, tmp_path / "store", protocol)


def test_a_store_of_other_concepts_or_another_mapping_is_refused_by_name(protocol: Protocol, tmp_path: Path) -> None:
    store = tmp_path / "store"
    ingest(export(tmp_path / "export", [{"resourceType": "Patient", "id": "a"}]), store, protocol)
    manifest = json.loads((store / "manifest.json").read_text())
    del manifest["checksum"]

    def refused(**changed: Any) -> str:
        (store / "manifest.json").write_text(json.dumps(sealed(manifest | changed)))
        with pytest.raises(ProblemsFound) as found:
            open_source(store, protocol.concepts, SiteMapping())
        return str(found.value)

    hashes = manifest["concepts"]
    assert "the concept 'ANC' changed since" in refused(concepts=hashes | {"ANC": "other"})
    assert "the study has the concept 'ANC', which" in refused(concepts={k: v for k, v in hashes.items() if k != "ANC"})
    assert "was made with the concept 'Zeal', which the study" in refused(concepts=hashes | {"Zeal": "1"})
    assert "another mapping file" in refused(mapping="other")
    assert "format 0" in refused(format=0)
    (store / "manifest.json").write_text("[]")
    with pytest.raises(ProblemsFound, match="not that of a fact store"):
        open_source(store, protocol.concepts)
