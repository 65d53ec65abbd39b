"""Intervals of proportions and rates: R 4.2.2's binom.test, prop.test, poisson.test, qbeta and uniroot (oracle.R), and definitions."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from protocord.statistics.intervals import BINOMIAL_METHODS, binomial, binomial_p_value, garwood

ROWS = list(csv.DictReader((Path(__file__).parent / "expected" / "intervals.csv").read_text("utf-8").splitlines()))


@pytest.mark.parametrize("method", ["clopper_pearson", "wilson", "jeffreys_equal_tailed", "mid_p"])
def test_the_limits_are_those_of_r(method: str) -> None:
    for row in ROWS:
        found = binomial(int(row["x"]), int(row["n"]), level=float(row["level"]), method=method)
        expected = [float(row[f"{method}_lower"]), float(row[f"{method}_upper"])]
        np.testing.assert_allclose([found.lower, found.upper], expected, rtol=1e-8, atol=1e-12)


def test_garwoods_limits_are_those_of_poisson_test() -> None:
    for row in ROWS:
        found = garwood(int(row["x"]), float(row["n"]), level=float(row["level"]))
        np.testing.assert_allclose(
            [found.lower, found.upper], [float(row["garwood_lower"]), float(row["garwood_upper"])], rtol=1e-8
        )
        assert found.estimate == int(row["x"]) / int(row["n"])


def test_the_exact_p_value_is_that_of_binom_test() -> None:
    for row in ROWS:
        assert binomial_p_value(int(row["x"]), int(row["n"]), 0.2) == pytest.approx(float(row["p_greater_.2"]), rel=1e-9)


@pytest.mark.parametrize(
    ("method", "x", "n", "lower", "upper", "source"),
    [
        ("blaker", 3, 10, 0.08726443, 0.61941066, "Klaschka 2010, package BlakerCI, binom.blaker.limits(3, 10)"),
        ("clopper_pearson", 12, 40, 0.166, 0.465, "statistics.md 2.1, three digits"),
        ("wilson", 12, 40, 0.181, 0.454, "statistics.md 2.1, three digits"),
        ("jeffreys_equal_tailed", 0, 40, 1e-5, 0.0605, "statsmodels 0.15 proportion_confint(0, 40, method='jeffreys')"),
        ("jeffreys", 0, 40, 0.0, 0.0605, "Brown, Cai & DasGupta 2001: lower limit 0 at x = 0"),
        ("jeffreys_one_tail", 0, 40, 0.0, 0.0466, "R binom 1.1.1, binom.bayes(0, 40, type = 'central')"),
        ("jeffreys", 40, 40, 0.9395, 1.0, "the same, turned over"),
        ("jeffreys_one_tail", 40, 40, 0.9534, 1.0, "the same, turned over"),
    ],
)
def test_published_limits(method: str, x: int, n: int, lower: float, upper: float, source: str) -> None:
    found = binomial(x, n, method=method)
    digits = max(len(repr(value).partition(".")[2]) for value in (lower, upper) if "e" not in repr(value))
    assert found.lower == pytest.approx(lower, abs=0.51 * 10**-digits), source
    assert found.upper == pytest.approx(upper, abs=0.51 * 10**-digits), source


def acceptability(x: int, n: int, p: np.ndarray) -> np.ndarray:
    """Blaker's acceptability as his paper defines it: the probability of the smaller tail, and of the other tail as far as it is no larger."""
    counts = np.arange(n + 1)
    below, above = stats.binom.cdf(counts[:, None], n, p), stats.binom.sf(counts[:, None] - 1, n, p)
    smaller = np.minimum(below, above)
    mass = stats.binom.pmf(counts[:, None], n, p)
    return np.where(smaller <= smaller[x] * (1 + 1e-12), mass, 0).sum(axis=0)


@pytest.mark.parametrize(
    ("x", "n", "level"), [(0, 5, 0.95), (1, 5, 0.9), (2, 7, 0.95), (3, 10, 0.95), (5, 20, 0.99), (12, 40, 0.95), (20, 40, 0.8)]
)
def test_blakers_limits_are_the_ends_of_the_set_that_his_definition_accepts(x: int, n: int, level: float) -> None:
    found = binomial(x, n, level=level, method="blaker")
    p = np.linspace(0, 1, 8_001)
    inside = p[acceptability(x, n, p) >= 1 - level - 1e-12]
    assert inside.min() - 1.25e-4 - 1e-9 <= found.lower <= inside.min() + 1e-9
    assert inside.max() - 1e-9 <= found.upper <= inside.max() + 1.25e-4 + 1e-9


@pytest.mark.parametrize("method", BINOMIAL_METHODS)
def test_successes_and_failures_mirror_each_other(method: str) -> None:
    for n in (1, 2, 9, 40):
        for x in range(n + 1):
            one, other = binomial(x, n, method=method), binomial(n - x, n, method=method)
            assert one.lower == pytest.approx(1 - other.upper, abs=1e-13)
            assert 0 <= one.lower < one.upper <= 1
            # Jeffreys without the exception at 0 and n leaves out the estimate there: it is why the exception exists.
            assert one.lower <= one.estimate <= one.upper or (method == "jeffreys_equal_tailed" and x in {0, n})


@pytest.mark.parametrize("method", ["clopper_pearson", "blaker"])
def test_the_exact_intervals_cover_at_least_at_their_level(method: str) -> None:
    n = 17
    limits = np.array([(found.lower, found.upper) for found in (binomial(x, n, method=method) for x in range(n + 1))])
    for p in np.linspace(0.001, 0.999, 333):
        covered = (limits[:, 0] <= p) & (p <= limits[:, 1])
        assert stats.binom.pmf(np.arange(n + 1), n, p)[covered].sum() >= 0.95


@pytest.mark.parametrize(
    ("x", "n"),
    [(-1, 5), (6, 5), (0, 0), (1.5, 5)],
)
def test_what_is_no_count_of_successes_is_refused(x: float, n: int) -> None:
    with pytest.raises(ValueError, match="is no count of successes"):
        binomial(x, n)


def test_levels_methods_exposures_and_events_are_checked() -> None:
    with pytest.raises(ValueError, match="a level lies between 0 and 1"):
        binomial(1, 5, level=1)
    with pytest.raises(ValueError, match="a level lies between 0 and 1"):
        binomial(1, 5, level=0)
    assert [binomial_p_value(1, 5, null) for null in (0, 1)] == [0, 1]
    with pytest.raises(ValueError, match=r"'exact' is no interval of a proportion; there are clopper_pearson, wilson"):
        binomial(1, 5, method="exact")
    with pytest.raises(ValueError, match="positive exposure"):
        garwood(1, 0)
    with pytest.raises(ValueError, match="whole numbers"):
        garwood(1.5, 1)
    with pytest.raises(ValueError, match="a proportion lies between"):
        binomial_p_value(1, 5, 1.2)
