"""protocord.safety.events: shift tables by grade and range, and the liver screen."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from protocord.protocol import STUDIES, load
from protocord.safety.event_columns import FOLLOWED, GRADED, INFUSIONS
from protocord.safety.events import EmergentRule, hys_law, laboratory_shifts, on_treatment, shifts
from protocord.statistics import Results
from protocord.tables import read

RULE = EmergentRule("first_infusion", 30, frozenset())
DAY_1, CUT = date(2025, 3, 10), date(2025, 12, 31)
SUBJECTS = ("A", "B", "C", "D")


def day(number: int) -> str:
    return (DAY_1 + timedelta(days=number - 1)).isoformat()


@pytest.fixture(scope="module")
def treatment() -> pl.DataFrame:
    given = pl.DataFrame({"subject": ["A", "B", "C"], "infusion": [1] * 3, "started": [day(1)] * 3})
    followed = pl.DataFrame({"subject": list(SUBJECTS), "until": [day(100)] * 4})
    return on_treatment(read(INFUSIONS, given), read(FOLLOWED, followed), RULE, CUT)


def graded(*rows: tuple[str, int, int | None, str | None]) -> pl.DataFrame:
    """Subject, day (0 is the day before day 1), grade, range."""
    frame = pl.DataFrame(
        [(subject, "Anemia", day(number), None if grade is None else str(grade), side) for subject, number, grade, side in rows],
        schema=dict.fromkeys(("subject", "term", "date", "grade", "range"), pl.String),
        orient="row",
    )
    return read(GRADED, frame)


def cells(frame: pl.DataFrame, treatment: pl.DataFrame, kind: str = "grade") -> dict[tuple[str, str], int]:
    found = Results(shifts(frame, treatment)).select(f"ae_shift_{kind}", "subjects")
    return {(str(item.context[f"from_{kind}"]), str(item.context[f"to_{kind}"])): int(item.value) for item in found}  # type: ignore[arg-type]


def test_a_shift_goes_from_the_last_baseline_to_the_worst_afterwards(treatment: pl.DataFrame) -> None:
    frame = graded(("A", -5, 3, None), ("A", 0, 1, None), ("A", 5, 2, None), ("A", 9, 3, None), ("A", 20, 0, None))
    assert cells(frame, treatment) == {("1", "3"): 1, ("missing", "missing"): 2}


def test_the_day_of_the_first_infusion_belongs_to_the_baseline(treatment: pl.DataFrame) -> None:
    assert cells(graded(("A", 0, 1, None), ("A", 1, 2, None), ("A", 2, 1, None)), treatment)[("2", "1")] == 1


def test_ungradable_results_are_passed_over_and_what_is_missing_stands_apart(treatment: pl.DataFrame) -> None:
    frame = graded(("A", -3, 0, None), ("A", 0, None, None), ("A", 5, None, None), ("B", 4, 2, None))
    assert cells(frame, treatment) == {("0", "missing"): 1, ("missing", "2"): 1, ("missing", "missing"): 1}


def test_afterwards_ends_with_the_time_at_risk_and_untreated_do_not_count(treatment: pl.DataFrame) -> None:
    frame = graded(("A", 0, 0, None), ("A", 31, 1, None), ("A", 32, 4, None), ("D", 0, 4, None))
    assert cells(frame, treatment) == {("0", "1"): 1, ("missing", "missing"): 2}


def test_every_table_sums_to_the_treated_subjects(treatment: pl.DataFrame) -> None:
    frame = graded(("A", 0, 0, "normal"), ("A", 5, 2, "low"), ("B", 0, 1, "low"), ("C", 7, 3, "low"))
    for kind in ("grade", "range"):
        assert sum(cells(frame, treatment, kind).values()) == 3
    assert Results(shifts(frame, treatment)).value("ae_shift_grade", "n") == 3


def test_ranges_reach_low_high_or_both(treatment: pl.DataFrame) -> None:
    frame = graded(
        ("A", 0, 0, "normal"), ("A", 5, 1, "low"), ("A", 9, 0, "high"),
        ("B", 0, 0, "low"), ("B", 5, 0, "normal"),
        ("C", 0, 0, "high"), ("C", 4, 0, "normal"), ("C", 5, 0, "high"),
    )  # fmt: skip
    assert cells(frame, treatment, "range") == {("normal", "low_and_high"): 1, ("low", "normal"): 1, ("high", "high"): 1}


def test_without_ranges_there_is_no_table_of_ranges(treatment: pl.DataFrame) -> None:
    assert cells(graded(("A", 0, 0, None)), treatment, "range") == {}


def liver(*rows: tuple[str, int, str, float, float | None]) -> pl.DataFrame:
    return pl.DataFrame(
        [(subject, DAY_1 + timedelta(days=number - 1), concept, value, high) for subject, number, concept, value, high in rows],
        schema={"subject": pl.String, "date": pl.Date, "concept": pl.String, "value": pl.Float64, "high": pl.Float64},
        orient="row",
    )


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(8, "ALT", 121, 40), (8, "Total bilirubin", 42.1, 21)], True),
        ([(8, "ALT", 120, 40), (8, "Total bilirubin", 42.1, 21)], False),
        ([(8, "ALT", 121, 40), (8, "Total bilirubin", 42, 21)], False),
        ([(8, "AST", 130, 40), (38, "Total bilirubin", 50, 21)], True),
        ([(8, "AST", 130, 40), (39, "Total bilirubin", 50, 21)], False),
        ([(8, "AST", 130, 40), (7, "Total bilirubin", 50, 21)], False),
        ([(1, "ALT", 400, 40), (1, "Total bilirubin", 80, 21)], False),
        ([(8, "ALT", 121, None), (8, "Total bilirubin", 42.1, 21)], False),
        ([(8, "ALT", 3 * 41.1, 41.1), (8, "Total bilirubin", 80, 21)], False),
    ],
)
def test_the_screen_needs_both_limits_passed_together(
    treatment: pl.DataFrame, rows: list[tuple[int, str, float, float | None]], expected: bool
) -> None:
    found = Results(hys_law(liver(*(("A", *row) for row in rows)), treatment))
    positive = [item.value for item in found.select("hys_law", "screen_positive") if item.reason is None]
    assert positive == ([expected] if positive else [])
    assert found.value("hys_law", "subjects_positive") == int(expected)
    assert found.value("hys_law", "n") == 3


@pytest.mark.parametrize(("phosphatase", "expected"), [(639, True), (640, False), (None, None)])
def test_cholestasis_is_told_apart_where_phosphatase_is_known(
    treatment: pl.DataFrame, phosphatase: float | None, expected: bool | None
) -> None:
    rows: list[tuple[str, int, str, float, float | None]] = [("A", 8, "ALT", 200, 40), ("A", 9, "Total bilirubin", 60, 21)]
    rows += [("A", 12, "Alkaline phosphatase", phosphatase, 320)] if phosphatase else []
    rows += [("A", 60, "Alkaline phosphatase", 9000, 320)]
    found = Results(hys_law(liver(*rows), treatment)).one("hys_law", "without_cholestasis")
    assert found.value is expected
    assert (found.reason is None) is (expected is not None)


def test_the_highest_multiples_are_shown_and_what_has_no_limit_is_counted(treatment: pl.DataFrame) -> None:
    frame = liver(("A", 8, "ALT", 80, 40), ("A", 9, "ALT", 100, 40), ("A", 9, "AST", 60, None), ("D", 9, "ALT", 900, 40))
    found = Results(hys_law(frame, treatment))
    assert found.value("hys_law", "highest_alt", subject="A") == 2.5
    assert found.one("hys_law", "highest_ast", subject="A").reason is not None
    assert found.value("hys_law", "without_limit") == 1


@pytest.mark.parametrize("rows", [[("A", 8, "ALT", 900, 40)], [("A", 8, "Total bilirubin", 90, 20)], []])
def test_who_has_no_transferase_or_no_bilirubin_is_not_screened_and_not_negative(
    treatment: pl.DataFrame, rows: list[tuple[str, int, str, float, float | None]]
) -> None:
    found = Results(hys_law(liver(("B", 8, "AST", 30, 40), ("B", 8, "Total bilirubin", 10, 20), *rows), treatment))
    assert [found.value("hys_law", name) for name in ("subjects_positive", "subjects_screened", "n")] == [0, 1, 3]
    assert found.value("hys_law", "screen_positive", subject="B") is False
    assert [item.value for item in found.select("hys_law", "screen_positive", subject="A")] == [None] * len(rows)


def test_laboratory_results_are_graded_by_the_studys_ctcae_and_shifted() -> None:
    rows = [("A", day(0), "ANC", "2.0"), ("A", day(8), "ANC", "0.9"), ("A", day(15), "ANC", "0.4"), ("A", day(22), "ANC", "1.8")]
    results = pl.DataFrame(
        [(*row, "10*9/L", "1.5", "7.5") for row in rows],
        schema=["subject", "date", "test", "value", "unit", "low", "high"],
        orient="row",
    )
    given = read(INFUSIONS, pl.DataFrame({"subject": ["A"], "infusion": [1], "started": [day(1)]}))
    followed = read(FOLLOWED, pl.DataFrame({"subject": ["A"], "until": [day(90)]}))
    found = laboratory_shifts(load(STUDIES / "nct06848582"), results, given, followed, cut_off=CUT)
    shift = found.one("ae_shift_grade", "subjects", term="Neutrophil count decreased")
    assert (shift.context["from_grade"], shift.context["to_grade"], shift.value) == ("0", "4", 1)
    side = found.one("ae_shift_range", "subjects", term="Neutrophil count decreased")
    assert (side.context["from_range"], side.context["to_range"]) == ("normal", "low")
    assert found.about["ctcae"] == "5.0"
