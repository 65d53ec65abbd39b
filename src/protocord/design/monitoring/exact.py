"""Exact operating characteristics of binary monitoring rules, by dynamic programming over the count.

Subject by subject, the probability of every count that has not yet stopped is carried along; at each look the probability that
crosses is taken out. No simulation, no normal approximation, any looks. Expected subjects is a finite sum; expected events is the
rate times it (Wald's identity for a stopping time).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from protocord.design.monitoring.boundaries import Boundary, Floats, Integers, check_looks
from protocord.statistics.compiled import compiled

NEVER_HIGH = np.iinfo(np.int64).max
NEVER_LOW = -1


@dataclass(frozen=True, slots=True)
class Characteristics:
    """What a rule does at each true rate.

    Arrays by true rate (first axis): `stops_high` and `stops_low` also by look, the probabilities of crossing the upper or the
    lower bound just there; `passes` the probability of the last look without crossing; `subjects` and `events` expected values;
    `final` the probabilities of each count at the last look among the trials that passed.
    """

    rates: Floats
    looks: tuple[int, ...]
    stops_high: Floats
    stops_low: Floats
    final: Floats

    @property
    def high(self) -> Floats:
        """Probability of ever crossing the upper bound."""
        return np.asarray(self.stops_high.sum(axis=1), dtype=np.float64)

    @property
    def low(self) -> Floats:
        """Probability of ever crossing the lower bound."""
        return np.asarray(self.stops_low.sum(axis=1), dtype=np.float64)

    @property
    def passes(self) -> Floats:
        """Probability of reaching the last look and crossing nothing there."""
        return np.asarray(self.final.sum(axis=1), dtype=np.float64)

    @property
    def subjects(self) -> Floats:
        """Expected number of evaluable subjects."""
        looks = np.asarray(self.looks, dtype=np.float64)
        return np.asarray((self.stops_high + self.stops_low) @ looks + self.passes * looks[-1], dtype=np.float64)

    @property
    def events(self) -> Floats:
        """Expected number of events."""
        return np.asarray(self.subjects * self.rates, dtype=np.float64)


def characteristics(
    boundaries: Boundary | Sequence[Boundary], rates: Sequence[float] | Floats, *, binding: bool = True
) -> Characteristics:
    """This will return the exact operating characteristics of one or more boundaries of the same count at each true rate.

    Looks of the boundaries need not coincide. With `binding` False the lower bounds are ignored: the chance of crossing an upper
    bound when nobody heeds futility. Raises ValueError for rates outside 0 … 1 or boundaries of different counts.
    """
    given = (boundaries,) if isinstance(boundaries, Boundary) else tuple(boundaries)
    if not given or len({boundary.counts for boundary in given}) > 1:
        message = "boundaries that are watched together must count the same thing"
        raise ValueError(message)
    looks = tuple(sorted({look for boundary in given for look in boundary.looks}))
    low, high = np.full(len(looks), NEVER_LOW, dtype=np.int64), np.full(len(looks), NEVER_HIGH, dtype=np.int64)
    for boundary in given:
        for look, bound in zip(boundary.looks, boundary.bounds, strict=True):
            place = looks.index(look)
            if bound is None or (boundary.direction == "<=" and not binding):
                continue
            if boundary.direction == ">=":
                high[place] = min(high[place], bound)
            else:
                low[place] = max(low[place], bound)
    return _run(looks, low, high, np.asarray(rates, dtype=np.float64))


def _run(looks: tuple[int, ...], low: Integers, high: Integers, rates: Floats) -> Characteristics:
    check_looks(looks)
    if rates.ndim != 1 or not ((rates >= 0) & (rates <= 1)).all():
        message = "true rates are a list of numbers from 0 to 1"
        raise ValueError(message)
    if (low >= high).any():
        message = "a count cannot cross the lower and the upper bound at the same look"
        raise ValueError(message)
    stops_low, stops_high, final = crossing_probabilities(np.asarray(looks, dtype=np.int64), low[None, :], high[None, :], rates)
    return Characteristics(rates, looks, stops_high[0], stops_low[0], final[0])


@compiled
def crossing_probabilities(looks: Integers, low: Integers, high: Integers, rates: Floats) -> tuple[Floats, Floats, Floats]:
    """This will return the probabilities of crossing low, crossing high (rules x rates x looks) and of each count at the end.

    `looks` (L), `low` and `high` (rules x L) are counts; a bound that cannot be crossed is -1 below, a huge number above.
    """
    rules, n_looks, n = low.shape[0], looks.shape[0], looks[-1]
    stops_low = np.zeros((rules, rates.shape[0], n_looks))
    stops_high = np.zeros((rules, rates.shape[0], n_looks))
    final = np.zeros((rules, rates.shape[0], n + 1))
    for rule in range(rules):
        for place in range(rates.shape[0]):
            p = rates[place]
            q = 1.0 - p
            state = final[rule, place]
            state[0] = 1.0
            first, last, seen = 0, 0, 0  # only counts first … last can hold probability
            for look in range(n_looks):
                while seen < looks[look]:
                    seen += 1
                    last += 1
                    for count in range(last, first, -1):
                        state[count] = state[count] * q + state[count - 1] * p
                    state[first] *= q
                for count in range(first, last + 1):
                    if count <= low[rule, look]:
                        stops_low[rule, place, look] += state[count]
                        state[count] = 0.0
                    elif count >= high[rule, look]:
                        stops_high[rule, place, look] += state[count]
                        state[count] = 0.0
                first = max(first, low[rule, look] + 1)
                last = min(last, high[rule, look] - 1)
                if first > last:
                    break
    return stops_low, stops_high, final


def rates_grid(low: float, high: float, step: float) -> npt.NDArray[np.float64]:
    """This will return rates from `low` to `high` by `step`, both ends included, without the drift of adding up."""
    count = round((high - low) / step)
    return np.asarray(low + step * np.arange(count + 1), dtype=np.float64).round(12)
