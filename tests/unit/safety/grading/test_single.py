"""One result graded: the traps of the standard, what is missing, what is stated, units, and what each version does otherwise."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pint
import pytest

from protocord.errors import ProblemsFound
from protocord.safety import Grade, grade, grade_test
from protocord.values import Quantity
from protocord.words import say


def g5(term: str, value: Any, unit: str | None = None, **facts: Any) -> Grade:
    return grade(term, value, unit, version="5.0", **facts)


def g6(term: str, value: Any, unit: str | None = None, **facts: Any) -> Grade:
    return grade(term, value, unit, version="6.0", **facts)


def spread(found: Grade) -> tuple[int | None, int | None]:
    return found.grade_min, found.grade_max


def kinds(found: Grade) -> list[str]:
    return [reason.kind for reason in found.reasons]


# The traps of clinical.md 3.3, in their order.


def test_sodium_between_129_and_130_belongs_to_the_lower_band() -> None:
    assert spread(g5("Hyponatremia", "129.5", low=135)) == (2, 3)
    assert g5("Hyponatremia", "129.5", low=135, stated={"symptoms": False}).grade == 2
    assert g5("Hyponatremia", "129.5", low=135, stated={"symptoms": True}).grade == 3
    assert g5("Hyponatremia", "130", low=135).grade == 1


def test_alt_that_falls_below_one_and_a_half_times_an_abnormal_baseline_is_grade_0_though_above_uln() -> None:
    found = g5("Alanine aminotransferase increased", 90, high=40, baseline=80)
    assert (found.grade, found.within_reference_range) == (0, False)
    assert g5("Alanine aminotransferase increased", 30, high=40, baseline=80).grade == 0


def test_creatinine_within_the_range_is_graded_by_its_baseline_and_says_that_it_lies_within() -> None:
    found = g5("Creatinine increased", 31, high=44, baseline=20)
    assert (found.grade, found.within_reference_range) == (2, True)
    assert found.facts["from"] == Quantity(Decimal("30.0"), "umol/L")
    assert found.facts["to"] == Quantity(Decimal(60), "umol/L")


def test_haemoglobin_in_mmol_per_litre_is_converted_before_it_is_graded() -> None:
    assert g5("Anemia", "4.9", "mmol/L", low="7").grade == 3  # 78.96 g/L
    assert g5("Anemia", "6.3", "mmol/L", low="7").grade == 1  # 101.5 g/L, LLN 112.8
    assert g5("Anemia", "6.3", "mmol/L", low="7").facts["low"] == Quantity(Decimal("112.798"), "g/L")


def test_a_converted_result_keeps_what_was_reported() -> None:
    found = g5("Anemia", "6.3", "mmol/L", low="7")
    assert (found.facts["reported"], found.facts["value"]) == (
        Quantity(Decimal("6.3"), "mmol/L"),
        Quantity(Decimal("101.5182"), "g/L"),
    )
    calcium = g5("Hypocalcemia", "1.9", measured="Total calcium", low="2.1", albumin=Quantity(Decimal(30), "g/L"))
    assert (str(calcium.facts["reported"]), str(calcium.facts["value"])) == ("1.9", "2.10 mmol/L")
    assert "reported" not in g5("Anemia", "101", "g/L", low="110").facts


def test_anaemia_tops_out_at_grade_3_by_number_and_at_what_is_stated_otherwise() -> None:
    assert g5("Anemia", 20, low=110).grade == 3
    assert g5("Anemia", 95, low=110, stated={"transfusion": True}).grade == 3
    assert g5("Anemia", 95, low=110, stated={"transfusion": False}).grade == 2
    assert g5("Anemia", 95, low=110, stated={"life_threatening": True}).grade == 4


def test_numbers_alone_do_not_separate_grades_1_and_2_of_hypokalaemia() -> None:
    found = g5("Hypokalemia", "3.2", low="3.5")
    assert (found.grade, found.status, *spread(found)) == (None, "ask", 1, 2)
    assert kinds(found) == ["grading_symptoms"]
    assert g5("Hypokalemia", "3.2", low="3.5", stated={"symptoms": False}).grade == 1
    assert g5("Hypokalemia", "3.2", low="3.5", stated={"symptoms": False, "intervention": True}).grade == 2


def test_both_directions_are_graded_apart_and_joined_with_a_sign() -> None:
    low = grade_test("K", "2.9", version="5.0", low="3.5", high="5")
    assert (low.low.grade, low.high.grade, low.signed) == (3, 0, -3)  # type: ignore[union-attr]
    high = grade_test("2823-3", "5.7", version="5.0", low="3.5", high="5")
    assert (high.low.grade, high.high.grade, high.signed) == (0, 2, 2)  # type: ignore[union-attr]
    assert grade_test("K", "4", version="5.0", low="3.5", high="5").signed == 0
    assert grade_test("K", "4", version="5.0", high="5").signed is None  # low side open
    assert grade_test("Ferritin", "4", version="5.0").signed is None
    assert grade_test("ALT", "30", version="5.0", high=40).low is None


# What is missing


@pytest.mark.parametrize(("value", "grades"), [("1.6", (0, 1)), ("1.5", (0, 1)), ("1.49", (2, 2)), ("0.4", (4, 4))])
def test_without_lln_absolute_grades_from_2_on_still_stand(value: str, grades: tuple[int, int]) -> None:
    found = g5("Neutrophil count decreased", value)
    assert spread(found) == grades
    assert kinds(found) == (["grading_low_missing"] if grades[0] != grades[1] else [])
    assert found.status == ("cannot" if grades[0] != grades[1] else "graded")


def test_an_absolute_grade_stands_though_the_value_lies_within_the_childs_range() -> None:
    found = g5("Neutrophil count decreased", "1.3", low="1.0", high="7.0")
    assert (found.grade, found.within_reference_range) == (2, True)


def test_without_uln_nothing_by_multiples_of_it_is_given() -> None:
    found = g5("CPK increased", 500)
    assert (found.grade, *spread(found), kinds(found)) == (None, 0, 4, ["grading_high_missing"])


def test_without_a_baseline_the_grades_that_any_baseline_leaves_are_shown() -> None:
    found = g5("Alanine aminotransferase increased", 130, high=40)  # 3.25 x ULN: grade 2 if normal, and no worse if not
    assert (found.grade, *spread(found), kinds(found)) == (None, 0, 2, ["grading_baseline_missing"])
    assert g5("Alanine aminotransferase increased", 40, high=40).grade == 0  # within range whatever the baseline was
    assert spread(g6("Alanine aminotransferase increased", 130, high=40)) == (0, 3)  # 3.25 x a baseline just above ULN
    assert g5("Fibrinogen decreased", "2.0", low="2.0").grade == 0
    assert spread(g5("Fibrinogen decreased", "1.4", low="2.0")) == (2, 2)  # 0.7 x LLN is 2; a fall from below LLN is under 50 %
    assert spread(g5("Fibrinogen decreased", "1.6", low="2.0")) == (1, 1)
    assert spread(g5("Creatinine increased", 31, high=44)) == (0, 3)
    assert spread(g5("Alanine aminotransferase increased", 130, high=40, abnormal_baseline="outside_limits")) == (0, 4)


def test_a_low_baseline_is_normal_unless_the_protocol_says_otherwise() -> None:
    assert g5("Alanine aminotransferase increased", 45, low=10, high=40, baseline=5).grade == 1
    found = g5("Alanine aminotransferase increased", 45, low=10, high=40, baseline=5, abnormal_baseline="outside_limits")
    assert found.grade == 3  # 9 x baseline
    assert (
        g5("Alanine aminotransferase increased", 45, low=10, high=40, baseline=20, abnormal_baseline="outside_limits").grade == 1
    )
    assert (
        g5("Alanine aminotransferase increased", 45, low=10, high=40, baseline=41, abnormal_baseline="outside_limits").grade == 0
    )


def test_a_baseline_on_its_limit_is_normal() -> None:
    assert g5("Alanine aminotransferase increased", 45, high=40, baseline=40).grade == 1  # not 1.1 x baseline, which is grade 0
    assert g6("Creatinine increased", 61, low=20, high=44, baseline=20).grade == 1  # not 3.05 x a low baseline
    outside = {"baseline": 10, "abnormal_baseline": "outside_limits"}
    assert g5("Alanine aminotransferase increased", 45, low=10, high=40, **outside).grade == 1


def test_where_either_limit_makes_a_baseline_abnormal_both_must_be_known_to_call_it_normal() -> None:
    for limits in ({"baseline_high": 40}, {"baseline_low": 10}):
        found = g5("Alanine aminotransferase increased", 70, high=40, baseline=20, abnormal_baseline="outside_limits", **limits)
        assert (spread(found), kinds(found)) == ((1, 2), ["grading_baseline_limit_missing"])  # 1.75 x ULN, or 3.5 x baseline


def test_the_baselines_own_limit_says_whether_it_was_abnormal() -> None:
    assert (
        g5("Alanine aminotransferase increased", 100, high=40, baseline=45, baseline_high=50).grade == 1
    )  # normal then: 2.5 x ULN
    assert g5("Alanine aminotransferase increased", 60, high=70, baseline=45, baseline_high=40).grade == 0
    found = g5("Alanine aminotransferase increased", 100, high=40, baseline=45, baseline_low=10)
    assert kinds(found) == ["grading_baseline_limit_missing"] or found.grade == 1
    found = g5("Alanine aminotransferase increased", 130, high=40, baseline=45, baseline_low=10)
    assert (spread(found), kinds(found)) == ((1, 2), ["grading_baseline_limit_missing"])


def test_a_baseline_that_is_only_a_bound_is_none() -> None:
    found = g5("Creatinine increased", 31, high=44, baseline=Quantity(Decimal(20), "umol/L", "<"))
    assert kinds(found) == ["grading_baseline_missing"]


def test_a_baseline_in_another_unit_is_converted() -> None:
    assert g5("Creatinine increased", 31, high=44, baseline=Quantity(Decimal("0.2"), "mg/dL")).grade == 2  # 17.68 umol/L


@pytest.mark.parametrize(
    ("value", "grades"),
    [
        ("<0.5", (4, 4)),
        ("<0.6", (3, 4)),
        ("<=0.5", (3, 4)),
        ("<1.2", (2, 4)),
        (">8", (0, 0)),
        (">=2.0", (0, 0)),
        (">1.8", (0, 1)),
    ],
)
def test_a_result_that_is_only_a_bound_has_a_grade_where_every_value_behind_it_has(value: str, grades: tuple[int, int]) -> None:
    found = g5("Neutrophil count decreased", value, low="2.0", high="7")
    assert spread(found) == grades
    assert kinds(found) == ([] if grades[0] == grades[1] else ["grading_comparator"])


def test_within_range_of_a_bound_is_known_only_where_all_behind_it_is() -> None:
    low = {"low": "2.0", "high": "7"}
    assert g5("Neutrophil count decreased", "<2.0", **low).within_reference_range is False
    assert g5("Neutrophil count decreased", "<3", **low).within_reference_range is None
    assert g5("Neutrophil count decreased", "2.0", **low).within_reference_range is True
    assert g5("Neutrophil count decreased", "7", **low).within_reference_range is True
    assert g5("Neutrophil count decreased", "7.1", **low).within_reference_range is False
    assert g5("Neutrophil count decreased", "3", low=2).within_reference_range is True
    assert g5("Neutrophil count decreased", "3").within_reference_range is None


@pytest.mark.parametrize(
    ("value", "unit", "kind"),
    [
        ("", "g/L", "grading_value_missing"),
        ("abc", "g/L", "grading_not_a_number"),
        ("1,5", "g/L", "grading_not_a_number"),
        ("100", "furlong", "unit_unknown"),
        ("1000", "g/L", "grading_implausible"),
    ],
)
def test_a_result_that_cannot_be_read_is_refused_with_its_reason_in_both_languages(value: str, unit: str, kind: str) -> None:
    found = g5("Anemia", value, unit, low=110)
    assert (found.grade, found.grade_min, found.status, kinds(found)) == (None, None, "cannot", [kind])
    for language in ("en", "zh"):
        assert say(found.reasons[0], language)  # type: ignore[arg-type]


def test_an_unaccepted_unit_lists_those_that_are_accepted() -> None:
    assert "g/L, g/dL, mg/mL, mmol/L" in say(g5("Anemia", "100", "furlong").reasons[0], "en")


# Clinical facts


@pytest.mark.parametrize(
    ("term", "value", "facts", "grades"),
    [
        ("Lipase increased", 150, {"high": 60}, (2, 3)),
        ("Lipase increased", 150, {"high": 60, "stated": {"symptoms": True}}, (3, 3)),
        ("Lipase increased", 301, {"high": 60, "stated": {"symptoms": False}}, (3, 3)),
        ("Lipase increased", 301, {"high": 60, "stated": {"symptoms": True}}, (4, 4)),
        ("Hyperuricemia", 500, {"high": 360}, (1, 3)),
        ("Hyperuricemia", 500, {"high": 360, "stated": {"consequences": True}}, (3, 3)),
        ("Hyperuricemia", 360, {"high": 360}, (0, 0)),
        ("INR increased", "1.3", {"stated": {"anticoagulated": False}}, (1, 1)),
        ("INR increased", "2.6", {"baseline": "2.5", "stated": {"anticoagulated": True}}, (1, 1)),
        ("INR increased", "2.6", {"baseline": "2.5", "stated": {"anticoagulated": False}}, (3, 3)),
        ("INR increased", "2.6", {"baseline": "2.5"}, (1, 3)),
        ("INR increased", "1.0", {"baseline": "1.0"}, (0, 0)),
        ("Hyperkalemia", "5.2", {"high": 5, "stated": {"intervention": True}}, (2, 2)),
        ("Hyperkalemia", "5.2", {"high": 5, "stated": {"hospitalisation": True}}, (3, 3)),
        ("Hyperkalemia", "4.9", {"high": 5, "stated": {"hospitalisation": True}}, (0, 0)),
        ("Hypercalcemia", "2.7", {"high": "2.6", "stated": {"symptoms": True}}, (2, 2)),
        ("Activated partial thromboplastin time prolonged", 45, {"high": 40, "stated": {"bleeding": True}}, (3, 3)),
        ("Leukocytosis", 150, {}, (3, 3)),
        ("Leukocytosis", 150, {"stated": {"life_threatening": True}}, (4, 4)),
    ],
)
def test_a_clinical_fact_decides_where_the_standard_says_so(
    term: str, value: Any, facts: dict[str, Any], grades: tuple[int, int]
) -> None:
    assert spread(g5(term, value, **facts)) == grades


def test_a_protocol_may_assume_the_worst_or_the_best_and_the_grade_says_so() -> None:
    worst, best = (g5("Lipase increased", 150, high=60, undecided=way) for way in ("worst", "best"))
    assert (worst.grade, worst.status, *spread(worst)) == (3, "assumed", 2, 3)
    assert (best.grade, best.status) == (2, "assumed")
    assert g5("CPK increased", 500, undecided="worst").grade is None  # a missing limit is no clinical fact


def test_an_unknown_fact_is_refused() -> None:
    with pytest.raises(ProblemsFound, match=r"symptom.*Did you mean 'symptoms'"):
        g5("Lipase increased", 150, high=60, stated={"symptom": True})


# The versions


@pytest.mark.parametrize(
    ("test", "value", "facts", "five", "six"),
    [
        ("ANC", "1.2", {"low": 2}, 2, 1),
        ("ANC", "1.6", {"low": 2}, 1, 0),
        ("ANC", "0.3", {}, 4, 3),
        ("ANC", "0.09", {}, 4, 4),
        ("Platelet count", "15", {}, 4, 3),
        ("Platelet count", "9.9", {}, 4, 4),
        ("ALT", 100, {"high": 40, "baseline": 80}, 0, 1),
        ("ALT", 161, {"high": 40, "baseline": 80}, 1, 3),
        ("ALT", 79, {"high": 40, "baseline": 80}, 0, 0),
        ("ALT", 80, {"high": 40, "baseline": 80}, 0, 1),  # the baseline itself
        ("Total bilirubin", 80, {"high": 20, "baseline": 30}, 2, 3),
        ("Gamma-glutamyl transferase", 130, {"high": 40, "baseline": 80}, 0, 2),
        ("Alkaline phosphatase", 300, {"high": 100, "baseline": 90}, 2, 1),
        ("Alkaline phosphatase", 300, {"high": 100, "baseline": 310}, 0, 0),
        ("Creatinine", 40, {"low": 18, "high": 44, "baseline": 20}, 2, 0),
        ("Creatinine", 40, {"low": 22, "high": 44, "baseline": 20}, 2, 2),
        ("Lipase", 150, {"high": 60, "stated": {"symptoms": True}}, 3, 2),
        ("Glucose", 14, {"high": 6}, None, 3),
        ("Fasting glucose", 10, {"high": 6}, None, 2),
        ("Glucose", 10, {"high": 6, "stated": {"fasting": False}}, None, 0),
        ("Creatinine clearance", 30, {}, None, 2),
        ("Creatinine clearance", 25, {}, None, 3),
        ("Creatinine clearance", 50, {}, None, 0),
    ],
)  # fmt: skip
def test_the_versions_differ_where_the_clinical_reference_says_so(
    test: str, value: Any, facts: dict[str, Any], five: int | None, six: int | None
) -> None:
    for version, expected in (("5.0", five), ("6.0", six)):
        both = grade_test(test, value, version=version, **facts)
        sides = [side for side in (both.low, both.high) if side is not None]
        grades = [side.grade for side in sides if side.grade is not None]
        assert max(grades, default=None) == expected
        assert all(side.version == version for side in sides)


@pytest.mark.parametrize(
    ("version", "term", "kind"),
    [
        ("6.0", "Lymphocyte count decreased", "grading_no_such_term"),
        ("6.0", "CPK increased", "grading_no_such_term"),
        ("6.0", "Platelet count decreased", "grading_no_such_term"),
        ("5.0", "Thrombocytopenia", "grading_no_such_term"),
        ("5.0", "LDL increased", "grading_no_such_term"),
        ("5.0", "Hyperglycemia", "grading_no_numeric_rule"),
        ("5.0", "Hypophosphatemia", "grading_no_numeric_rule"),
        ("6.0", "Hypophosphatemia", "grading_no_numeric_rule"),
    ],
)
def test_a_term_that_a_version_lacks_or_grades_without_numbers_says_so(version: str, term: str, kind: str) -> None:
    found = grade(term, "3", version=version, low=1, high=2)
    assert (found.grade, found.status, kinds(found)) == (None, "cannot", [kind])
    assert term in say(found.reasons[0], "en")
    assert version in say(found.reasons[0], "zh")


def test_below_10_ml_per_minute_the_standard_has_no_grade() -> None:
    found = g6("Creatinine clearance decreased", "9.9")
    assert (found.grade, *spread(found), kinds(found)) == (None, None, None, ["grading_outside_standard"])
    assert g6("Creatinine clearance decreased", "10").grade == 3


# Units and exact numbers


def test_a_multiple_of_a_limit_has_no_error_of_binary_fractions() -> None:
    assert 3 * 1.1 != 3.3  # what a binary computer makes of it
    assert g5("Alanine aminotransferase increased", "3.3", high="1.1", baseline="1").grade == 1
    assert g5("Alanine aminotransferase increased", 3.3, high=1.1, baseline=1.0).grade == 1
    assert g5("Alanine aminotransferase increased", "3.300001", high="1.1", baseline="1").grade == 2
    assert g5("Serum amylase increased", 0.1 + 0.2, high=0.2, baseline=0.1).grade == 1  # 0.30000000000000004 is 0.3 to 15 digits


def test_calcium_is_corrected_by_albumin_and_not_graded_without() -> None:
    assert g5("Hypocalcemia", "1.9", measured="Total calcium", low="2.1", albumin=Quantity(Decimal(30), "g/L")).grade == 0  # 2.1
    found = g5("Hypocalcemia", "7.6", "mg/dL", measured="Total calcium", low="8.4", albumin=Quantity(Decimal(3), "g/dL"))
    assert found.facts["value"].value == Decimal("7.6") * Decimal("0.2495") + Decimal("0.2")  # 2.0962
    assert found.grade == 0  # LLN 2.0958
    assert kinds(g5("Hypocalcemia", "1.9", measured="Total calcium", low="2.1")) == ["grading_albumin_missing"]
    bounded = Quantity(Decimal(30), "g/L", "<")
    assert kinds(g5("Hypocalcemia", "1.9", measured="Total calcium", low="2.1", albumin=bounded)) == ["grading_albumin_missing"]
    assert g5("Hypercalcemia", "1.55", measured="CAION", high="1.3").grade == 2


@pytest.mark.parametrize(
    ("term", "unit", "pint_unit", "standard_unit", "values", "low"),
    [
        ("Anemia", "g/dL", "gram/deciliter", "gram/liter", ["7.9", "8.0", "9.99", "10.0", "10.9", "11"], "11"),
        ("Platelet count decreased", "/uL", "1/microliter", "1/nanoliter", ["24999", "25000", "74999", "75000", "150000"], "150000"),
        ("Fibrinogen decreased", "mg/dL", "milligram/deciliter", "gram/liter", ["49", "50", "99", "100", "149", "150", "199", "200"], "200"),
        ("Hypoalbuminemia", "g/dL", "gram/deciliter", "gram/liter", ["1.9", "2", "2.9", "3.0", "3.4"], "3.5"),
    ],
)  # fmt: skip
def test_a_result_in_a_hospitals_unit_has_the_grade_of_the_same_result_in_si(
    term: str, unit: str, pint_unit: str, standard_unit: str, values: list[str], low: str
) -> None:
    """Pint, which knows nothing of our factors, converts."""
    registry: Any = pint.UnitRegistry(non_int_type=Decimal)
    for value in values:
        reported = g5(term, value, unit, low=low, baseline=low)
        converted = [
            str(registry.Quantity(Decimal(one), pint_unit).to(standard_unit).magnitude.normalize()) for one in (value, low)
        ]
        si = g5(term, converted[0], low=converted[1], baseline=converted[1])
        assert (reported.grade, reported.grade_min) == (si.grade, si.grade_min)
        assert reported.grade is not None


def test_the_threshold_behind_a_grade_is_shown_as_a_number_with_the_row() -> None:
    found = g5("Alanine aminotransferase increased", "250", high="41.5", baseline="30")
    assert found.rules == ("v5.0 Alanine aminotransferase increased grade 3: > 5 × ULN and ≤ 20 × ULN, baseline normal",)
    assert {name: fact.value for name, fact in found.facts.items()} == {
        "value": Decimal(250),
        "high": Decimal("41.5"),
        "baseline": Decimal(30),
        "baseline_high": Decimal("41.5"),
        "from": Decimal("207.5"),
        "to": Decimal("830.0"),
    }
    data = found.as_data()
    assert data["facts"]["from"] == {"value": "207.5", "unit": "U/L"}
    assert (data["grade"], data["version"], data["direction"], data["reasons"]) == (3, "5.0", "high", [])


# Refusals


def test_an_unknown_term_or_test_names_the_nearest() -> None:
    with pytest.raises(ProblemsFound, match="Did you mean 'Hyperkalemia'"):
        g5("Hyperkalaemia", 5)
    with pytest.raises(ProblemsFound, match=r"'Plateletcount'.*Did you mean 'Platelet count'"):
        grade_test("Plateletcount", 5, version="5.0")
    with pytest.raises(ProblemsFound, match=r"Anemia is not graded by 'ALT'.*Haemoglobin"):
        g5("Anemia", 5, measured="ALT")


def test_reversed_limits_are_a_fault_of_the_caller() -> None:
    with pytest.raises(ValueError, match="lower limit of normal, 5"):
        g5("Hyperkalemia", 5, low=5, high=3)
