"""The Kaplan-Meier curve: estimate, Greenwood's error, intervals on five scales, and what is read off it.

Deaths come before censorings at the same time. Late entries (left truncation) count from just after their entry.
Sources: Kaplan & Meier 1958, JASA 53:457; Greenwood 1926; Kalbfleisch & Prentice 2002; equal to R's `survival::survfit`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from protocord.statistics.survival.counting import counted
from protocord.statistics.survival.quantiles import Quantile, crossing, why_not
from protocord.statistics.survival.restricted_mean import RestrictedMean, restricted_mean
from protocord.statistics.survival.sample import TOLERANCE, Floats, Integers, Sample, checked_sample, sample
from protocord.statistics.survival.transforms import Transform, check_transform, limits


@dataclass(frozen=True, slots=True)
class Milestone:
    """The survival probability at one time. Limits are nan where the interval's scale has none; `why` says it.

    `why` is empty, `beyond_follow_up` (the curve ends before, above zero: nothing is known), `no_event_yet` or
    `nobody_left` (S is 1 or 0, where the scale has no interval).
    """

    time: float
    survival: float
    std_error: float
    lower: float
    upper: float
    n_risk: int
    why: str


@dataclass(frozen=True, eq=False)
class Curve:
    """A Kaplan-Meier curve at each distinct time at which an event or a censoring falls.

    `n_risk` are under observation just before the time. `survival` holds from the time on; `relative` is the standard error of
    its logarithm (Greenwood; infinite where the curve is 0).
    """

    n: int
    time: Floats
    n_risk: Integers
    n_event: Integers
    n_censored: Integers
    survival: Floats
    relative: Floats
    transform: Transform
    level: float
    entries: Floats | None = None

    @property
    def events(self) -> int:
        """The number of events."""
        return int(self.n_event.sum())

    @property
    def follow_up(self) -> float:
        """The last time of observation."""
        return float(self.time[-1])

    @cached_property
    def std_error(self) -> Floats:
        """Greenwood's standard error of the survival probability; nan where the curve is 0."""
        with np.errstate(invalid="ignore"):
            return self.survival * self.relative

    @cached_property
    def limits(self) -> tuple[Floats, Floats]:
        """The pointwise lower and upper limits at each time."""
        return limits(self.survival, self.relative, self.transform, self.level)

    @property
    def lower(self) -> Floats:
        """The pointwise lower limit at each time."""
        return self.limits[0]

    @property
    def upper(self) -> Floats:
        """The pointwise upper limit at each time."""
        return self.limits[1]

    def at(self, times: ArrayLike) -> tuple[Milestone, ...]:
        """This will read the curve off at each of `times`; beyond the follow-up of a curve above zero nothing is known."""
        wanted = np.atleast_1d(np.asarray(times, dtype=np.float64))
        return tuple(self._at(float(when), int(risk)) for when, risk in zip(wanted, self.n_risk_at(wanted), strict=True))

    def _at(self, when: float, risk: int) -> Milestone:
        nan = float("nan")
        place = int(np.searchsorted(self.time, when + _slack(when), side="right")) - 1
        if when > self.follow_up + _slack(when) and self.survival[-1] > 0:
            return Milestone(when, nan, nan, nan, nan, risk, "beyond_follow_up")
        if place < 0 or self.survival[place] == 1:
            lower, upper = limits(np.ones(1), np.zeros(1), self.transform, self.level)
            return Milestone(when, 1.0, 0.0, float(lower[0]), float(upper[0]), risk, "no_event_yet" if np.isnan(lower[0]) else "")
        if self.survival[place] == 0:
            return Milestone(when, 0.0, nan, nan, nan, risk, "nobody_left")
        survival, error = float(self.survival[place]), float(self.std_error[place])
        return Milestone(when, survival, error, float(self.lower[place]), float(self.upper[place]), risk, "")

    def n_risk_at(self, times: ArrayLike) -> Integers:
        """This will return how many are under observation just before each of `times`; at time 0 those who start there count."""
        wanted = np.atleast_1d(np.asarray(times, dtype=np.float64))
        # Those who left before: without late entries, everyone whose time lies before the one asked for.
        left = np.concatenate([[0], np.cumsum(self.n_event + self.n_censored)])
        gone = left[np.searchsorted(self.time, wanted - _slack(wanted), side="left")]
        if self.entries is None:
            return np.asarray(self.n - gone, dtype=np.int64)
        before = np.searchsorted(self.entries, wanted - _slack(wanted), side="left")
        started = np.where(wanted <= 0, np.searchsorted(self.entries, 0.0, side="right"), before)
        return np.asarray(started - gone, dtype=np.int64)

    def quantile(self, p: float = 0.5) -> Quantile:
        """This will return the time by which a share `p` had the event (0.5: the median), with the interval of Brookmeyer and Crowley.

        The interval holds the times at which the curve's own limits cross 1 - p. A flat stretch at exactly 1 - p gives its
        midpoint. Raises ValueError where `p` lies outside 0 … 1.
        """
        if not 0 < p < 1:
            message = f"a quantile lies between 0 and 1, not at {p}"
            raise ValueError(message)
        time, lower, upper = (crossing(self.time, values, 1 - p) for values in (self.survival, *self.limits))
        why = [
            why_not(found, self.survival, values)
            for found, values in ((time, self.survival), (lower, self.lower), (upper, self.upper))
        ]
        return Quantile(p, time, lower, upper, why[0], why[1], why[2], self.level)

    def rmst(self, tau: float | None = None) -> RestrictedMean:
        """This will return the mean time up to `tau` (left out: the follow-up), the area under the curve, with its standard error.

        Raises ValueError where `tau` is not positive.
        """
        return restricted_mean(self.time, self.survival, self.n_risk, self.n_event, tau, self.level)


