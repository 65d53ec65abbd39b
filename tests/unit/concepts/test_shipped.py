"""The shipped concepts: complete, sourced, bilingual, and right about what counts as what."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from protocord import concepts
from protocord.concepts import Concept, ConceptKind
from protocord.values import CodeSystem, Quantity, Reason
from protocord.words import say

CONCEPTS = concepts.load()
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("concept", CONCEPTS.values(), ids=lambda concept: concept.id)
def test_a_concept_is_named_in_both_languages_and_cites_its_source(concept: Concept) -> None:
    assert concept.name.en
    assert not _CHINESE.search(concept.name.en)
    # Clinical groups and stages are written the same in Chinese; every other name has Chinese characters in it.
    assert _CHINESE.search(concept.name.zh), concept.name.zh
    assert concept.citation
    assert concept.place.line > 0


# Shapes of the codes; LOINC's last digit checks the others (mod 10, as the card numbers do).
SHAPES = {
    CodeSystem.LOINC: r"\d{1,5}-\d",
    CodeSystem.NCIT: r"C\d{3,6}",
    CodeSystem.SNOMED: r"\d{6,18}",
    CodeSystem.ATC: r"[A-Z]\d\d[A-Z][A-Z]\d\d",
    CodeSystem.RXNORM: r"\d+",
    CodeSystem.ICD_10: r"[A-Z]\d\d(\.\d)?",
    CodeSystem.ICD_O_3: r"\d{4}/\d",
}


def luhn_digit(digits: str) -> int:
    doubled = [int(digit) * (2 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(digits))]
    return -sum(value // 10 + value % 10 for value in doubled) % 10


VERHOEFF_TIMES = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 4, 0, 6, 7, 8, 9, 5], [2, 3, 4, 0, 1, 7, 8, 9, 5, 6], [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
    [4, 0, 1, 2, 3, 9, 5, 6, 7, 8], [5, 9, 8, 7, 6, 0, 4, 3, 2, 1], [6, 5, 9, 8, 7, 1, 0, 4, 3, 2], [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
    [8, 7, 6, 5, 9, 3, 2, 1, 0, 4], [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
]  # fmt: skip
VERHOEFF_TURN = [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]]
while len(VERHOEFF_TURN) < 8:
    VERHOEFF_TURN.append([VERHOEFF_TURN[-1][VERHOEFF_TURN[1][digit]] for digit in range(10)])


def verhoeff_holds(digits: str) -> bool:
    check = 0
    for at, digit in enumerate(reversed(digits)):
        check = VERHOEFF_TIMES[check][VERHOEFF_TURN[at % 8][int(digit)]]
    return check == 0


CODES = [(concept.id, coding.system, coding.code) for concept in CONCEPTS.values() for coding in concept.codes]


@pytest.mark.parametrize(("name", "system", "code"), CODES)
def test_a_code_has_the_shape_and_check_digit_of_its_system(name: str, system: str, code: str) -> None:
    assert re.fullmatch(SHAPES[CodeSystem(system)], code)
    if system == CodeSystem.LOINC:
        body, check = code.split("-")
        assert luhn_digit(body) == int(check)
    if system == CodeSystem.SNOMED:
        assert verhoeff_holds(code)


@pytest.mark.parametrize(
    ("system", "code", "name"),
    [
        (CodeSystem.LOINC, "751-8", "ANC"),
        (CodeSystem.LOINC, "26499-4", "ANC"),
        (CodeSystem.LOINC, "777-3", "Platelet count"),
        (CodeSystem.LOINC, "14682-9", "Creatinine"),
        (CodeSystem.LOINC, "89243-0", "Karnofsky"),
        (CodeSystem.NCIT, "C38144", "Lansky"),
        (CodeSystem.ATC, "L01AD02", "Lomustine"),
        (CodeSystem.SNOMED, "424952003", "Soft tissue sarcoma"),
    ],
)
def test_a_concept_is_found_by_its_code(system: CodeSystem, code: str, name: str) -> None:
    found = CONCEPTS.by_code(system, code)
    assert found is not None
    assert found.id == name


def test_a_code_that_nobody_lists_means_nothing() -> None:
    assert CONCEPTS.by_code(CodeSystem.LOINC, "0-0") is None
    assert CONCEPTS.by_code("http://elsewhere", "751-8") is None


# clinical.md 2.1 I07 and I09 name these members.
@pytest.mark.parametrize(
    ("members", "parent"),
    [
        ("Carmustine Lomustine Semustine Nimustine Fotemustine Streptozocin", "Nitrosourea"),
        ("Nitrosourea Vincristine Dactinomycin Cyclophosphamide Ifosfamide Doxorubicin", "Myelosuppressive chemotherapy"),
        (
            "Etoposide Irinotecan Topotecan Temozolomide Carboplatin Vinorelbine Gemcitabine Docetaxel",
            "Myelosuppressive chemotherapy",
        ),
        (
            "Pegfilgrastim Mecapegfilgrastim Telpegfilgrastim Lipegfilgrastim Eflapegrastim Romiplostim",
            "Long-acting growth factor",
        ),
        ("Filgrastim Lenograstim Sargramostim Molgramostim Epoetin Interleukin-11", "Short-acting growth factor"),
        ("Dinutuximab Naxitamab", "Anti-GD2 antibody"),
        ("Anlotinib Pazopanib Isotretinoin Bevacizumab", "Non-chemotherapy anticancer therapy"),
        ("Alopecia", "Tolerated residual toxicity"),
    ],
)
def test_the_members_of_a_class_are_below_it(members: str, parent: str) -> None:
    assert {name for name in members.split() if name not in CONCEPTS.descendants(parent)} == set()
    assert all(parent in CONCEPTS.ancestors(name) for name in members.split())


def test_the_rules_of_the_washouts_do_not_overlap() -> None:
    """clinical.md 2.0: the specific criterion beats the general one, so no treatment may sit below two of these."""
    classes = (
        "Chemotherapy",
        "Non-chemotherapy anticancer therapy",
        "Radiotherapy",
        "Stem cell transplantation",
        "Haematopoietic growth factor",
        "Investigational drug",
    )
    below = [CONCEPTS.descendants(name) | {name} for name in classes]
    assert all(not one & other for at, one in enumerate(below) for other in below[at + 1 :])
    long, short = (CONCEPTS.descendants(f"{kind}-acting growth factor") for kind in ("Long", "Short"))
    assert not long & short
    assert not CONCEPTS.descendants("Acute non-haematological toxicity") & CONCEPTS.descendants("Tolerated residual toxicity")


def test_therapeutic_mibg_is_marrow_irradiation_and_the_diagnostic_scan_is_no_treatment() -> None:
    assert "Substantial marrow irradiation" in CONCEPTS.ancestors("131I-MIBG therapy")
    assert not CONCEPTS.ancestors("Diagnostic MIBG scan")


def test_a_history_at_the_root_covers_every_treatment() -> None:
    above = {name: CONCEPTS.ancestors(name) for name in ("Vincristine", "Anlotinib", "Total body irradiation", "Cancer surgery")}
    assert all("Anticancer therapy" in ancestors for ancestors in above.values())


def test_what_is_not_stated_is_a_possible_member() -> None:
    assert {"Chemotherapy", "Anticancer therapy"} <= CONCEPTS.possible("Nitrosourea")
    assert "Haematopoietic growth factor" in CONCEPTS.possible("Long-acting growth factor")
    assert "Performance status" in CONCEPTS.possible("Lansky")
    assert "Vincristine" not in CONCEPTS.possible("Nitrosourea")


def test_what_was_stated_on_another_axis_is_a_possible_member_too() -> None:
    without = CONCEPTS.possible("Stem cell transplantation without TBI")
    assert {
        "Stem cell transplantation",
        "Autologous stem cell transplantation",
        "Allogeneic stem cell transplantation",
    } <= without
    assert "Autologous transplantation without TBI" not in without, "that one is certain"
    assert "Stem cell transplantation with TBI" not in without
    assert "Autologous transplantation with TBI" not in without


def test_possible_members_are_exactly_those_that_share_something_below() -> None:
    closure = {name: CONCEPTS.descendants(name) | {name} for name in CONCEPTS}
    for name, own in closure.items():
        assert CONCEPTS.possible(name) == {other for other in CONCEPTS if other not in own and closure[other] & own}


def test_the_concepts_that_the_engine_knows_exist() -> None:
    kinds = {"Birth date": ConceptKind.DATE, "Sex": ConceptKind.CODED, "Informed consent": ConceptKind.ATTESTATION}
    assert {name: CONCEPTS[name].kind for name in kinds} == kinds
    assert set(CONCEPTS["Sex"].values) == {"male", "female"}


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("Vincristin", "Did you mean 'Vincristine'?"),
        ("anc", "Did you mean 'ANC'?"),
        ("Absolute neutrophil count", "Did you mean 'ANC'?"),
        ("血小板计数", "Did you mean 'Platelet count'?"),
        ("qqqqqqqq", ""),
    ],
)
def test_the_likely_concept_is_suggested(written: str, hint: str) -> None:
    assert CONCEPTS.suggest(written) == hint


def test_a_missing_or_unaccepted_unit_gives_the_reason_with_those_accepted() -> None:
    missing = CONCEPTS.standard("Creatinine", Quantity(Decimal(70), None))
    assert isinstance(missing, Reason)
    assert say(missing, "en") == "Serum creatinine: 70 has no unit; accepted units: umol/L, mg/dL, mg/L, mmol/L"
    unknown = CONCEPTS.standard("Creatinine", Quantity(Decimal(70), "g/L"))
    assert isinstance(unknown, Reason)
    assert "the unit g/L of 70 g/L is not accepted" in say(unknown, "en")
    unmeasured = CONCEPTS.standard("Vincristine", Quantity(Decimal(2), "mg"))
    assert isinstance(unmeasured, Reason)
    assert say(unmeasured, "zh") == "长春新碱 不是测量值；2 mg 无法换算"


@pytest.mark.parametrize("unit", [None, "1", "{score}"])
def test_a_score_is_complete_without_a_unit(unit: str | None) -> None:
    assert CONCEPTS.standard("Lansky", Quantity(Decimal(80), unit)) == Quantity(Decimal(80), "{score}")


def test_the_letter_case_of_a_unit_matters() -> None:
    assert isinstance(CONCEPTS.standard("Creatinine", Quantity(Decimal(1), "MG/DL")), Reason)


def test_a_plausible_range_holds_its_ends() -> None:
    plausible = CONCEPTS["Lansky"].plausible
    assert [plausible.holds(Decimal(value)) for value in (-1, 0, 100, 101)] == [False, True, True, False]
    assert CONCEPTS["Nausea"].plausible.holds(Decimal(10**9))


@pytest.mark.parametrize("written", ["٨٩٠٠/٣", "８９００/３", "८९००/३"], ids=["arabic-indic", "full-width", "devanagari"])
def test_a_code_in_digits_of_another_script_has_not_the_form_of_its_codes(written: str) -> None:
    pattern = CONCEPTS["Histology"].code_pattern
    assert pattern is not None
    assert pattern.fullmatch("8900/3")
    assert not pattern.fullmatch(written)
