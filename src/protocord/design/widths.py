"""What a number of subjects buys without a hypothesis: width of intervals, and the chance to see an event at least once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import beta, binom, norm

Array = npt.NDArray[np.float64]
IntervalMethod = Literal["clopper_pearson", "wilson"]


def clopper_pearson(n: int, level: float) -> tuple[Array, Array]:
    """This will return the exact two-sided limits for each count 0..n (Clopper & Pearson, Biometrika 1934;26:404)."""
    counts = np.arange(n + 1)
    tail = (1 - level) / 2
    lower = np.concatenate([[0.0], beta.ppf(tail, counts[1:], n - counts[1:] + 1)])
    upper = np.concatenate([beta.isf(tail, counts[:-1] + 1, n - counts[:-1]), [1.0]])
    return lower, upper


def wilson(n: int, level: float) -> tuple[Array, Array]:
    """This will return Wilson's score limits for each count 0..n (JASA 1927;22:209), without continuity correction."""
    rate = np.arange(n + 1) / n
    z = float(norm.isf((1 - level) / 2))
    middle = (rate + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2))
    return np.clip(middle - half, 0.0, 1.0), np.clip(middle + half, 0.0, 1.0)


METHODS: dict[IntervalMethod, Callable[[int, float], tuple[Array, Array]]] = {
    "clopper_pearson": clopper_pearson,
    "wilson": wilson,
}


@dataclass(frozen=True, slots=True)
class Precision:
    """What `n` subjects say of a rate: limits at each count, expected width and coverage at each true rate."""

    n: int
    level: float
    method: IntervalMethod
    lower: Array
    upper: Array
    rates: Array
    expected_width: Array
    coverage: Array
    """Exact probability that the interval holds the true rate."""


def precision(
    n: int, rates: Array | list[float], *, level: float = 0.95, method: IntervalMethod = "clopper_pearson"
) -> Precision:
    """This will return limits, exact expected width and exact coverage with `n` subjects at true `rates`, two-sided `level`.

    Raises ValueError for n below 1 or a level outside 0..1.
    """
    if n < 1 or not 0 < level < 1:
        message = f"n must be at least 1 and the level between 0 and 1; got {n}, {level:g}"
        raise ValueError(message)
    at = np.asarray(rates, dtype=np.float64)
    lower, upper = METHODS[method](n, level)
    mass = binom.pmf(np.arange(n + 1)[:, None], n, at[None, :])
    inside = (lower[:, None] <= at) & (at <= upper[:, None])
    return Precision(n, level, method, lower, upper, at, (upper - lower) @ mass, (mass * inside).sum(axis=0))


def size_for_width(
    rate: float, width: float, *, level: float = 0.95, method: IntervalMethod = "clopper_pearson", most: int = 5000
) -> int:
    """This will return the smallest n from which on the expected width at `rate` stays at most `width`, up to `most`.

    Raises LookupError where `most` subjects do not suffice.
    """
    low, high = 1, most
    if precision(most, [rate], level=level, method=method).expected_width[0] > width:
        message = f"{most} subjects do not bring the expected width at {rate:g} to {width:g}"
        raise LookupError(message)
    while low < high:  # the expected width falls with n
        middle = (low + high) // 2
        if precision(middle, [rate], level=level, method=method).expected_width[0] <= width:
            high = middle
        else:
            low = middle + 1
    return low


def chance_of_any(n: int, rate: float) -> float:
    """This will return P(at least one event among n | rate) = 1 - (1 - rate)^n."""
    return float(-np.expm1(n * np.log1p(-rate))) if rate < 1 else 1.0


def rate_seen(n: int, chance: float) -> float:
    """This will return the true rate at which at least one event is seen among `n` with probability `chance`."""
    return float(-np.expm1(np.log1p(-chance) / n))


def excluded_by_none(n: int, level: float, *, sides: int) -> float:
    """This will return the exact upper limit of the rate after no event among `n`: the exact form of the rule of three.

    `level` is the confidence; `sides` 1 puts the whole error above, 2 half of it, as a two-sided interval does.
    """
    if sides not in {1, 2}:
        message = f"a limit has one or two sides, not {sides}"
        raise ValueError(message)
    error = (1 - level) / sides
    return float(-np.expm1(np.log(error) / n))


def largest_events(n: int, rate: float, level: float) -> int:
    """This will return the most events among `n` whose one-sided exact upper limit at `level` still lies below `rate`; -1 for none."""
    counts = np.arange(n + 1)
    excluded = binom.cdf(counts, n, rate) <= 1 - level
    return int(counts[excluded][-1]) if excluded.any() else -1
