"""A table of results: which baseline each has, what it is held against, what is refused, and how it is counted."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from protocord.errors import ProblemsFound
from protocord.safety import grade_table
from protocord.safety.columns import TABLES
from protocord.safety.grading.columnar import CAUSES
from protocord.safety.grading.summary import CONVENTIONS, by_term, summary, worst
from protocord.statistics import conventions
from protocord.tables import TableProblems
from protocord.values import Reason
from protocord.words import say

ROW = {
    "subject": "1",
    "date": "2025-03-01",
    "test": "CREAT",
    "value": "20",
    "unit": "umol/L",
    "high": "44",
    "first_treatment": "2025-03-10",
}


def table(*rows: dict[str, str], **options: Any) -> pl.DataFrame:
    return graded(*rows, **options).frame


def graded(*rows: dict[str, str], version: str = "5.0", **options: Any) -> Any:
    names = list(dict.fromkeys(name for row in (ROW, *rows) for name in row))
    frame = pl.DataFrame([{name: {**ROW, **row}.get(name, "") for name in names} for row in rows])
    return grade_table(frame, version=version, **options)


def baselines(*rows: dict[str, str], **options: Any) -> list[float | None]:
    return table(*rows, **options)["baseline"].to_list()


def on(day: str, value: str, **more: str) -> dict[str, str]:
    return {"date": f"2025-03-{day}", "value": value, **more}


def test_the_baseline_is_the_last_valid_result_up_to_first_treatment() -> None:
    rows = [on("05", "22"), on("01", "21"), on("09", "<20"), on("08", "23"), on("09", "x"), on("09", "99999"), on("11", "25")]
    assert baselines(*rows) == [23.0] * 7
    frame = table(*rows)
    assert frame["is_baseline"].to_list() == [False, False, False, True, False, False, False]
    assert {str(day) for day in frame["baseline_date"]} == {"2025-03-08"}


def test_a_sample_of_the_day_of_treatment_counts_as_before_it_unless_it_says_otherwise() -> None:
    assert baselines(on("09", "21"), on("10", "22")) == [22.0, 22.0]
    assert baselines(on("09", "21"), on("10", "22", before_treatment="no")) == [21.0, 21.0]
    assert baselines(on("09", "21"), on("10", "22", before_treatment="yes")) == [22.0, 22.0]
    assert baselines(on("11", "21")) == [None]
    assert baselines(on("09", "21", first_treatment="")) == [None]


def test_within_a_day_the_later_time_then_the_later_row_is_the_last() -> None:
    assert baselines(on("09", "21", time="10:00"), on("09", "22", time="09:30")) == [21.0, 21.0]
    assert baselines(on("09", "21"), on("09", "22")) == [22.0, 22.0]
    assert baselines(on("09", "21", time="08:00"), on("09", "22")) == [21.0, 21.0]  # a known time is later than none


def test_each_subject_and_test_has_its_own_baseline() -> None:
    rows = [
        on("01", "21"),
        on("01", "30", subject="2"),
        on("12", "50"),
        on("12", "50", subject="2"),
        on("02", "15", test="ALT", unit="U/L"),
    ]
    assert baselines(*rows) == [21.0, 30.0, 21.0, 30.0, 15.0]
    assert baselines(on("01", "0.25", unit="mg/dL", test="2160-0"), on("12", "50")) == [22.1, 22.1]


def test_marked_baselines_take_the_place_of_the_rule() -> None:
    rows = [on("01", "21", baseline="yes"), on("02", "22"), on("12", "40", baseline="yes"), on("13", "41"), on("11", "35")]
    assert baselines(*rows) == [21.0, 21.0, 40.0, 40.0, 21.0]
    late = [on("11", "30"), on("12", "40", baseline="yes"), on("13", "41")]
    assert baselines(*late) == [40.0] * 3
    assert baselines(*late, baseline="screening") == [40.0] * 3
    mixed = [on("01", "21"), on("12", "40", baseline="yes"), on("01", "5", test="ALT", unit="U/L")]
    assert baselines(*mixed) == [40.0, 40.0, 5.0]
    assert baselines(*mixed, baseline="last_before_each_infusion") == [40.0, 40.0, None]


def test_a_rule_that_needs_marks_says_so() -> None:
    with pytest.raises(TableProblems, match=r"screening.*Mark the baseline results with yes"):
        table(on("01", "21"), baseline="screening")


def test_an_abnormal_baseline_is_judged_by_its_own_limit() -> None:
    rows = [on("01", "45", test="ALT", unit="U/L", high="50"), on("12", "100", test="ALT", unit="U/L", high="40")]
    assert table(*rows)["grade_high"].to_list() == [0, 1]  # normal then, so by multiples of ULN
    rows[0]["high"] = "40"
    assert table(*rows)["grade_high"].to_list() == [0, 1]  # 2.2 x baseline
    rows[1]["value"] = "66"
    assert table(*rows)["grade_high"].to_list() == [0, 0]


def test_where_both_branches_give_one_grade_the_row_of_the_first_is_told() -> None:
    rows = [on("01", "42", test="ALT", unit="U/L", high=""), on("12", "66", test="ALT", unit="U/L", high="40")]
    frame = table(*rows)  # nobody knows whether 42 was abnormal, and either way 66 is grade 1
    assert frame["grade_high"].to_list()[1] == 1
    assert frame["rule_high"].to_list()[1].endswith("grade 1: > 1 × ULN and ≤ 3 × ULN, baseline normal")


def test_a_row_is_told_for_grade_1_and_none_for_grade_0() -> None:
    frame = table(
        on("12", "44"),
        on("12", "45", first_treatment=""),
        on("12", "60", test="LDH", unit="U/L"),
        on("12", "44", test="LDH", unit="U/L"),
    )
    assert [rule is not None for rule in frame["rule_high"]] == [False, False, True, False]
    (gap,) = table({"test": "CREATCLR", "unit": "mL/min", "value": "9"}, version="6.0").iter_rows(named=True)
    assert (gap["grade_min_low"], gap["grade_max_low"]) == (None, None)


def test_the_period_and_the_baseline_are_told() -> None:
    frame = table(
        on("01", "21"), on("10", "22"), on("10", "23", before_treatment="no"), on("11", "24"), on("11", "25", first_treatment="")
    )
    assert frame["period"].to_list() == ["before", "before", "after", "after", None]


def test_total_calcium_is_corrected_by_the_albumin_of_its_day() -> None:
    calcium = {"test": "CA", "unit": "mmol/L", "high": "2.6", "low": "2.1", "value": "2.0"}
    albumin = {"test": "ALB", "unit": "g/dL", "high": "5", "low": "3.5", "value": "3"}
    frame = table(calcium, albumin)
    assert frame["standard_value"].to_list() == [2.2, 30.0]
    assert frame["grade_low"].to_list() == [0, 1]
    assert table(calcium, {**albumin, "date": "2025-03-02"})["reasons_low"].to_list() == ["albumin_missing", None]
    assert table(calcium, {**albumin, "subject": "2"})["reasons_low"].to_list()[0] == "albumin_missing"
    assert table(calcium, albumin, {**albumin, "value": "31", "unit": "g/L"})["reasons_low"].to_list()[0] == "albumin_missing"
    assert (
        table(calcium, albumin, {**albumin, "value": "30", "unit": "g/L"})["grade_low"].to_list()[0] == 0
    )  # the same number twice
    assert (
        table({**calcium, "value": "8.0", "unit": "mg/dL", "low": "8.4", "high": "10"}, albumin)["standard_value"].to_list()[0]
        == 2.196
    )
    assert table(calcium)["reasons_low"].to_list() == ["albumin_missing"]
    precise = table({**calcium, "value": "2.00000005"}, albumin)  # more decimals than the integers hold: judged exactly
    assert precise["standard_value"].to_list()[0] == pytest.approx(2.20000005, abs=1e-12)
    assert precise["grade_low"].to_list()[0] == 0


def test_what_cannot_be_graded_says_why() -> None:
    rows = [
        {"test": "Elephants"},
        {"test": "CRP", "unit": "mg/L"},
        {"test": "GLUC", "unit": "mmol/L", "value": "9"},
        {"value": ""},
        {"value": "1,5"},
        {"unit": ""},
        {"unit": "mg"},
        {"value": "99999"},
        {"test": "INR", "unit": "", "value": "1.1", "first_treatment": ""},
    ]
    frame = table(*rows)
    why = [
        "test_unknown",
        "no_term",
        "no_numeric_rule",
        "value_missing",
        "not_a_number",
        "unit_missing",
        "unit_unknown",
        "implausible",
    ]
    assert frame["reasons_high"].to_list()[:-1] == why
    assert frame["status_high"].to_list() == ["cannot"] * 9  # nobody knows the baseline of the last, if anticoagulated
    assert frame["status_low"].to_list()[3:] == [None] * 6
    assert frame["grade_high"].to_list() == [None] * 9


def test_a_fact_stated_for_all_fills_the_empty_cells_alone() -> None:
    rows = [{"test": "INR", "unit": "", "value": "1.3"}, {"test": "INR", "unit": "", "value": "1.3", "anticoagulated": "yes"}]
    frame = table(*rows, stated={"anticoagulated": False})
    assert frame["grade_high"].to_list() == [1, 0]
    assert frame["status_high"].to_list() == ["graded", "graded"]


def test_fasting_glucose_states_itself() -> None:
    rows = [
        {"test": "Fasting glucose", "unit": "mmol/L", "value": "9", "high": "6"},
        {"test": "Glucose", "unit": "mmol/L", "value": "9", "high": "6"},
    ]
    frame = table(*rows, version="6.0")
    assert frame["grade_high"].to_list() == [2, None]
    assert frame["reasons_high"].to_list() == [None, "fasting"]
    assert table({**rows[0], "fasting": "no"}, version="6.0")["grade_high"].to_list() == [0]


def test_the_version_stands_on_every_row_and_nothing_is_upgraded() -> None:
    rows = [{"test": "ANC", "unit": "10*9/L", "value": "1.2"}]
    for version, grade in (("5.0", 2), ("6.0", 1)):
        frame = table(*rows, version=version)
        assert (frame["version"].to_list(), frame["grade_low"].to_list()) == ([version], [grade])
        assert frame["rule_low"].to_list()[0].startswith(f"v{version} Neutrophil count decreased grade {grade}")
    with pytest.raises(ProblemsFound, match=r"4\.0"):
        table(*rows, version="4.0")


def test_what_the_standard_has_no_grade_for_is_told_with_its_row() -> None:
    (row,) = table({"test": "CREATCLR", "unit": "mL/min", "value": "9"}, version="6.0").iter_rows(named=True)
    assert (row["grade_low"], row["grade_min_low"], row["status_low"], row["reasons_low"]) == (
        None,
        None,
        "cannot",
        "outside_standard",
    )
    assert row["rule_low"] == "v6.0 Creatinine clearance decreased no grade: < 10"


def test_a_subjects_table_fills_what_the_results_lack() -> None:
    results = pl.DataFrame([{"subject": "1", "date": "2025-03-01", "test": "CREAT", "value": "20", "unit": "umol/L"}] * 2)
    people = pl.DataFrame([{"subject": "1", "first_treatment": "2025-03-02", "sex": "male", "birth_date": "2020-01-01"}])
    bands = pl.DataFrame(
        [
            {
                "laboratory": "A",
                "test": "CREAT",
                "sex": "male",
                "age_low": "0",
                "age_high": "18",
                "low": "1",
                "high": "44",
                "unit": "umol/L",
            }
        ]
    )
    made = grade_table(results.with_columns(laboratory=pl.lit("A")), version="5.0", subjects=people, ranges_of=bands)
    assert made.frame["grade_high"].to_list() == [0, 0]
    assert len(made.inputs) == 64


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"low": "50"}, "row 1, column low: 50 lies above the upper limit 44"),
        ({"time": "7:30"}, "row 1, column time: '7:30' is not a time of day"),
        ({"time": "24:00"}, "row 1, column time"),
        ({"birth_date": "2026-01-01"}, "row 1, column birth_date: 2026-01-01 lies after the sample"),
        ({"symptoms": "perhaps"}, "row 1, column symptoms: 'perhaps' is not yes or no"),
        ({"date": "01.03.2025"}, "row 1, column date"),
    ],
)
def test_a_wrong_cell_is_named_by_row_and_column(row: dict[str, str], said: str) -> None:
    with pytest.raises(TableProblems, match=said):
        table(row)


def test_an_empty_table_has_no_grades() -> None:
    frame = grade_table(pl.DataFrame(schema=dict.fromkeys(ROW, pl.String)), version="5.0").frame
    assert frame.height == 0
    assert "atoxgr" in frame.columns


def test_other_columns_are_carried_along() -> None:
    assert table({"visit": "V3"})["visit"].to_list() == ["V3"]


PLATELETS = {"test": "PLAT", "unit": "10*9/L", "low": "150", "high": "400"}
COUNTED = [
    on("01", "160", **PLATELETS),
    on("11", "60", **PLATELETS),
    on("12", "40", **PLATELETS),
    on("13", "40", **PLATELETS),
    on("14", "<30", **PLATELETS),
    on("11", "90", subject="2", **PLATELETS),
    on("11", "5", test="CRP", unit="mg/L"),
    on("11", "150", test="LIPASE", unit="U/L", high="60"),
    on("11", "4", test="K", unit="mmol/L", high="5"),
]


def test_worst_grades_count_from_first_treatment_and_tell_what_may_be_worse() -> None:
    rows = worst(table(*COUNTED)).to_dicts()
    one = next(row for row in rows if row["subject"] == "1" and row["term"] == "Platelet count decreased")
    assert (one["baseline_grade"], one["worst_grade"], str(one["first_on"]), one["results"], one["open"]) == (
        0,
        3,
        "2025-03-12",
        4,
        1,
    )
    two = next(row for row in rows if row["subject"] == "2")
    assert (two["baseline_grade"], two["worst_grade"], two["period"], two["open"]) == (None, 1, "after", 0)


def test_results_are_counted_by_term_grade_and_reason() -> None:
    made = summary(graded(*COUNTED), about={"study": "x"})
    assert made.about["ctcae"] == "5.0"
    assert made.about["study"] == "x"
    totals = {
        name: made.value("ctcae", name) for name in ("results_total", "subjects_total", "graded", "ask", "cannot", "beside")
    }
    assert totals == {"results_total": 9, "subjects_total": 2, "graded": 5, "ask": 1, "cannot": 2, "beside": 1}
    assert made.value("ctcae", "results", term="Platelet count decreased", grade="3") == 2
    assert made.value("ctcae", "results", term="Platelet count decreased", grade="none") == 1
    assert made.value("ctcae", "results", term="Lipase increased", grade="ask") == 1
    assert made.value("ctcae", "subjects_worst", term="Platelet count decreased", grade="3") == 1
    why = {one.context["why"]: one.value for one in made.select("ctcae", "not_graded")}
    assert why == {
        "comparator": 1,
        "low_missing": 1,
        "no_term": 1,
        "symptoms": 2,
    }  # potassium without LLN may be 0, 1, or 2 with symptoms
    assert by_term(table(*COUNTED)).height == 11


def test_the_tables_of_grading_are_listed() -> None:
    assert {"laboratory results", "reference ranges", "subjects"} <= {one.name for one in TABLES}


def test_a_column_that_is_nearly_one_that_grades_is_noticed() -> None:
    (notice,) = graded({"symptom": "yes", "visit": "V3"}).notices
    assert str(notice) == "laboratory results: column symptom: is carried along and grades nothing. Did you mean 'symptoms'?"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_reason_that_a_table_can_give_has_its_words(language: Any) -> None:
    for cause in CAUSES:
        assert say(Reason.of(f"grading_{cause}", term="Anemia", version="5.0"), language)


def test_each_convention_behind_a_grade_has_its_row() -> None:
    area = {name for name, one in conventions().items() if one.area == "grading"}
    assert area == set(CONVENTIONS)
    assert {one.conventions for one in summary(graded({}))} == {CONVENTIONS}
