"""Numbers are rounded once, when they are shown, and a half goes away from zero."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocord.statistics import half_up, p_value, percent, shown, significant


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        # SAS 9.4 documentation of ROUND: halves away from zero. Python's round gives 2, 1.2, 1.0, -2 for these.
        (2.5, 0, "3"),
        (1.25, 1, "1.3"),
        (1.005, 2, "1.01"),
        (-2.5, 0, "-3"),
        (2.675, 2, "2.68"),
        (0.1 + 0.2, 1, "0.3"),
        (-0.04, 1, "0.0"),
        (1e22, 1, "10000000000000000000000.0"),
        (1e-9, 3, "0.000"),
        (Decimal("1.25"), 1, "1.3"),
    ],
)
def test_a_half_goes_away_from_zero(value: float | Decimal, digits: int, expected: str) -> None:
    assert shown(value, digits) == expected


@pytest.mark.parametrize(
    ("value", "figures", "expected"),
    [
        (9.996, 3, "10.0"),
        (0.00012345, 3, "0.000123"),
        (12345.0, 3, "12300"),
        (0.0, 3, "0"),
        (-0.02505, 3, "-0.0251"),
        (1.5, 1, "2"),
    ],
)
def test_significant_figures_count_from_the_first_digit(value: float, figures: int, expected: str) -> None:
    assert f"{significant(value, figures):f}" == expected


@pytest.mark.parametrize(
    ("p", "expected"),
    [(0.0, "<0.001"), (0.0009999, "<0.001"), (0.001, "0.001"), (0.0005, "<0.001"), (0.0495, "0.050"), (0.999, "0.999"), (0.9991, ">0.999"), (1.0, ">0.999")],
)  # fmt: skip
def test_p_values_have_three_decimals_and_limits(p: float, expected: str) -> None:
    assert p_value(p) == expected


def test_a_share_is_shown_in_percent() -> None:
    assert percent(0.3) == "30.0 %"
    assert percent(0.00125, 2) == "0.13 %"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_a_number_cannot_be_rounded(value: float) -> None:
    with pytest.raises(ValueError, match="cannot be rounded"):
        half_up(value, 1)


@given(st.floats(-1e12, 1e12), st.integers(0, 6))
def test_rounding_moves_a_number_by_half_a_unit_at_most_and_is_symmetric(value: float, digits: int) -> None:
    rounded = half_up(value, digits)

    assert abs(rounded - Decimal(repr(value))) <= Decimal(5).scaleb(-digits - 1)
    assert half_up(-value, digits) == -rounded
    assert half_up(rounded, digits) == rounded


@given(st.floats(1e-12, 1e12), st.integers(1, 8))
def test_significant_figures_are_that_many(value: float, figures: int) -> None:
    rounded = significant(value, figures)

    assert abs(rounded - Decimal(repr(value))) <= abs(Decimal(repr(value))) * Decimal(5).scaleb(-figures)
    assert len(rounded.normalize().as_tuple().digits) <= figures
