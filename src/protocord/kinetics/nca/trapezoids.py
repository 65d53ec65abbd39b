"""Areas between two points, and values between them, by the three trapezoids.

The logarithmic trapezoid is exact for an exponential. It is written with log1p of the relative drop, so that two nearly equal
neighbours lose no digits; for equal ones its limit is the linear trapezoid, which is what stands there.
"""

from __future__ import annotations

from math import exp, log, log1p

from protocord.statistics.compiled import compiled

LINEAR, LINEAR_UP_LOG_DOWN, LINEAR_LOG = 0, 1, 2


@compiled
def is_log(c1: float, c2: float, method: int, after_peak: bool) -> bool:
    """This will return whether the logarithmic trapezoid stands between c1 and c2.

    Linear-up/log-down: where the curve falls. Linear-log: everywhere after the peak. Never with a zero or with equal neighbours.
    """
    if c1 <= 0.0 or c2 <= 0.0 or c1 == c2:
        return False
    if method == LINEAR_UP_LOG_DOWN:
        return c2 < c1
    return method == LINEAR_LOG and after_peak


@compiled
def area(t1: float, c1: float, t2: float, c2: float, log_rule: bool) -> float:
    """This will return the area under the curve from (t1, c1) to (t2, c2)."""
    if log_rule:
        relative = (c1 - c2) / c2
        return (t2 - t1) * c2 * (relative / log1p(relative))
    return (t2 - t1) * (c1 + c2) / 2.0


@compiled
def moment(t1: float, c1: float, t2: float, c2: float, log_rule: bool) -> float:
    """This will return the area under time x curve from (t1, c1) to (t2, c2)."""
    if log_rule:
        rate = log(c1 / c2) / (t2 - t1)
        return (t1 * c1 - t2 * c2) / rate + (c1 - c2) / (rate * rate)
    return (t2 - t1) * (t1 * c1 + t2 * c2) / 2.0


@compiled
def between(t1: float, c1: float, t2: float, c2: float, t: float, log_rule: bool) -> float:
    """This will return the value at t, t1 <= t <= t2, on the line or the exponential through the two points."""
    share = (t - t1) / (t2 - t1)
    if log_rule:
        return c1 * exp(share * log(c2 / c1))
    return c1 + share * (c2 - c1)
