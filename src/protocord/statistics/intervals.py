"""Intervals for a proportion and for a rate of counts, each by a named convention.

| method | what it is | source |
| --- | --- | --- |
| `clopper_pearson` | exact, equal tails of the binomial; never below its level | Clopper & Pearson 1934, Biometrika 26:404 |
| `blaker` | exact, inside Clopper-Pearson at every level; the hull of the confidence set | Blaker 2000, Can J Stat 28:783 |
| `mid_p` | Clopper-Pearson with half the probability of the count seen; may fall below its level | Lancaster 1961, JASA 56:223 |
| `wilson` | score interval without continuity correction | Wilson 1927, JASA 22:209 |
| `jeffreys` | equal tails of Beta(x + ½, n - x + ½); the lower limit is 0 at x = 0, the upper 1 at x = n | Brown, Cai & DasGupta 2001, Stat Sci 16:101 |
| `jeffreys_equal_tailed` | the same without the exception at 0 and n | ibid. |
| `jeffreys_one_tail` | the same, the whole error in one tail at 0 and n | the convention of R's `binom` package |
| `garwood` | exact interval of a Poisson count, per exposure | Garwood 1936, Biometrika 28:437 |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import Literal, get_args

from scipy import special
from scipy.optimize import brentq

__all__ = ["BINOMIAL_METHODS", "BinomialMethod", "Interval", "binomial", "binomial_p_value", "garwood"]

BinomialMethod = Literal["clopper_pearson", "wilson", "jeffreys", "jeffreys_equal_tailed", "jeffreys_one_tail", "blaker", "mid_p"]
BINOMIAL_METHODS: tuple[BinomialMethod, ...] = get_args(BinomialMethod)


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with the limits of its two-sided interval at `level`, and the name of the method that made them."""

    estimate: float
    lower: float
    upper: float
    level: float
    method: str


def binomial(x: int, n: int, *, level: float = 0.95, method: BinomialMethod = "clopper_pearson") -> Interval:
    """This will return the proportion `x / n` with its two-sided interval at `level`, by `method`.

    Raises ValueError where `n` is not positive, `x` lies outside 0 … n, `level` outside 0 … 1, or nobody knows the method.

    >>> found = binomial(12, 40)
    >>> round(found.lower, 4), round(found.upper, 4)
    (0.1656, 0.4653)
    """
    _check_count(x, n)
    _check_level(level)
    if method not in _LOWER:
        message = f"{method!r} is no interval of a proportion; there are {', '.join(BINOMIAL_METHODS)}"
        raise ValueError(message)
    lower = _LOWER[method]
    # Each of them turns over when successes and failures change places.
    return Interval(x / n, lower(x, n, 1 - level), 1 - lower(n - x, n, 1 - level), level, method)


def binomial_p_value(x: int, n: int, null: float, *, alternative: Literal["greater", "less"] = "greater") -> float:
    """This will return the exact one-sided p-value of `x` successes in `n` against the proportion `null`.

    Raises ValueError as `binomial` does, or where `null` lies outside 0 … 1.
    """
    _check_count(x, n)
    if not 0 <= null <= 1:
        message = f"a proportion lies between 0 and 1, not at {null}"
        raise ValueError(message)
    return _at_least(x, n, null) if alternative == "greater" else _at_most(x, n, null)


def garwood(events: int, exposure: float, *, level: float = 0.95) -> Interval:
    """This will return the rate `events / exposure` with its exact two-sided interval, in events per unit of exposure.

    Raises ValueError where `events` is negative or no whole number, `exposure` not positive, or `level` outside 0 … 1.

    >>> found = garwood(0, 1)
    >>> found.lower, round(found.upper, 4)
    (0.0, 3.6889)
    """
    _check_level(level)
    if events != int(events) or events < 0:
        message = f"events are counted in whole numbers from 0; {events} is none"
        raise ValueError(message)
    if not 0 < exposure < float("inf"):
        message = f"a rate needs a positive exposure, not {exposure}"
        raise ValueError(message)
    tail = (1 - level) / 2
    lower = float(special.gammaincinv(events, tail)) if events else 0.0
    upper = float(special.gammainccinv(events + 1, tail))
    return Interval(events / exposure, lower / exposure, upper / exposure, level, "garwood")


def _check_count(x: int, n: int) -> None:
    if x != int(x) or n != int(n) or n <= 0 or not 0 <= x <= n:
        message = f"{x} of {n} is no count of successes: it needs whole numbers with 0 ≤ x ≤ n and n ≥ 1"
        raise ValueError(message)


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        message = f"a level lies between 0 and 1, not at {level}"
        raise ValueError(message)


def _at_least(x: int, n: int, p: float) -> float:
    """The probability of x or more."""
    return float(special.betainc(x, n - x + 1, p)) if x > 0 else 1.0


def _at_most(x: int, n: int, p: float) -> float:
    """The probability of x or fewer."""
    return float(special.betaincc(x + 1, n - x, p)) if x < n else 1.0


def _clopper_pearson(x: int, n: int, error: float) -> float:
    return float(special.betaincinv(x, n - x + 1, error / 2)) if x else 0.0


def _mid_p(x: int, n: int, error: float) -> float:
    if x == 0:
        return 0.0
    return _root(lambda p: (_at_least(x, n, p) + _at_least(x + 1, n, p) if x < n else _at_least(x, n, p)) - error, 0.0, 1.0)


def _wilson(x: int, n: int, error: float) -> float:
    if x == 0:
        return 0.0  # exactly; the formula leaves a trace of rounding
    z = float(special.ndtri(1 - error / 2))
    p = x / n
    return (p + z * z / (2 * n) - z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n)


def _jeffreys_equal_tailed(x: int, n: int, error: float) -> float:
    return float(special.betaincinv(x + 0.5, n - x + 0.5, error / 2))


def _jeffreys(x: int, n: int, error: float) -> float:
    return _jeffreys_equal_tailed(x, n, error) if x else 0.0


def _jeffreys_one_tail(x: int, n: int, error: float) -> float:
    return _jeffreys(x, n, 2 * error if x == n else error)


def _blaker(x: int, n: int, error: float) -> float:
    """The smallest p whose acceptability reaches the error.

    The acceptability at p is P(X ≥ x) plus the largest P(X ≤ j) that does not exceed it. It jumps upwards at the points where
    P(X ≤ j) = P(X ≥ x), which rise with j; between two of them it is 1 - P(j < X < x), which falls and then rises. It cannot
    reach the error below the Clopper-Pearson limit, and reaches it at the first jump above: so the limit is that jump, or the
    one place before it where the acceptability crosses the error on the way.
    """
    if x == 0:
        return 0.0
    start = _clopper_pearson(x, n, error)
    j = next(j for j in range(x) if _at_most(j, n, start) > error / 2)  # the first j whose jump lies above the start
    jump = _root(lambda p: _at_least(x, n, p) - _at_most(j, n, p), start, 1.0)

    def before(p: float) -> float:
        return _at_least(x, n, p) + (_at_most(j - 1, n, p) if j else 0.0) - error

    return _root(before, start, jump) if before(jump) > 0 else jump


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    found = brentq(function, low, high, xtol=1e-15, rtol=1e-14, maxiter=200)
    return float(found)


_LOWER: dict[str, Callable[[int, int, float], float]] = {
    "clopper_pearson": _clopper_pearson,
    "wilson": _wilson,
    "jeffreys": _jeffreys,
    "jeffreys_equal_tailed": _jeffreys_equal_tailed,
    "jeffreys_one_tail": _jeffreys_one_tail,
    "blaker": _blaker,
    "mid_p": _mid_p,
}
