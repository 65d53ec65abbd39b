"""The mixed-effects fit against other software, against integration without approximation, and against the truth of simulated trials."""

from __future__ import annotations

import csv
from itertools import product
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from scipy.stats import norm

from protocord.kinetics.models import Likelihood, Model, Observations, fit, natural

HERE = Path(__file__).parent


def read(name: str) -> dict[str, np.ndarray]:
    with (HERE / name).open() as file:
        rows = list(csv.DictReader(file))
    return {key: np.array([float(row[key]) for row in rows]) for key in rows[0]}


def packed(
    times: np.ndarray, y: np.ndarray, kinds: np.ndarray, limits: np.ndarray, children: int, days: np.ndarray, length: float
) -> Observations:
    each = times.size // children
    return Observations(
        tuple(str(i) for i in range(children)), times, y, kinds.astype(np.int64), limits, np.arange(0, times.size + 1, each),
        np.tile(days, children), np.full(children * days.size, length), np.ones(children * days.size),
        np.arange(0, children * days.size + 1, days.size), "x", "m3", MappingProxyType({}),
    )  # fmt: skip


def test_without_random_effects_and_with_one_exponential_it_is_rs_tobit_regression() -> None:
    """R 4.2.2, survival 3.5.3: survreg(Surv(log(value), measured, type = "left") ~ time, dist = "gaussian"); oracle.R."""
    line = read("tobit_line.csv")
    data = packed(line["time"], np.log(line["value"]), 1 - line["measured"], np.log(line["limit"]), 1, np.zeros(1), 0.0)
    found = fit(data, model=Model(random=(), fixed={"logit_fast": -30.0, "ln_gap": 0.0}), starts=1)
    assert found.theta[0] == pytest.approx(5.276528533592, abs=1e-7)
    assert -np.exp(found.theta[1]) == pytest.approx(-0.353496977359, abs=1e-8)
    assert found.theta[2] == pytest.approx(-1.440401487204, abs=1e-7)
    assert -found.objective / 2 == pytest.approx(-0.0743973596686, abs=1e-9)
    assert found.covariance is not None
    errors = np.sqrt(np.diag(found.covariance))
    assert errors[[0, 2]] == pytest.approx([0.14705098733, 0.26086972271], rel=1e-5)
    assert errors[1] * np.exp(found.theta[1]) == pytest.approx(0.03141423367, rel=1e-5)


def test_without_censoring_it_agrees_with_nlme() -> None:
    """R 4.2.2, nlme 3.1.162, nlme(..., random = pdDiag, method = "ML"); oracle.R. Both approximate the likelihood, nlme by linearising
    anew in each round: agreement is to a fifth of a standard error, and 0.05 in log likelihood."""
    rows = read("single_dose.csv")
    none = np.full(rows["time"].size, np.nan)
    data = packed(rows["time"], np.log(rows["value"]), np.zeros(none.size), none, 12, np.zeros(1), 0.0)
    found = fit(data, starts=2)
    assert found.covariance is not None
    nlme = np.array(
        [7.16226800, 1.56455963, 0.81290906, -1.37768264, *np.log([0.6175061, 0.4162022, 0.3235114, 0.4380130, 0.20938999])]
    )
    assert (found.theta - nlme) / np.sqrt(np.diag(found.covariance)) == pytest.approx(np.zeros(9), abs=0.2)
    assert -found.objective / 2 == pytest.approx(-45.30217889, abs=0.05)


@pytest.mark.parametrize("random", [("ln_c0",), ("ln_slow",), ("ln_c0", "ln_slow"), ("logit_fast", "ln_slow")])
def test_laplace_is_close_to_the_integral_itself(random: tuple[str, ...]) -> None:
    """The marginal likelihood by a product of 60-point Gauss-Hermite rules in one or two dimensions, the density in plain NumPy.

    30 % of the samples are censored. With either curvature a child's log likelihood is off by less than 0.25 at worst and 0.06 on average.
    """
    names = ("ln_c0", "logit_fast", "ln_gap", "ln_slow")
    times = np.array([0.05, 0.5, 1.0, 2.0, 4.0, 7.0, 10.0, 14.0])
    rng = np.random.default_rng(31)
    mu, omega, sigma = np.array([6.0, 1.2, 0.7, -1.2]), 0.4, 0.3
    active = [names.index(name) for name in random]
    p = np.tile(mu, (10, 1))
    p[:, active] += omega * rng.standard_normal((10, len(active)))

    def ln_c(parameters: np.ndarray) -> np.ndarray:
        f, beta = 1 / (1 + np.exp(-parameters[1])), np.exp(parameters[3])
        alpha = beta + np.exp(parameters[2])
        with np.errstate(divide="ignore"):  # the outermost nodes leave nothing
            return np.asarray(parameters[0] + np.log(f * np.exp(-alpha * times) + (1 - f) * np.exp(-beta * times)))

    y = np.array([ln_c(row) for row in p]) + sigma * rng.standard_normal((10, times.size))
    below = y < np.log(12.0)
    y = np.where(below, np.log(12.0), y)
    assert 0.2 < below.mean() < 0.45
    data = packed(np.tile(times, 10), y.ravel(), below.ravel(), np.full(80, np.log(12.0)), 10, np.zeros(1), 0.0)
    theta = np.array([*mu, *np.log([omega] * len(random)), np.log(sigma)])
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    exact = np.zeros(10)
    for picked in product(range(60), repeat=len(active)):
        parameters = mu.copy()
        parameters[active] += omega * nodes[list(picked)]
        z = (y - ln_c(parameters)) / sigma
        density = np.where(below, norm.logcdf(z), norm.logpdf(z) - np.log(sigma)).sum(axis=1)
        exact += np.prod(weights[list(picked)]) * np.exp(density)
    for curvature in ("expected", "exact"):
        each, _ = Likelihood(Model(random, curvature=curvature), data).each(theta)
        off = np.abs(-each - np.log(exact))
        assert off.max() < 0.25
        assert off.mean() < 0.06


