"""What later infusions would look like if nothing changed: the first one's curve, laid over itself at each infusion.

Observed above predicted points to expansion or a slower loss, below to rejection or a poorer lot. It needs the same donor's cells: those of
another donor are measured apart, and there is nothing to superpose.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import numpy as np
from numpy.typing import NDArray

from protocord.kinetics.nca import codes
from protocord.kinetics.nca.analysis import Answer
from protocord.values import Reason

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """A single infusion's curve: points (days since its start, value), and the rate of its decline after the last one.

    `method` and `tmax` say how it runs between points; `dose` is what was given.
    """

    times: Numbers
    values: Numbers
    lambda_z: float
    method: int
    tmax: float
    dose: float

    def area_to(self, time: float) -> float:
        """This will return the area from 0 to `time`, extrapolated with lambda_z after the last point."""
        from protocord.kinetics.nca.engine import integrals, until

        if time <= 0:
            return 0.0
        if time <= self.times[-1]:
            return float(until(self.times, self.values, len(self.times), time, self.method, self.tmax))
        seen, _ = integrals(self.times, self.values, len(self.times), self.method, self.tmax)
        return float(seen + self.values[-1] / self.lambda_z * (1 - exp(-self.lambda_z * (time - self.times[-1]))))

    def at(self, time: float) -> float:
        """This will return the value at `time`; 0 before the infusion."""
        from protocord.kinetics.nca import trapezoids

        if time < self.times[0]:
            return 0.0
        if time >= self.times[-1]:
            return float(self.values[-1] * exp(-self.lambda_z * (time - self.times[-1])))
        i = int(np.searchsorted(self.times, time, "right"))
        t1, c1, t2, c2 = self.times[i - 1], self.values[i - 1], self.times[i], self.values[i]
        return float(trapezoids.between(t1, c1, t2, c2, time, trapezoids.is_log(c1, c2, self.method, t1 >= self.tmax)))


def curve(answer: Answer, k: int) -> Curve | Reason:
    """This will return the curve of profile k, or why there is none: a prediction needs its areas, its decline and its dose."""
    from protocord.kinetics.nca.engine import area_points, gather

    for parameter in ("auc_last", "lambda_z"):
        if (reason := answer.reason(parameter, k)) is not None:
            return reason
    p = answer.profiles
    if not p.dose[k] > 0:
        return Reason.of("kinetics_no_dose")
    size = int(p.stop[k] - p.first[k]) + 5
    t, v, s, q = np.empty(size), np.empty(size), np.empty(size, np.int64), np.empty(size)
    rules = np.array(answer.rules.codes())
    n, _ = gather(p.time, p.value, p.state, p.lloq, p.first[k], p.stop[k], p.predose[k], p.zero[k], t, v, s, q)
    ct, cc = np.empty(size + 1), np.empty(size + 1)
    begin, _, upto, _ = area_points(t, v, s, q, n, p.earlier[k], rules, ct, cc)
    tmax = float(answer.values[k, codes.TMAX])
    rate = float(answer.values[k, codes.LAMBDA_Z])
    return Curve(ct[begin:upto].copy(), cc[begin:upto].copy(), rate, int(rules[0]), tmax, float(p.dose[k]))


def predicted_area(first: Curve, starts: Numbers, doses: Numbers, begin: float, end: float) -> float:
    """This will return the area that the infusions at `starts` (days since the first), given `doses`, put between `begin` and `end`."""
    total = 0.0
    for start, dose in zip(starts, doses, strict=True):
        total += dose / first.dose * (first.area_to(end - start) - first.area_to(begin - start))
    return total


def predicted_at(first: Curve, starts: Numbers, doses: Numbers, times: Numbers) -> Numbers:
    """This will return the values that the infusions at `starts` put at `times`, days since the first."""
    return np.array([sum(d / first.dose * first.at(t - s) for s, d in zip(starts, doses, strict=True)) for t in times])
