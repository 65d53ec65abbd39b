"""Against R 4.2.2 (base), by oracle.R beside this file: each row carries the label that the script prints."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from protocord.design import StagedDesign, operating_characteristics
from protocord.design.accrual import DAYS_PER_MONTH, Forecast, GammaRate, SiteAccrual
from protocord.design.assured import BetaPrior, assurance
from protocord.design.dose_finding import Boin
from protocord.design.dose_finding.boin import pooled
from protocord.design.inference import after, after_two_stages, koyama_chen_tail
from protocord.design.widths import clopper_pearson, wilson

KC = (3, 13, 12, 43)


@pytest.mark.parametrize(
    ("numbers", "rate", "expected"),
    [
        ((3, 17, 10, 37), 0.2, 0.0947843743314955),
        ((3, 17, 10, 37), 0.3, 0.540129911714815),
        ((3, 17, 10, 37), 0.4, 0.903274286592441),
        ((22, 42, 60, 105), 0.5, 0.0497002049336892),
        ((22, 42, 60, 105), 0.65, 0.90138287754434),
    ],
)
def test_two_stage_pass_probabilities(numbers: tuple[int, int, int, int], rate: float, expected: float) -> None:
    """`two_stage` rows."""
    found = operating_characteristics(StagedDesign.two_stage(*numbers), [rate]).reject[0]
    assert found == pytest.approx(expected, rel=1e-12)


def test_stage_wise_p_value_limits_and_median() -> None:
    """`stage_wise` rows: 14 responses at the end of 3/13 12/43, p0 = 0.2."""
    found = after(StagedDesign.two_stage(*KC), 2, 14, p0=0.2, alpha=0.05)
    assert found.p_value == pytest.approx(0.026785164568523, rel=1e-12)
    assert found.interval.lower == pytest.approx(0.217389434963311, abs=1e-11)
    assert found.interval.upper == pytest.approx(0.506374615592389, abs=1e-11)
    assert found.median_unbiased == pytest.approx(0.335476804397735, abs=1e-11)


def test_limits_after_a_stop_at_the_first_stage() -> None:
    """`first` rows: 2 of 13; they are the Clopper-Pearson limits of the first stage."""
    found = after(StagedDesign.two_stage(*KC), 1, 2, p0=0.2, alpha=0.05)
    assert found.interval.lower == pytest.approx(0.0280533773201758, abs=1e-11)
    assert found.interval.upper == pytest.approx(0.410098604833816, abs=1e-11)
    assert found.interval.lower == pytest.approx(found.naive_interval.lower, abs=1e-11)


@pytest.mark.parametrize(("size", "expected"), [(25, 0.0102660753), (27, 0.0156731622), (30, 0.02675052499), (33, 0.04138541935)])
def test_koyama_chen_p_values(size: int, expected: float) -> None:
    """`koyama_chen p` rows."""
    assert koyama_chen_tail(KC, 5, 9, size, 0.2) == pytest.approx(expected, rel=1e-8)


def test_koyama_chen_lower_limit() -> None:
    """`koyama_chen lower 27`."""
    found = after_two_stages(KC, 5, 9, 27, p0=0.2, alpha=0.05)
    assert found.interval.lower == pytest.approx(0.231856162, abs=1e-8)


@pytest.mark.parametrize(("rate", "power"), [(0.25, 0.818045845999417), (0.30, 0.944717112846257), (0.35, 0.987599031520775)])
def test_single_stage_power(rate: float, power: float) -> None:
    """`single 40 8` rows."""
    assert operating_characteristics(StagedDesign.single(40, 8), [rate]).reject[0] == pytest.approx(power, rel=1e-12)


def test_limits_of_twelve_of_forty() -> None:
    """`clopper_pearson 12/40` (binom.test) and `wilson 12/40` (prop.test, correct = FALSE)."""
    exact, score = clopper_pearson(40, 0.95), wilson(40, 0.95)
    assert (exact[0][12], exact[1][12]) == pytest.approx((0.165627204393236, 0.465316285254123), rel=1e-10)
    assert (score[0][12], score[1][12]) == pytest.approx((0.180748452297, 0.454300188181), rel=1e-10)


def test_accrual_of_sites_with_one_rate_and_with_two() -> None:
    """`accrual` rows: gamma(4, 6) twice for 20 months; gamma(9, 8) for 20 and gamma(5, 7) for 17 months."""
    cut = date(2025, 1, 1)
    by = cut + timedelta(days=round(20 * DAYS_PER_MONTH))  # 609 days stand for 20 months less a quarter day
    months = (by - cut).days / DAYS_PER_MONTH
    same = Forecast(40, cut, 0, tuple((SiteAccrual(name, cut), GammaRate(4, 6 * months / 20)) for name in "ab"))
    # A gamma rate over time t depends on rate / t alone, so scaling the rate makes 609 days equal to 20 months.
    assert same.chance_by(by) == pytest.approx(0.120474859432622, rel=1e-9)
    late = cut + timedelta(days=round(3 * DAYS_PER_MONTH))
    rest = (by - late).days / DAYS_PER_MONTH
    first = (SiteAccrual("a", cut), GammaRate(9, 8 * months / 20))
    second = (SiteAccrual("b", late), GammaRate(5, 7 * rest / 17))
    assert Forecast(40, cut, 0, (first, second)).chance_by(by) == pytest.approx(0.302991956737, rel=1e-9)


def test_boin_boundaries_and_isotonic_estimates() -> None:
    """`lambda_e`, `lambda_d`, and `isotonic`: 0, 3 and 1 toxicities of 6 at three levels."""
    assert Boin.of(0.3).escalate == pytest.approx(0.236490685236468, rel=1e-12)
    assert Boin.of(0.3).de_escalate == pytest.approx(0.35851946464093, rel=1e-12)
    a = np.array([0.05, 3.05, 1.05])
    b = np.array([6.05, 3.05, 5.05])
    found = pooled(a / (a + b), (a + b) ** 2 * (a + b + 1) / (a * b))
    assert found.tolist() == pytest.approx([0.00819672131147541, 0.291167408421773, 0.291167408421773], rel=1e-12)


def test_assurance_of_one_stage() -> None:
    """`assurance`: 8 of 40 under a beta(2, 4) prior, by numerical integration."""
    assert assurance(StagedDesign.single(40, 8), BetaPrior(2, 4)).conclude == pytest.approx(0.742484401588, rel=1e-10)
