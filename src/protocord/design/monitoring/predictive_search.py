"""The smallest trial that a predictive-probability rule can run within both errors (Lee & Liu 2008, Clin Trials 5:93).

For each size, each number of successes that the final test may ask, and each futility threshold of a grid, the errors are exact; many
thresholds give the same bounds and are computed once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from protocord.design.monitoring.boundaries import TIE, Boundary, Floats, check_looks, check_rate
from protocord.design.monitoring.criteria import Posterior
from protocord.design.monitoring.exact import NEVER_HIGH, crossing_probabilities
from protocord.design.monitoring.predictive import Predictive, predictive_boundary

THRESHOLDS = tuple(round(0.001 * step, 3) for step in range(1, 201))  # the futility thresholds that are tried


@dataclass(frozen=True, slots=True)
class PredictiveDesign:
    """A design with its exact errors.

    `success` is the least number of responses that succeeds among `last`; any certainty from `certainty[0]` to below `certainty[1]`
    asks just that. `boundary` holds the futility bounds, the last look being the final test; `threshold` the first of the grid that
    gives them.
    """

    last: int
    success: int
    certainty: tuple[float, float]
    threshold: float
    boundary: Boundary
    type_i_error: float
    power: float
    subjects_null: float


def predictive_design(
    null: float,
    alternative: float,
    alpha: float,
    beta: float,
    prior: tuple[float, float],
    sizes: Sequence[int],
    *,
    first: int = 10,
    thresholds: Sequence[float] = THRESHOLDS,
) -> PredictiveDesign | None:
    """This will return the design of the least size whose errors are within `alpha` and `beta`; None where none of `sizes` has one.

    The trial looks after every subject from `first` on. Among designs of that size: fewest expected subjects under the null, then
    the greatest power. Raises ValueError for rates that make no design or sizes below the first look.
    """
    check_rate(null, "null")
    check_rate(alternative, "alternative")
    check_looks(sizes)
    if alternative <= null or sizes[0] < first:
        message = "the alternative must lie above the null, and every size must reach the first look"
        raise ValueError(message)
    for last in sizes:
        found = [one for success in range(1, last + 1) for one in _within(null, alternative, alpha, beta, prior, first, last, success, thresholds)]  # fmt: skip
        if found:
            return min(found, key=lambda one: (round(one.subjects_null, 9), -one.power))
    return None


def _within(
    null: float, alternative: float, alpha: float, beta: float, prior: tuple[float, float], first: int, last: int, success: int,
    thresholds: Sequence[float],
) -> list[PredictiveDesign]:  # fmt: skip
    """The designs of one size and final test that hold both errors."""
    if stats.binom.sf(success - 1, last, alternative) < 1 - beta:
        return []  # futility stops only take power away
    final = Posterior(null, *prior).values(last)
    certainty = (float(final[success - 1]), float(final[success]))
    middle = (certainty[0] + certainty[1]) / 2
    looks = range(first, last + 1)
    chances = _chances(prior, first, last, success)
    low = np.array([[int((chance < cut - TIE).sum()) - 1 for chance in chances] for cut in thresholds], dtype=np.int64)
    rules, places = np.unique(low, axis=0, return_index=True)
    at = np.asarray(looks, dtype=np.int64)
    stops, _, passes = crossing_probabilities(
        at, rules, np.full(rules.shape, NEVER_HIGH, dtype=np.int64), np.array([null, alternative])
    )
    go = passes.sum(axis=2)
    subjects = stops[:, 0] @ at.astype(np.float64) + go[:, 0] * last
    found = []
    for rule in np.flatnonzero((go[:, 0] <= alpha + TIE) & (go[:, 1] >= 1 - beta - TIE)):
        threshold = thresholds[int(places[rule])]
        boundary = predictive_boundary(Predictive(null, middle, *prior, last), threshold, looks)
        errors = (float(go[rule, 0]), float(go[rule, 1]), float(subjects[rule]))
        found.append(PredictiveDesign(last, success, certainty, threshold, boundary, *errors))
    return found


def _chances(prior: tuple[float, float], first: int, last: int, success: int) -> list[Floats]:
    """The predictive probability of `success` at each look and count, from the last look backwards.

    What is expected of the next subject is the mean of the posterior, so the probability now is the mean of the two after it.
    """
    a, b = prior
    chance: Floats = (np.arange(last + 1) >= success).astype(np.float64)
    found = [chance]
    for look in range(last - 1, first - 1, -1):
        counts = np.arange(look + 1)
        chance = ((a + counts) * chance[1:] + (b + look - counts) * chance[:-1]) / (a + b + look)
        found.append(chance)
    return found[::-1]
