"""How long donor cells are found: from the first to the last result at or above the limit, and the time to a run of results below it.

The time of becoming negative is only known to lie between the last result at or above the limit and the first of the run that ends
persistence; without such a run it lies after the last sample (right-censored).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Persistence:
    """Days since the first infusion of the cells: first and last result at or above the limit (None: never found), and the limits
    between which they fell below it for good; `upper` None: not within follow-up. `followed` is the last sample's time."""

    first: float | None
    last: float | None
    lower: float
    upper: float | None
    followed: float


def persistence(times: Numbers, states: NDArray[np.int64], negatives: int = 2, *, since: float = 0.0) -> Persistence | None:
    """This will return how long cells were found in one subject's samples, taken at `times` (days, rising).

    `states`: 0 or 3 at or above the LLOQ, 1 or 2 below it. Samples before `since` (the last infusion) do not end persistence, whatever
    they show: cells were given again. The first run of `negatives` consecutive results below the limit after it does, also
    where a later one is above again. None where no sample was taken after time 0.
    """
    after = times >= 0
    t, below = times[after], np.isin(states[after], (1, 2))
    if not len(t):
        return None
    found = np.flatnonzero(~below)
    first = float(t[found[0]]) if len(found) else None
    last = float(t[found[-1]]) if len(found) else None
    run = 0
    for i in range(len(t)):
        run = run + 1 if below[i] and t[i] > since else 0
        if run == negatives:
            start = i - negatives + 1
            before = found[found < start]
            lower = float(t[before[-1]]) if len(before) else 0.0
            return Persistence(first, last, lower, float(t[start]), float(t[-1]))
    return Persistence(first, last, float(t[-1]) if last is None else last, None, float(t[-1]))
