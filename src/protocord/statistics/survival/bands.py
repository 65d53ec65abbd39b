"""The simultaneous band of Hall and Wellner (1980, Biometrika 67:133): it holds the whole curve between two times at its level.

Its width comes from the largest distance of a Brownian bridge from zero between a(from) and a(to), a = nσ² / (1 + nσ²) with
Greenwood's σ² of log S. On a scale g the band is g(S) ± k (1 + nσ²) / √n · S |g'(S)| (Borgan & Liestøl 1990).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import special
from scipy.optimize import brentq

from protocord.statistics.survival.curve import Curve
from protocord.statistics.survival.sample import Floats
from protocord.statistics.survival.transforms import Transform, check_transform, reaching

_NODES = 48  # of the quadrature, in each direction; twice as many change nothing in the eighth digit
_TAIL = 9.0  # standard deviations, beyond which nothing is left
_IMAGES = np.arange(-4, 5)


@dataclass(frozen=True, eq=False)
class Band:
    """A band over the distinct times of a curve between two of them; `critical` is the bridge's quantile."""

    time: Floats
    lower: Floats
    upper: Floats
    critical: float
    transform: Transform
    level: float


def hall_wellner(
    curve: Curve, *, start: float | None = None, end: float | None = None, transform: Transform = "log_log", level: float = 0.95
) -> Band:
    """This will return the band of `curve` from `start` (left out: the first event) to `end` (left out: the last event above zero).

    Raises ValueError where no event above zero lies between, or for a transform or level that nobody knows.
    """
    check_transform(transform)
    if not 0 < level < 1:
        message = f"a level lies between 0 and 1, not at {level}"
        raise ValueError(message)
    falling = curve.time[(curve.n_event > 0) & (curve.survival > 0)]
    first = (falling[0] if len(falling) else np.inf) if start is None else start
    last = (falling[-1] if len(falling) else -np.inf) if end is None else end
    chosen = (curve.time >= first) & (curve.time <= last) & (curve.survival > 0) & (curve.survival < 1)
    if not chosen.any():
        message = "a band needs an event above zero between its two times"
        raise ValueError(message)
    spread = curve.n * curve.relative[chosen] ** 2
    share = spread / (1 + spread)
    # From the first event on, as from any earlier time, the bridge starts at the share reached there.
    critical = bridge_quantile(float(share[0]), float(share[-1]), level)
    lower, upper = reaching(curve.survival[chosen], critical * (1 + spread) / curve.n**0.5, transform)
    return Band(curve.time[chosen], lower, upper, critical, transform, level)


def bridge_quantile(start: float, end: float, level: float) -> float:
    """This will return the level's quantile of the largest distance from zero of a Brownian bridge between `start` and `end`.

    Raises ValueError unless 0 ≤ start ≤ end < 1.
    """
    if not 0 <= start <= end < 1:
        message = f"a bridge is followed between 0 and 1, not from {start} to {end}"
        raise ValueError(message)
    widest = min(max(0.5, start), end)  # where the bridge spreads most; its own quantile there is a lower bound
    low = float(special.ndtri((1 + level) / 2)) * sqrt(widest * (1 - widest))
    if start == end:
        return low
    found = brentq(lambda k: _within(k, start, end) - level, low, 2 * low + 4, xtol=1e-9)
    return float(found)


def _within(k: float, start: float, end: float) -> float:
    """The probability that the bridge stays within ±k between `start` and `end`."""
    first, weight = np.zeros(1), np.ones(1)
    if start > 0:
        spread = np.array([(start * (1 - start)) ** 0.5])
        first, weight = (values[0] for values in _quadrature(np.zeros(1), spread, k))
    # Given the value at the start, the bridge at the end is normal around the straight line to zero at 1.
    length, left = end - start, 1 - start
    second, inner = _quadrature(first * (1 - end) / left, np.full_like(first, (length * (1 - end) / left) ** 0.5), k)
    return float(weight @ (inner * _stays(first[:, None], second, k, length)).sum(axis=1))


def _quadrature(mean: Floats, spread: Floats, k: float) -> tuple[Floats, Floats]:
    """Nodes within ±k and weights of normal distributions, one row each."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    low, high = np.clip(mean - _TAIL * spread, -k, k), np.clip(mean + _TAIL * spread, -k, k)
    half = ((high - low) / 2)[:, None]
    at = ((low + high) / 2)[:, None] + half * nodes
    density = np.exp(-(((at - mean[:, None]) / spread[:, None]) ** 2) / 2) / ((2 * np.pi) ** 0.5 * spread[:, None])
    return at, half * weights * density


def _stays(x: Floats, y: Floats, k: float, length: float) -> Floats:
    """The probability that a path from x to y in that time stays within ±k, by images at both walls."""
    u, v, width = x + k, y + k, 2 * k
    direct = (v - u) ** 2
    found = np.zeros(np.broadcast(u, v).shape)
    for image in _IMAGES:
        found += np.exp(-((v - u + 2 * image * width) ** 2 - direct) / (2 * length))
        found -= np.exp(-((v + u + 2 * image * width) ** 2 - direct) / (2 * length))
    return found
