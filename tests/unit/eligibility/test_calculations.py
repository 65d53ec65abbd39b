"""The numbers shown beside creatinine, against the vectors of clinical.md 4.6."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from protocord import concepts
from protocord.criteria import FactIndex
from protocord.eligibility.calculations import calculate
from protocord.values import Fact, PartialDate, Quantity, SubjectRecord

CONCEPTS = concepts.load()
ON = date(2025, 6, 10)
DAY = PartialDate(2025, 6, 8)


def known(**said: str | None) -> FactIndex:
    """A boy of 5 years, 110 cm, 18.5 kg, creatinine 35 µmol/L, but for what is said; None leaves it out."""
    told = {"height": "110", "weight": "18.5", "creatinine": "35", "unit": "umol/L", "sex": "male", "born": "2020-01-10"} | said
    facts = [
        Fact("h", "Height", Quantity.parse(told["height"], "cm"), DAY) if told["height"] else None,
        Fact("w", "Weight", Quantity.parse(told["weight"], "kg"), DAY) if told["weight"] else None,
        Fact("c", "Creatinine", Quantity.parse(told["creatinine"], told["unit"]), DAY) if told["creatinine"] else None,
        Fact("s", "Sex", told["sex"]) if told["sex"] else None,
        Fact("b", "Birth date", start=PartialDate.parse(told["born"])) if told["born"] else None,
    ]
    return FactIndex(SubjectRecord("1", tuple(fact for fact in facts if fact)), CONCEPTS)


@pytest.mark.parametrize(
    ("height", "creatinine", "expected"), [("110", "35", "114.7"), ("140", "50", "102.2"), ("165", "80", "75.3")]
)
def test_bedside_schwartz_gives_the_published_vectors(height: str, creatinine: str, expected: str) -> None:
    found = calculate("bedside_schwartz", known(height=height, creatinine=creatinine), ON)
    assert found.value == Quantity(Decimal(expected), "mL/min/{1.73_m2}")
    assert found.label.kind == "calculation_bedside_schwartz"


def test_cockcroft_gault_uses_the_exact_form_in_mg_per_dl() -> None:
    adolescent = known(weight="55", creatinine="80", born="2008-01-10")
    assert calculate("cockcroft_gault", adolescent, ON).value == Quantity(
        Decimal("103.8"), "mL/min"
    )  # the rounded SI factor gives 104.0
    assert calculate("cockcroft_gault", known(), ON).value == Quantity(Decimal("87.6"), "mL/min")


def test_cockcroft_gault_for_a_girl_is_multiplied_by_0_85() -> None:
    assert calculate("cockcroft_gault", known(sex="female"), ON).value == Quantity(Decimal("74.5"), "mL/min")


def test_units_are_converted_before_they_are_used() -> None:
    found = calculate("bedside_schwartz", known(creatinine="0.5", unit="mg/dL"), ON)
    assert found.value == Quantity(Decimal("90.8"), "mL/min/{1.73_m2}")  # 36.5 x 110 / 44.2


@pytest.mark.parametrize(
    ("lacking", "name"),
    [
        ("height", "bedside_schwartz"),
        ("creatinine", "bedside_schwartz"),
        ("born", "bedside_schwartz"),
        ("weight", "cockcroft_gault"),
        ("sex", "cockcroft_gault"),
    ],
)
def test_what_is_missing_is_named_and_no_number_is_shown(lacking: str, name: str) -> None:
    found = calculate(name, known(**{lacking: None}), ON)
    assert found.value is None
    assert [reason.kind for reason in found.missing] == ["calculation_input_missing"]


@pytest.mark.parametrize("born", ["2024-06-11", "2007-06-10"])
def test_schwartz_is_not_shown_under_1_year_or_from_18_years(born: str) -> None:
    found = calculate("bedside_schwartz", known(born=born), ON)
    assert found.value is None
    assert [reason.kind for reason in found.missing] == ["calculation_age_outside"]


def test_a_bound_or_a_missing_unit_gives_no_number() -> None:
    assert [reason.kind for reason in calculate("bedside_schwartz", known(creatinine="<35"), ON).missing] == [
        "calculation_input_unusable"
    ]
    assert [reason.kind for reason in calculate("bedside_schwartz", known(unit=None), ON).missing] == ["unit_missing"]


def test_the_inputs_are_shown() -> None:
    assert {fact.id for fact in calculate("bedside_schwartz", known(), ON).inputs} == {"h", "c", "b"}
