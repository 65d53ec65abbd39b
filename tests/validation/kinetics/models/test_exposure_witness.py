"""Firth's logistic regression against the penalised likelihood maximised by other means."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar
from scipy.stats import chi2

from protocord.kinetics.exposure import firth

X = [0.2, 0.5, 0.9, 1.1, 1.6, 2.0, 2.2, 2.7, 3.1, 3.5]
MIXED = [False, False, False, True, False, True, False, True, True, True]
PARTED = [x > 1.8 for x in X]


def test_where_exposure_parts_the_outcomes_it_is_what_r_finds() -> None:
    """R 4.2.2: optim and uniroot on the penalised likelihood written out; oracle.R. Maximum likelihood would be infinite here."""
    found = firth(X, PARTED)
    assert found.coefficients == pytest.approx([-4.65356683, 2.66308639], abs=1e-6)
    assert (found.lower, found.upper) == pytest.approx((0.53539455, 14.70380995), abs=1e-5)
    assert found.p_value == pytest.approx(0.00530858, abs=1e-7)
    assert found.log_likelihood == pytest.approx(-2.07398991, abs=1e-7)


@pytest.mark.parametrize("outcome", [MIXED, PARTED, [not y for y in MIXED]])
def test_a_direct_search_of_the_penalised_likelihood_finds_the_same(outcome: list[bool]) -> None:
    x, y = np.array(X), np.array(outcome, dtype=float)
    design = np.column_stack([np.ones(10), x])

    def minus(beta: np.ndarray) -> float:
        p = 1 / (1 + np.exp(-design @ beta))
        information = design.T @ (design * (p * (1 - p))[:, None])
        linear = design @ beta
        return float(np.sum(np.logaddexp(0, linear) - y * linear) - 0.5 * np.log(max(np.linalg.det(information), 1e-300)))

    best = minimize(minus, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-13, "maxiter": 5000})

    def drop(slope: float) -> float:
        held = minimize_scalar(lambda a: minus(np.array([a, slope])), bracket=(-1, 1), tol=1e-12)
        return float(held.fun - best.fun - chi2.ppf(0.95, 1) / 2)

    found = firth(X, outcome)
    assert found.coefficients == pytest.approx(best.x, abs=1e-6)
    assert drop(found.lower) == pytest.approx(0, abs=1e-6)
    assert drop(found.upper) == pytest.approx(0, abs=1e-6)
