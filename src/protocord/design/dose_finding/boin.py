"""BOIN: the Bayesian optimal interval design (Liu & Yuan, JRSS C 2015;64:507; Yuan et al., Clin Cancer Res 2016;22:4291).

A rate of toxicity at the present level at or below lambda_e sends the next cohort up, at or above lambda_d down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil, floor, log

import numpy as np
import numpy.typing as npt
from scipy.stats import beta as beta_distribution

from protocord.design.bounds import Bound
from protocord.design.dose_finding.courses import DoseCharacteristics, End, Next, Tally, follow

Array = npt.NDArray[np.float64]
_LEAST_FOR_ELIMINATION = 3
_PRIOR = 0.05  # both shapes of the prior of the final estimate


@dataclass(frozen=True, slots=True)
class Boin:
    """The rule's numbers. `low` and `high`: the rates so far below and above the target that they ask for another dose."""

    target: float
    low: float
    high: float
    eliminate_above: float = 0.95

    def __post_init__(self) -> None:
        if not 0 < self.low < self.target < self.high < 1 or not 0.5 < self.eliminate_above < 1:
            message = "rates must lie in 0 < low < target < high < 1, the certainty of elimination between 0.5 and 1"
            raise ValueError(message)

    @classmethod
    def of(cls, target: float, *, eliminate_above: float = 0.95) -> Boin:
        """This will return the rule with the authors' defaults: low = 0.6 target, high = 1.4 target."""
        return cls(target, 0.6 * target, 1.4 * target, eliminate_above)

    @property
    def escalate(self) -> float:
        """lambda_e: go up where the observed rate is at most this."""
        top = log((1 - self.low) / (1 - self.target))
        return top / log(self.target * (1 - self.low) / (self.low * (1 - self.target)))

    @property
    def de_escalate(self) -> float:
        """lambda_d: go down where the observed rate is at least this."""
        top = log((1 - self.target) / (1 - self.high))
        return top / log(self.high * (1 - self.target) / (self.target * (1 - self.high)))

    def eliminates(self, treated: int, toxic: int) -> bool:
        """This will say whether the level is dropped for good: at least 3 treated and P(rate > target | data) above the certainty.

        The prior of the rate is uniform; the certainty is strict.
        """
        return treated >= _LEAST_FOR_ELIMINATION and _above(self.target, treated, toxic) > self.eliminate_above


@cache
def _above(target: float, treated: int, toxic: int) -> float:
    return float(beta_distribution.sf(target, toxic + 1, treated - toxic + 1))


@dataclass(frozen=True, slots=True)
class BoinRow:
    """The bounds at a number of subjects treated at the present level."""

    treated: int
    escalate: Bound
    de_escalate: Bound
    eliminate: Bound | None
    """None where no count can eliminate."""


def boin_table(rule: Boin, most: int) -> tuple[BoinRow, ...]:
    """This will return the decision table for 1 to `most` subjects treated at the present level."""
    rows = []
    for treated in range(1, most + 1):
        up = floor(treated * rule.escalate + 1e-12)
        down = ceil(treated * rule.de_escalate - 1e-12)
        out = next((toxic for toxic in range(treated + 1) if rule.eliminates(treated, toxic)), None)
        drop = None if out is None else Bound(out, "at_least")
        rows.append(BoinRow(treated, Bound(up, "at_most"), Bound(down, "at_least"), drop))
    return tuple(rows)


def choose_dose(rule: Boin, tally: Tally) -> int | None:
    """This will return the level chosen at the end: the one whose isotonic estimate lies nearest the target.

    Among levels tried and not eliminated (a level is, with all above it, where its own data eliminate it). Estimates
    (toxic + 0.05) / (treated + 0.1) are made to rise by pooling neighbours, weighted by the inverse of their posterior variance;
    of equally near ones below the target the highest is taken, of equally near ones above it the lowest. None: no level left.
    """
    out = next((level for level, (treated, toxic) in enumerate(tally) if rule.eliminates(treated, toxic)), len(tally))
    levels = [level for level in range(out) if tally[level][0] > 0]
    if not levels:
        return None
    a = np.array([tally[level][1] + _PRIOR for level in levels])
    b = np.array([tally[level][0] - tally[level][1] + _PRIOR for level in levels])
    estimates = pooled(a / (a + b), (a + b) ** 2 * (a + b + 1) / (a * b))
    # A rise too small to matter breaks ties as told: towards the higher level below the target, the lower level above it.
    distance = np.abs(estimates + 1e-10 * np.arange(1, len(levels) + 1) - rule.target)
    return levels[int(np.argmin(distance))]


def pooled(values: Array, weights: Array) -> Array:
    """This will return the rising sequence nearest to `values` in weighted least squares (pool adjacent violators)."""
    blocks: list[list[float]] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        blocks.append([value, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            last, before = blocks.pop(), blocks.pop()
            weight = last[1] + before[1]
            blocks.append([(last[0] * last[1] + before[0] * before[1]) / weight, weight, last[2] + before[2]])
    return np.concatenate([np.full(int(size), value) for value, _, size in blocks])


def follow_boin(
    rule: Boin, rates: Sequence[float], *, cohort: int = 3, cohorts: int = 10, start: int = 0, stop_at: int | None = None
) -> DoseCharacteristics:
    """This will return the exact characteristics of BOIN at true toxicity `rates`, lowest level first.

    `cohorts` of `cohort` subjects from level `start` (0 lowest) on; it ends early where the lowest level is eliminated, and,
    with `stop_at`, where the next cohort would go to a level that already has that many subjects.
    """
    if not 0 <= start < len(rates) or not 1 <= cohort <= 12 or cohorts < 1:
        message = "the start must be one of the levels, a cohort 1 to 12 subjects, cohorts at least 1"
        raise ValueError(message)

    def decide(tally: Tally, level: int) -> Next | End:
        treated, toxic = tally[level]
        if rule.eliminates(*tally[0]):
            return End(None)
        if sum(number for number, _ in tally) >= cohort * cohorts:
            return End(choose_dose(rule, tally))
        to = level
        if toxic / treated >= rule.de_escalate - 1e-12 or rule.eliminates(treated, toxic):
            to = max(level - 1, 0)
        elif toxic / treated <= rule.escalate + 1e-12 and level + 1 < len(tally):
            open_above = not any(rule.eliminates(*tally[above]) for above in range(level + 2))
            to = level + 1 if open_above else level
        if stop_at is not None and tally[to][0] >= stop_at:
            return End(choose_dose(rule, tally))
        return Next(to, cohort)

    return follow(decide, Next(start, cohort), rates)
