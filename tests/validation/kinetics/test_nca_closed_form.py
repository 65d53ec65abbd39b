"""The engine on curves whose areas and slopes are known on paper: exponentials after an infusion."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from protocord.kinetics.nca.analysis import Answer, analyse
from protocord.kinetics.nca.rules import HALF_LLOQ, BelowLimitRule, LambdaZRule, Rules
from protocord.kinetics.profiles import from_long


def infused(times: np.ndarray, dose: float, parts: list[tuple[float, float]], duration: float) -> np.ndarray:
    """Sum of exponentials (height per dose, rate) convolved with a constant infusion of the dose."""
    total = np.zeros_like(times)
    for height, rate in parts:
        during = (1 - np.exp(-rate * np.minimum(times, duration))) / (rate * duration)
        total += dose * height * during * np.exp(-rate * np.maximum(times - duration, 0))
    return total


def answered(times: np.ndarray, values: np.ndarray, duration: float, end: float, rules: Rules | None = None) -> Answer:
    frame = pl.DataFrame({"id": "a", "time": times, "value": values}).with_columns(pl.when(pl.col("value") > 0).then("value"))
    return analyse(from_long(frame, ["id"], duration=duration, dose=20.0, end=end), rules or Rules())


def grid(duration: float, last: float, n: int) -> np.ndarray:
    return np.concatenate((np.linspace(0, duration, 200), duration + np.geomspace(1e-3, last, n)))


@pytest.mark.parametrize("duration", [0.04, 0.5])
@pytest.mark.parametrize("parts", [[(0.5, 0.7)], [(0.8, 2.31), (0.2, 0.28)], [(5.0, 3.0), (0.05, 0.12)]])
def test_the_area_of_exponentials_after_an_infusion(parts: list[tuple[float, float]], duration: float) -> None:
    slow = parts[-1][1]
    times = grid(duration, 60 / slow, 4000)
    # Without a margin the slope is that of the very tail; with it, more points would take some of the fast phase in.
    rules = Rules(lambda_z=LambdaZRule(margin=1e-14))
    answer = answered(times, infused(times, 20.0, parts, duration), duration, math.nan, rules)
    area = 20 * sum(height / rate for height, rate in parts)  # dose x sum of height / rate, whatever the duration
    assert answer.value("auc_inf_obs") == pytest.approx(area, rel=2e-5)
    assert answer.value("lambda_z") == pytest.approx(slow, rel=1e-6)
    assert answer.value("half_life") == pytest.approx(math.log(2) / slow, rel=1e-6)
    assert answer.value("clearance") == pytest.approx(20 / area, rel=2e-5)
    residence = sum(height / rate**2 for height, rate in parts) / sum(height / rate for height, rate in parts)
    assert answer.value("mrt_inf_obs") == pytest.approx(residence, rel=2e-4)


def test_after_the_infusion_a_single_exponential_is_exact_from_three_samples() -> None:
    times = np.array([0.0, 0.04, 1.0, 3.0, 7.0])
    values = infused(times, 20.0, [(0.5, 0.7)], 0.04)
    answer = answered(times, values, 0.04, 5.0)
    peak = values[1]
    assert answer.value("auc_inf_obs") == pytest.approx(0.02 * peak + peak / 0.7, rel=1e-12)
    assert answer.value("auc_interval") == pytest.approx(0.02 * peak + peak / 0.7 * (1 - math.exp(-0.7 * 4.96)), rel=1e-12)


def test_the_linear_rule_overstates_a_decline_by_its_known_error() -> None:
    times = np.array([0.0, 1.0, 2.0, 3.0])
    values = np.array([0.0, 8.0, 4.0, 2.0])
    answer = answered(times, values, 0.0, math.nan, Rules(trapezoid="linear"))
    assert answer.value("auc_last") == pytest.approx(4 + 6 + 3)
    assert answered(times, values, 0.0, math.nan).value("auc_last") == pytest.approx(4 + 6 / math.log(2))


# What the rule for results below the limit does to one profile: a biexponential decline with a terminal half-life of 4 days, whose
# last samples lie below the limit of 50.
TIMES = np.array([0.0, 0.05, 0.25, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 14.0, 21.0, 28.0])


def decline() -> list[float | None]:
    values = [1200 * math.exp(-3.0 * t) + 300 * math.exp(-math.log(2) / 4 * t) for t in TIMES]
    return [None if t == 0 or value < 50 else value for t, value in zip(TIMES, values, strict=True)]


def test_a_substituted_tail_changes_no_half_life_here() -> None:
    frame = pl.DataFrame({"id": "a", "time": TIMES, "value": decline(), "lloq": [50.0] * len(TIMES)})
    plain, half = (
        analyse(from_long(frame, ["id"], duration=0.05), rules)
        for rules in (Rules(), Rules(below_limit=BelowLimitRule(after_last=HALF_LLOQ)))
    )
    assert plain.value("half_life") == pytest.approx(4.0, rel=1e-2)
    assert half.value("half_life") == plain.value("half_life")
    assert half.value("auc_inf_obs") == plain.value("auc_inf_obs")
    truth = 1200 / 3 + 300 * 4 / math.log(2)
    assert plain.value("auc_inf_obs") == pytest.approx(truth, rel=0.04)
