"""Log-rank tests: of several groups, within strata, with late entries; of one sample against a reference hazard; of one milestone.

Sources: Mantel 1966; Harrington & Fleming 1982 (`rho`); Mantel & Byar 1974 (groups that subjects enter late); Breslow 1975 and
Wu 2014 (one sample); Klein et al. 2007, Stat Med 26:4505 (milestone).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from protocord.statistics.intervals import garwood
from protocord.statistics.survival.curve import Curve
from protocord.statistics.survival.sample import Floats, Integers, Sample, checked_sample, sample
from protocord.statistics.survival.transforms import Transform, check_transform, distance

Alternative = Literal["longer", "shorter", "two_sided"]


@dataclass(frozen=True, eq=False)
class LogRank:
    """Observed and expected events by group (weighted where `rho` is not 0), and the test that all groups share one hazard.

    `why` is empty or `no_comparison`: no event fell where more than one group was at risk, and there is no test.
    """

    groups: tuple[str, ...]
    n: tuple[int, ...]
    observed: Floats
    expected: Floats
    variance: Floats
    chi_square: float
    df: int
    p_value: float
    rho: float
    strata: int
    why: str


@dataclass(frozen=True, slots=True)
class OneSample:
    """Observed events against those that a reference hazard expects for the same follow-up.

    `z` above 0 means longer survival than the reference; `ratio` is observed / expected with its exact Poisson limits.
    """

    observed: int
    expected: float
    z: float
    p_value: float
    ratio: float
    lower: float
    upper: float
    level: float
    alternative: Alternative
    variance: str


@dataclass(frozen=True, slots=True)
class MilestoneTest:
    """The survival probability at one time against a fixed one. `why` is empty, or why there is no test."""

    time: float
    survival: float
    null: float
    z: float
    p_value: float
    transform: str
    alternative: Alternative
    why: str


def log_rank(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    entry: ArrayLike | None = None,
    rho: float = 0.0,
) -> LogRank:
    """This will test whether the groups (n labels) share one hazard, summing observed minus expected over the strata (n labels).

    `rho` weights each event time by S(t-)^rho (0: log-rank; 1: Peto's Wilcoxon). With `entry` a subject who changes group is two
    rows, the second entering when it changes: the test of Mantel and Byar. Equal to R's `survdiff`; with `entry` to the score
    test of `coxph` with `ties = "exact"`. Raises ValueError as `kaplan_meier` does, or for labels of another length.
    """
    given = sample(time, event, entry)
    labels, groups = labelled(group, given.n)
    within = labelled(strata, given.n)[1] if strata is not None else np.zeros(given.n, np.int64)
    k = len(labels)
    observed, expected, variance = np.zeros(k), np.zeros(k), np.zeros((k, k))
    for stratum in np.unique(within):
        chosen = within == stratum
        parts = _one_stratum(given.take(chosen), groups[chosen], k, rho)
        observed, expected, variance = observed + parts[0], expected + parts[1], variance + parts[2]
    counts = tuple(int(count) for count in np.bincount(groups, minlength=k))
    used = np.flatnonzero(expected > 0)[:-1]
    difference = (observed - expected)[used]
    inner = variance[np.ix_(used, used)]
    number = len(np.unique(within))
    if not len(used) or np.linalg.matrix_rank(inner) < len(used):
        nan = float("nan")
        return LogRank(labels, counts, observed, expected, variance, nan, len(used), nan, rho, number, "no_comparison")
    chi_square = float(difference @ np.linalg.solve(inner, difference))
    p = float(special.chdtrc(len(used), chi_square))
    return LogRank(labels, counts, observed, expected, variance, chi_square, len(used), p, rho, number, "")


def labelled(labels: ArrayLike, n: int) -> tuple[tuple[str, ...], Integers]:
    """This will return the distinct labels, sorted, and the place of each subject's among them. Raises ValueError unless there are n."""
    found, codes = np.unique(np.asarray(labels), return_inverse=True)
    if codes.shape != (n,):
        message = "groups and strata need one label for each subject"
        raise ValueError(message)
    return tuple(str(label) for label in found), codes.astype(np.int64)


def _one_stratum(given: Sample, groups: Integers, k: int, rho: float) -> tuple[Floats, Floats, Floats]:
    """Observed, expected and their hypergeometric covariance within one stratum."""
    happened = given.event == 1
    times = np.unique(given.time[happened])
    events = np.array([given.counts(times, happened & (groups == g)) for g in range(k)])
    risk = np.array([given.at_risk(times, groups == g) for g in range(k)])
    d, n = events.sum(axis=0), risk.sum(axis=0)
    before = np.concatenate([[1.0], np.cumprod(1 - d / n)[:-1]]) if len(times) else np.ones(0)
    weight = before**rho
    share = risk / n
    spread = weight**2 * d * (n - d) / np.maximum(n - 1, 1)
    variance = np.diag((share * spread).sum(axis=1)) - (share * spread) @ share.T
    return (events * weight).sum(axis=1), (share * d * weight).sum(axis=1), variance


def one_sample_log_rank(
    time: ArrayLike,
    event: ArrayLike,
    cumulative_hazard: Callable[[Floats], Floats],
    *,
    entry: ArrayLike | None = None,
    variance: Literal["expected", "mean"] = "expected",
    alternative: Alternative = "longer",
    level: float = 0.95,
) -> OneSample:
    """This will compare the events with those expected under `cumulative_hazard`, which maps times to the reference's H(t).

    `variance` is that of observed minus expected: `expected` (Breslow 1975; R's `survdiff` with an offset, whose chi-square is
    z²) or `mean` of observed and expected (Wu 2014, nearer its level in small samples). Raises ValueError as `kaplan_meier`
    does, or where the reference expects no event at all.
    """
    given = checked_sample(time, event, entry, causes=1)
    hazard = np.asarray(cumulative_hazard(given.time), dtype=np.float64)
    if given.entry is not None:
        hazard = hazard - np.asarray(cumulative_hazard(given.entry), dtype=np.float64)
    observed, expected = int(given.event.sum()), float(hazard.sum())
    if not (np.isfinite(hazard).all() and hazard.min() >= 0 and expected > 0):
        message = "the reference's cumulative hazard must rise with time and expect some event"
        raise ValueError(message)
    z = (expected - observed) / (expected if variance == "expected" else (expected + observed) / 2) ** 0.5
    ratio = garwood(observed, expected, level=level)
    return OneSample(
        observed, expected, z, _p_value(z, alternative), ratio.estimate, ratio.lower, ratio.upper, level, alternative, variance
    )


def milestone_test(
    curve: Curve, time: float, null: float, *, transform: Transform = "log_log", alternative: Alternative = "longer"
) -> MilestoneTest:
    """This will test whether survival at `time` equals `null`, on the scale of `transform`, with Greenwood's error at the estimate.

    Raises ValueError where `null` does not lie between 0 and 1, or for a transform that nobody knows.
    """
    check_transform(transform)
    if not 0 < null < 1:
        message = f"a null survival probability lies between 0 and 1, not at {null}"
        raise ValueError(message)
    found = curve.at([time])[0]
    nan = float("nan")
    why = found.why or ("no_event_yet" if found.survival == 1 else "")
    if why:
        return MilestoneTest(time, found.survival, null, nan, nan, transform, alternative, why)
    z = distance(found.survival, null, found.std_error / found.survival, transform)
    return MilestoneTest(time, found.survival, null, z, _p_value(z, alternative), transform, alternative, "")


def _p_value(z: float, alternative: Alternative) -> float:
    if alternative == "two_sided":
        return float(2 * special.ndtr(-abs(z)))
    return float(special.ndtr(-z if alternative == "longer" else z))
