"""`protocord.cohort.kernel.outcomes`: the compiled pieces mean what the row evaluator means."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import product

import numpy as np
import pytest

from protocord.cohort.kernel.marks import BASE, EVERYTHING, FIRST_DAY, LAST_DAY
from protocord.cohort.kernel.outcomes import NO_AGE, completed_years, outcome, written
from protocord.cohort.kinds import FALSE, TRUE, UNKNOWN
from protocord.cohort.plan.classes import OPERATORS
from protocord.cohort.plan.pieces import calendar
from protocord.cohort.sources.omop import ALL_CONCEPTS
from protocord.criteria.numbers import Case, holds
from protocord.values import completed_years as years_of_dates

_NUMBERS = ("-1", "0", "0.5", "1", "1.0", "1.5", "25.65", "1500")


def test_every_day_is_written_as_the_calendar_of_the_columns_writes_it() -> None:
    days = calendar()
    assert [written(int(day)) for day in days["calendar_day"]] == days["ymd"].to_list()
    assert (days["calendar_day"].min(), days["calendar_day"].max()) == (FIRST_DAY, LAST_DAY)
    assert written(FIRST_DAY - 1) == written(LAST_DAY + 1) == written(-(10**8)) == written(10**8) == NO_AGE


@pytest.mark.parametrize("birth", [date(2008, 2, 29), date(2007, 2, 28), date(2007, 3, 1), date(1900, 2, 28), date(2000, 12, 31)])
def test_ages_are_those_of_dates_around_every_end_of_february(birth: date) -> None:
    for year, move in product(range(birth.year + 1, 2101, 3), range(-2, 4)):
        day = date(year, 2, 27) + timedelta(days=move)
        assert completed_years(written(birth.toordinal()), written(day.toordinal())) == years_of_dates(birth, day)
    assert completed_years(NO_AGE, written(birth.toordinal())) == NO_AGE


def test_a_number_against_a_limit_is_decided_as_decimals_decide_it() -> None:
    ends = [None, *_NUMBERS]
    said = {True: TRUE, False: FALSE, None: UNKNOWN}
    for low, high, limit, operator in product(ends, ends, _NUMBERS, OPERATORS):
        if low is not None and high is not None and Decimal(low) > Decimal(high):
            continue
        for low_strict, high_strict in product((False, True), repeat=2):
            if low == high and (low_strict or high_strict):
                continue
            own = Case(low and Decimal(low), high and Decimal(high), low_strict, high_strict)
            bounds = [np.nan if end is None else float(end) for end in (low, high)]
            found = outcome(int(OPERATORS[operator]), *bounds, low_strict + 2 * high_strict, float(limit))
            assert found == said[holds(own, operator, Case(Decimal(limit), Decimal(limit)))], (own, operator, limit)


def test_the_numbers_that_nothing_is_imported_for_are_what_they_say() -> None:
    assert date(1985, 1, 1).toordinal() == BASE
    assert (date(1850, 1, 1).toordinal(), date(2150, 12, 31).toordinal()) == (FIRST_DAY, LAST_DAY)
    assert ALL_CONCEPTS == EVERYTHING
