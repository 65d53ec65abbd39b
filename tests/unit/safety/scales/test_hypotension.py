"""protocord.safety.scales.hypotension: the limit of systolic pressure by age."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from protocord.safety.scales import hypotension, hypotension_limit
from protocord.values import PartialDate

ON = date(2025, 6, 15)


@pytest.mark.parametrize(
    ("birth", "below", "band"),
    [
        (date(2025, 6, 15), 60, "hypotension_newborn"),
        (date(2025, 5, 18), 60, "hypotension_newborn"),
        (date(2025, 5, 17), 70, "hypotension_infant"),
        (date(2024, 6, 16), 70, "hypotension_infant"),
        (date(2024, 6, 15), 72, "hypotension_child"),
        (date(2020, 6, 15), 80, "hypotension_child"),
        (date(2015, 6, 16), 88, "hypotension_child"),
        (date(2015, 6, 15), 90, "hypotension_adolescent"),
        (date(2007, 6, 15), 90, "hypotension_adolescent"),
    ],
)
def test_the_limit_by_age(birth: date, below: int, band: str) -> None:
    found = hypotension_limit(birth, ON)
    assert (found.below, found.band) == (below, band)


def test_exact_years_count_the_running_one_by_days() -> None:
    assert hypotension_limit(date(2019, 12, 15), ON, age="exact_years").below == Decimal(80) + 2 * Decimal(182) / 365
    assert hypotension_limit(date(2019, 12, 15), ON).below == 80


def test_below_the_limit_strictly_is_hypotension() -> None:
    born = date(2020, 6, 15)
    assert hypotension(79, born, ON) is True
    assert hypotension(Decimal("79.9"), born, ON) is True
    assert hypotension(80, born, ON) is False


def test_without_a_pressure_or_a_birth_date_nobody_knows() -> None:
    assert hypotension(None, date(2020, 6, 15), ON) is None
    assert hypotension(60, None, ON) is None


def test_a_birth_year_decides_where_both_ends_agree() -> None:
    born = PartialDate(2020)  # 4 or 5 years old: 78 or 80
    assert hypotension(77, born, ON) is True
    assert hypotension(80, born, ON) is False
    assert hypotension(78, born, ON) is None
    assert hypotension(79, born, ON) is None


def test_a_birth_year_that_may_lie_ahead_counts_from_today() -> None:
    assert hypotension(59, PartialDate(2025), ON) is True
    assert hypotension(65, PartialDate(2025), ON) is None
    assert hypotension(70, PartialDate(2025), ON) is False


@pytest.mark.parametrize(("pressure", "birth"), [(0, date(2020, 1, 1)), (-5, date(2020, 1, 1)), (80, date(2025, 6, 16))])
def test_what_cannot_be_is_refused(pressure: int, birth: date) -> None:
    with pytest.raises(ValueError, match=r"no systolic|not born"):
        hypotension(pressure, birth, ON)


def test_the_lowest_pressure_that_can_be_measured_counts() -> None:
    assert hypotension(1, date(2020, 6, 15), ON) is True
