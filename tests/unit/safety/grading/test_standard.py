"""The tables of CTCAE: every term, every row with its source, and grades that cover the line without gap or overlap."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from protocord import concepts
from protocord.errors import ProblemsFound
from protocord.safety.grading.standard import BRANCHES, RAISING, VERSIONS, End, Rule, Term, standard

TERMS = [term for version in VERSIONS for term in standard(version).terms]
GRADED = [term for term in TERMS if term.state == "graded"]

# clinical.md 3.1, 3.2 and 3.4: what each version grades by number, and what it does not.
IN_BOTH = """Anemia | Leukocytosis | White blood cell decreased | Lymphocyte count increased | CD4 lymphocytes decreased | Hemoglobin increased
 | Neutrophil count decreased | Fibrinogen decreased | INR increased | Activated partial thromboplastin time prolonged | Haptoglobin decreased
 | Alanine aminotransferase increased | Aspartate aminotransferase increased | Alkaline phosphatase increased | GGT increased
 | Blood bilirubin increased | Creatinine increased | Blood lactate dehydrogenase increased | Lipase increased | Serum amylase increased
 | Hypernatremia | Hyponatremia | Hyperkalemia | Hypokalemia | Hypercalcemia | Hypocalcemia | Hypermagnesemia | Hypomagnesemia
 | Hypoglycemia | Hypoalbuminemia | Hyperuricemia | Hypertriglyceridemia | Cholesterol high | Acidosis | Alkalosis"""
BOTH = {name.strip() for name in IN_BOTH.split("|")}
ONLY = {
    "5.0": {"Platelet count decreased", "Lymphocyte count decreased", "CPK increased"},
    "6.0": {"Thrombocytopenia", "Hyperglycemia", "Creatinine clearance decreased", "HDL decreased", "LDL increased"},
}
NO_NUMBERS = {"5.0": {"Hyperglycemia", "Hypophosphatemia"}, "6.0": {"Hypophosphatemia"}}


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_grades_the_terms_of_the_clinical_reference_and_names_those_that_it_lacks(version: str) -> None:
    by_state: dict[str, set[str]] = {"graded": set(), "no_numeric_rule": set(), "no_such_term": set()}
    for term in standard(version).terms:
        by_state[term.state].add(term.name.en)
    (other,) = set(VERSIONS) - {version}
    assert by_state["graded"] == BOTH | ONLY[version]
    assert by_state["no_numeric_rule"] == NO_NUMBERS[version]
    assert by_state["no_such_term"] == ONLY[other] - NO_NUMBERS[version] - by_state["graded"]


def test_a_version_without_tables_is_refused_with_those_that_have_some() -> None:
    with pytest.raises(ProblemsFound, match=r"'4\.03'.*5\.0, 6\.0"):
        standard("4.03")


@pytest.mark.parametrize("term", TERMS, ids=lambda term: f"v{term.version} {term.name.en} {term.concept}")
def test_a_term_has_a_source_a_chinese_name_and_a_concept_and_rows_only_where_it_is_graded(term: Term) -> None:
    assert term.source.startswith(("NCI CTCAE v" + term.version, "clinical.md 3", "absent from pharmaverse"))
    assert any("\u4e00" <= character <= "\u9fff" for character in term.name.zh)
    assert term.concept in concepts.load()
    assert bool(term.rules) == (term.state == "graded")
    assert len({rule.id for rule in term.rules}) == len(term.rules)
    assert (term.refusal is None) == (term.state == "graded")


@pytest.mark.parametrize("term", GRADED, ids=lambda term: f"v{term.version} {term.name.en} {term.concept}")
def test_each_row_has_a_source_a_known_branch_and_ends_towards_its_direction(term: Term) -> None:
    for rule in term.rules:
        assert rule.source.startswith(f"NCI CTCAE v{term.version}")
        assert rule.grade is None or 1 <= rule.grade <= 4  # grade 5 never comes from a number
        assert not rule.branch or BRANCHES[rule.branch][0] == term.decided_by
        assert not rule.needs or rule.needs in RAISING
        assert rule.low or rule.high
        if term.direction == "high":
            assert rule.low is not None
        else:
            assert rule.high is not None
        # ">X - Y": open where it begins, closed where it ends; a first band may begin closed
        for end, closed in ((rule.low, term.direction == "low"), (rule.high, term.direction == "high")):
            first = rule.grade == 1 and end is (rule.low if term.direction == "high" else rule.high)
            by_fall = rule.branch == "low_baseline" and term.direction == "low"
            if end is not None and not first and not by_fall and not rule.needs:
                assert end.inclusive == closed, rule.id


LLN, ULN, BASELINE = (
    Decimal(1000),
    Decimal("0.1"),
    Decimal(7),
)  # the limits lie outside all absolute numbers, so each band has room


def placed(end: End, term: Term) -> Decimal:
    lln, uln = (LLN, LLN * 100) if term.direction == "low" else (ULN / 10, ULN)
    if end.of == "above ULN":
        return uln + end.number
    return end.number * {"value": Decimal(1), "LLN": lln, "ULN": uln, "baseline": BASELINE, "ULN and baseline": uln}[end.of]


def ladders(term: Term) -> list[tuple[str, list[Rule]]]:
    """The rows of a term that stand beside one another: of one branch, and held against the same thing."""
    made = []
    for deciding in (None, False, True):
        rules = [rule for rule in term.rules if not rule.needs and rule.when in (None, deciding)]
        rules = [rule for rule in rules if deciding is not None or not term.decided_by]
        by_baseline = [rule for rule in rules if "baseline" in {(rule.low or rule.high).of, (rule.high or rule.low).of}]  # type: ignore[union-attr]
        rest = [rule for rule in rules if rule not in by_baseline]
        if term.name.en == "Fibrinogen decreased":  # below 0.5 g/L is grade 4 whatever LLN: beside the multiples, not among them
            rest = [rule for rule in rest if rule.high and rule.high.of == "LLN"]
        made += [(f"{deciding} {kind}", rows) for kind, rows in (("limits", rest), ("baseline", by_baseline)) if rows]
    return made


LADDERS = [(term, name, rows) for term in GRADED for name, rows in ladders(term)]


@pytest.mark.parametrize(
    ("term", "rows"),
    [(term, rows) for term, _, rows in LADDERS],
    ids=[f"v{t.version} {t.name.en} {t.concept} {n}" for t, n, _ in LADDERS],
)
def test_grades_cover_the_line_without_gap_or_overlap(term: Term, rows: list[Rule]) -> None:
    far = Decimal(10) ** 9
    bands = sorted(
        ((placed(rule.low, term) if rule.low else -far, placed(rule.high, term) if rule.high else far, rule) for rule in rows),
        key=lambda band: band[0],
    )
    for (_, end, lower), (start, _, upper) in pairwise(bands):
        assert end == start, f"{lower.id} | {upper.id}"
        assert lower.high is not None
        assert upper.low is not None
        assert lower.high.inclusive != upper.low.inclusive, f"{lower.id} | {upper.id}"
    grades = [band[2].grade or 9 for band in bands]
    assert grades == sorted(grades, reverse=term.direction == "low")
    open_ended = bands[0][0] == -far if term.direction == "low" else bands[-1][1] == far
    assert open_ended, "the worst grade has no end"


# What the text leaves open and how it is read; every one stands in a note of its row, and nothing else does.
GAPS = {
    ("5.0", "Hyponatremia", "129 to 130"): 2,  # in the band of 125-129, asymptomatic and symptomatic
    ("5.0", "Hyponatremia", "124 to 125"): 3,
    ("6.0", "Creatinine clearance decreased", "49 to 50"): 2,
    ("6.0", "Creatinine clearance decreased", "25 to 26"): 3,
}


def test_the_gaps_of_the_standard_are_declared() -> None:
    noted = [rule for term in GRADED for rule in term.rules if "gap of the text" in rule.note]
    assert {(rule.version, rule.term, rule.note.split("; ")[1].split(" is ")[0]) for rule in noted} == set(GAPS)
    for rule in noted:
        start, _, _ = rule.note.split("; ")[1].partition(" to ")
        inside = Decimal(start) + Decimal("0.5")
        assert rule.low is not None
        assert rule.high is not None
        assert rule.low.number <= inside < rule.high.number
    without = [(rule.version, rule.term) for term in GRADED for rule in term.rules if rule.grade is None]
    assert without == [("6.0", "Creatinine clearance decreased")]


def test_a_concept_is_graded_by_the_term_that_its_version_has() -> None:
    sides = {version: standard(version).side("Platelet count", "low") for version in VERSIONS}
    assert [side.name.en for side in sides.values() if side] == ["Platelet count decreased", "Thrombocytopenia"]
    assert standard("5.0").side("Ferritin", "high") is None
    assert "Lipase" in standard("5.0").concepts


def test_a_row_says_itself_in_one_line() -> None:
    rows = standard("5.0").named("丙氨酸氨基转移酶升高")[0].rules
    assert rows[4].id == "v5.0 Alanine aminotransferase increased grade 1: ≥ 1.5 × baseline and ≤ 3 × baseline, baseline abnormal"
    gap = standard("6.0").named("Creatinine clearance decreased")[0].rules[-1]
    assert gap.id == "v6.0 Creatinine clearance decreased no grade: < 10"
    assert standard("5.0").named("Hemoglobin increased")[0].rules[2].id == "v5.0 Hemoglobin increased grade 3: > ULN + 40"
