"""Accrual: closed form against simulation and against sums, sites that open late or close, and the data so far."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from scipy.stats import nbinom

from protocord.design.accrual import DAYS_PER_MONTH, GammaRate, SiteAccrual, forecast

START = date(2025, 1, 1)
PRIOR = GammaRate(4, 6)


def test_open_sites_with_one_rate_add_up_to_one_negative_binomial() -> None:
    sites = [SiteAccrual(name, START) for name in ("01", "02", "03")]
    answer = forecast(sites, PRIOR, target=40, cut=START)
    day = START + timedelta(days=500)
    months = 500 / DAYS_PER_MONTH
    assert answer.chance_by(day) == pytest.approx(float(nbinom.sf(39, 12, 6 / (6 + months))), rel=1e-12)
    assert answer.mean_by(day) == pytest.approx(3 * 4 / 6 * months)


def test_the_forecast_equals_a_simulation_within_its_error() -> None:
    """Four sites: data so far, a late opening, a closing; 200,000 trials, limits of four standard errors."""
    cut, day = date(2025, 9, 1), date(2026, 8, 1)
    sites = [
        SiteAccrual("a", START, 7),
        SiteAccrual("b", date(2025, 6, 1), 1),
        SiteAccrual("c", date(2026, 1, 15)),
        SiteAccrual("d", START, 2, date(2026, 2, 1)),
    ]
    answer = forecast(sites, PRIOR, target=30, cut=cut)
    random = np.random.default_rng(20251122)
    total = np.full(200_000, 10)
    for site in sites:
        open_months = max(0, (cut - site.opened).days) / DAYS_PER_MONTH
        rate = random.gamma(4 + site.enrolled, 1 / (6 + open_months), len(total))
        until = min(day, site.closed) if site.closed else day
        ahead = max(0, (until - max(site.opened, cut)).days) / DAYS_PER_MONTH
        total += random.poisson(rate * ahead)
    share = (total >= 30).mean()
    error = 4 * np.sqrt(share * (1 - share) / len(total))
    assert answer.chance_by(day) == pytest.approx(share, abs=error)
    for found, chance in zip(answer.quantiles_by(day, (0.1, 0.5, 0.9)), (0.1, 0.5, 0.9), strict=True):
        assert (total <= found).mean() >= chance - 0.005
        assert (total <= found - 1).mean() < chance + 0.005


def test_the_day_reached_is_the_first_with_that_chance() -> None:
    answer = forecast([SiteAccrual("a", START, 3), SiteAccrual("b", date(2025, 7, 1))], PRIOR, target=20, cut=date(2025, 5, 1))
    for chance in (0.05, 0.5, 0.95):
        day = answer.day_reached(chance)
        assert day is not None
        assert answer.chance_by(day) >= chance > answer.chance_by(day - timedelta(days=1))


def test_a_rate_follows_what_the_site_enrolled() -> None:
    half = START + timedelta(days=183)
    answer = forecast([SiteAccrual("fast", START, 12), SiteAccrual("slow", START, 0)], PRIOR, target=40, cut=half)
    fast, slow = (rate for _, rate in answer.rates)
    assert (fast.shape, slow.shape) == (16, 4)
    assert fast.rate == slow.rate == pytest.approx(6 + 183 / DAYS_PER_MONTH)
    assert answer.enrolled == 12
    assert answer.still == 28


def test_a_target_already_reached_is_reached_today_and_one_never_reached_is_none() -> None:
    done = forecast([SiteAccrual("a", START, 40)], PRIOR, target=40, cut=date(2026, 1, 1))
    assert done.day_reached(0.99) == date(2026, 1, 1)
    assert done.chance_by(date(2026, 1, 1)) == 1
    closing = forecast([SiteAccrual("a", START, 0, date(2025, 3, 1))], PRIOR, target=40, cut=START)
    assert closing.day_reached(0.5) is None


@pytest.mark.parametrize(
    ("sites", "words"),
    [
        ([], "at least one site"),
        ([SiteAccrual("a", START), SiteAccrual("a", START)], "stands twice"),
        ([SiteAccrual("a", date(2026, 1, 1), 2)], "cannot have enrolled"),
        ([SiteAccrual("a", START, 0, date(2024, 1, 1))], "before it opens"),
        ([SiteAccrual("a", START, -1)], "cannot have enrolled"),
    ],
)
def test_sites_that_cannot_be_are_refused(sites: list[SiteAccrual], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        forecast(sites, PRIOR, target=40, cut=date(2025, 6, 1))


def test_a_rate_must_be_positive() -> None:
    with pytest.raises(ValueError, match="exceed 0"):
        GammaRate(0, 1)
