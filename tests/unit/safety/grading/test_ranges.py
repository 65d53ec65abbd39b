"""Reference ranges are chosen by laboratory, test, sex, age and day; a child never gets the range of adults."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from protocord.safety import grade_table
from protocord.safety.grading.ranges import months_of_age
from protocord.tables import TableProblems

HEADER = ["laboratory", "test", "sex", "age_low", "age_high", "valid_from", "valid_to", "low", "high", "unit"]
BANDS = [
    ("A", "CREAT", "any", "0", "2", "", "", "15", "31", "umol/L"),
    ("A", "CREAT", "any", "2", "12", "", "", "23", "54", "umol/L"),
    ("A", "CREAT", "female", "12", "18", "", "2025-06-30", "40", "70", "umol/L"),
    ("A", "CREAT", "female", "12", "18", "2025-07-01", "", "0.5", "0.8", "mg/dL"),
    ("A", "CREAT", "male", "12", "18", "", "", "45", "84", "umol/L"),
    ("B", "Creatinine", "any", "18", "120", "", "", "45", "104", "umol/L"),
]


def bands(*rows: tuple[str, ...]) -> pl.DataFrame:
    return pl.DataFrame([*rows], schema=dict.fromkeys(HEADER, pl.String), orient="row")


def graded(rows: list[dict[str, str]], *ranges: tuple[str, ...]) -> pl.DataFrame:
    full = {
        "subject": "1",
        "date": "2025-03-01",
        "test": "CREAT",
        "value": "60",
        "unit": "umol/L",
        "laboratory": "A",
        "sex": "female",
    }
    made = pl.DataFrame([{**full, "birth_date": "2019-03-01", "low": "", "high": "", **row} for row in rows])
    return grade_table(made, version="5.0", ranges_of=bands(*(ranges or BANDS))).frame


@pytest.mark.parametrize(
    ("row", "high", "source", "miss"),
    [
        ({}, 54.0, "row 2", None),
        ({"birth_date": "2023-03-01"}, 54.0, "row 2", None),  # two years old today
        ({"birth_date": "2023-03-02"}, 31.0, "row 1", None),
        ({"birth_date": "2013-03-02"}, 54.0, "row 2", None),
        ({"birth_date": "2013-03-01"}, 70.0, "row 3", None),
        ({"birth_date": "2012-03-01", "date": "2025-06-30"}, 70.0, "row 3", None),
        ({"birth_date": "2012-03-01", "date": "2025-07-01"}, 70.72, "row 4", None),  # 0.8 mg/dL
        ({"birth_date": "2012-03-01", "sex": "male"}, 84.0, "row 5", None),
        ({"birth_date": "2012-03-01", "sex": ""}, None, None, "range_no_age"),  # bands for any sex do not reach her age
        ({"birth_date": "2007-03-01"}, None, None, "range_no_age"),
        ({"birth_date": ""}, None, None, "range_no_age"),
        ({"laboratory": "B"}, None, None, "range_no_age"),  # only adults there
        ({"laboratory": "B", "birth_date": "2007-03-01"}, 104.0, "row 6", None),
        ({"laboratory": "C"}, None, None, "range_no_laboratory"),
        ({"laboratory": ""}, None, None, "range_no_laboratory"),
        ({"test": "ALT", "unit": "U/L"}, None, None, "range_no_test"),
        ({"high": "50"}, 50.0, "result", None),
        ({"low": "10"}, None, "result", None),  # one's own range stands, even where it is one-sided
    ],
)
def test_the_range_that_fits_is_chosen_or_its_lack_named(
    row: dict[str, str], high: float | None, source: str | None, miss: str | None
) -> None:
    (found,) = graded([row]).iter_rows(named=True)
    assert (found["range_high"], found["range_from"]) == (high, source)
    missed = [word for word in (found["reasons_high"] or "").split() if word.startswith("range")]
    assert missed == ([miss] if miss else [])


def test_a_sex_that_no_band_is_for_is_named() -> None:
    only = ("A", "CREAT", "male", "0", "18", "", "", "1", "50", "umol/L")
    (female, unknown) = graded([{}, {"sex": ""}], only)["reasons_high"].to_list()
    assert female == unknown == "range_no_sex baseline_missing high_missing"


def test_a_day_on_which_no_band_was_in_force_is_named() -> None:
    old = ("A", "CREAT", "any", "0", "18", "2024-01-01", "2024-12-31", "1", "50", "umol/L")
    frame = graded([{"date": "2024-01-01"}, {"date": "2024-12-31"}, {"date": "2025-01-01"}, {"date": "2023-12-31"}], old)
    assert frame["range_from"].to_list() == ["row 1", "row 1", None, None]
    assert frame["reasons_high"].to_list()[2] == "range_no_date baseline_missing high_missing"


def test_results_keep_their_order_and_their_own_ranges() -> None:
    frame = graded([{"high": "99"}, {}, {"birth_date": "2013-03-01"}, {"high": "98"}])
    assert frame["range_high"].to_list() == [99.0, 54.0, 70.0, 98.0]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("A", "ALT", "any", "0", "5", "", "", "1", "40", "U/L"), ("A", "1742-6", "male", "4", "18", "", "", "1", "40", "U/L")], "row 2.*overlaps row 1"),
        ([("A", "ALT", "any", "0", "5", "", "2025-01-01", "1", "40", "U/L"), ("A", "ALT", "any", "0", "5", "2025-01-01", "", "1", "40", "U/L")], "row 2.*overlaps"),
        ([("A", "Elephants", "any", "0", "5", "", "", "1", "40", "U/L")], "row 1, column test.*no known measurement"),
        ([("A", "ALT", "any", "0", "5", "", "", "41", "40", "U/L")], "row 1, column low: 41 lies above the upper limit 40"),
        ([("A", "ALT", "any", "0", "5", "", "", "", "", "U/L")], "neither limit"),
        ([("A", "ALT", "any", "5", "5", "", "", "1", "40", "U/L")], "row 1, column age_high.*nobody's"),
        ([("A", "ALT", "any", "0", "5", "2025-01-02", "2025-01-01", "1", "40", "U/L")], "row 1, column valid_to"),
        ([("A", "ALT", "any", "0", "5", "", "", "1", "40", "mg/dL")], r"row 1, column unit: 'mg/dL' is no unit of ALT. Units: U/L"),
        ([("A", "ALT", "any", "", "5", "", "", "1", "40", "U/L")], "row 1, column age_low: is empty"),
    ],
)  # fmt: skip
def test_a_table_of_ranges_that_is_wrong_is_refused_by_row_and_column(rows: list[tuple[str, ...]], said: str) -> None:
    with pytest.raises(TableProblems, match=said):
        graded([{}], *rows)


def test_bands_that_touch_or_differ_by_sex_or_time_do_not_overlap() -> None:
    rows = [
        ("A", "ALT", "male", "0", "5", "", "2024-12-31", "1", "40", "U/L"),
        ("A", "ALT", "female", "0", "5", "", "2024-12-31", "1", "41", "U/L"),
        ("A", "ALT", "any", "0", "5", "2025-01-01", "", "1", "42", "U/L"),
        ("A", "ALT", "any", "5", "18", "2025-01-01", "", "1", "43", "U/L"),
        ("B", "ALT", "any", "0", "18", "", "", "1", "44", "U/L"),
        ("A", "AST", "any", "0", "18", "", "", "1", "45", "U/L"),
    ]
    assert graded([{"test": "ALT", "unit": "U/L", "birth_date": "2023-03-01"}], *rows)["range_high"].to_list() == [42.0]


def test_a_gap_between_bands_is_a_notice_and_no_refusal() -> None:
    rows = [("A", "ALT", "any", "0", "5", "", "", "1", "40", "U/L"), ("A", "ALT", "any", "6", "18", "", "", "1", "40", "U/L")]
    results = pl.DataFrame([{"subject": "1", "date": "2025-03-01", "test": "ALT", "value": "60", "unit": "U/L"}])
    notices = grade_table(results, version="5.0", ranges_of=bands(*rows)).notices
    what = "ALT at A has no range from 5 to 6 years (female or male). A result at such an age is not graded against a range."
    assert [str(notice) for notice in notices] == [f"reference ranges: row 1, column age_high: {what}"]
    girls = ("A", "ALT", "female", "5", "6", "", "", "1", "40", "U/L")
    (notice,) = grade_table(results, version="5.0", ranges_of=bands(*rows, girls)).notices
    assert "from 5 to 6 years (male)" in str(notice)
    assert not grade_table(results, version="5.0", ranges_of=bands(*BANDS)).notices


@pytest.mark.parametrize(
    ("born", "on", "months"),
    [("2024-01-31", "2024-02-28", 0), ("2024-01-31", "2024-02-29", 1), ("2024-02-29", "2025-02-28", 12), ("2024-02-29", "2025-02-27", 11), ("2024-05-10", "2025-05-09", 11), ("2024-05-10", "2025-05-10", 12), ("2024-12-31", "2025-01-30", 0)],
)  # fmt: skip
def test_age_is_counted_in_completed_months(born: str, on: str, months: int) -> None:
    frame = pl.DataFrame({"birth_date": [date.fromisoformat(born)], "date": [date.fromisoformat(on)]})
    assert frame.select(months_of_age()).item() == months
