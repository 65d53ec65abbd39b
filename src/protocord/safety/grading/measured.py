"""From what a laboratory reports to what a term is held against: which concept a test is, its standard unit, corrected calcium."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache

from protocord import concepts
from protocord.concepts import Concepts
from protocord.errors import Place, Problem, ProblemsFound
from protocord.safety.grading.exact import decimal
from protocord.values import CodeSystem, Quantity, Reason, UnreadableQuantity

TOTAL_CALCIUM, CORRECTED_CALCIUM, ALBUMIN = "Total calcium", "Albumin-corrected calcium", "Albumin"
# mmol/L of calcium for each g/L by which albumin lies below 40 g/L (Payne 1973, in SI units; clinical.md 3.2).
CALCIUM_PER_ALBUMIN, ALBUMIN_NORMAL = Decimal("0.02"), Decimal(40)
# A test whose very name states a clinical fact.
STATED_BY_TEST: Mapping[str, tuple[str, bool]] = {"Fasting glucose": ("fasting", True)}


@cache
def _shipped_names() -> Mapping[str, str]:
    return names_of(concepts.load())


def names_of(known: Concepts) -> Mapping[str, str]:
    """This will return the concept of every name of a test, in small letters: its id and names, its CDISC test code, its LOINC codes."""
    names: dict[str, str] = {}
    for concept in known.values():
        codes = [coding.code for coding in concept.codes if coding.system == CodeSystem.LOINC]
        test = [concept.cdisc["test"]] if concept.cdisc.get("test") and concept.kind.is_numeric else []
        for name in (concept.id, concept.name.en, concept.name.zh, *codes, *test):
            names.setdefault(name.casefold(), concept.id)
    return names


def concept_of(test: str, known: Concepts | None = None) -> str | None:
    """This will return the id of the concept that a test's name, CDISC test code or LOINC code means; None for none."""
    names = _shipped_names() if known is None else names_of(known)
    return names.get(test.strip().casefold())


def concept_named(test: str, known: Concepts | None = None) -> str:
    """This will return the concept that a test means. Raises ProblemsFound, with the nearest name, for an unknown one."""
    found = concept_of(test, known)
    if found is None:
        hint = (known or concepts.load()).suggest(test) or "Name a concept, its CDISC test code or its LOINC code."
        raise ProblemsFound([Problem(Place(), f"no measurement is named {test!r}.", hint)])
    return found


def read_value(value: Decimal | float | str | Quantity, unit: str | None) -> Quantity | Reason:
    """This will return a number as it was written, to 15 significant digits; the Reason for a text that is no number."""
    if isinstance(value, Quantity):
        quantity = value
    else:
        try:
            quantity = Quantity.parse(repr(value) if isinstance(value, float) else str(value), unit)
        except UnreadableQuantity as wrong:
            kind = "grading_value_missing" if wrong.kind == "number_missing" else "grading_not_a_number"
            return Reason.of(kind, value=wrong.text)
    return Quantity(decimal(quantity.value), quantity.unit, quantity.comparator)


def standardised(concept: str, value: Quantity, known: Concepts | None = None) -> Quantity | Reason:
    """This will return a quantity in the concept's unit, or the Reason: a unit that is not accepted, or a number that cannot be right."""
    every = known or concepts.load()
    found = every.standard(concept, value)
    if isinstance(found, Quantity) and not every[concept].plausible.meets(found):
        return Reason.of("grading_implausible", concept=every[concept].name, value=value)
    return found


def corrected_calcium(calcium: Quantity, albumin: Quantity) -> Quantity:
    """This will return calcium corrected for albumin, in mmol/L, from mmol/L and g/L; a comparator of calcium is kept."""
    correction = CALCIUM_PER_ALBUMIN * (ALBUMIN_NORMAL - albumin.value)
    return Quantity(calcium.value + correction, calcium.unit, calcium.comparator)
