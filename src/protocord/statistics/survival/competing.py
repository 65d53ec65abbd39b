"""Cumulative incidence with competing causes (Aalen & Johansen 1978), with both conventions of its variance.

`greenwood` takes the events at a time as multinomial draws (Marubini & Valsecchi 1995, 10.2); it is what R's `survival` and
statsmodels give, and with one cause it is Greenwood's. `aalen` sums the variances of the causes' martingales (Aalen 1978; Gray
1988), with the factor (n - d) / (n - 1) for d tied events of a kind; it is what R's `cmprsk` gives. They differ in the second or
third digit of a small trial, so each result names its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from protocord.statistics.survival.sample import TOLERANCE, Floats, Integers, sample
from protocord.statistics.survival.transforms import Transform, check_transform, limits

Variance = Literal["greenwood", "aalen"]


@dataclass(frozen=True, slots=True)
class IncidenceAt:
    """The cumulative incidence at one time; nan with `why` = `beyond_follow_up` where the observation ends before with some still at risk."""

    time: float
    incidence: float
    std_error: float
    lower: float
    upper: float
    n_risk: int
    why: str


@dataclass(frozen=True, eq=False)
class Incidence:
    """The cumulative incidence of one cause at each distinct time, from which on it holds."""

    cause: int
    n: int
    time: Floats
    n_risk: Integers
    n_event: Integers
    n_censored: Integers
    incidence: Floats
    std_error: Floats
    event_free: Floats
    transform: Transform
    level: float
    variance: Variance

    @cached_property
    def limits(self) -> tuple[Floats, Floats]:
        """The pointwise lower and upper limits; nan before the first event of the cause."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return limits(self.incidence, self.std_error / self.incidence, self.transform, self.level)

    @property
    def events(self) -> int:
        """The number of events of the cause."""
        return int(self.n_event.sum())

    def at(self, times: ArrayLike) -> tuple[IncidenceAt, ...]:
        """This will read the incidence off at each of `times`; beyond follow-up with some event-free left nothing is known."""
        return tuple(self._at(float(when)) for when in np.atleast_1d(np.asarray(times, dtype=np.float64)))

    def _at(self, when: float) -> IncidenceAt:
        slack, nan = TOLERANCE * max(1.0, when), float("nan")
        place = int(np.searchsorted(self.time, when + slack, side="right")) - 1
        following = int(np.searchsorted(self.time, when - slack, side="left"))
        risk = int(self.n_risk[following]) if following < len(self.time) else 0
        if when > self.time[-1] + slack and self.event_free[-1] > 0:
            return IncidenceAt(when, nan, nan, nan, nan, risk, "beyond_follow_up")
        if place < 0 or self.incidence[place] == 0:
            return IncidenceAt(when, 0.0, 0.0, nan, nan, risk, "no_event_yet")
        lower, upper = float(self.limits[0][place]), float(self.limits[1][place])
        return IncidenceAt(when, float(self.incidence[place]), float(self.std_error[place]), lower, upper, risk, "")


def aalen_johansen(
    time: ArrayLike,
    cause: ArrayLike,
    *,
    causes: int = 2,
    variance: Variance = "greenwood",
    transform: Transform = "log_log",
    level: float = 0.95,
) -> tuple[Incidence, ...]:
    """This will estimate the cumulative incidence of each cause 1 … `causes`; `cause` is 0 for censored.

    Raises ValueError as `kaplan_meier` does, or for a variance that nobody knows.
    """
    check_transform(transform)
    if variance not in ("greenwood", "aalen"):
        message = f"{variance!r} is no variance of a cumulative incidence; there are greenwood, aalen"
        raise ValueError(message)
    given = sample(time, cause, causes=causes)
    times = np.unique(given.time)
    risk = given.at_risk(times)
    censored = given.counts(times, given.event == 0).astype(np.int64)
    events = np.array([given.counts(times, given.event == code) for code in range(1, causes + 1)])
    every = events.sum(axis=0)
    event_free = np.cumprod(1 - every / risk)
    found = []
    for code in range(causes):
        curve = np.cumsum(_before(event_free) * events[code] / risk)
        error = np.sqrt(np.maximum(_variance(curve, _before(event_free), events[code], every, risk, variance), 0.0))
        whole, counts = risk.astype(np.int64), events[code].astype(np.int64)
        found.append(
            Incidence(code + 1, given.n, times, whole, counts, censored, curve, error, event_free, transform, level, variance)
        )
    return tuple(found)


def _before(values: Floats) -> Floats:
    """The step curve just before each time."""
    return np.concatenate([[1.0], values[:-1]])


def _variance(curve: Floats, before: Floats, events: Floats, every: Floats, risk: Floats, kind: Variance) -> Floats:
    """The variance at each time, Σ a(F(t) - F(u))² + b - 2 c (F(t) - F(u)) over earlier times u, opened up into running sums."""
    if kind == "greenwood":
        a = _divided(every, risk * (risk - every))
        b = before**2 * events * (risk - events) / risk**3
        c = before * events / risk**2
    else:
        own, others = (before / risk) ** 2 * _spread(events, risk), (before / risk) ** 2 * _spread(every - events, risk)
        after = before * (risk - every) / risk
        a, b, c = _divided(own + others, after**2), own, _divided(own, after)
    # Where all who are left have an event nothing changes afterwards: F(t) - F(u) stays 0 there, and so do its terms.
    a, c = np.where(every == risk, 0.0, a), np.where(every == risk, 0.0, c)
    sums = [np.cumsum(terms) for terms in (a, a * curve, a * curve**2, b, c, c * curve)]
    return np.asarray(curve**2 * sums[0] - 2 * curve * sums[1] + sums[2] + sums[3] - 2 * curve * sums[4] + 2 * sums[5])


def _spread(events: Floats, risk: Floats) -> Floats:
    """Events, less what ties take from their variance."""
    return events * np.where(events > 1, (risk - events) / np.maximum(risk - 1, 1), 1.0)


def _divided(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
