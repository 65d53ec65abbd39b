"""Partial dates, ages, study days and windows."""

from __future__ import annotations

from datetime import date

import pytest

from protocord.values import (
    PartialDate,
    Window,
    age_range,
    anniversary,
    completed_years,
    date_of_study_day,
    days_between,
    study_day,
)


@pytest.mark.parametrize(
    ("text", "earliest", "latest"),
    [
        ("2025-06-09", date(2025, 6, 9), date(2025, 6, 9)),
        ("2025-06", date(2025, 6, 1), date(2025, 6, 30)),
        ("2025", date(2025, 1, 1), date(2025, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2023-02", date(2023, 2, 1), date(2023, 2, 28)),
    ],
)
def test_a_partial_date_is_all_the_days_that_it_may_be(text: str, earliest: date, latest: date) -> None:
    day = PartialDate.parse(text)
    assert (day.earliest, day.latest, day.is_full) == (earliest, latest, earliest == latest)
    assert str(day) == text


@pytest.mark.parametrize(
    "text",
    ["", "2025-6-9", "09/06/2025", "2025-06-09T10:00", "25-06-09", "2025-13", "2025-00", "2025-02-29", "2025-06-00", "２０２５"],
)
def test_what_is_no_iso_date_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a (date; write it as 2025-06-09|day of the calendar)"):
        PartialDate.parse(text)


def test_a_day_without_a_month_is_no_date() -> None:
    with pytest.raises(ValueError, match="a day without a month"):
        PartialDate(2025, None, 3)
    with pytest.raises(ValueError, match="month must be in"):
        PartialDate(2025, 0)


# clinical.md 2.3, vectors 1 to 3: consent on 2025-06-10.
@pytest.mark.parametrize(("birth", "years"), [((2006, 6, 11), 18), ((2006, 6, 10), 19), ((2007, 6, 10), 18), ((2007, 6, 11), 17)])
def test_age_is_counted_in_completed_years(birth: tuple[int, int, int], years: int) -> None:
    assert completed_years(date(*birth), date(2025, 6, 10)) == years


def test_who_is_born_on_29_february_completes_a_year_on_28_february_of_a_common_year() -> None:
    birth = date(2004, 2, 29)
    assert anniversary(birth, 19) == date(2023, 2, 28)
    assert anniversary(birth, 20) == date(2024, 2, 29)
    assert completed_years(birth, date(2023, 2, 27)) == 18
    assert completed_years(birth, date(2023, 2, 28)) == 19
    assert completed_years(birth, date(2024, 2, 28)) == 19
    assert completed_years(birth, date(2024, 2, 29)) == 20


def test_age_before_birth_is_negative_and_on_the_day_of_birth_nought() -> None:
    assert completed_years(date(2025, 6, 10), date(2025, 6, 9)) == -1
    assert completed_years(date(2025, 6, 10), date(2025, 6, 10)) == 0


def test_partial_dates_give_the_ages_that_are_possible() -> None:
    on = PartialDate(2025, 6, 10)
    assert age_range(PartialDate(2007), on) == (17, 18)
    assert age_range(PartialDate(2007, 6), on) == (17, 18)
    assert age_range(PartialDate(2007, 5), on) == (18, 18)
    assert age_range(PartialDate(2007, 6, 10), PartialDate(2025)) == (17, 18)


def test_days_between_partial_dates_are_a_range() -> None:
    assert days_between(PartialDate(2025, 6), PartialDate(2025, 6, 30)) == (0, 29)  # clinical.md 2.3, vector 8
    assert days_between(PartialDate(2025, 6, 9), PartialDate(2025, 6, 30)) == (21, 21)


def test_day_1_is_the_reference_day_and_there_is_no_day_0() -> None:
    first = date(2025, 6, 30)
    assert [study_day(first, date(2025, 6, day)) for day in (28, 29, 30)] == [-2, -1, 1]
    assert study_day(first, date(2025, 7, 27)) == 28
    with pytest.raises(ValueError, match="no study day 0"):
        date_of_study_day(first, 0)


def test_a_window_holds_its_ends_and_tells_by_how_much_a_day_misses_it() -> None:
    window = Window.around(date(2025, 7, 7), before=2, after=3)
    assert window == Window(date(2025, 7, 7), date(2025, 7, 5), date(2025, 7, 10))
    assert [date(2025, 7, day) in window for day in (4, 5, 10, 11)] == [False, True, True, False]
    assert [window.days_outside(date(2025, 7, day)) for day in (3, 5, 7, 10, 12)] == [-2, 0, 0, 0, 2]


def test_a_window_that_misses_its_own_target_is_a_fault() -> None:
    with pytest.raises(ValueError, match="must hold its target"):
        Window(date(2025, 7, 7), date(2025, 7, 8), date(2025, 7, 9))
