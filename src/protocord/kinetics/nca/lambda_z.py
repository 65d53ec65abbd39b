"""The terminal slope: the best straight line through the last logarithms, with the points that made it.

Candidates are all windows that end at the last quantifiable sample, hold `min_points` at least and begin after the peak (at it,
where the peak counts) and not before the end of the infusion. Those that fall compete by adjusted R squared; among those within
`margin` of the best, the one with most points wins.
"""

from __future__ import annotations

from math import log

import numpy as np
from numpy.typing import NDArray

from protocord.statistics.compiled import compiled

Numbers = NDArray[np.float64]

ROUNDING = 1e-14

SLOPE, INTERCEPT, R2, R2_ADJUSTED, POINTS, FROM, TO = range(7)


@compiled
def line(times: Numbers, logs: Numbers, first: int, stop: int) -> tuple[float, float, float]:
    """This will return slope, intercept and R squared of the least-squares line through the points first … stop - 1."""
    n = stop - first
    mean_t = 0.0
    mean_y = 0.0
    for i in range(first, stop):
        mean_t += times[i]
        mean_y += logs[i]
    mean_t /= n
    mean_y /= n
    tt = 0.0
    ty = 0.0
    yy = 0.0
    for i in range(first, stop):
        dt = times[i] - mean_t
        dy = logs[i] - mean_y
        tt += dt * dt
        ty += dt * dy
        yy += dy * dy
    # Equal values leave a trace of rounding in yy, whose sign would be read as a fall.
    if tt <= 0.0 or yy <= n * (ROUNDING * max(1.0, abs(mean_y))) ** 2:
        return 0.0, mean_y, 0.0
    slope = ty / tt
    return slope, mean_y - slope * mean_t, ty * ty / (tt * yy)


@compiled
def best_fit(times: Numbers, logs: Numbers, n: int, min_points: int, margin: float, found: Numbers) -> bool:
    """This will fill `found` (slope, intercept, R2, adjusted R2, points, first and last time) with the best falling line.

    `times` and `logs` hold the n candidate points, oldest first. Returns False where no window of `min_points` falls.
    """
    best = -np.inf
    for first in range(n - min_points, -1, -1):
        slope, _, r2 = line(times, logs, first, n)
        adjusted = 1.0 - (1.0 - r2) * (n - first - 1) / (n - first - 2)
        if slope < 0.0 and adjusted > best:
            best = adjusted
    for first in range(n - min_points + 1):  # most points first
        slope, intercept, r2 = line(times, logs, first, n)
        adjusted = 1.0 - (1.0 - r2) * (n - first - 1) / (n - first - 2)
        if slope < 0.0 and adjusted > best - margin:
            found[SLOPE] = slope
            found[INTERCEPT] = intercept
            found[R2] = r2
            found[R2_ADJUSTED] = adjusted
            found[POINTS] = n - first
            found[FROM] = times[first]
            found[TO] = times[n - 1]
            return True
    return False


@compiled
def candidates(
    times: Numbers,
    values: Numbers,
    states: NDArray[np.int64],
    n: int,
    after: int,
    not_before: float,
    to_t: Numbers,
    to_y: Numbers,
) -> int:
    """This will write the quantifiable points from index `after` on, none before `not_before`, as times and logarithms; returns how many."""
    count = 0
    for i in range(after, n):
        if states[i] == 0 and times[i] >= not_before and values[i] > 0.0:
            to_t[count] = times[i]
            to_y[count] = log(values[i])
            count += 1
    return count
