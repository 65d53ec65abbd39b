"""What results below the limit become: by where they stand, or by the time of the peak.

The points of the areas are built here. A substitute stands in areas only; it is never a point of the terminal slope, never the last
quantifiable result, and never a peak.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from protocord.statistics.compiled import compiled

Numbers = NDArray[np.float64]
States = NDArray[np.int64]

QUANTIFIED, LEFT, DETECTED_BELOW, RIGHT = 0, 1, 2, 3
ZERO, MISSING, NUMBER, OF_LLOQ = 0, 1, 2, 3


@compiled
def below(state: int) -> bool:
    """This will return whether a result lies below the limit of quantification."""
    return state in (LEFT, DETECTED_BELOW)


@compiled
def bounds(values: Numbers, states: States, n: int) -> tuple[int, int, int]:
    """This will return the indices of the first and last results not below the limit, and of the first highest quantified one; -1 for none."""
    first = -1
    last = -1
    peak = -1
    for i in range(n):
        if below(states[i]):
            continue
        if first < 0:
            first = i
        last = i
        if states[i] == QUANTIFIED and (peak < 0 or values[i] > values[peak]):
            peak = i
    return first, last, peak


@compiled
def instead(kind: int, number: float, lloq: float) -> float:
    """This will return what stands for a result below the limit; NaN where nothing does."""
    if kind == ZERO:
        return 0.0
    if kind == NUMBER:
        return number
    if kind == OF_LLOQ and lloq > 0.0:
        return number * lloq
    return np.nan


@compiled
def rule_at(i: int, first: int, last: int, peak: int, by_peak: bool) -> int:
    """This will return which rule a result below the limit falls under: 0 before, 1 between, 2 after."""
    if by_peak:
        return 0 if i < peak else 2
    if i < first:
        return 0
    return 1 if i < last else 2


@compiled
def points(
    times: Numbers, values: Numbers, states: States, lloqs: Numbers, n: int, rules: Numbers, to_t: Numbers, to_c: Numbers
) -> tuple[int, int, bool]:
    """This will write the points of the areas and return their number, the number up to the last quantifiable one, and whether any is a substitute.

    `rules` is the tuple of `Rules.codes` as an array. After the last quantifiable result come the substitutes where the rule
    gives a number; else one zero at the first result below the limit, with which `auc_all` closes.
    """
    first, last, peak = bounds(values, states, n)
    by_peak = rules[1] != 0.0
    count = 0
    upto_last = 0
    substituted = False
    closed = False
    for i in range(n):
        if not below(states[i]):
            to_t[count] = times[i]
            to_c[count] = values[i]
            count += 1
            if i == last:
                upto_last = count
            continue
        which = rule_at(i, first, last, peak, by_peak)
        kind = int(rules[2 + 2 * which])
        value = instead(kind, rules[3 + 2 * which], lloqs[i])
        if i > last and kind in (ZERO, MISSING):
            if closed:
                continue
            closed = True
            value = 0.0
        if np.isnan(value):
            continue
        substituted = substituted or kind in (NUMBER, OF_LLOQ)
        to_t[count] = times[i]
        to_c[count] = value
        count += 1
    return count, upto_last, substituted
