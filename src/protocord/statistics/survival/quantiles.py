"""Where a falling step curve crosses a height: medians and quartiles with R's conventions.

The crossing is the first time at which the curve lies at the height or below. Where the curve runs flat at exactly the height
(within the square root of the machine's precision, for the product of fractions rounds), it is the midpoint of the flat
stretch: from the step that reached the height to the step that left it, or to the end of observation where none did. It is the
rule of `quantile` for R's `survfit`; its `print` gives the start of a flat stretch that reaches the end of observation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from protocord.statistics.survival.sample import TOLERANCE, Floats


@dataclass(frozen=True, slots=True)
class Quantile:
    """The time by which a share `p` had the event, with its interval; nan where there is none, and why.

    Each `why_…` is empty, `not_reached` (the curve, or the limit's own curve, stays above 1 - p as long as anyone was
    observed) or `not_estimable` (the curve falls past 1 - p only where its limits are not defined: at 0, or with no event).
    """

    p: float
    time: float
    lower: float
    upper: float
    why_time: str
    why_lower: str
    why_upper: str
    level: float


def crossing(times: Floats, values: Floats, height: float) -> float:
    """This will return where the step curve `values` over `times` crosses `height`; nan where it stays above, or is not defined."""
    known = ~np.isnan(values)
    if not known.all():
        times, values = times[known], values[known]
    reached = np.flatnonzero(values <= height + TOLERANCE)
    if not len(reached):
        return float("nan")
    first = reached[0]
    if values[first] < height - TOLERANCE:
        return float(times[first])
    left = np.flatnonzero(values < height - TOLERANCE)
    end = times[left[0]] if len(left) else times[-1]
    return float((times[first] + end) / 2)


def why_not(found: float, survival: Floats, values: Floats) -> str:
    """This will say why a crossing was not found: never reached, or not estimable since the limits end (at 0) or never begin."""
    if not np.isnan(found):
        return ""
    if np.isnan(values).all() or (survival[-1] == 0 and values is not survival):
        return "not_estimable"
    return "not_reached"
