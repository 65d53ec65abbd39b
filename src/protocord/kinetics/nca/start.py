"""What stands at time zero of a profile whose first sample came later: declared, never silent."""

from __future__ import annotations

from math import exp, log

import numpy as np
from numpy.typing import NDArray

from protocord.kinetics.nca import codes
from protocord.statistics.compiled import compiled

Numbers = NDArray[np.float64]
States = NDArray[np.int64]

DECLARED, START_AT_ZERO, MINIMUM = 0, 1, 2
BOLUS = 1


@compiled
def traced_back(times: Numbers, values: Numbers, states: States, n: int) -> float:
    """This will return the value at time zero on the exponential through the first two results; the first one where that rises or cannot be drawn."""
    if n > 1 and states[0] == 0 and states[1] == 0 and values[1] < values[0]:
        rate = log(values[0] / values[1]) / (times[1] - times[0])
        return float(values[0] * exp(rate * times[0]))
    return float(values[0])


@compiled
def smallest(values: Numbers, states: States, n: int) -> float:
    """This will return the smallest quantified result; NaN where there is none."""
    found = np.nan
    for i in range(n):
        if states[i] == 0 and not values[i] >= found:
            found = values[i]
    return found


@compiled
def at_start(times: Numbers, values: Numbers, states: States, n: int, route: int, rule: int, earlier: bool) -> tuple[float, int]:
    """This will return the value put at time zero and the flag that declares it; NaN and 0 where the rules give none.

    `earlier` says whether cells of the same donor were infused before: without it, the value was 0 by nature.
    """
    if rule in (DECLARED, START_AT_ZERO, MINIMUM) and route == BOLUS:
        return traced_back(times, values, states, n), codes.START_TRACED_BACK
    if rule == START_AT_ZERO or (rule == DECLARED and not earlier):
        return 0.0, codes.START_ZERO
    if rule in (DECLARED, MINIMUM):
        return smallest(values, states, n), codes.START_MINIMUM
    return np.nan, 0
