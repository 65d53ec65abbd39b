"""Predictive probability of success at the last look, given what has been seen (Lee & Liu 2008, Clin Trials 5:93).

At the last look the trial succeeds when P(p > rate | data) exceeds `certainty`, which is a least number of events. Before, the
predictive probability is the beta-binomial chance of reaching it; below `futility` the trial stops, above `efficacy` it has shown
enough. Both comparisons are strict. Conditional power is the same chance at one assumed rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy import stats

from protocord.design.monitoring.boundaries import (
    TIE,
    Boundary,
    Direction,
    Floats,
    check_looks,
    check_rate,
    exceeds,
    greatest,
    least,
)
from protocord.design.monitoring.criteria import Posterior


@dataclass(frozen=True, slots=True)
class Predictive:
    """The final test of a trial of `last` subjects, and the predictive probability of passing it."""

    rate: float
    certainty: float
    a: float
    b: float
    last: int

    def __post_init__(self) -> None:
        check_rate(self.rate)
        check_rate(self.certainty, "certainty")
        check_looks((self.last,))

    def success(self) -> int | None:
        """This will return the least number of events at the last look that succeeds; None where none does."""
        values = Posterior(self.rate, self.a, self.b).values(self.last)
        return least(exceeds(values, self.certainty, strict=True))

    def values(self, subjects: int) -> Floats:
        """This will return the predictive probability of success for each count 0 … subjects.

        Raises ValueError for more subjects than the last look has.
        """
        counts, left = np.arange(subjects + 1), self.last - subjects
        if left < 0:
            message = f"{subjects} subjects are more than the {self.last} of the last look"
            raise ValueError(message)
        needed = self.success()
        if needed is None:
            return np.zeros(subjects + 1)
        if left == 0:
            return (counts >= needed).astype(np.float64)
        future = stats.betabinom.sf(needed - counts - 1, left, self.a + counts, self.b + subjects - counts)
        return np.asarray(np.clip(future, 0.0, 1.0), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class PredictiveThreshold:
    """A predictive probability with the value beyond which the trial stops: below it ("<=" on the count) or above (">=")."""

    predictive: Predictive
    threshold: float
    direction: Direction
    strict: bool = True

    @property
    def kind(self) -> str:
        """Its name."""
        return "predictive"

    def bound(self, subjects: int) -> int | None:
        """This will return the count that crosses among so many subjects; None where none does."""
        values = self.predictive.values(subjects)
        if self.direction == ">=":
            return least(exceeds(values, self.threshold, strict=True))
        return greatest(values < self.threshold - TIE)


def predictive_boundary(
    predictive: Predictive, threshold: float, looks: Sequence[int], *, direction: Direction = "<=", counts: str = "responses"
) -> Boundary:
    """This will return the bounds below (or with ">=" above) which the predictive probability passes `threshold`.

    A look at the last subject is the final test itself. Raises ValueError for looks beyond the last subject.
    """
    check_looks(looks)
    check_rate(threshold, "threshold")
    criterion = PredictiveThreshold(predictive, threshold, direction)
    parameters: dict[str, float | int | str] = {
        "rate": predictive.rate,
        "certainty": predictive.certainty,
        "prior_a": predictive.a,
        "prior_b": predictive.b,
        "last": predictive.last,
        "threshold": threshold,
    }
    bounds = tuple(criterion.bound(look) for look in looks)
    return Boundary("predictive", tuple(looks), bounds, direction, counts, True, MappingProxyType(parameters), criterion)


def conditional_power(count: int, subjects: int, last: int, success: int, rate: float) -> float:
    """This will return the probability of at least `success` events among `last`, given `count` among `subjects`, at `rate`."""
    if not 0 <= count <= subjects <= last:
        message = f"{count} of {subjects} subjects is no state of a trial of {last}"
        raise ValueError(message)
    return float(stats.binom.sf(success - count - 1, last - subjects, rate))
