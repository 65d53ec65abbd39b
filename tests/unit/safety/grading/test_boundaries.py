"""Every boundary of every term, and one last digit to either side of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocord.safety.grading.exact import Facts, judge
from protocord.safety.grading.standard import VERSIONS, End, Rule, Term, standard

TERMS = [term for version in VERSIONS for term in standard(version).terms if term.state == "graded"]
DIGIT = Decimal("0.001")
LIMITS = {"low": {"low": Decimal(140), "high": Decimal(150)}, "high": {"low": Decimal("0.9"), "high": Decimal("1.1")}}


def facts(term: Term, value: Decimal, branch: bool | None, stated: tuple[tuple[str, bool], ...] = ()) -> Facts:
    """Facts in which the term's deciding fact is `branch`: 1.1 is the ULN of a high term, so that 3 x 1.1 has to be 3.3."""
    limits = LIMITS[term.direction]
    outside = {"high": limits["high"] + 1, "low": limits["low"] - 1}
    baseline = limits["low"]
    if branch and term.decided_by == "baseline_abnormal":
        baseline = outside["high"]
    if branch and term.decided_by == "baseline_below_lln":
        baseline = limits["low"] - Decimal("0.1")
    if term.decided_by and not term.decided_by.startswith("baseline"):
        stated = (*stated, (term.decided_by, bool(branch)))
    return Facts(
        value, value, **limits, baseline=baseline, baseline_low=limits["low"], baseline_high=limits["high"], stated=stated
    )


def place(end: End, given: Facts) -> Decimal:
    assert given.low is not None
    assert given.high is not None
    assert given.baseline is not None
    if end.of == "above ULN":
        return given.high + end.number
    of = {"value": Decimal(1), "LLN": given.low, "ULN": given.high, "baseline": given.baseline}
    return end.number * (max(given.high, given.baseline) if end.of == "ULN and baseline" else of[end.of])


def inside(rule: Rule, given: Facts) -> bool:
    value = given.below
    above = rule.low is None or value > place(rule.low, given) or (rule.low.inclusive and value == place(rule.low, given))
    below = rule.high is None or value < place(rule.high, given) or (rule.high.inclusive and value == place(rule.high, given))
    return above and below


@pytest.mark.parametrize("term", TERMS, ids=lambda term: f"v{term.version} {term.name.en} {term.concept}")
def test_a_boundary_and_its_neighbours_have_the_worst_grade_of_the_rows_that_hold_them(term: Term) -> None:
    for rule in term.rules:
        branches = [rule.when] if rule.when is not None else [False, True] if term.decided_by else [None]
        for branch in branches:
            if rule.needs == term.decided_by and not branch:
                continue
            stated = ((rule.needs, True),) if rule.needs else ()
            for end in (rule.low, rule.high):
                bound = None if end is None else place(end, facts(term, Decimal(1), branch, stated))
                for value in () if bound is None else (bound - DIGIT, bound, bound + DIGIT):
                    check(term, facts(term, value, branch, stated), branch)


def check(term: Term, given: Facts, branch: bool | None) -> None:
    rows = [
        row
        for row in term.rules
        if row.when in (None, branch) and (not row.needs or (row.needs, True) in given.stated) and inside(row, given)
    ]
    found = judge(term, given, unit="U")
    if any(row.grade is None for row in rows):
        assert (found.grade, found.grade_min, found.status) == (None, None, "cannot")
        return
    assert found.grade == max((row.grade or 0 for row in rows), default=0), (given.below, branch)
    assert found.status == "graded"
    assert set(found.rules) == {row.id for row in rows if row.grade == found.grade}


def test_the_value_on_an_end_lies_on_the_side_that_the_standard_says() -> None:
    """`<X - Y` holds Y, `>X - Y` holds Y, neither holds X: the first row of a decreasing and of an increasing term."""
    platelets, potassium = (standard("5.0").named(name)[0] for name in ("Platelet count decreased", "Hyperkalemia"))
    low, high = LIMITS["low"], {"low": Decimal("3.5"), "high": Decimal("5.0")}
    grades = [
        judge(platelets, Facts(Decimal(x), Decimal(x), **low), unit=None).grade
        for x in ("75", "74.999", "50", "49.999", "25", "24.999")
    ]
    assert grades == [1, 2, 2, 3, 3, 4]
    grades = [
        judge(potassium, Facts(Decimal(x), Decimal(x), **high), unit=None).grade
        for x in ("5.0", "5.5", "5.501", "6", "6.001", "7", "7.001")
    ]
    assert grades == [0, 1, 2, 2, 3, 3, 4]
