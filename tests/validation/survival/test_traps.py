"""Where other software goes wrong, we do not; and by how much they differ, so that a change on either side shows."""

from __future__ import annotations

import csv
import warnings
from math import sqrt
from pathlib import Path

import numpy as np
import pytest

from protocord.statistics.survival import aalen_johansen, cox, kaplan_meier

DATA = Path(__file__).parent / "data"


def columns(name: str) -> dict[str, np.ndarray]:
    rows = list(csv.DictReader((DATA / f"{name}.csv").read_text("utf-8").splitlines()))
    return {key: np.array([float("nan" if row[key] == "NA" else row[key]) for row in rows]) for key in ("time", "status")}


@pytest.mark.slow
def test_a_median_on_a_flat_stretch_is_its_midpoint_where_lifelines_and_statsmodels_take_its_ends() -> None:
    """statistics.md 3.2: ten events, no censoring; R 5.5, lifelines 5, statsmodels 6."""
    import lifelines
    from statsmodels.duration.survfunc import SurvfuncRight

    days, events = np.arange(1, 11), np.ones(10)
    assert kaplan_meier(days, events).quantile().time == 5.5
    assert lifelines.KaplanMeierFitter().fit(days, events).median_survival_time_ == 5
    assert SurvfuncRight(days, events).quantile(0.5) == 6


def test_rounding_does_not_end_a_flat_stretch() -> None:
    """S(t) is a product of fractions: 9/12 comes out as 0.75 and a trace, and yet it is a quartile."""
    days = np.arange(1.0, 13)
    curve = kaplan_meier(days, np.ones(12))
    exact = [(12 - day) / 12 for day in days]
    assert (curve.survival != exact).any()
    assert [curve.quantile(p).time for p in (0.25, 0.5, 0.75)] == [3.5, 6.5, 9.5]


def test_the_standard_error_of_the_restricted_mean_of_lung_is_r_s() -> None:
    """statistics.md 3.2; R survival 3.5.3: print(survfit(Surv(time, status) ~ 1, lung), rmean = 730) gives 16.22."""
    lung = columns("lung_all")
    assert round(kaplan_meier(lung["time"], lung["status"]).rmst(730).std_error, 2) == 16.22


def test_an_upper_limit_is_not_the_last_time_where_the_curve_ends_at_zero() -> None:
    """statistics.md 3.2: where the last subject has the event, R has no upper limit; lifelines and statsmodels give the last time."""
    found = kaplan_meier([1, 2, 3, 4], [1, 0, 1, 1]).quantile(0.5)
    assert (found.time, found.lower) == (3, 1)
    assert np.isnan(found.upper)
    assert found.why_upper == "not_estimable"


@pytest.mark.slow
def test_the_standard_error_of_a_restricted_mean_is_that_of_the_mean_not_the_spread_of_times() -> None:
    """statistics.md 3.2: lung to 730 days, standard error 16.22; lifelines gives the variance of min(T, 730), root 227.2."""
    import lifelines
    from lifelines.utils import restricted_mean_survival_time

    lung = columns("lung_all")
    found = kaplan_meier(lung["time"], lung["status"]).rmst(730)
    fitted = lifelines.KaplanMeierFitter().fit(lung["time"], lung["status"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it integrates a step function numerically, and SciPy complains
        mean, variance = restricted_mean_survival_time(fitted, t=730, return_variance=True)
    assert found.estimate == pytest.approx(mean, rel=1e-9)
    assert round(found.std_error, 2) == 16.22
    assert round(sqrt(variance), 1) == 227.2


def test_tied_times_of_different_causes_are_not_jittered() -> None:
    """lifelines jitters such ties with a random seed (its issues 629 and 1521), so that incidences differ from run to run."""
    days, causes = [1, 2, 2, 2, 3, 4, 4, 5], [1, 1, 2, 0, 2, 1, 2, 0]
    first, second = (aalen_johansen(days, causes)[0].incidence for _ in range(2))
    assert np.array_equal(first, second)
    # By hand: 1/8, then 7/8 of 1/7 more, then (7/8)(5/7) of none at 3, then (7/8)(5/7)(3/4) of 1/3.
    assert first == pytest.approx([1 / 8, 2 / 8, 2 / 8, 2 / 8 + 7 / 8 * 5 / 7 * 3 / 4 / 3, 2 / 8 + 7 / 8 * 5 / 7 * 3 / 4 / 3])


@pytest.mark.slow
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_statsmodels_fits_the_same_cox_model(ties: str) -> None:
    from statsmodels.duration.hazard_regression import PHReg

    veteran = list(csv.DictReader((DATA / "veteran.csv").read_text("utf-8").splitlines()))
    x = np.array([[float(row[name]) for name in ("trt", "karno", "age")] for row in veteran])
    days, events = (np.array([float(row[name]) for row in veteran]) for name in ("time", "status"))
    peer = PHReg(days, x, status=events, ties=ties).fit()
    ours = cox(days, events, x, ties=ties)
    np.testing.assert_allclose(ours.coefficients, peer.params, rtol=1e-5)
    np.testing.assert_allclose(ours.std_error, peer.bse, rtol=1e-5)