DAYS = np.array([0.0, 7, 14, 21, 42, 49, 56, 63])
PLAN = np.array(
    [
        0.05,
        0.167,
        1,
        3,
        6.99,
        7.05,
        13.99,
        14.05,
        20.99,
        21.05,
        28,
        38,
        42.05,
        42.167,
        43,
        45,
        48.99,
        49.05,
        55.99,
        56.05,
        63.05,
        66,
        70.0,
    ]
)
TRUTH = (1500.0, 0.80, 0.30, 3.0)


def trial(seed: int, limit: float = 70.0) -> tuple[Observations, float]:
    """This will draw kinetics.md's reference design: 40 children x 23 samples, 8 one-hour infusions, half-lives log-normal (no rate order imposed)."""
    rng = np.random.default_rng(seed)
    spread = np.array([0.8, 0.5, 0.4, 0.5]) * rng.standard_normal((40, 4))
    c0, fast = TRUTH[0] * np.exp(spread[:, 0]), 1 / (1 + np.exp(-(np.log(4) + spread[:, 1])))
    rates = np.log(2) / (np.array(TRUTH[2:]) * np.exp(spread[:, 2:]))
    total = np.zeros((40, PLAN.size))
    for day in DAYS:
        since = np.maximum(PLAN - day, 0.0)
        filled = np.minimum(since, 1 / 24)
        for share, rate in ((fast, rates[:, 0]), (1 - fast, rates[:, 1])):
            x = rate[:, None] * filled
            total += (
                share[:, None] * 24 * filled * -np.expm1(-x) / np.where(x > 0, x, 1) * np.exp(-rate[:, None] * (since - filled))
            )
    y = np.log(c0[:, None] * total) + 0.3 * rng.standard_normal(total.shape)
    below = y < np.log(limit)
    y = np.where(below, np.log(limit), y)
    data = packed(np.tile(PLAN, 40), y.ravel(), below.ravel(), np.full(920, np.log(limit)), 40, DAYS, 1 / 24)
    return data, float(below.mean())


@pytest.mark.slow
def test_m3_recovers_the_truth_where_dropping_and_halving_do_not() -> None:
    """Three trials of the design of kinetics.md § 6 (23 % below the limit). Bounds stated beforehand: M3 within 5 % of a slow half-life
    of 3 d plus two Monte Carlo errors; M1 at least 8 % long, half the limit at least 50 % (there: -3 %, +20 %, +207 % in one trial)."""
    found: dict[str, list[np.ndarray]] = {"m3": [], "m1": [], "half": []}
    shares = []
    for seed in range(3):
        data, share = trial(100 + seed)
        shares.append(share)
        keep = data.kinds == 0
        counts = np.add.reduceat(keep, data.sample_of[:-1])
        offsets = np.concatenate([[0], np.cumsum(counts)])
        one = Observations(
            data.subjects, data.times[keep], data.y[keep], data.kinds[keep], data.limits[keep], offsets, data.starts, data.durations,
            data.amounts, data.dose_of, "x", "m1", MappingProxyType({}),
        )  # fmt: skip
        halved = packed(data.times, np.where(keep, data.y, data.y - np.log(2)), np.zeros(920), data.limits, 40, DAYS, 1 / 24)
        for name, chosen in (("m3", data), ("m1", one), ("half", halved)):
            found[name].append(natural(fit(chosen, starts=1).means))
    means = {name: np.log(np.array(values)).mean(axis=0) for name, values in found.items()}
    error = np.log(np.array(found["m3"])).std(axis=0, ddof=1) / np.sqrt(3)
    assert 0.18 < np.mean(shares) < 0.28
    assert means["m3"] == pytest.approx(np.log(TRUTH), abs=0.05 + 2 * float(error.max()))
    assert np.exp(means["m1"][3]) > 3.0 * 1.08
    assert np.exp(means["half"][3]) > 3.0 * 1.5
