"""Every conversion factor of every shipped concept agrees with a table that was made without it.

Units of the same dimension are converted by pint, through ucumvert's reading of UCUM. Mass and amount are converted by the molar
masses below; equivalents by valence. A factor must be the expected number, rounded to the digits that the factor itself shows.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import ucumvert

from protocord import concepts
from protocord.values import Quantity

CONCEPTS = concepts.load()
PAIRS = [(name, unit) for name, concept in CONCEPTS.items() for unit in concept.units if unit != concept.unit]

# g/mol. PubChem and CIAAW standard atomic weights; the haemoglobin monomer as in clinical.md 3.3 (16,114 g/mol). Phosphate is
# reported as phosphorus; urea nitrogen as 2 N, which is one urea; triglycerides, by custom, as triolein.
MOLAR_MASS = {
    "Creatinine": "113.12",
    "Total bilirubin": "584.66",
    "Direct bilirubin": "584.66",
    "Glucose": "180.156",
    "Fasting glucose": "180.156",
    "Total calcium": "40.078",
    "Ionised calcium": "40.078",
    "Albumin-corrected calcium": "40.078",
    "Magnesium": "24.305",
    "Phosphate": "30.974",
    "Urate": "168.11",
    "Urea": "60.056",
    "Urea nitrogen": "28.014",
    "Triglycerides": "885.43",
    "Cholesterol": "386.65",
    "HDL cholesterol": "386.65",
    "LDL cholesterol": "386.65",
    "Haemoglobin": "16114",
}
VALENCE = {
    "Sodium": 1,
    "Potassium": 1,
    "Chloride": 1,
    "Total calcium": 2,
    "Ionised calcium": 2,
    "Albumin-corrected calcium": 2,
    "Magnesium": 2,
}
GRAMS_PER_LITRE = {"mg/dL": Decimal("0.01"), "mg/L": Decimal("0.001"), "g/L": Decimal(1)}
MOLES_PER_LITRE = {"mmol/L": Decimal("0.001"), "umol/L": Decimal("0.000001")}

# The factors of clinical.md 2.0, as written there.
CLINICAL = [
    ("Creatinine", "mg/dL", "88.4"),
    ("Total bilirubin", "mg/dL", "17.1"),
    ("Total calcium", "mg/dL", "0.2495"),
    ("Magnesium", "mg/dL", "0.4114"),
    ("Phosphate", "mg/dL", "0.3229"),
    ("Urate", "mg/dL", "59.48"),
    ("Urea nitrogen", "mg/dL", "0.357"),
    ("Haemoglobin", "g/dL", "10"),
    ("Albumin", "g/dL", "10"),
    ("Fibrinogen", "mg/dL", "0.01"),
    ("ANC", "10*3/uL", "1"),
    ("ANC", "/mm3", "0.001"),
]


@pytest.fixture(scope="module")
def registry() -> Any:
    return ucumvert.PintUcumRegistry()


def expected_by_chemistry(name: str, unit: str, standard: str) -> Decimal | None:
    """Units of `standard` in one `unit`, where that takes knowing the substance; None where it does not."""
    if unit == "meq/L" and standard == "mmol/L":
        return Decimal(1) / VALENCE[name]
    if unit == "[IU]/L" and standard == "U/L":
        return Decimal(1)  # for enzymes the international unit is the enzyme unit, 1 umol/min (IUB 1961)
    if (unit, standard) == ("[pH]", "{pH}"):
        return Decimal(1)  # a pH is a pure number, and one [pH] one of it (UCUM, table of chemical and biochemical units)
    if unit in GRAMS_PER_LITRE and standard in MOLES_PER_LITRE:
        return GRAMS_PER_LITRE[unit] / Decimal(MOLAR_MASS[name]) / MOLES_PER_LITRE[standard]
    if unit in MOLES_PER_LITRE and standard in GRAMS_PER_LITRE:
        return MOLES_PER_LITRE[unit] * Decimal(MOLAR_MASS[name]) / GRAMS_PER_LITRE[standard]
    return None


@pytest.mark.parametrize(("name", "unit"), PAIRS)
def test_a_factor_agrees_with_an_independent_table(registry: Any, name: str, unit: str) -> None:
    concept = CONCEPTS[name]
    factor, standard = concept.units[unit], concept.unit
    assert standard is not None
    expected = expected_by_chemistry(name, unit, standard)
    if expected is None:
        ratio = (registry.from_ucum(unit) / registry.from_ucum(standard)).to_base_units()
        assert ratio.dimensionless, f"{unit} and {standard} have different dimensions; the table of molar masses lacks {name}"
        expected = Decimal(repr(ratio.magnitude))
    assert expected.quantize(factor) == factor
    assert abs(factor / expected - 1) < Decimal("0.001")


def test_every_unit_is_ucum() -> None:
    parser = ucumvert.get_ucum_parser()
    for unit in sorted({unit for concept in CONCEPTS.values() for unit in concept.units}):
        assert parser.parse(unit), unit


@pytest.mark.parametrize(("name", "unit", "factor"), CLINICAL)
def test_the_factors_of_the_clinical_reference_are_used(name: str, unit: str, factor: str) -> None:
    assert CONCEPTS[name].units[unit] == Decimal(factor)


def test_the_glucose_factor_is_the_reciprocal_that_the_clinical_reference_gives() -> None:
    factor = CONCEPTS["Glucose"].units["mg/dL"]
    assert (1 / Decimal("18.016")).quantize(factor) == factor


@pytest.mark.parametrize(
    ("name", "value", "unit", "converted"),
    [
        ("Creatinine", "0.50", "mg/dL", "44.200"),
        ("ANC", "1200", "/uL", "1.200"),
        ("Haemoglobin", "8.0", "g/dL", "80.0"),
        ("Total bilirubin", "1.2", "mg/dL", "20.52"),
        ("Glucose", "99.999999999999999999999999999999", "mg/dL", "5.55099999999999999999999999999994449"),
    ],
)
def test_a_conversion_is_exact_and_never_rounds(name: str, value: str, unit: str, converted: str) -> None:
    found = CONCEPTS.standard(name, Quantity(Decimal(value), unit, "<"))
    assert isinstance(found, Quantity)
    assert (str(found.value), found.unit, found.comparator) == (converted, CONCEPTS[name].unit, "<")
