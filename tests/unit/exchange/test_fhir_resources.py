"""Single FHIR resources: the many ways in which a hospital says when, how sure, for whom, and what."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest

from protocord import concepts
from protocord.exchange.fhir import Imported, from_bundle
from protocord.exchange.mapping import SiteMapping
from protocord.values import Fact, FactStatus, PartialDate, Quantity

CONCEPTS = concepts.load()
LOINC, SCT, ATC, NCIT = "http://loinc.org", "http://snomed.info/sct", "http://www.whocc.no/atc", "http://ncit.nci.nih.gov"
SITE = "http://his.example.cn"
MAPPING = SiteMapping(
    codes=MappingProxyType(
        {
            f"{SITE}|SMALL": "Small-port palliative radiotherapy",
            f"{SITE}|MARROW": "Bone marrow involvement",
            f"{SITE}|ASSENT": "Child assent",
            f"{SITE}|VOMIT": "Vomiting",
            f"{SITE}|DX": "Diagnosis date",
        }
    ),
    values=MappingProxyType({f"{SITE}|JA": "yes", f"{SITE}|F": "female"}),
    coverage=MappingProxyType({f"{SITE}|COVER": "Radiotherapy"}),
)


def code(system: str, value: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": value}]}


def read(*resources: Mapping[str, Any], birth: str = "2020-09-15", gender: str = "female") -> Imported:
    patient = {"resourceType": "Patient", "id": "A", "birthDate": birth, "gender": gender}
    bundle = {"resourceType": "Bundle", "entry": [{"resource": patient}, *({"resource": one} for one in resources)]}
    return from_bundle(bundle, concepts=CONCEPTS, mapping=MAPPING)


def told(*resources: Mapping[str, Any], **patient: str) -> list[Fact]:
    return [fact for fact in read(*resources, **patient).record.facts if not fact.id.startswith("Patient/")]


def why(*resources: Mapping[str, Any]) -> list[str]:
    return [one.reason.kind for one in read(*resources).unmapped]


def observation(**parts: Any) -> dict[str, Any]:
    usual = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "code": code(LOINC, "1742-6"),
        "effectiveDateTime": "2025-06-05",
    }
    return usual | parts


ALT_30 = {"value": 30, "code": "U/L"}


@pytest.mark.parametrize(
    ("status", "kept"),
    [
        ("final", FactStatus.RECORDED),
        ("amended", FactStatus.RECORDED),
        ("corrected", FactStatus.RECORDED),
        ("preliminary", FactStatus.EXCLUDED),
        ("registered", FactStatus.EXCLUDED),
        ("cancelled", FactStatus.EXCLUDED),
        ("entered-in-error", FactStatus.EXCLUDED),
        ("unknown", FactStatus.EXCLUDED),
    ],
)
def test_only_a_released_result_is_used(status: str, kept: FactStatus) -> None:
    assert told(observation(status=status, valueQuantity=ALT_30))[0].status is kept


@pytest.mark.parametrize(
    ("value", "read_as"),
    [
        ({"valueQuantity": {"value": Decimal("30.0"), "code": "U/L", "comparator": "<"}}, Quantity(Decimal("30.0"), "U/L", "<")),
        ({"valueQuantity": {"value": 30, "unit": "furlong"}}, Quantity(Decimal(30), "furlong")),
        ({"valueQuantity": {"value": 30}}, Quantity(Decimal(30), None)),
        ({"valueString": "<30"}, Quantity(Decimal(30), None, "<")),
        ({"valueInteger": 30}, Quantity(Decimal(30), None)),
    ],
)
def test_a_number_is_read_as_it_was_sent_without_guessing_its_unit(value: dict[str, Any], read_as: Quantity) -> None:
    assert told(observation(**value))[0].value == read_as


@pytest.mark.parametrize(
    "value", [{}, {"valueString": "haemolysed"}, {"valueString": "1,5"}, {"valueBoolean": True}, {"valueQuantity": {}}]
)
def test_a_result_without_a_readable_number_is_listed(value: dict[str, Any]) -> None:
    assert why(observation(**value)) == ["fhir_value_unread"]
    assert told(observation(**value)) == []


def test_a_karnofsky_score_may_come_as_its_loinc_answer() -> None:
    fact = told(observation(code=code(LOINC, "89243-0"), valueCodeableConcept=code(LOINC, "LA29180-9")))[0]
    assert (fact.concept, fact.value) == ("Karnofsky", Quantity(Decimal(50), "{score}"))


def test_an_answer_code_of_the_lansky_scale_is_listed_not_guessed() -> None:
    assert why(observation(code=code(NCIT, "C38144"), valueCodeableConcept=code(NCIT, "C69421"))) == ["fhir_value_unread"]


def test_the_components_of_a_panel_are_facts_of_their_own() -> None:
    parts = [
        {"code": code(LOINC, "8480-6"), "valueQuantity": {"value": 95, "code": "mm[Hg]"}},
        {"code": code(LOINC, "8462-4"), "dataAbsentReason": {"text": "?"}},
        {"code": code(LOINC, "0-0"), "valueQuantity": {"value": 1}},
    ]
    panel = observation(code=code(LOINC, "85354-9"), component=parts)
    facts = told(panel)
    assert [(fact.id, fact.concept, fact.status) for fact in facts] == [
        ("Observation/o#1", "Systolic blood pressure", FactStatus.RECORDED),
        ("Observation/o#2", "Diastolic blood pressure", FactStatus.NOT_DONE),
    ]
    assert why(panel) == ["fhir_code_unknown"]


def test_a_finding_or_statement_is_read_as_yes_or_no() -> None:
    marrow = code(SITE, "MARROW")
    assert told(observation(code=marrow, valueBoolean=False))[0].value is False
    assert told(observation(code=marrow, valueCodeableConcept=code(SCT, "52101004")))[0].value is True
    assert told(observation(code=marrow, valueCodeableConcept=code(SCT, "260385009")))[0].value is False
    assert told(observation(code=marrow, valueCodeableConcept=code(SITE, "JA")))[0].value is True
    assert why(observation(code=marrow, valueCodeableConcept=code(SCT, "1"))) == ["fhir_value_unread"]


def test_a_coded_answer_must_be_one_of_the_concepts_values() -> None:
    hcg = code(LOINC, "2106-3")
    assert told(observation(code=hcg, valueCodeableConcept=code(SCT, "260385009")))[0].value == "negative"
    assert told(observation(code=hcg, valueString="positive"))[0].value == "positive"
    assert why(observation(code=hcg, valueCodeableConcept=code(SCT, "1"))) == ["fhir_value_unread"]


def test_a_date_may_be_the_value_of_an_observation() -> None:
    fact = told(observation(code=code(SITE, "DX"), valueDateTime="2024-01"))[0]
    assert (fact.concept, fact.start) == ("Diagnosis date", PartialDate(2024, 1))


def test_a_toxicity_lasts_over_its_period_and_a_result_counts_from_the_end_of_its() -> None:
    period = {"effectivePeriod": {"start": "2025-06-01", "end": "2025-06-04"}}
    toxicity = {**observation(code=code(SITE, "VOMIT"), valueInteger=2, **period)}
    toxicity.pop("effectiveDateTime")
    fact = told(toxicity)[0]
    assert (fact.value, fact.start, fact.end) == (
        Quantity(Decimal(2), "{grade}"),
        PartialDate(2025, 6, 1),
        PartialDate(2025, 6, 4),
    )
    result = {**observation(valueQuantity=ALT_30, **period)}
    result.pop("effectiveDateTime")
    assert (told(result)[0].start, told(result)[0].end) == (PartialDate(2025, 6, 4), None)


def test_codes_that_mean_different_concepts_are_ambiguous_and_the_narrower_of_two_wins() -> None:
    both = {"coding": [{"system": LOINC, "code": "1742-6"}, {"system": LOINC, "code": "1920-8"}]}
    assert why(observation(code=both, valueQuantity=ALT_30)) == ["fhir_code_ambiguous"]
    narrow = {"coding": [{"system": SCT, "code": "108290001"}, {"system": SITE, "code": "SMALL"}]}
    facts = told(
        {"resourceType": "Procedure", "id": "p", "status": "completed", "code": narrow, "performedDateTime": "2025-06-01"}
    )
    assert [fact.concept for fact in facts] == ["Small-port palliative radiotherapy"]


# ---- reference ranges


def limits(*ranges: dict[str, Any], **patient: str) -> Any:
    return told(observation(valueQuantity=ALT_30, referenceRange=list(ranges)), **patient)[0].range


def band(low: Any, high: Any, unit: str, upper: int = 40, **parts: Any) -> dict[str, Any]:
    age = {key: {"value": end, "code": unit} for key, end in (("low", low), ("high", high)) if end is not None}
    return {"high": {"value": upper, "code": "U/L"}, "age": age} | parts


def test_a_range_without_an_age_says_for_nobody_whose_it_is() -> None:
    found = limits({"low": {"value": 7}, "high": {"value": 40}})
    assert (found.low, found.high) == (Quantity(Decimal(7), "U/L"), Quantity(Decimal(40), "U/L"))
    assert (found.age_specific, found.age_low, found.age_high) == (False, None, None)


def test_a_range_in_months_is_the_childs_when_the_dates_decide_it() -> None:
    assert limits(band(12, 71, "mo")).age_specific  # 4 years 8 months
    assert limits(band(0, 11, "mo")) is None
    assert limits(band(Decimal("0.5"), 6, "a")).age_specific


def test_a_range_in_months_at_whose_edge_the_child_may_stand_is_listed() -> None:
    edge = observation(valueQuantity=ALT_30, referenceRange=[band(0, 56, "mo")])
    assert why(edge) == ["fhir_range_age_undecided"]
    assert told(edge)[0].range is None


def test_a_range_of_another_age_or_sex_is_left() -> None:
    assert limits(band(18, None, "a")) is None
    female = {"appliesTo": [code("http://hl7.org/fhir/administrative-gender", "female")]}
    male = {"appliesTo": [code(SCT, "248153007")]}
    assert limits(band(2, 6, "a", 44, **male), band(2, 6, "a", 40, **female)).high.value == 40
    assert limits(band(2, 6, "a", 44, **male), band(2, 6, "a", 40, **female), gender="male").high.value == 44


def test_of_two_ranges_the_one_whose_age_band_surely_holds_is_taken() -> None:
    assert limits({"high": {"value": 50}}, band(2, 6, "a", 40)).high.value == 40


def test_a_range_that_goes_on_beyond_childhood_is_nobodys_and_gives_way_to_the_childs_own() -> None:
    everybody = limits(band(6, 1800, "mo", 97))
    assert (everybody.age_specific, everybody.age_low, everybody.age_high) == (False, None, None)
    assert limits(band(0, 150, "a", 97), band(2, 6, "a", 40)).high.value == 40
    assert why(observation(valueQuantity=ALT_30, referenceRange=[band(0, 150, "a"), {"high": {"value": 97}}])) == [
        "fhir_several_ranges"
    ]


def test_several_ranges_that_may_hold_are_listed_and_none_is_taken() -> None:
    two = observation(valueQuantity=ALT_30, referenceRange=[{"high": {"value": 50}}, {"high": {"value": 40}}])
    assert why(two) == ["fhir_several_ranges"]
    assert told(two)[0].range is None


def test_a_range_that_is_not_of_the_normal_kind_or_only_text_is_left() -> None:
    critical = {"high": {"value": 500}, "type": code("http://terminology.hl7.org/CodeSystem/referencerange-meaning", "treatment")}
    assert limits(critical, {"high": {"value": 40}}).high.value == 40
    assert why(observation(valueQuantity=ALT_30, referenceRange=[{"text": "below 40"}])) == ["fhir_range_is_text"]


# ---- events


def procedure(**parts: Any) -> dict[str, Any]:
    usual = {"resourceType": "Procedure", "id": "p", "status": "completed", "code": code(SCT, "234336002")}
    return usual | {"performedDateTime": "2025-06-01"} | parts


@pytest.mark.parametrize(
    ("status", "kept"),
    [
        ("completed", FactStatus.RECORDED),
        ("stopped", FactStatus.RECORDED),
        ("on-hold", FactStatus.RECORDED),
        ("unknown", FactStatus.RECORDED),
        ("not-done", FactStatus.NOT_DONE),
        ("entered-in-error", FactStatus.EXCLUDED),
    ],
)
def test_a_treatment_that_may_have_happened_counts(status: str, kept: FactStatus) -> None:
    fact = told(procedure(status=status))[0]
    assert (fact.concept, fact.status, fact.start, fact.end) == (
        "Stem cell transplantation",
        kept,
        PartialDate(2025, 6, 1),
        PartialDate(2025, 6, 1),
    )


def test_a_treatment_that_has_not_begun_is_listed() -> None:
    assert why(procedure(status="preparation")) == ["fhir_not_begun"]


def test_a_treatment_in_progress_goes_on_and_one_without_a_date_has_none() -> None:
    going_on = procedure(status="in-progress", performedPeriod={"start": "2025-06"})
    going_on.pop("performedDateTime")
    assert (told(going_on)[0].start, told(going_on)[0].end, told(going_on)[0].ongoing) == (PartialDate(2025, 6), None, True)
    undated = procedure()
    undated.pop("performedDateTime")
    assert (told(undated)[0].start, told(undated)[0].end) == (None, None)


def medicine(kind: str, *codes: str, **parts: Any) -> dict[str, Any]:
    coded = {"coding": [{"system": ATC, "code": one} for one in codes]}
    return {"resourceType": kind, "id": "m", "status": "completed", "medicationCodeableConcept": coded} | parts


def test_one_date_is_a_whole_administration_but_not_the_end_of_a_statement() -> None:
    given = told(medicine("MedicationAdministration", "L01CA02", effectiveDateTime="2025-06-01"))[0]
    stated = told(medicine("MedicationStatement", "L01CA02", effectiveDateTime="2025-06-01"))[0]
    assert (given.end, stated.end) == (PartialDate(2025, 6, 1), None)
    assert not stated.ongoing


def test_each_medicine_of_a_combination_counts() -> None:
    facts = told(medicine("MedicationAdministration", "L01CA02", "L01AD02", effectiveDateTime="2025-06-01"))
    assert [(fact.id, fact.concept) for fact in facts] == [
        ("MedicationAdministration/m", "Vincristine"),
        ("MedicationAdministration/m#2", "Lomustine"),
    ]


def test_a_contained_medicine_and_its_ingredients_are_found() -> None:
    contained = {"resourceType": "Medication", "id": "x", "ingredient": [{"itemCodeableConcept": code(ATC, "L03AA02")}]}
    resource = medicine("MedicationAdministration", effectiveDateTime="2025-06-01")
    resource |= {"contained": [contained], "medicationReference": {"reference": "#x"}}
    assert [fact.concept for fact in told(resource)] == ["Filgrastim"]


def test_a_medicine_not_taken_and_one_intended_are_no_exposures() -> None:
    assert told(medicine("MedicationStatement", "L01CA02", status="not-taken"))[0].status is FactStatus.NOT_DONE
    assert why(medicine("MedicationStatement", "L01CA02", status="intended")) == ["fhir_not_begun"]


def test_a_code_of_the_wrong_kind_of_resource_is_listed() -> None:
    assert why(procedure(code=code(SCT, "94381002"))) == ["fhir_kind_unfit"]
    assert why(observation(code=code(SCT, "234336002"), valueBoolean=True)) == ["fhir_kind_unfit"]


# ---- conditions and consents


def condition(**parts: Any) -> dict[str, Any]:
    usual = {"resourceType": "Condition", "id": "c", "code": code(SCT, "234646005"), "onsetDateTime": "2025-01"}
    return usual | parts


def test_a_condition_runs_from_onset_to_abatement() -> None:
    fact = told(condition(abatementDateTime="2025-03-02"))[0]
    assert (fact.concept, fact.value, fact.start, fact.end) == (
        "Graft versus host disease",
        True,
        PartialDate(2025, 1),
        PartialDate(2025, 3, 2),
    )
    assert told(condition())[0].end is None


def test_a_condition_that_is_over_since_nobody_knows_when_is_listed_and_not_used() -> None:
    resolved = condition(clinicalStatus=code("", "resolved"))
    assert why(resolved) == ["fhir_over_undated"]
    assert told(resolved)[0].status is FactStatus.EXCLUDED


@pytest.mark.parametrize("verification", ["unconfirmed", "provisional", "differential", "entered-in-error"])
def test_a_diagnosis_that_is_not_confirmed_is_not_used(verification: str) -> None:
    assert told(condition(verificationStatus=code("", verification)))[0].status is FactStatus.EXCLUDED


def test_a_refuted_diagnosis_gives_no_histology() -> None:
    refuted = condition(
        code=code("http://terminology.hl7.org/CodeSystem/icd-o-3", "8910/3"), verificationStatus=code("", "refuted")
    )
    assert [(fact.concept, fact.status) for fact in told(refuted)] == [("Histology", FactStatus.EXCLUDED)]


def test_a_topography_gives_the_primary_site() -> None:
    sited = condition(bodySite=[code("http://terminology.hl7.org/CodeSystem/icd-o-3", "C49.2")])
    assert ("Primary site", "C49.2") in [(fact.concept, fact.value) for fact in told(sited)]


def consent(**parts: Any) -> dict[str, Any]:
    usual = {"resourceType": "Consent", "id": "c", "status": "active", "scope": code("", "research"), "dateTime": "2025-06-10"}
    return usual | parts


def test_a_consent_says_yes_only_while_it_is_active_and_permits() -> None:
    assert told(consent())[0].value is True
    assert told(consent(status="rejected"))[0].value is False
    assert told(consent(status="inactive"))[0].value is False
    assert told(consent(provision={"type": "deny"}))[0].value is False
    assert told(consent(status="draft"))[0].status is FactStatus.EXCLUDED


def test_a_consent_to_something_else_is_listed_and_a_mapped_category_names_its_attestation() -> None:
    assert why(consent(scope=code("", "patient-privacy"))) == ["fhir_consent_not_research"]
    assert told(consent(category=[code(SITE, "ASSENT")]))[0].concept == "Child assent"


# ---- coverage and whose


def coverage(**parts: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": "h", "status": "final", "code": code(SITE, "COVER")} | parts


def test_a_dated_statement_covers_from_birth_and_an_open_period_from_its_start() -> None:
    from_birth = read(coverage(effectiveDateTime="2025-06-10")).record.histories[0]
    assert (from_birth.concept, from_birth.since, from_birth.until) == ("Radiotherapy", None, PartialDate(2025, 6, 10))
    kept_up = read(coverage(effectivePeriod={"start": "2025-01-01"})).record.histories[0]
    assert (kept_up.since, kept_up.until) == (PartialDate(2025, 1, 1), None)


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        ({"effectivePeriod": {"end": "2025-06-10"}}, "fhir_coverage_undated"),
        ({}, "fhir_coverage_undated"),
        ({"effectiveDateTime": "2025-06-10", "valueBoolean": False}, "fhir_coverage_denied"),
        ({"effectiveDateTime": "2025-06-10", "valueCodeableConcept": code(SCT, "373067005")}, "fhir_coverage_denied"),
        ({"effectiveDateTime": "2025-06-10", "status": "entered-in-error"}, "fhir_coverage_denied"),
    ],
)
def test_coverage_that_is_denied_or_undated_covers_nothing(parts: dict[str, Any], kind: str) -> None:
    assert read(coverage(**parts)).record.histories == ()
    assert why(coverage(**parts)) == [kind]


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        ({"emptyReason": code("", "notasked")}, "fhir_coverage_denied"),
        ({"emptyReason": code("", "nilknown"), "entry": [{"item": {}}]}, "fhir_coverage_denied"),
        ({"emptyReason": code("", "nilknown"), "date": ""}, "fhir_coverage_undated"),
        ({"emptyReason": code("", "nilknown"), "code": code(SITE, "OTHER")}, "fhir_code_unknown"),
    ],
)
def test_a_list_that_does_not_say_nothing_known_covers_nothing(parts: dict[str, Any], kind: str) -> None:
    resource = {"resourceType": "List", "id": "l", "status": "current", "date": "2025-06-10", "code": code(SITE, "COVER")} | parts
    assert read(resource).record.histories == ()
    assert why(resource) == [kind]


def test_what_is_about_somebody_else_is_listed() -> None:
    assert why(observation(valueQuantity=ALT_30, subject={"reference": "Patient/B"})) == ["fhir_other_subject"]
    assert why(observation(valueQuantity=ALT_30, subject={"reference": "https://his.example.cn/fhir/Patient/A"})) == []


def test_two_resources_of_one_id_keep_apart() -> None:
    facts = told(observation(valueQuantity=ALT_30), observation(valueQuantity=ALT_30))
    assert [fact.id for fact in facts] == ["Observation/o", "Observation/o~2"]
