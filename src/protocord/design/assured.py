"""Assurance: the power averaged over what is believed of the true rate (O'Hagan, Stevens & Campbell, Pharm Stat 2005;4:187).

With a beta prior the count is beta-binomial, so the average is a finite sum; nothing is simulated.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, log

import numpy as np
import numpy.typing as npt
from scipy.special import betaln
from scipy.stats import beta as beta_distribution

from protocord.design.staged import StagedDesign

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BetaPrior:
    """A beta prior of a rate: `a` events and `b` non-events' worth of belief."""

    a: float
    b: float

    def __post_init__(self) -> None:
        if not (self.a > 0 and self.b > 0):
            message = f"both shapes of a beta prior must exceed 0; got {self.a:g} and {self.b:g}"
            raise ValueError(message)

    @property
    def mean(self) -> float:
        """The prior mean."""
        return self.a / (self.a + self.b)


@dataclass(frozen=True, slots=True)
class Assurance:
    """What to expect of a design before the true rate is known."""

    prior: BetaPrior
    conclude: float
    """Probability of concluding for efficacy, averaged over the prior."""
    expected_n: float
    true_positive: float | None
    """P(true rate > threshold | concluded); None where no threshold was given or the conclusion cannot happen."""
    false_positive: float | None
    """P(concluded and true rate <= threshold); None where no threshold was given."""
    above_threshold: float | None
    """Prior probability that the true rate exceeds the threshold."""


def beta_binomial(n: int, prior: BetaPrior) -> Array:
    """This will return P(X = 0..n) of a beta-binomial count."""
    counts = np.arange(n + 1)
    ways = np.array([log(comb(n, int(count))) for count in counts])
    mass: Array = np.exp(ways + betaln(prior.a + counts, prior.b + n - counts) - betaln(prior.a, prior.b))
    return mass


def assurance(design: StagedDesign, prior: BetaPrior, *, threshold: float | None = None) -> Assurance:
    """This will return the exact assurance of a design, its prior-averaged E(N), and what a conclusion then says of the rate.

    `threshold`: the rate above which the treatment is worth pursuing.
    """
    conclude = expected = false = 0.0
    for stage, count in design.ends():
        n = design.stages[stage].n
        weight = log(design.paths[stage][count])
        chance = float(np.exp(weight + betaln(prior.a + count, prior.b + n - count) - betaln(prior.a, prior.b)))
        expected += n * chance
        if design.outcome(stage, count) == "efficacy":
            conclude += chance
            if threshold is not None:
                false += chance * float(beta_distribution.cdf(threshold, prior.a + count, prior.b + n - count))
    if threshold is None:
        return Assurance(prior, conclude, expected, None, None, None)
    positive = 1 - false / conclude if conclude > 0 else None
    return Assurance(prior, conclude, expected, positive, false, float(beta_distribution.sf(threshold, prior.a, prior.b)))


def prior_from(mean: float, size: float) -> BetaPrior:
    """This will return the beta prior of that mean (between 0 and 1) worth `size` subjects."""
    return BetaPrior(mean * size, (1 - mean) * size)