def kaplan_meier(
    time: ArrayLike,
    event: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    transform: Transform = "log_log",
    level: float = 0.95,
) -> Curve:
    """This will estimate the survival curve of `time` (n numbers from 0) and `event` (1 or yes: event, 0 or no: censored).

    `entry` holds the times at which subjects come under observation, where that is later than time 0. Raises ValueError for
    arrays that do not fit, hold nobody or no numbers, a transform that nobody knows, or a level outside 0 … 1.

    >>> curve = kaplan_meier([1, 2, 3, 4], [1, 0, 1, 1])
    >>> curve.survival
    array([0.75 , 0.75 , 0.375, 0.   ])
    >>> curve.quantile(0.5).time
    3.0
    """
    check_transform(transform)
    if not 0 < level < 1:
        message = f"a level lies between 0 and 1, not at {level}"
        raise ValueError(message)
    if entry is None:
        checked = checked_sample(time, event, None, causes=1)
        times, events, censored = counted(checked)
        risk = checked.n - np.concatenate([[0], np.cumsum(events + censored)[:-1]])
        return _curve(checked.n, times, risk, events, censored, transform, level, None)
    fixed = sample(time, event, entry)
    return _late_curve(fixed, transform, level)


def reverse_kaplan_meier(time: ArrayLike, event: ArrayLike, *, transform: Transform = "log_log", level: float = 0.95) -> Curve:
    """This will estimate the curve of follow-up: censorings are its events, and events end observation.

    Its median is the median potential follow-up (Schemper & Smith 1996). An event and a censoring at the same time both count
    as at risk there, as R gives it for a turned status. Raises ValueError as `kaplan_meier` does.
    """
    given = checked_sample(time, event, None, causes=1)
    return kaplan_meier(given.time, 1 - given.event, transform=transform, level=level)


def _late_curve(given: Sample, transform: Transform, level: float) -> Curve:
    times = np.unique(given.time)
    events = given.counts(times, given.event == 1).astype(np.int64)
    censored = given.counts(times, given.event == 0).astype(np.int64)
    entries = None if given.entry is None else np.sort(given.entry)
    return _curve(given.n, times, given.at_risk(times).astype(np.int64), events, censored, transform, level, entries)


def _curve(
    n: int,
    times: Floats,
    risk: Integers,
    events: Integers,
    censored: Integers,
    transform: Transform,
    level: float,
    entries: Floats | None,
) -> Curve:
    with np.errstate(divide="ignore", invalid="ignore"):
        survival: Floats = np.cumprod(1 - events / risk, dtype=np.float64)
        terms: Floats = events.astype(np.float64) / (risk.astype(np.float64) * (risk - events))
        relative: Floats = np.sqrt(np.cumsum(terms))
    return Curve(n, times, risk, events, censored, survival, relative, transform, level, entries)


def _slack(when: float | Floats) -> float | Floats:
    """How far a time may lie from another and still be the same."""
    return TOLERANCE * np.maximum(1.0, np.abs(when))
