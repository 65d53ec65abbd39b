"""The engine of columns gives, on every row, the grade of the exact engine: values collide with every threshold, facts are missing at random."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocord.safety import grade_table, grade_test
from protocord.safety.grading.columnar import BIT, MISSING, Columns, as_integer, judge_columns
from protocord.safety.grading.exact import Facts, judge
from protocord.safety.grading.grades import AbnormalBaseline
from protocord.safety.grading.standard import QUALIFIERS, VERSIONS, Term, standard
from protocord.values import Quantity

TERMS = [term for version in VERSIONS for term in standard(version).terms if term.state == "graded"]
DIGITS = 8
HAIR = Decimal("0.000001")
NAMES = ("low", "high", "baseline", "baseline_low", "baseline_high")
limits = st.decimals("0.01", "400", places=2)


@st.composite
def facts_of(draw: st.DrawFn, term: Term) -> Facts:
    """Facts whose value lies on, or a hair beside, an end of some row; each other fact may be missing."""
    low = draw(limits)
    known = {"low": low, "high": low + draw(limits), "baseline": draw(limits), "baseline_low": low}
    known["baseline_high"] = known["high"] if draw(st.booleans()) else known["baseline"] * draw(st.sampled_from([1, 2]))
    ends = [end for rule in term.rules for end in (rule.low, rule.high) if end]
    end = draw(st.sampled_from(ends))
    bases = {
        "value": Decimal(1),
        "LLN": low,
        "ULN": known["high"],
        "baseline": known["baseline"],
        "ULN and baseline": known["high"],
    }
    bound = known["high"] + end.number if end.of == "above ULN" else end.number * bases[end.of]
    value = draw(st.one_of(st.sampled_from([bound, bound - HAIR, bound + HAIR]), limits))
    kept = {name: number for name, number in known.items() if draw(st.integers(0, 3))}
    stated = {name: draw(st.booleans()) for name in QUALIFIERS if draw(st.booleans())}
    return Facts(value, value, **kept, stated=tuple(stated.items()))


def columns_of(facts: list[Facts]) -> Columns:
    def column(name: str) -> np.ndarray:
        numbers = [getattr(one, name) for one in facts]
        return np.array([MISSING if number is None else as_integer(number, DIGITS) for number in numbers], np.int64)

    stated = {name: np.array([{None: -1, False: 0, True: 1}[one.says(name)] for one in facts], np.int8) for name in QUALIFIERS}
    return Columns(column("above"), *(column(name) for name in NAMES), stated)


def agree(term: Term, rows: list[Facts], abnormal: AbnormalBaseline) -> None:
    judged = judge_columns(term, columns_of(rows), DIGITS, abnormal)
    for at, facts in enumerate(rows):
        one = judge(term, facts, unit=None, abnormal_baseline=abnormal)
        causes = {name for name, bit in BIT.items() if judged.causes[at] & bit}
        if one.grade_min is None:
            assert causes == {"outside_standard"}
            continue
        assert (judged.least[at], judged.most[at]) == (one.grade_min, one.grade_max)
        if one.grade_min != one.grade_max:
            assert causes == {reason.kind.removeprefix("grading_") for reason in one.reasons}
        elif one.grade:
            assert term.rules[judged.rule[at]].id == one.rules[0]


def holds(term: Term, facts: Facts, name: str) -> None:
    """The grades without a fact hold those with it."""
    if name != "stated" and getattr(facts, name) is None:
        return
    without = replace(facts, **{name: () if name == "stated" else None})
    if name == "stated":  # facts that only raise a grade are silent when unstated, so they may add to it
        facts = replace(facts, stated=tuple(pair for pair in facts.stated if pair[0] == term.decided_by))
    if name == "baseline":  # its own limits say nothing without it; the result's limits bound it
        facts = replace(facts, baseline_low=facts.low, baseline_high=facts.high)
        without = replace(facts, baseline=None, baseline_low=None, baseline_high=None)
    fewer, more = (judge(term, one, unit=None) for one in (facts, without))
    if fewer.grade_min is None or more.grade_min is None:
        assert fewer.grade_min is more.grade_min
        return
    assert more.grade_min <= fewer.grade_min
    assert fewer.grade_max <= more.grade_max  # type: ignore[operator]


a_term = st.sampled_from(TERMS)
a_list = a_term.flatmap(lambda term: st.tuples(st.just(term), st.lists(facts_of(term), min_size=1, max_size=12)))
an_abnormal = st.sampled_from(["above_upper_limit", "outside_limits"])


@settings(max_examples=120, deadline=None)
@given(a_list, an_abnormal)
def test_columns_are_judged_as_each_row_is(given_rows: tuple[Term, list[Facts]], abnormal: AbnormalBaseline) -> None:
    agree(*given_rows, abnormal)


@settings(max_examples=200, deadline=None)
@given(a_term.flatmap(lambda term: st.tuples(st.just(term), facts_of(term))), st.sampled_from([*NAMES, "stated"]))
def test_a_fact_that_becomes_known_never_widens_the_grades(given_facts: tuple[Term, Facts], name: str) -> None:
    """Whatever a missing number or an unstated fact turns out to be, the grade lies among those that were possible without it."""
    holds(*given_facts, name)


@pytest.mark.slow
@pytest.mark.parametrize("term", TERMS, ids=lambda term: f"v{term.version} {term.name.en} {term.concept}")
def test_every_term_is_judged_by_columns_as_row_by_row(term: Term) -> None:
    @settings(max_examples=20, deadline=None)
    @given(st.lists(facts_of(term), min_size=1, max_size=12), an_abnormal)
    def check(rows: list[Facts], abnormal: AbnormalBaseline) -> None:
        agree(term, rows, abnormal)

    check()


TESTS = {
    "ANC": ("10*9/L", "/uL"),
    "Haemoglobin": ("g/L", "g/dL", "mmol/L"),
    "ALT": ("U/L", "ukat/L"),
    "Creatinine": ("umol/L", "mg/dL"),
    "Fibrinogen": ("g/L", "mg/dL"),
    "Sodium": ("mmol/L",),
    "Lipase": ("U/L",),
    "INR": ("{INR}",),
    "Cholesterol": ("mmol/L", "mg/dL"),
    "Glucose": ("mmol/L", "mg/dL"),
    "Creatinine clearance": ("mL/min",),
    "Ferritin": ("ug/L",),
}
texts = st.one_of(
    st.decimals("0.01", "300", places=2).map(str),
    st.sampled_from(
        ["0.5", "<0.5", ">=130", "0.49999999", "1234567.1234567", "<300", ">5", "12.12345678", "x", "", "75", "100.00"]
    ),
)


@st.composite
def result(draw: st.DrawFn) -> dict[str, str | None]:
    test = draw(st.sampled_from(sorted(TESTS)))
    low = draw(st.one_of(st.none(), st.decimals("0.5", "50", places=1)))
    high = draw(st.one_of(st.none(), st.decimals("50", "150", places=1)))
    row = {"subject": draw(st.sampled_from("ab")), "date": f"2025-01-0{draw(st.integers(1, 9))}", "test": test}
    row |= {"value": draw(texts), "unit": draw(st.sampled_from([*TESTS[test], None, "furlong"]))}
    said = draw(st.sampled_from(["", "yes", "no"]))
    limits = {"low": None if low is None else str(low), "high": None if high is None else str(high)}
    return {**row, **limits, "first_treatment": "2025-01-05", "symptoms": said}


@settings(max_examples=30, deadline=None)
@given(st.lists(result(), min_size=1, max_size=15), st.sampled_from(VERSIONS), st.sampled_from(["ask", "worst", "best"]))
def test_a_table_is_graded_as_its_results_are_one_by_one(rows: list[dict[str, str | None]], version: str, undecided: str) -> None:
    graded = grade_table(pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.String)), version=version, undecided=undecided)  # type: ignore[arg-type]
    for at, (row, found) in enumerate(zip(rows, graded.frame.iter_rows(named=True), strict=True)):
        base = baseline_of(rows, at)
        facts: dict[str, object] = {"low": row["low"], "high": row["high"], "undecided": undecided}
        if row["symptoms"]:
            facts["stated"] = {"symptoms": row["symptoms"] == "yes"}
        if base is not None:
            facts["baseline"] = Quantity(Decimal(str(base["value"])), base["unit"])
            limits = ("low", "high") if base["low"] or base["high"] else ()
            facts |= {f"baseline_{name}": base[name] for name in limits}
        if base is None or base["low"] or base["high"]:  # else the single result would take its own limits for the baseline's
            one = grade_test(
                row["test"],
                row["value"] or "",
                row["unit"] or ("{INR}" if row["test"] == "INR" else "none"),
                version=version,
                **facts,
            )  # type: ignore[arg-type]
            for direction, side in (("low", one.low), ("high", one.high)):
                if side is None:
                    assert found[f"status_{direction}"] in {None, "cannot"}
                    continue
                assert found[f"grade_{direction}"] == side.grade
                assert found[f"grade_min_{direction}"] == side.grade_min
                assert found[f"grade_max_{direction}"] == side.grade_max
                assert found[f"status_{direction}"] == side.status
                if side.grade_min is not None:
                    assert found["within_range"] == side.within_reference_range
            assert found["atoxgr"] == one.signed


def baseline_of(rows: list[dict[str, str | None]], at: int) -> dict[str, str | None] | None:
    """The last result of the same child and test up to 5 January that is a plain, credible number in a known unit."""

    def valid(row: dict[str, str | None]) -> bool:
        one = grade_test(
            str(row["test"]), row["value"] or "", row["unit"] or ("{INR}" if row["test"] == "INR" else "none"), version="5.0"
        )
        sides = [side for side in (one.low, one.high) if side is not None and side.term != "Hyperglycemia"]
        plain = (row["value"] or "x").replace(".", "").isdigit()
        return (
            plain
            and bool(sides)
            and not any("unit" in reason.kind or "implausible" in reason.kind for side in sides for reason in side.reasons)
        )

    own = [
        (row["date"], place, row)
        for place, row in enumerate(rows)
        if row["subject"] == rows[at]["subject"] and row["test"] == rows[at]["test"]
    ]
    known = [one for one in own if str(one[0]) <= "2025-01-05" and valid(one[2])]
    return max(known, key=lambda one: (str(one[0]), one[1]))[2] if known else None
