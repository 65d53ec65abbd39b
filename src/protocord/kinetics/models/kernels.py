"""The compiled arithmetic of cells in blood: an exponential convolved with an infusion, and the recursion from dose to dose.

A pool that is filled at a constant rate over the infusion (duration D, days) and lost at rate L (1/d), with one unit infused in all,
holds at time s after the start `(m / D) E(L m) exp(-L (s - m))` with `m = min(s, D)` and `E(x) = (1 - exp(-x)) / x`; with D = 0 it is
`exp(-L s)`. A negative L is growth.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from protocord.statistics.compiled import compiled

Floats = NDArray[np.float64]

_SMALL = 1e-5  # below it two terms of the series of E are exact to 1e-16


@compiled
def filled(x: float) -> float:
    """This will return E(x) = (1 - exp(-x)) / x, 1 at x = 0."""
    if abs(x) < _SMALL:
        return 1.0 - 0.5 * x + x * x / 6.0
    return -math.expm1(-x) / x


@compiled
def infused(rate: float, since: float, duration: float) -> float:
    """This will return the pool at `since` days after the start of an infusion of `duration` days, loss `rate` (1/d); 0 before it."""
    if since < 0.0:
        return 0.0
    if duration <= 0.0:
        return math.exp(-rate * since)
    reached = min(since, duration)
    return reached / duration * filled(rate * reached) * math.exp(-rate * (since - reached))


@compiled
def slow_pool(rate: float, growth: float, growth_days: float, since: float, duration: float) -> float:
    """This will return the slow pool: it grows at `growth` (1/d) for `growth_days` after the start, then falls at `rate` (1/d)."""
    if growth_days <= 0.0:
        return infused(rate, since, duration)
    if since <= growth_days:
        return infused(-growth, since, duration)
    return infused(-growth, growth_days, duration) * math.exp(-rate * (since - growth_days))


@compiled
def _summed(
    amounts: Floats, fast: float, alpha: float, rates: Floats, growth: float, growth_days: float, starts: Floats, durations: Floats,
    times: Floats, out: Floats,
) -> None:  # fmt: skip
    for j in range(times.size):
        total = 0.0
        for k in range(starts.size):
            since = times[j] - starts[k]
            if since >= 0.0:
                slow = slow_pool(rates[k], growth, growth_days, since, durations[k])
                total += amounts[k] * (fast * infused(alpha, since, durations[k]) + (1.0 - fast) * slow)
        out[j] = total


@compiled
def _recursive(
    amounts: Floats, fast: float, alpha: float, beta: float, starts: Floats, durations: Floats, times: Floats, out: Floats
) -> None:
    doses = starts.size
    carried_fast, carried_slow = 0.0, 0.0  # what earlier doses left, at the start of dose k
    tail_fast, tail_slow = 0.0, 0.0  # the same and dose k itself, read back to its start, once its infusion is over
    k = -1
    for j in range(times.size):
        time = times[j]
        while k + 1 < doses and starts[k + 1] <= time:
            if k >= 0:
                gap = starts[k + 1] - starts[k]
                carried_fast = tail_fast * math.exp(-alpha * gap)
                carried_slow = tail_slow * math.exp(-beta * gap)
            k += 1
            tail_fast = carried_fast + amounts[k] * fast * filled(-alpha * durations[k])
            tail_slow = carried_slow + amounts[k] * (1.0 - fast) * filled(-beta * durations[k])
        if k < 0:
            out[j] = 0.0
            continue
        since = time - starts[k]
        if since >= durations[k]:
            out[j] = tail_fast * math.exp(-alpha * since) + tail_slow * math.exp(-beta * since)
        else:
            now = amounts[k] * (fast * infused(alpha, since, durations[k]) + (1.0 - fast) * infused(beta, since, durations[k]))
            out[j] = carried_fast * math.exp(-alpha * since) + carried_slow * math.exp(-beta * since) + now


@compiled
def concentrations(
    amounts: Floats, fast: Floats, alpha: Floats, beta: Floats, sensitised: Floats, onset: float, scale: float, growth: Floats,
    growth_days: float, starts: Floats, durations: Floats, times: Floats, direct: bool, out: Floats,
) -> None:  # fmt: skip
    """This will fill `out` (children x times) with cells/uL.

    `amounts` (children x doses) are cells/uL that a bolus of each dose would give; `fast`, `alpha`, `beta` (children) fraction and rates
    (1/d); `sensitised` (children) the factor kappa Z by which the slow rate of a late dose rises, with `onset` and `scale` in days;
    `growth` (children) 1/d over `growth_days` after each dose. `starts` and `times` ascend, in days. The recursion needs infusions that
    do not overlap; `direct`, sensitisation or growth take the sum over all doses.
    """
    rates = np.empty(starts.size)
    for i in range(fast.size):
        if direct or sensitised[i] > 0.0 or growth_days > 0.0:
            for k in range(starts.size):
                late = max(0.0, starts[k] - starts[0] - onset)
                rates[k] = beta[i] * (1.0 + sensitised[i] * (1.0 - math.exp(-late / scale)))
            _summed(amounts[i], fast[i], alpha[i], rates, growth[i], growth_days, starts, durations, times, out[i])
        else:
            _recursive(amounts[i], fast[i], alpha[i], beta[i], starts, durations, times, out[i])
