"""Any design that counts responses at given looks and stops where an integer bound is crossed, and its exact characteristics.

The state before a look is one number, the responses so far, so every probability is a finite sum of products of binomial
probabilities: nothing is simulated and nothing is approximated by a normal distribution.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import comb

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

from protocord.design.bounds import Bound

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stage:
    """A look after `n` subjects in all. `futility`: stop when responses are at most that many; `efficacy`: at least."""

    n: int
    futility: int | None = None
    efficacy: int | None = None

    @property
    def bounds(self) -> tuple[Bound, ...]:
        """The bounds of this look, futility first."""
        found = []
        if self.futility is not None:
            found.append(Bound(self.futility, "at_most"))
        if self.efficacy is not None:
            found.append(Bound(self.efficacy, "at_least"))
        return tuple(found)


@dataclass(frozen=True)
class StagedDesign:
    """A single-arm design in stages, numbers cumulative. At the last stage futility = efficacy - 1: it always decides.

    Raises ValueError where numbers do not rise, bounds overlap, or the last stage leaves a count undecided.
    """

    stages: tuple[Stage, ...]

    def __post_init__(self) -> None:
        if not self.stages:
            message = "a design needs at least one stage"
            raise ValueError(message)
        before = 0
        for stage in self.stages:
            if stage.n <= before:
                message = f"the numbers of subjects must rise: {stage.n} does not exceed {before}"
                raise ValueError(message)
            if stage.futility is not None and stage.efficacy is not None and stage.futility >= stage.efficacy:
                message = f"after {stage.n} subjects a count of {stage.efficacy} would stop for futility and for efficacy"
                raise ValueError(message)
            before = stage.n
        last = self.stages[-1]
        if last.futility is None or last.efficacy is None or last.efficacy != last.futility + 1:
            message = "the last stage must decide every count: futility = efficacy - 1"
            raise ValueError(message)

    @classmethod
    def single(cls, n: int, reject_at: int) -> StagedDesign:
        """This will return the one-stage design that rejects the null rate when responses >= `reject_at` of `n`."""
        return cls((Stage(n, reject_at - 1, reject_at),))

    @classmethod
    def two_stage(cls, r1: int, n1: int, r: int, n: int, *, efficacy1: int | None = None) -> StagedDesign:
        """This will return Simon's (r1/n1, r/n): stop when responses <= r1 of n1; reject when responses >= r + 1 of n."""
        return cls((Stage(n1, r1, efficacy1), Stage(n, r, r + 1)))

    @property
    def n(self) -> int:
        """Most subjects that the design enrols."""
        return self.stages[-1].n

    @property
    def last(self) -> Stage:
        """The last stage."""
        return self.stages[-1]

    @cached_property
    def paths(self) -> tuple[tuple[int, ...], ...]:
        """For each stage, in how many ways (orders of outcomes) the trial reaches each count 0..n there, as exact integers."""
        found: list[tuple[int, ...]] = []
        going: list[int] = [1]
        before = 0
        for stage in self.stages:
            size = stage.n - before
            ways = [0] * (stage.n + 1)
            for count, way in enumerate(going):
                if way:
                    for more in range(size + 1):
                        ways[count + more] += way * comb(size, more)
            found.append(tuple(ways))
            going = [0 if _stops(stage, count) else way for count, way in enumerate(ways)]
            before = stage.n
        return tuple(found)

    def outcome(self, stage: int, responses: int) -> str:
        """This will return what a count at the stage (0 = first) means: `efficacy`, `futility` or `continue`."""
        here = self.stages[stage]
        if here.efficacy is not None and responses >= here.efficacy:
            return "efficacy"
        if here.futility is not None and responses <= here.futility:
            return "futility"
        return "continue"

    def ends(self) -> tuple[tuple[int, int], ...]:
        """This will return every way the trial can end: (stage, responses), reachable ones only, in order."""
        return tuple(
            (stage, count)
            for stage, ways in enumerate(self.paths)
            for count, way in enumerate(ways)
            if way and self.outcome(stage, count) != "continue"
        )


def _stops(stage: Stage, count: int) -> bool:
    return any(bound.crosses(count) for bound in stage.bounds)


@dataclass(frozen=True)
class Characteristics:
    """Exact operating characteristics at true rates: arrays over the rates, or over stages x rates."""

    design: StagedDesign
    rates: Array
    reject: Array
    """Probability of concluding for efficacy, at any stage."""
    stop_futility: Array
    """Probability of ending for futility at each stage (stages x rates); the last row is the final failure."""
    stop_efficacy: Array
    """Probability of ending for efficacy at each stage (stages x rates)."""
    expected_n: Array
    """Expected number of subjects."""

    @property
    def stop_early(self) -> Array:
        """Probability of stopping before the last stage, for either reason (PET)."""
        early: Array = (self.stop_futility[:-1] + self.stop_efficacy[:-1]).sum(axis=0)
        return early


def operating_characteristics(design: StagedDesign, rates: Sequence[float] | Array) -> Characteristics:
    """This will return exact operating characteristics of `design` at each true rate (0 to 1), by a sum over all counts."""
    at = np.asarray(rates, dtype=np.float64)
    if at.ndim != 1 or not np.all((at >= 0) & (at <= 1)):
        message = "rates must be probabilities in one row"
        raise ValueError(message)
    futility = np.zeros((len(design.stages), len(at)))
    efficacy = np.zeros_like(futility)
    expected = np.zeros(len(at))
    going = np.ones((1, len(at)))
    before = 0
    for index, stage in enumerate(design.stages):
        size = stage.n - before
        expected += size * going.sum(axis=0)
        step = binom.pmf(np.arange(size + 1)[:, None], size, at[None, :])
        reached = np.zeros((stage.n + 1, len(at)))
        for count in range(going.shape[0]):
            if going[count].any():
                reached[count : count + size + 1] += going[count] * step
        counts = np.arange(stage.n + 1)
        low = counts <= (-1 if stage.futility is None else stage.futility)
        high = counts >= (stage.n + 1 if stage.efficacy is None else stage.efficacy)
        futility[index] = reached[low].sum(axis=0)
        efficacy[index] = reached[high].sum(axis=0)
        going = np.where((low | high)[:, None], 0.0, reached)
        before = stage.n
    return Characteristics(design, at, efficacy.sum(axis=0), futility, efficacy, expected)


def looks(bounds: Iterable[tuple[int, int | None, int | None]]) -> StagedDesign:
    """This will return the design of the looks (subjects, futility at most, efficacy at least)."""
    return StagedDesign(tuple(Stage(*row) for row in bounds))
