"""A small hand-made bundle, read whole: every resource becomes the fact it states, or is listed."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from protocord import concepts
from protocord.errors import SubjectProblems
from protocord.exchange.fhir import Imported, from_bundle, looks_like_bundle, read_bundle
from protocord.exchange.mapping import read_mapping
from protocord.values import LANGUAGES, Fact, FactStatus, PartialDate, Quantity
from protocord.words import say

HERE = Path(__file__).parent
CONCEPTS = concepts.load()


@pytest.fixture(scope="module")
def imported() -> Imported:
    return read_bundle(HERE / "child.json", concepts=CONCEPTS, mapping=read_mapping(HERE / "hospital.yaml", CONCEPTS))


@pytest.fixture(scope="module")
def facts(imported: Imported) -> dict[str, Fact]:
    return {fact.concept: fact for fact in imported.record.facts}


def test_the_subject_is_named_by_the_patients_id_and_no_name_is_read(imported: Imported) -> None:
    assert imported.record.id == "NK-001"
    assert "must never be read" not in str(imported)


def test_every_fact_names_its_resource_and_has_an_id_of_its_own(imported: Imported) -> None:
    ids = [fact.id for fact in imported.record.facts]
    assert len(ids) == len(set(ids))
    assert all(fact.source.kind == "fhir" and "/" in fact.source.record for fact in imported.record.facts)


def test_birth_date_and_sex_come_from_the_patient(facts: dict[str, Fact]) -> None:
    assert facts["Birth date"].start == PartialDate(2020, 9)
    assert facts["Sex"].value == "female"


def test_a_result_keeps_its_digits_its_unit_and_the_day_of_its_place(facts: dict[str, Fact]) -> None:
    assert facts["ANC"].value == Quantity(Decimal("1.10"), "10*9/L")
    assert str(facts["ANC"].value) == "1.10 10*9/L"
    assert facts["ANC"].start == PartialDate(2025, 6, 5), "the day at the hospital, not in UTC"


def test_the_range_of_the_childs_age_band_is_taken_and_the_adult_one_left(facts: dict[str, Fact]) -> None:
    limits = facts["ANC"].range
    assert limits is not None
    assert (limits.age_low, limits.age_high, limits.high) == (2, 6, Quantity(Decimal("7.0"), "10*9/L"))


def test_a_hospitals_own_code_and_unit_are_read_by_its_mapping(facts: dict[str, Fact]) -> None:
    creatinine = facts["Creatinine"]
    assert creatinine.value == Quantity(Decimal(35), "umol/L")
    assert creatinine.range is not None
    assert creatinine.range.high == Quantity(Decimal(44), "umol/L")
    assert creatinine.range.age_specific, "the mapping declares that the laboratory prints the child's own range"
    assert creatinine.range.laboratory == "Laboratory of the example hospital"


def test_a_lansky_score_is_known_by_its_ncit_code(facts: dict[str, Fact]) -> None:
    assert facts["Lansky"].value == Quantity(Decimal(80), "{score}")


def test_what_was_not_done_or_entered_in_error_is_kept_as_such(facts: dict[str, Fact]) -> None:
    assert (facts["Platelet count"].status, facts["Platelet count"].value) == (FactStatus.NOT_DONE, None)
    assert facts["ALT"].status is FactStatus.EXCLUDED


def test_a_diagnosis_gives_the_condition_and_its_histology(facts: dict[str, Fact]) -> None:
    assert (facts["Rhabdomyosarcoma"].value, facts["Rhabdomyosarcoma"].start) == (True, PartialDate(2024, 1))
    assert (facts["Histology"].value, facts["Histology"].start) == ("8910/3", PartialDate(2024, 1))


def test_a_refuted_condition_is_recorded_absent(facts: dict[str, Fact]) -> None:
    assert (facts["Liver metastasis"].value, facts["Liver metastasis"].start) == (False, PartialDate(2025, 6, 1))


def test_treatments_keep_their_first_and_last_day(facts: dict[str, Fact]) -> None:
    assert (facts["Radiotherapy"].start, facts["Radiotherapy"].end) == (PartialDate(2024, 5, 1), PartialDate(2024, 6, 10))
    assert facts["Vincristine"].start == facts["Vincristine"].end == PartialDate(2025, 5, 20)
    assert (facts["Pegfilgrastim"].start, facts["Pegfilgrastim"].end, facts["Pegfilgrastim"].ongoing) == (
        PartialDate(2025, 5, 1),
        None,
        True,
    )


def test_a_research_consent_is_the_informed_consent(facts: dict[str, Fact]) -> None:
    assert (facts["Informed consent"].value, facts["Informed consent"].start) == (True, PartialDate(2025, 6, 10))


def test_declared_coverage_becomes_history(imported: Imported) -> None:
    told = {history.concept: (history.since, history.until) for history in imported.record.histories}
    assert told == {
        "Chemotherapy": (PartialDate(2024, 1, 1), PartialDate(2025, 6, 10)),
        "Haematopoietic growth factor": (None, PartialDate(2025, 6, 10)),
    }


@pytest.mark.parametrize(("other", "believed"), [("Patient/NK-000", False), ("RelatedPerson/mother", True)])
def test_no_history_is_believed_of_a_child_who_has_records_under_another_number(other: str, believed: bool) -> None:
    bundle = json.loads((HERE / "child.json").read_text("utf-8"), parse_float=Decimal)
    patient = next(entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "Patient")
    patient["link"] = [{"other": {"reference": other}, "type": "seealso"}]

    found = from_bundle(bundle, concepts=CONCEPTS, mapping=read_mapping(HERE / "hospital.yaml", CONCEPTS))
    assert bool(found.record.histories) == believed
    said = [(one.resource, one.code) for one in found.unmapped if one.reason.kind == "fhir_patient_linked"]
    assert said == ([] if believed else [("Patient/NK-001", other)])
    assert all(say(one.reason, language) for one in found.unmapped for language in LANGUAGES)


def test_all_that_became_no_fact_is_listed_with_its_reason(imported: Imported) -> None:
    assert [(one.resource, one.code, one.reason.kind) for one in imported.unmapped] == [
        ("MedicationStatement/herb", "some herb", "fhir_code_unknown"),
        ("Encounter", "", "fhir_resource_unread"),
    ]
    assert imported.unmapped[1].reason.particulars["count"] == 2
    assert json.loads(json.dumps(imported.unmapped[0].as_data()))["resource"] == "MedicationStatement/herb"


def test_every_reason_can_be_said_in_each_language(imported: Imported) -> None:
    assert all(say(one.reason, language) for one in imported.unmapped for language in LANGUAGES)


def test_without_the_mapping_the_hospitals_codes_are_listed_and_nothing_is_guessed() -> None:
    plain = read_bundle(HERE / "child.json", concepts=CONCEPTS)
    assert "Creatinine" not in {fact.concept for fact in plain.record.facts}
    assert plain.record.histories == ()
    assert ("Observation/crea", "http://lab.example.cn|CREA 肌酐") in {(one.resource, one.code) for one in plain.unmapped}


def test_a_bundle_is_told_from_a_facts_file() -> None:
    assert looks_like_bundle({"resourceType": "Bundle"})
    assert not looks_like_bundle({"subject": "A", "facts": []})
    assert not looks_like_bundle([])
    assert not looks_like_bundle(None)


def refused(data: object) -> list[str]:
    with pytest.raises(SubjectProblems) as raised:
        from_bundle(data, concepts=CONCEPTS, file="b.json")
    return [str(problem) for problem in raised.value.problems]


def test_json_that_is_not_well_formed_names_its_line(tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    file.write_text('{"resourceType": "Bundle",\n "entry": [}', "utf-8")
    with pytest.raises(SubjectProblems, match=r"b\.json:2: column 12: this is not well-formed JSON"):
        read_bundle(file, concepts=CONCEPTS)


def test_what_is_no_bundle_or_not_of_one_patient_is_refused() -> None:
    assert refused({"resourceType": "Patient"}) == [
        "b.json: this is a FHIR Patient, not a Bundle. Export the patient as one Bundle, for example by Patient/$everything."
    ]
    assert "it has no resourceType" in refused([])[0]
    assert "holds 0 patients" in refused({"resourceType": "Bundle"})[0]
    two = [{"resource": {"resourceType": "Patient", "id": name}} for name in "ab"]
    assert "holds 2 patients" in refused({"resourceType": "Bundle", "entry": two})[0]


def test_every_malformed_part_is_named_by_its_path_in_one_go() -> None:
    entries = [
        {"resource": {"resourceType": "Patient", "id": "a", "birthDate": "2020-02-30"}},
        {"resource": {"id": "b"}},
        {"resource": "text"},
        {
            "resource": {
                "resourceType": "Observation",
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": "751-8"}]},
                "effectiveDateTime": "05/06/2025",
                "valueQuantity": {"value": "1.1", "code": "10*9/L", "comparator": "~"},
            }
        },
        {"resource": {"resourceType": "Procedure", "code": [], "performedPeriod": {"start": "2025-02", "end": "2025-01"}}},
    ]
    said = "\n".join(refused({"resourceType": "Bundle", "entry": entries}))
    for part in (
        "Bundle.entry[0].resource.birthDate: '2020-02-30' is not a day of the calendar",
        "Bundle.entry[1].resource: a resource with its resourceType is needed here.",
        "Bundle.entry[2].resource: an object is needed here.",
        "Bundle.entry[3].resource.effectiveDateTime: '05/06/2025' is not a date",
        "Bundle.entry[3].resource.valueQuantity.value: a number is needed here.",
        "Bundle.entry[3].resource.valueQuantity.comparator: '~' is not a comparator of FHIR R4.",
        "Bundle.entry[4].resource.code: an object is needed here.",
        "Bundle.entry[4].resource.performedPeriod: the end, 2025-01, lies before the start, 2025-02.",
    ):
        assert part in said, f"{part}\nnot in\n{said}"
