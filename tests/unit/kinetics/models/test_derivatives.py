"""Derivatives written by hand, against differences of the order below."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_ndtr

from protocord.kinetics.models.derivatives import log_concentration, log_tail, surprise

STARTS, AMOUNTS = np.array([0.0, 7.0, 14.0]), np.array([1.0, 0.7, 1.2])


def at(p: list[float], time: float, duration: float) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
    u1, u2, u3 = np.empty(4), np.empty((4, 4)), np.empty((4, 4, 4))
    u = log_concentration(np.array(p), time, STARTS, np.full(3, duration), AMOUNTS, 3, u1, u2, u3)
    return u, u1, u2, u3


@pytest.mark.parametrize("duration", [0.0, 1 / 24, 0.4, 3.0])
@pytest.mark.parametrize("time", [0.02, 0.5, 6.9, 7.01, 8.0, 30.0])
@pytest.mark.parametrize("p", [[7.3, 1.4, 0.7, -1.5], [2.0, -2.0, -3.0, 0.2], [0.0, 4.0, 2.0, -4.0]])
def test_the_derivatives_of_ln_c_are_those_of_the_order_below(p: list[float], time: float, duration: float) -> None:
    _, u1, u2, u3 = at(p, time, duration)
    step = 1e-5
    for i in range(4):
        up, down = (at([x + sign * step * (j == i) for j, x in enumerate(p)], time, duration) for sign in (1, -1))
        assert u1[i] == pytest.approx((up[0] - down[0]) / (2 * step), abs=2e-7, rel=1e-6)
        assert u2[i] == pytest.approx((up[1] - down[1]) / (2 * step), abs=2e-7, rel=1e-6)
        assert u3[i] == pytest.approx((up[2] - down[2]) / (2 * step), abs=2e-7, rel=1e-6)


def test_late_samples_do_not_underflow() -> None:
    u, u1, _, _ = at([0.0, 0.0, 1.0, 1.0], 4000.0, 1 / 24)
    assert u == pytest.approx(np.log(0.5 * 1.2) - np.e * (4000 - 14), rel=1e-4)
    assert u1[3] == pytest.approx(-np.e * (4000 - 14), rel=1e-4)


def test_before_the_first_dose_there_is_nothing() -> None:
    assert at([0.0, 0.0, 0.0, 0.0], 0.0, 0.0)[0] == -np.inf


@pytest.mark.parametrize("z", [-40.0, -12.0, -4.01, -3.99, -1.0, 0.0, 0.7, 6.0, 12.0])
def test_the_tail_is_exact_far_out_and_its_derivatives_follow(z: float) -> None:
    out, up, down = np.empty(3), np.empty(3), np.empty(3)
    assert log_tail(z, out) == pytest.approx(float(log_ndtr(z)), rel=1e-13, abs=1e-300)
    step = 1e-5
    above, below = log_tail(z + step, up), log_tail(z - step, down)
    assert out[0] == pytest.approx((above - below) / (2 * step), rel=1e-5, abs=1e-12)
    assert out[1:] == pytest.approx((up[:2] - down[:2]) / (2 * step), rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("kind", [0, 1, 2])
@pytest.mark.parametrize("u", [-1.0, 2.9, 3.1, 8.0])
def test_the_derivatives_of_a_samples_surprise_follow(kind: int, u: float) -> None:
    out, moved = np.empty(6), np.empty(6)
    sigma, step = 0.4, 1e-5
    surprise(u, 3.0, kind, sigma, out)
    sides = []
    for sign in (1, -1):
        value = surprise(u + sign * step, 3.0, kind, sigma, moved)
        sides.append((value, *moved[:2], moved[3], moved[4]))
    by_u = (np.array(sides[0]) - np.array(sides[1])) / (2 * step)
    assert out[[0, 1, 2, 4, 5]] == pytest.approx(by_u, rel=1e-4, abs=1e-7)
    values = [surprise(u, 3.0, kind, sigma * np.exp(sign * step), moved) for sign in (1, -1)]
    assert out[3] == pytest.approx((values[0] - values[1]) / (2 * step), rel=1e-5, abs=1e-7)
