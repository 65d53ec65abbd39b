"""Two endpoints watched together: exact characteristics on the lattice of (responses, toxicities).

Each subject falls into one of four cells (both, response only, toxicity only, neither); the cells' probabilities carry the
association exactly. At a look every pair of counts either goes on or stops for one named reason, so any joint rule is a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from protocord.design.monitoring.boundaries import Boundary, Floats, Integers, check_looks, crosses
from protocord.statistics.compiled import compiled

Codes = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class JointRule:
    """At which looks which pairs of counts stop, and why.

    `stops` has the shape (looks, n + 1, n + 1), first responses, then toxicities, n the last look: 0 goes on, k stops for
    `reasons[k - 1]`.
    """

    looks: tuple[int, ...]
    stops: Codes
    reasons: tuple[str, ...]

    def __post_init__(self) -> None:
        check_looks(self.looks)
        size = self.looks[-1] + 1
        if self.stops.shape != (len(self.looks), size, size):
            message = f"a table of stops needs the shape {(len(self.looks), size, size)}, not {self.stops.shape}"
            raise ValueError(message)
        if self.stops.min() < 0 or self.stops.max() > len(self.reasons):
            message = f"a table of stops holds 0 to {len(self.reasons)}, the number of its reasons"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class JointCharacteristics:
    """What a joint rule does at each pair of true rates.

    `stops` has the shape (…, looks, reasons): probability of stopping just there for that reason; `passes` (…): of reaching the
    last look without stopping; `subjects` (…): the expected number of evaluable subjects. The leading axes are those of the rates.
    """

    response: Floats
    toxicity: Floats
    looks: tuple[int, ...]
    reasons: tuple[str, ...]
    stops: Floats
    passes: Floats

    @property
    def subjects(self) -> Floats:
        """Expected number of evaluable subjects."""
        looks = np.asarray(self.looks, dtype=np.float64)
        return np.asarray(self.stops.sum(axis=-1) @ looks + self.passes * looks[-1], dtype=np.float64)

    def stopped(self, reason: str) -> Floats:
        """This will return the probability of ever stopping for a reason. Raises ValueError for a reason that the rule has not."""
        return np.asarray(self.stops[..., self.reasons.index(reason)].sum(axis=-1), dtype=np.float64)


def joint_rule(response: Sequence[Boundary], toxicity: Sequence[Boundary]) -> JointRule:
    """This will return the joint rule of boundaries on the responses and boundaries on the toxicities.

    Looks need not coincide. Where several cross at once, toxicity gives the reason before futility, futility before efficacy.
    Raises ValueError without any boundary.
    """
    looks = tuple(sorted({look for boundary in (*response, *toxicity) for look in boundary.looks}))
    check_looks(looks)
    if not looks:
        message = "a joint rule needs a boundary"
        raise ValueError(message)
    size = looks[-1] + 1
    reasons = ("toxicity", "futility", "efficacy")
    stops = np.zeros((len(looks), size, size), dtype=np.int8)
    for place, look in enumerate(looks):
        codes = np.zeros((size, size), dtype=np.int8)
        for code, side, direction in ((3, response, ">="), (2, response, "<="), (1, toxicity, ">=")):
            for boundary in side:
                if boundary.direction != direction or look not in boundary.looks:
                    continue
                crossed = np.array([crosses(boundary.at(look), count, boundary.direction) for count in range(size)])
                codes[crossed if side is response else np.zeros(size, bool), :] = code
                if side is not response:
                    codes[:, crossed] = code
        stops[place] = codes
    return JointRule(looks, stops, reasons)


def cells(response: float, toxicity: float, *, odds_ratio: float = 1.0) -> tuple[float, float, float, float]:
    """This will return the probabilities of both, response only, toxicity only, neither, with the given odds ratio (Plackett 1965).

    Any positive odds ratio is possible with any rates; 1 is independence. Raises ValueError for rates outside 0 … 1.
    """
    both = both_probability(np.asarray([response]), np.asarray([toxicity]), odds_ratio)[0]
    return float(both), float(response - both), float(toxicity - both), float(1 - response - toxicity + both)


def cells_by_correlation(response: float, toxicity: float, correlation: float) -> tuple[float, float, float, float]:
    """This will return the four cells with the given correlation of the two indicators.

    Raises ValueError where the rates do not allow that correlation, naming the range that they do allow.
    """
    spread = sqrt(response * (1 - response) * toxicity * (1 - toxicity))
    product = response * toxicity
    lowest, highest = max(0.0, response + toxicity - 1), min(response, toxicity)
    both = product + correlation * spread
    if not lowest - 1e-12 <= both <= highest + 1e-12:
        message = (
            f"rates {response} and {toxicity} allow correlations from {(lowest - product) / spread:.4f} "
            f"to {(highest - product) / spread:.4f}, not {correlation}"
        )
        raise ValueError(message)
    both = min(max(both, lowest), highest)
    return both, response - both, toxicity - both, 1 - response - toxicity + both


def both_probability(response: Floats, toxicity: Floats, odds_ratio: float) -> Floats:
    """This will return the probability of both for arrays of rates and one odds ratio, elementwise."""
    if odds_ratio <= 0 or not (((response >= 0) & (response <= 1)).all() and ((toxicity >= 0) & (toxicity <= 1)).all()):
        message = "rates lie from 0 to 1, and an odds ratio is positive"
        raise ValueError(message)
    if odds_ratio == 1:
        return np.asarray(response * toxicity, dtype=np.float64)
    total = 1 + (response + toxicity) * (odds_ratio - 1)
    root = np.sqrt(np.maximum(total**2 - 4 * odds_ratio * (odds_ratio - 1) * response * toxicity, 0.0))
    # The root that lies among the probabilities, written so that nothing cancels when the odds ratio is near 1.
    return np.asarray(2 * odds_ratio * response * toxicity / (total + root), dtype=np.float64)


def joint_characteristics(
    rule: JointRule, scenarios: Sequence[tuple[float, float, float, float]] | Floats
) -> JointCharacteristics:
    """This will return the exact characteristics at each scenario, a row of four cells (both, response, toxicity, neither).

    Raises ValueError where a row is no probability distribution.
    """
    given = np.ascontiguousarray(scenarios, dtype=np.float64)
    if given.ndim != 2 or given.shape[1] != 4 or (given < -1e-12).any() or not np.allclose(given.sum(axis=1), 1.0, atol=1e-9):
        message = "a scenario is four probabilities that add up to 1: both, response only, toxicity only, neither"
        raise ValueError(message)
    looks = np.asarray(rule.looks, dtype=np.int64)
    stops, passes = lattice(looks, rule.stops, len(rule.reasons), np.clip(given, 0.0, 1.0))
    return JointCharacteristics(given[:, 0] + given[:, 1], given[:, 0] + given[:, 2], rule.looks, rule.reasons, stops, passes)


def surface(
    rule: JointRule, response: Sequence[float] | Floats, toxicity: Sequence[float] | Floats, *, odds_ratio: float = 1.0
) -> JointCharacteristics:
    """This will return the characteristics at every pair of a response rate (first axis) and a toxicity rate (second axis)."""
    across, down = np.meshgrid(np.asarray(response, float), np.asarray(toxicity, float), indexing="ij")
    both = both_probability(across.ravel(), down.ravel(), odds_ratio)
    four = np.stack([both, across.ravel() - both, down.ravel() - both, 1 - across.ravel() - down.ravel() + both], axis=1)
    found = joint_characteristics(rule, np.clip(four, 0.0, 1.0))
    shape = across.shape
    return JointCharacteristics(
        across, down, rule.looks, rule.reasons, found.stops.reshape(*shape, *found.stops.shape[1:]), found.passes.reshape(shape)
    )


@compiled
def lattice(looks: Integers, stops: Codes, reasons: int, scenarios: Floats) -> tuple[Floats, Floats]:
    """This will return the probabilities of stopping (scenarios x looks x reasons) and of passing (scenarios)."""
    n, n_looks = looks[-1], looks.shape[0]
    stopped = np.zeros((scenarios.shape[0], n_looks, reasons))
    passed = np.zeros(scenarios.shape[0])
    state = np.zeros((n + 2, n + 2))
    for place in range(scenarios.shape[0]):
        both, response, toxicity, neither = scenarios[place]
        state[:, :] = 0.0
        state[1, 1] = 1.0  # counts are shifted by one, so that row and column 0 are a border of zeros
        top_r, top_t, seen = 1, 1, 0
        for look in range(n_looks):
            while seen < looks[look]:
                seen += 1
                top_r += 1
                top_t += 1
                for r in range(top_r, 0, -1):
                    for t in range(top_t, 0, -1):
                        state[r, t] = (
                            state[r, t] * neither
                            + state[r - 1, t] * response
                            + state[r, t - 1] * toxicity
                            + state[r - 1, t - 1] * both
                        )
            next_r, next_t = 1, 1
            for r in range(1, top_r + 1):
                for t in range(1, top_t + 1):
                    code = stops[look, r - 1, t - 1]
                    if code > 0:
                        stopped[place, look, code - 1] += state[r, t]
                        state[r, t] = 0.0
                    elif state[r, t] > 0.0:
                        next_r = max(next_r, r)
                        next_t = max(next_t, t)
            top_r, top_t = next_r, next_t
        passed[place] = state.sum()
    return stopped, passed
